import { describe, expect, it } from "vitest";
import { causesOf } from "../../../../controller/report/causes.ts";
import { emptyLedger } from "../../../../controller/ledger.ts";
import type { StateName } from "../../../../controller/machine.ts";
import { unknownYet } from "../../../../controller/report/known.ts";
import { statusOf } from "../../../../controller/report/status-of.ts";
import type { Status } from "../../../../controller/report/status.ts";
import type { ProblemReport } from "../../../../schemas/problem.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { simHost } from "../../../lab/host.ts";
import { sampleStates } from "../../../lab/machine-samples.ts";
import { generation } from "../../../lab/story.ts";
import { memoryTree } from "../../../lab/memory-tree.ts";

const [one, two] = ["1".repeat(64), "2".repeat(64)];
const [a, b] = ["a".repeat(40), "b".repeat(40)];

/** In sync, looked at again at 900. */
const well: Status = {
  format: 1,
  machine: "fra1/r1",
  agentVersion: "0.1.0",
  state: "idle",
  since: 100,
  mode: "apply",
  desired: { commit: a, generation: one },
  committed: { commit: a, generation: one, at: 50 },
  inSync: true,
  notManaged: [],
  planes: {},
  problems: [],
  warnings: [],
  git: { lastPollAt: 200 },
  nextLookAt: 900,
};
const behind: Status = { ...well, inSync: false, desired: { commit: b, generation: two } };

function report(code: ProblemReport["code"], message: string, more: Partial<ProblemReport> = {}): ProblemReport {
  return { code, severity: "error", message, transient: false, ...more };
}

const gone = report("GIT_UNREACHABLE", "No remote answers.", { remedy: "Check the network." });
const deployment = { id: "d1", commit: b, generation: two, startedAt: 100, steps: 4, stepsDone: 1 };
const shut = { why: "window", reason: "It waits for night.", unblock: "It opens." } as const;

function codes(status: Status): readonly string[] {
  return causesOf(status).map(({ why }) => why);
}

