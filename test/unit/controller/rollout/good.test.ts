import { describe, expect, it } from "vitest";
import { emptyLedger } from "../../../../controller/ledger.ts";
import { goodSince, type Standing } from "../../../../controller/rollout/good.ts";
import type { DeploymentStatus } from "../../../../controller/report/status.ts";
import type { Survey } from "../../../../controller/planes.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { generation } from "../../../lab/story.ts";

const committed = generation(["router bgp 64500"], { policy: { "soak-seconds": undefined } });
const plan = (more: object = {}) => ({ steps: [], problems: [], ...more }) as unknown as Survey;
const standing: Standing = {
  state: { at: "idle", since: 0 },
  ledger: emptyLedger,
  wanted: { generation: committed },
  committed,
  drift: { plan: plan() },
  frozen: undefined,
};
const at = (seconds: number) => ({ now: () => 5_000_000 + seconds * 1000, uptime: () => seconds * 1000 });

describe("an appliance", () => {
  it("is well since the first look that found it so, and well for long after the soak time of its impact", () => {
    const first = goodSince(standing, undefined, at(100));
    expect(first).toEqual({ generation: committed.digest, since: 5_100_000, uptime: 100_000, soaked: false });

    expect(goodSince(standing, first, at(129))).toEqual(first);
    expect(goodSince(standing, first, at(130))).toEqual({ ...first, soaked: true });

    const lastDeployment = { generation: committed.digest, worstImpact: "restart" } as DeploymentStatus;
    const restarted = { ...standing, ledger: { ...emptyLedger, lastDeployment } };
    expect(goodSince(restarted, first, at(279))?.soaked).toBe(false);
    expect(goodSince(restarted, first, at(280))?.soaked).toBe(true);
  });

  it("counts from the beginning for another generation", () => {
    const other = { generation: "e".repeat(64), since: 0, uptime: 0, soaked: true };

    expect(goodSince(standing, other, at(100))).toMatchObject({ since: 5_100_000, soaked: false });
  });

  it.each<[string, Partial<Standing>]>([
    ["it wants something else", { wanted: { generation: generation([]) } }],
    ["it has loaded no commit", { wanted: undefined }],
    ["its newest commit has an error", { wanted: { generation: undefined } }],
    ["nothing was ever committed", { committed: undefined }],
    [
      "something is going on",
      { state: { at: "planning", since: 0, target: { purpose: "correct", commit: "", generation: "" } } },
    ],
    ["it drifted", { drift: { plan: plan({ steps: [{}] }) } }],
    ["it cannot be looked at", { drift: undefined }],
    ["its plan must not be carried out", { drift: { plan: plan({ problems: [new Problem("FRR_FOREIGN", "")] }) } }],
    [
      "it got worse after the commit",
      {
        ledger: {
          ...emptyLedger,
          probation: {
            deployment: "d1",
            generation: committed.digest,
            term: { from: 0, ms: 1, boot: "b", uptime: 0 },
            soakMs: 1,
            regressed: { since: 1, keys: ["bgp-session 192.0.2.1"], reason: "It is down." },
          },
        },
      },
    ],
    ["it is frozen", { frozen: new Problem("JOURNAL", "") }],
  ])("is not well when %s", (_, news) => {
    expect(goodSince({ ...standing, ...news }, undefined, at(100))).toBeUndefined();
  });
});
