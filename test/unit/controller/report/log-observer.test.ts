import { expect, it } from "vitest";
import { createLog } from "../../../../controller/report/log.ts";
import { logObserver } from "../../../../controller/report/log-observer.ts";

function logged(): { readonly lines: string[]; readonly observer: ReturnType<typeof logObserver> } {
  const lines: string[] = [];
  const log = createLog({ format: "text", write: (line) => lines.push(line.trimEnd()), now: () => 0 });
  return { lines, observer: logObserver(log) };
}

it("says what will be done before, and what was done after, step by step", () => {
  const { lines, observer } = logged();
  const step = { impact: "session-reset", text: "set router-id" } as const;

  observer.event?.({ type: "run-started", plane: "frr", steps: [step] });
  observer.event?.({ type: "step-done", plane: "frr", ...step });

  expect(lines).toEqual([
    "00:00:00 will plane=frr impact=session-reset step=set router-id",
    "00:00:00 did plane=frr impact=session-reset step=set router-id",
  ]);
});

it("counts the rest of a long run", () => {
  const { lines, observer } = logged();
  const steps = Array.from({ length: 53 }, (_, n) => ({ impact: "hitless" as const, text: `add ${n}` }));

  observer.event?.({ type: "run-started", plane: "frr", steps });

  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe("00:00:00 will plane=frr more=3");
});