describe("why nothing is happening", () => {
  it("is, for what stands above the repository, what keeps the box from it, beside what the commit waits for", () => {
    const overlays = [{ id: "local-1", kind: "local", name: "fix.yaml", reason: "x", ended: true }] as const;
    const overlaid = { commit: a, generation: two, reason: "No remote answers.", unblock: "Check the network." };
    const status: Status = { ...behind, state: "waiting", waiting: shut, overlays, overlaid };

    expect(codes(status)).toEqual(["window", "overlays"]);
    expect(causesOf(status)[1]).toEqual({
      why: "overlays",
      reason: "fix.yaml ended, and is still live: No remote answers.",
      unblock: "Check the network.",
    });
    expect(codes({ ...status, overlaid: { commit: a, generation: two } })).toEqual(["window"]);
  });

  it("is, for an appliance that goes later, each one that goes first", () => {
    const waiting = { why: "rollout", reason: "It goes after fra1/r1.", unblock: "It answers." } as const;
    const one = {
      machine: "fra1/r1",
      why: "soaking",
      reason: "is well with it, but not for its soak time yet",
      since: 150,
    } as const;
    const two = { machine: "fra1/r2", why: "unreachable", reason: "cannot be asked: no route", since: 160 } as const;

    expect(causesOf({ ...behind, state: "waiting", waiting, rollout: [one, two] })[0]).toMatchObject({
      why: "rollout",
      details: ["fra1/r1 is well with it, but not for its soak time yet", "fra1/r2 cannot be asked: no route"],
    });
  });

  it("is that nothing is wanted, when all is as it should be", () => {
    expect(causesOf(well)).toEqual([
      {
        why: "in-sync",
        reason:
          "Nothing is wanted: generation 111111111111, committed with aaaaaaaaaaaa, is what the repository asks for, and nothing drifted from it.",
        since: 50,
        next: 900,
      },
    ]);
  });

  it("is that what was committed got worse since, although all is as the repository asks for", () => {
    const reason = "Well at the commit and not now: bgp-session 192.0.2.1 (is Active).";
    const regressed = { since: 700, checks: ["bgp-session 192.0.2.1"], reason };
    const worse: Status = {
      ...well,
      held: { generation: one, reason, why: "regressed" },
      probation: { until: 9000, watched: 1, regressed },
    };

    expect(causesOf(worse)).toEqual([
      {
        why: "held",
        reason: `Generation 111111111111 got worse after it was committed: ${reason}`,
        since: 700,
        unblock: "It ends when all is well again, with another commit, or by `impctl retry --reason`.",
      },
    ]);
  });

  it("is also what would hold up the next commit", () => {
    expect(causesOf({ ...well, paused: { reason: "fibre work", until: 5000 } })[1]).toEqual({
      why: "paused",
      reason: "Paused, so that a new commit is planned and not applied: fibre work",
      unblock: "It ends by itself, or by `impctl resume`.",
      next: 5000,
    });
    expect(causesOf({ ...well, paused: { reason: "Freeze." } })[1]?.unblock).toBe(
      "Remove policy.pause from the repository.",
    );
    expect(codes({ ...well, mode: "observe" })).toEqual(["in-sync", "observe-only"]);
  });

  it("is that the agent is only starting", () => {
    expect(codes({ ...behind, git: {} })[0]).toBe("starting");
  });

  it("is a journal that cannot be read, and nothing before that", () => {
    const journal = report("JOURNAL", "current.json is damaged.", { remedy: "Remove it." });
    const status = { ...behind, frozen: journal.message, problems: [journal], git: {}, waiting: shut };

    expect(causesOf(status)[0]).toEqual({
      why: "frozen",
      reason: "current.json is damaged.",
      unblock: "Remove it.",
      next: 900,
    });
    expect(codes(status)).toEqual(["frozen", "window"]);
  });

  it("is a box that could not be rolled back", () => {
    expect(causesOf({ ...behind, state: "stranded", reason: "FRR does not answer.", deployment })[0]).toEqual({
      why: "stranded",
      reason: "Rolling back did not succeed, and the box is left as it forwards. FRR does not answer.",
      since: 100,
      unblock: "See `impctl show`; `impctl rollback` tries again.",
    });
  });

  it("is a rollback that is under way, with what made it", () => {
    const failed = { ...deployment, trigger: "health", reason: "The session with 192.0.2.1 is down." };

    expect(causesOf({ ...behind, state: "rolling-back", deployment: failed })[0]).toEqual({
      why: "rolling-back",
      reason: "Commit bbbbbbbbbbbb (generation 222222222222) is rolled back: The session with 192.0.2.1 is down.",
      since: 100,
      unblock: "Nothing else begins before that succeeds.",
    });
  });

  it.each([
    ["armed", "is about to be applied"],
    ["applying", "is being applied"],
    ["verifying", "was applied, and is read back"],
    ["proving", "was applied, and is being proven"],
  ])("is a deployment that is %s, until its deadline", (state, phase) => {
    expect(causesOf({ ...behind, state, deployment: { ...deployment, until: 700 } })[0]).toEqual({
      why: "in-flight",
      reason: `Commit bbbbbbbbbbbb (generation 222222222222) ${phase}: 1 of 4 steps done.`,
      since: 100,
      unblock: "It is rolled back unless it is proven in time.",
      next: 700,
    });
  });

  it("is a newer commit that waits for the deployment to end", () => {
    const reason = "Commit cccccccccccc waits until this deployment is proven.";
    expect(causesOf({ ...behind, state: "proving", deployment, reason })[0].details).toEqual([reason]);
  });

  it("is a commit on its way to the disk, which nothing ends any more, or one that is being planned", () => {
    expect(causesOf({ ...behind, state: "committing", deployment })[0].unblock).toBeUndefined();
    expect(codes({ ...behind, state: "planning" })[0]).toBe("in-flight");
    expect(codes({ ...behind, state: "staging" })[0]).toBe("in-flight");
  });

  it("is a repository that cannot be reached or believed, since when, and what else is so", () => {
    const git = { lastPollAt: 200, lastError: gone, failingSince: 150 };
    const status = { ...behind, git, problems: [gone], state: "waiting", waiting: shut };

    expect(causesOf(status)[0]).toEqual({
      why: "repository",
      reason: "No remote answers. The newest commit that was accepted is bbbbbbbbbbbb.",
      since: 150,
      unblock: "Check the network.",
      next: 900,
    });
    expect(codes(status)).toEqual(["repository", "window"]);
  });

  it("is a commit with errors, the first of which are shown with their places", () => {
    const errors = [1, 2, 3, 4, 5].map((line) =>
      report("SCHEMA", `fault ${line}`, {
        file: "sites/fra1/r1.yaml",
        line,
        column: 3,
        path: "routing",
        remedy: "Mend it.",
      }),
    );

    expect(causesOf({ ...behind, desired: { commit: b }, problems: errors })[0]).toEqual({
      why: "invalid",
      reason: "Commit bbbbbbbbbbbb has 5 errors, so nothing of it is applied.",
      unblock: "Correct it in the repository: `impctl validate` shows all of it there.",
      next: 900,
      details: [
        "sites/fra1/r1.yaml:1:3: routing: fault 1. Mend it.",
        "sites/fra1/r1.yaml:2:3: routing: fault 2. Mend it.",
        "sites/fra1/r1.yaml:3:3: routing: fault 3. Mend it.",
        "and 2 more",
      ],
    });
    expect(codes({ ...behind, desired: { commit: b }, problems: errors })).toEqual(["invalid"]);
  });

  it("is the repository, and not the commit, when that was not loaded since the start", () => {
    const git = { lastPollAt: 200, lastError: gone, failingSince: 150 };
    expect(codes({ ...behind, desired: { commit: b }, git, problems: [gone] })).toEqual(["repository"]);
  });

  it("is a generation that failed here", () => {
    const held = { generation: two, reason: "The session with 192.0.2.1 is down." };

    expect(causesOf({ ...behind, state: "held", held })[0]).toEqual({
      why: "held",
      reason: "Generation 222222222222 failed here and is not tried again: The session with 192.0.2.1 is down.",
      since: 100,
      unblock: "Push a commit that asks for something else, or `impctl retry --reason`.",
    });
  });

  it("is what the gate said, and when that is looked at next", () => {
    expect(causesOf({ ...behind, state: "waiting", waiting: { ...shut, againAt: 5000 } })).toEqual([
      { ...shut, since: 100, next: 5000 },
    ]);
    expect(causesOf({ ...behind, state: "waiting", waiting: shut })[0].next).toBe(900);
  });

  it("is drift that is not corrected, told as such", () => {
    const limit = { why: "limit", reason: "Three times already.", unblock: "Look who does it." } as const;

    expect(causesOf({ ...well, inSync: false, waiting: limit })).toEqual([
      {
        why: "limit",
        reason: "Drift is not corrected: Three times already.",
        unblock: "Look who does it.",
        next: 900,
      },
    ]);
  });

  it("is a plane that cannot be seen, told once although the plan waits for it too", () => {
    const away = report("FRR_UNREACHABLE", "bgpd is away.", { remedy: "Start it." });
    const status = { ...well, inSync: false, problems: [away] };

    expect(causesOf(status)).toEqual([{ why: "problem", reason: "bgpd is away.", unblock: "Start it.", next: 900 }]);
    const blocked = { why: "blocked", reason: "bgpd is away.", unblock: "Start it." } as const;
    expect(codes({ ...status, state: "waiting", waiting: blocked })).toEqual(["blocked"]);
  });

  it("is a section that no plane carries out", () => {
    expect(causesOf({ ...well, inSync: false, notManaged: ["nat", "acls"] })[0]).toMatchObject({
      why: "not-managed",
      reason: "This version of the agent carries out nothing of: nat, acls.",
    });
  });

  it("is never left open", () => {
    expect(causesOf({ ...well, inSync: false })).toEqual([
      {
        why: "looking",
        reason: "Nothing is known to stand in the way: the appliance is being looked at.",
        next: 900,
      },
    ]);
  });
});

