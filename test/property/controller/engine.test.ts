import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Generation } from "../../../reconcilers/generation.ts";
import { Problem } from "../../../schemas/problem.ts";
import { ask } from "../../lab/ask.ts";
import { bootFile, generation, restartPlane, story, type Story } from "../../lab/story.ts";

/** What can happen to an appliance, in any order. */
type Happening =
  | { readonly what: "push"; readonly lines: readonly string[] }
  | { readonly what: "kill"; readonly at: number }
  | { readonly what: "reboot"; readonly at: number }
  | { readonly what: "drift"; readonly line: string }
  | { readonly what: "away"; readonly times: number }
  | { readonly what: "reject"; readonly line: string }
  | { readonly what: "disk-full"; readonly times: number }
  | { readonly what: "outage" }
  /** The agent dies and nobody starts it again for two minutes: the failsafe is alone. */
  | { readonly what: "dead"; readonly at: number }
  /** The plane takes what it is told and says nothing any more, until it is restarted. */
  | { readonly what: "hang" }
  /** The plane's files cannot be laid. */
  | { readonly what: "unrestorable" }
  | { readonly what: "order" }
  | { readonly what: "retry" }
  | { readonly what: "local"; readonly line: string }
  | { readonly what: "end-local" }
  /** Somebody on the console puts the box back to another generation that was committed here. */
  | { readonly what: "put-back"; readonly which: number };

const line = fc.constantFrom(
  "router bgp 64500",
  "neighbor 192.0.2.1",
  "neighbor 192.0.2.2",
  "shutdown 192.0.2.1",
  "ip route 198.51.100.0/24",
  "ip route 203.0.113.0/24",
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("push" as const), lines: fc.uniqueArray(line) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("kill" as const), at: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("reboot" as const), at: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("drift" as const), line }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("away" as const), times: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("reject" as const), line }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("disk-full" as const), times: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("dead" as const), at: fc.integer({ min: 1, max: 110 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom("outage", "hang", "unrestorable", "order", "retry", "end-local") }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("local" as const), line }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("put-back" as const), which: fc.nat({ max: 4 }) }) },
);

function textOf(s: Story, path: string): string {
  const node = s.sim.files.get(path);
  return node && "text" in node ? node.text : "";
}

/**
 * I2 and I4: a change is only made while the journal says so and the failsafe is armed, and never towards a generation that
 * was found bad.
 */
function watchChanges(s: Story, violations: string[]): void {
  s.plane.changing = (changed) => {
    const journal = /"to":(\{.*\})\}/.exec(textOf(s, "/persistent/config/imp/journal/current.json"))?.[1] ?? "{}";
    const state = JSON.parse(journal) as {
      at?: string;
      deployment?: { id: string; generation: string; below?: string; purpose: string };
    };
    if (state.deployment === undefined) violations.push(`${changed} while ${state.at}`);
    const isArmed = textOf(s, "/run/imp/armed").includes(`deployment ${state.deployment?.id}\n`);
    // Going back is not given up because neither the record nor that it goes back can be written.
    if (!isArmed && s.status().state !== "rolling-back") violations.push(`${changed} while nothing is armed`);
    const ledger = JSON.parse(textOf(s, "/persistent/config/imp/journal/ledger.json") || "{}") as {
      verdicts?: Record<string, { verdict: string; below?: string }>;
    };
    const { generation: digest, below } = state.deployment ?? {};
    const isBad = Object.entries(ledger.verdicts ?? {}).some(([one, { verdict, below: commit }]) => {
      const own = [digest, below].filter((named) => named !== undefined);
      return verdict === "bad" && (own.includes(one) || own.some((named) => named === commit));
    });
    if (state.at === "applying" && state.deployment?.purpose === "deploy" && isBad) {
      violations.push(`${changed} towards a bad generation`);
    }
  };
}

/** What is changed by hand is taken back, so that every tale ends in one generation. */
const corrects = { policy: { drift: { frr: "correct" } } };

async function happen(s: Story, event: Happening, commit: string): Promise<void> {
  switch (event.what) {
    case "push":
      return s.push(commit, generation(event.lines, corrects));
    case "kill":
      s.start({ killAt: event.at });
      return s.rest();
    case "reboot":
      s.start({ killAt: event.at });
      await s.rest();
      s.sim.reboot();
      // FRR starts from what stands on disk.
      s.plane.live.clear();
      for (const one of textOf(s, bootFile).split("\n").filter(Boolean)) s.plane.live.add(one);
      return;
    case "drift":
      if (!s.plane.live.delete(event.line)) s.plane.live.add(event.line);
      return;
    case "away": {
      let left = event.times;
      s.plane.refuse = () => {
        left -= 1;
        return left < 0 ? undefined : new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
      };
      return;
    }
    case "reject":
      s.plane.refuse = (one) => (one === event.line ? new Problem("FRR_REJECTED", "no") : undefined);
      return;
    case "disk-full":
      s.sim.fail("write", "", new Problem("HOST_FILE", "ENOSPC: no space left on device"), event.times);
      return;
    case "outage":
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      return;
    case "dead":
      s.start({ killAt: event.at });
      await s.rest();
      s.sim.kill();
      return s.sim.pass(120_000);
    case "hang":
      s.plane.hangs = true;
      return;
    case "unrestorable":
      s.failsafe.failing.add("frr");
      return;
    case "order":
    case "retry":
    case "local":
    case "end-local": {
      const asked = { order: "rollback", retry: "retry", local: "apply-local", "end-local": "end-local" }[event.what];
      const file = event.what === "local" ? { name: "fix.yaml", text: event.line, for: "1h" } : {};
      void ask(s.agent(), asked, { reason: "they know better", ...file }).catch(() => undefined);
      return s.sim.isKilled() ? undefined : s.sim.pass(20_000).catch(() => undefined);
    }
    case "put-back":
      return putBack(s, event.which);
  }
}

