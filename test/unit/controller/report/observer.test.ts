import { expect, it } from "vitest";
import { observers, type AgentEvent } from "../../../../controller/report/observer.ts";

it("tells every observer, and keeps from the loop what one of them throws", () => {
  const heard: AgentEvent[] = [];
  const faults: unknown[] = [];
  const broken = { event: () => raise("disk full"), status: () => raise("disk full") };
  const all = observers([broken, {}, { event: (event) => heard.push(event) }], (fault) => faults.push(fault));

  all.event({ type: "polled", result: "unchanged" });

  expect(heard).toEqual([{ type: "polled", result: "unchanged" }]);
  expect(faults).toEqual([new Error("disk full")]);
});

function raise(message: string): never {
  throw new Error(message);
}