describe("whatever state the appliance is in, the answer", () => {
  const sim = simHost();
  const clock = sim.start();
  const settings = Settings.parse({
    machine: "fra1/r1",
    repository: { remotes: [{ url: "https://git.example.net/sites.git" }] },
  });

  const answers: Readonly<Record<StateName, string>> = {
    idle: "looking",
    planning: "in-flight",
    waiting: "window",
    staging: "in-flight",
    armed: "in-flight",
    "trial-booting": "in-flight",
    applying: "in-flight",
    verifying: "in-flight",
    proving: "in-flight",
    committing: "in-flight",
    "rolling-back": "rolling-back",
    stranded: "stranded",
    held: "held",
  };

  it.each(Object.entries(answers) as [StateName, string][])("%s is %s", (at, expected) => {
    const known = unknownYet(settings, "0.1.0", clock);
    const loaded = { problems: [], tree: memoryTree({}), overlays: "", inputs: "", polls: 0 };
    const wanted = { commit: a, generation: generation(["route a"]), ...loaded };
    const verdict = { verdict: "bad", reason: "It failed.", at: 1, inconclusive: [] } as const;
    const ledger = { ...emptyLedger, verdicts: at === "held" ? { [wanted.generation.digest]: verdict } : {} };

    const [first] = causesOf(statusOf({ ...known, wanted, ledger, state: sampleStates[at], git: { lastPollAt: 1 } }));

    expect(first.why).toBe(expected);
    expect(first.reason).toMatch(/^[A-Z].*\.$/);
  });
});
