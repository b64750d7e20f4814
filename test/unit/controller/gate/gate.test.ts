import { describe, expect, it } from "vitest";
import { emptyLedger } from "../../../../controller/ledger.ts";
import { emptyDesired } from "../../../../controller/planes.ts";
import { waits } from "../../../../controller/reasons.ts";
import type { Impact, Step } from "../../../../reconcilers/core.ts";
import type { VppObject } from "../../../../reconcilers/vpp/model.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { ask, type Asked } from "../../../lab/question.ts";
import { generation } from "../../../lab/story.ts";

const nic: VppObject[] = [
  { kind: "physical", name: "external" },
  { kind: "settings", on: "external", up: false, mtu: 1500 },
];
const bare = { ...emptyDesired, vpp: { core: { objects: nic } } };
const foreign = { committed: undefined, plan: { foreign: 3 } };

describe("the gate", () => {
  it("lets a harmless plan pass", () => {
    expect(ask()).toBeUndefined();
  });

  it("asks its guards in the order in which the reasons are listed, each after what ended the one before", () => {
    let asked: Asked = {
      mode: "observe",
      policy: { pause: "Freeze.", approval: ["reboot"], windows: { night } },
      ...foreign,
      plan: { ...foreign.plan, problems: [new Problem("FRR_FOREIGN", "It is in the way.")] },
      facts: { clockSynchronised: false },
      impact: "reboot",
    };
    const said: (string | undefined)[] = [];
    const then = (change: (before: Asked) => Asked): void => {
      said.push(ask(asked)?.why);
      asked = { ...asked, ...change(asked) };
    };
    then(() => ({ mode: "apply" }));
    then(() => ({ policy: { approval: ["reboot"], windows: { night } } }));
    then(() => ({ plan: { problems: [new Problem("FRR_FOREIGN", "It is in the way.")] } }));
    then(() => ({ plan: {}, committed: generation(["router bgp 64500"]) }));
    then(() => ({ policy: { windows: { night } } }));
    then(({ facts }) => ({ facts: { ...facts, clockSynchronised: true } }));
    then(() => ({ policy: {} }));
    then(() => ({ impact: "hitless" }));

    expect(said).toEqual(["observe-only", "paused", "not-adopted", "blocked", "approval", "clock", "window", "impact"]);
    expect(ask(asked)).toBeUndefined();
    const order = Object.keys(waits);
    expect(said).toEqual(said.toSorted((a, b) => order.indexOf(a ?? "") - order.indexOf(b ?? "")));
  });
});

const night = { from: "22:00", to: "04:00", "max-impact": "reboot" };

describe("the settings' mode", () => {
  it("lets nothing pass that is only to be observed, not even a correction", () => {
    expect(ask({ mode: "observe", purpose: "correct" })).toEqual({
      why: "observe-only",
      reason: "The agent's settings say to observe only.",
      unblock: 'Set "mode: apply" in the agent\'s settings.',
    });
  });
});

describe("a pause", () => {
  const until = Date.parse("2026-01-05T16:30Z");

  it("of the repository lets nothing pass, not even a correction, until a commit takes it out", () => {
    expect(ask({ policy: { pause: "Peering day." }, purpose: "correct" })).toEqual({
      why: "paused",
      reason: "The repository pauses it: Peering day.",
      unblock: "Remove policy.pause from the repository.",
    });
  });

  it("of an operator says why, and when it ends by the policy's time zone", () => {
    const policy = { "time-zone": "Europe/Berlin" };

    expect(ask({ policy, facts: { pause: { reason: "fibre work", until } }, purpose: "correct" })).toEqual({
      why: "paused",
      reason: "An operator paused it: fibre work",
      unblock: "It ends at Mon 2026-01-05 17:30 Europe/Berlin, or by `impctl resume`.",
      againAt: until,
    });
  });
});

describe("a box that nobody adopted", () => {
  it("is left alone where something is configured", () => {
    expect(ask(foreign)).toMatchObject({ why: "not-adopted", unblock: expect.stringContaining("impctl adopt") });
  });

  it("is left alone as well where the plan removes or disturbs more than was allowed when it was adopted", () => {
    const step = (id: string, kind: string, impact: Impact): Step => {
      return { id, kind, impact, needs: [], provides: [], releases: [] };
    };
    const steps = [step("frr/a", "add", "hitless"), step("frr/b", "remove", "hitless"), step("frr/c", "set", "flap")];
    const allowing = (...allowedSteps: string[]) =>
      ask({
        committed: undefined,
        plan: { foreign: 1, steps },
        ledger: { ...emptyLedger, adopted: true, allowedSteps },
      });

    expect(allowing("frr/b")).toMatchObject({
      why: "not-adopted",
      reason: "Nothing was ever committed here, and the plan has what nobody allowed: set frr/c (flap).",
    });
    expect(allowing("frr/b", "frr/c")).toBeUndefined();
  });

  it("is left alone where all that is configured is what the machine file asks for", () => {
    const before = { ...emptyDesired, frr: { config: "router bgp 64500\n" } };

    expect(ask({ committed: undefined, plan: { before } })?.why).toBe("not-adopted");
    expect(ask({ committed: undefined, plan: { before: bare } })).toBeUndefined();
  });

  it("is left alone where somebody wrote what it starts from, and nothing that would restart goes without a window", () => {
    const written = { committed: undefined, facts: { startFiles: ["/etc/frr/frr.conf"] } };

    expect(ask(written)).toMatchObject({
      why: "not-adopted",
      reason: "Nothing was ever committed here, and somebody wrote what FRR or VPP starts from: /etc/frr/frr.conf.",
    });
    const adopted = { ...written, impact: "restart", ledger: { ...emptyLedger, adopted: true } } as const;
    expect(ask(adopted)?.why).toBe("impact");
  });

  it("is configured when it is empty", () => {
    expect(ask({ committed: undefined })).toBeUndefined();
  });
});

describe("hands on the box", () => {
  it("are worked against by nothing, not even by a correction, and it is looked at when they are gone", () => {
    const breakGlass = { reason: "a flood", since: 1, until: 5, deviations: 0 };

    expect(ask({ facts: { breakGlass } })).toMatchObject({ why: "break-glass", againAt: 5 });
    expect(ask({ facts: { breakGlass }, purpose: "correct" })).toMatchObject({ why: "break-glass" });
  });
});

describe("what somebody changed by hand", () => {
  it("is taken back by no deployment; a correction was decided", () => {
    const facts = { reverts: ["add ip route 198.51.100.0/24", "remove neighbor 192.0.2.9"] };

    expect(ask({ facts })).toMatchObject({
      why: "drift",
      reason: expect.stringMatching(/198\.51.*and 1 more/) as string,
    });
    expect(ask({ facts, purpose: "correct" })).toBeUndefined();
  });
});

describe("a plan with problems", () => {
  it("waits with the first of them and its remedy", () => {
    const problem = new Problem("FRR_DAEMON_MISSING", "bgpd does not run.", { remedy: "Enable it." });

    expect(ask({ plan: { problems: [problem] } })).toEqual({
      why: "blocked",
      reason: "bgpd does not run.",
      unblock: "Enable it.",
    });
  });
});