/** As imp-rescue does it. */
function putBack(s: Story, which: number): void {
  const state = "/persistent/config/imp";
  const kept = JSON.parse(textOf(s, `${state}/generations/order.json`) || "[]") as readonly string[];
  const digest = kept[which % Math.max(1, kept.length)];
  if (digest === undefined) return;
  s.sim.kill();
  s.sim.files.delete("/run/imp/armed");
  s.sim.files.set(`${state}/committed.d/default`, { target: `../generations/${digest}` });
  s.sim.files.set(bootFile, { text: textOf(s, `${state}/generations/${digest}/files/frr.conf`), mode: 0o640 });
  restartPlane(s.sim, s.plane, undefined);
}

/** The box is told to reboot, and does: FRR starts from what stands on disk. */
function rebooting(s: Story): void {
  s.sim.answer(([program]) => {
    if (program !== "systemctl") return undefined;
    s.sim.reboot();
    restartPlane(s.sim, s.plane, undefined);
    return { exitCode: 0, stdout: "", stderr: "" };
  });
}

/** Nobody disturbs it any more; systemd and an operator do their part. */
async function settle(s: Story): Promise<void> {
  s.plane.refuse = () => undefined;
  s.plane.hangs = false;
  s.failsafe.failing.clear();
  s.outage = undefined;
  s.start();
  await s.sim.pass(600_000);
  if (s.status().state === "stranded") void ask(s.agent(), "rollback").catch(() => undefined);
  await s.sim.pass(2 * 3_600_000);
  await s.rest();
}

/** The lines of a generation that was committed. */
function linesOf(s: Story, digest: string): readonly string[] {
  const { desired } = JSON.parse(
    textOf(s, `/persistent/config/imp/generations/${digest}/generation.json`),
  ) as Generation;
  return desired.frr.config.split("\n").filter(Boolean);
}

it("ends in one generation, whole, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 10 }), async (events) => {
      const s = story();
      s.answering.add("192.0.2.1");
      const violations: string[] = [];
      watchChanges(s, violations);
      rebooting(s);
      const first = generation(["router bgp 64500", "neighbor 192.0.2.1"], corrects);
      s.push("commit 0", first);
      s.start();
      await s.rest();

      for (const [index, event] of events.entries()) await happen(s, event, `commit ${index + 1}`);
      await settle(s);

      const status = s.status();
      const ours = linesOf(s, status.committed?.generation ?? "");
      const over = (status.overlays ?? []).filter(({ ended }) => !ended);
      // What ended is gone, unless taking it out failed.
      expect(status.held ? [] : [...over, ...(status.overlays ?? [])]).toEqual([]);
      expect({ violations, drift: status.planes.frr?.drift, state: status.state, problems: status.problems }).toEqual({
        violations: [],
        drift: 0,
        state: status.held?.why === "failed" ? "held" : "idle",
        problems: [],
      });
      expect(ours.filter((one) => !s.plane.live.has(one))).toEqual([]);
      const strangers = events.flatMap((event) => (event.what === "drift" ? [event.line] : []));
      expect([...s.plane.live].filter((one) => !ours.includes(one) && !strangers.includes(one))).toEqual([]);
      const boot = textOf(s, bootFile).split("\n").filter(Boolean);
      expect(ours.filter((one) => !boot.includes(one))).toEqual([]);
      expect(boot.filter((one) => !ours.includes(one) && !strangers.includes(one))).toEqual([]);
      await s.close();
    }),
    {
      numRuns: 80,
      examples: [
        // Found once: the power was cut after the commit and before the boot file was laid.
        [
          [
            { what: "push", lines: [] },
            { what: "reboot", at: 17 },
            { what: "reboot", at: 64 },
          ],
        ],
        // Found once: it goes back with a disk so full that neither the record nor the journal could be written.
        [
          [
            { what: "drift", line: "router bgp 64500" },
            { what: "dead", at: 19 },
            { what: "disk-full", times: 3 },
          ],
        ],
      ],
    },
  );
}, 240_000);
