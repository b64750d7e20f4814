import { describe, expect, it } from "vitest";
import { actedText, parseActed } from "../../../controller/acted.ts";
import type { BootFiles } from "../../../controller/boot-files.ts";
import { noFailsafe, openFailsafe, type Failsafe } from "../../../controller/failsafe.ts";
import type { Deployment } from "../../../controller/machine.ts";
import { Settings } from "../../../schemas/settings.ts";
import { simHost, type Sim } from "../../lab/host.ts";

const { signal } = new AbortController();
const record = "/run/imp/armed";
const gone = "/persistent/config/imp/gone";
const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/sites" } });
const files = {
  restoring: async (digest: string) => [
    {
      plane: "frr",
      files: [
        {
          source: `/persistent/config/imp/generations/${digest}/files/frr.conf`,
          target: "/etc/frr/frr.conf",
          mode: 0o640,
          owner: { uid: 103, gid: 107 },
        },
      ],
      units: ["frr.service"],
    },
    {
      plane: "system",
      files: [{ source: "/s", target: "/etc/network/interfaces", mode: 0o644, owner: { uid: 0, gid: 0 } }],
      units: ["networking.service", "ssh.service"],
    },
  ],
  added: async () => [],
} as unknown as BootFiles;
const deployment: Deployment = {
  purpose: "deploy",
  commit: "c".repeat(40),
  generation: "b".repeat(64),
  id: "1700-bbbbbbbbbbbb",
  environment: "default",
  from: "a".repeat(64),
  startedAt: 1,
  boot: "boot-1",
  deadline: 180_500,
  planes: ["frr", "system"],
  steps: 2,
  stepsDone: 0,
  worstImpact: "session-reset",
};
const lifelines = { anchors: ["192.0.2.254", "2001:db8::1"], sessions: ["192.0.2.1"] };

function box(): { readonly sim: Sim; readonly failsafe: Failsafe; readonly text: () => string } {
  const sim = simHost();
  const text = () => {
    const node = sim.files.get(record);
    return node && "text" in node ? node.text : "";
  };
  return { sim, failsafe: openFailsafe(sim.start(), settings, files), text };
}

describe("the record that arms the failsafe", () => {
  it("says what to put back, in the order of restoring, and until when it waits for the agent", async () => {
    const { sim, failsafe, text } = box();

    await failsafe.arm(deployment, lifelines);

    expect(text().trimEnd().split("\n")).toEqual([
      "format 1",
      "deployment 1700-bbbbbbbbbbbb",
      `generation ${"b".repeat(64)}`,
      `committed ${"a".repeat(64)}`,
      "environment default",
      "armed 60",
      "deadline 184",
      "phase forward",
      "impact session-reset",
      "anchor 192.0.2.254",
      "anchor 2001:db8::1",
      "session 192.0.2.1",
      "plane system",
      "file 0644 0 0 /s /etc/network/interfaces",
      "unit networking.service",
      "unit ssh.service",
      "plane frr",
      `file 0640 103 107 /persistent/config/imp/generations/${"a".repeat(64)}/files/frr.conf /etc/frr/frr.conf`,
      "unit frr.service",
    ]);
    expect(sim.files.get(record)).toMatchObject({ mode: 0o600 });
  });

  it("names only the planes that the deployment touches, and none where nothing was ever committed", async () => {
    const { failsafe, text } = box();
    await failsafe.arm({ ...deployment, planes: ["frr"] }, lifelines);
    expect(text().match(/^plane .*$/gm)).toEqual(["plane frr"]);

    const { from: _from, ...first } = deployment;
    await failsafe.arm({ ...first, from: undefined }, lifelines);
    expect(text()).toContain("committed -\n");
    expect(text()).not.toMatch(/^(?:plane|file|unit) /m);
  });

  it("says which files go with the candidate, to the failsafe and for the next boot", async () => {
    const network = "/etc/systemd/network/10-imp-management.network";
    const sim = simHost();
    const failsafe = openFailsafe(sim.start(), settings, { ...files, added: async () => [network] });
    const text = (path: string) => {
      const node = sim.files.get(path);
      return node && "text" in node ? node.text : undefined;
    };
    const touched = { ...deployment, units: ["systemd-networkd.service", "imp-management.service"] };
    const blocks = () =>
      text(record)
        ?.replace(/[^]*?(?=^plane )/m, "")
        .split("\n");
    await failsafe.arm(touched, lifelines);
    expect(blocks()?.slice(0, 5)).toEqual([
      "plane system",
      "file 0644 0 0 /s /etc/network/interfaces",
      `gone ${network}`,
      "unit systemd-networkd.service",
      "unit imp-management.service",
    ]);
    expect(text(gone)).toBe(`environment default\ngone ${network}\n`);

    await failsafe.goingBack(touched, undefined, 60_000);
    expect(blocks()).toEqual([
      "plane system",
      `gone ${network}`,
      "unit systemd-networkd.service",
      "unit imp-management.service",
      "",
    ]);

    await failsafe.disarm();
    expect(text(gone)).toBeUndefined();
  });

  it("gives the agent time to go back, and keeps what was well before, also for the next process", async () => {
    const { sim, failsafe, text } = box();
    await failsafe.arm(deployment, lifelines);

    const next = openFailsafe(sim.start(), settings, files);
    await next.goingBack(deployment, "d".repeat(64), 60_000);

    expect(text()).toMatch(/^deadline 120$/m);
    expect(text()).toMatch(/^phase rolling-back$/m);
    expect(text()).toContain(`committed ${"d".repeat(64)}\n`);
    expect(text().match(/^(?:anchor|session) .*$/gm)).toHaveLength(3);

    await next.goingBack({ ...deployment, id: "another" }, undefined, 60_000);
    expect(text()).not.toMatch(/^(?:anchor|session) /m);
  });

  it("is gone when disarmed, and nothing of that deployment may change any more", async () => {
    const { sim, failsafe } = box();
    expect(() => failsafe.mustBeArmed(deployment)).toThrow(/not armed/);
    await failsafe.arm(deployment, lifelines);
    failsafe.mustBeArmed(deployment);
    expect(() => failsafe.mustBeArmed({ ...deployment, id: "another" })).toThrow(/not armed/);

    await failsafe.disarm();

    expect(sim.files.has(record)).toBe(false);
    expect(() => failsafe.mustBeArmed(deployment)).toThrow(/not armed/);
  });
});

describe("what is asked of the failsafe's program", () => {
  it("is whether it can be relied on; what it says is told in one line", async () => {
    const { sim, failsafe } = box();
    expect((await failsafe.check(signal))?.message).toMatch(/does not answer: .*no such program/);

    sim.answer(([program, verb]) => {
      expect([program, verb]).toEqual(["/usr/lib/imp/imp-failsafe", "self-test"]);
      return { exitCode: 1, stdout: "the heartbeat is 40 s old.\nno sha256sum\n", stderr: "" };
    });
    expect(await failsafe.check(signal)).toMatchObject({
      code: "FAILSAFE",
      message: "The failsafe says: the heartbeat is 40 s old; no sha256sum.",
      remedy: "See `systemctl status imp-failsafe`.",
    });
  });

  it("is one plane, and its failure is a problem with the program's words", async () => {
    const { sim, failsafe } = box();
    sim.answer(([, verb, plane]) =>
      verb === "restore" ? { exitCode: plane === "frr" ? 0 : 1, stdout: "no such unit", stderr: "" } : undefined,
    );
    await failsafe.restore("frr", signal);
    await expect(failsafe.restore("vpp", signal)).rejects.toMatchObject({
      code: "FAILSAFE",
      message: "The failsafe could not restore vpp: no such unit.",
    });
  });
});

describe("what the failsafe did", () => {
  const text = `deployment 1700-bbbbbbbbbbbb
generation ${"b".repeat(64)}
at 184 5f9c1b0e 1767614584
why deadline
did system
did frr
ended restored
note ping of 192.0.2.254 failed once
`;

  it("is read from either place until it is acknowledged", async () => {
    for (const path of ["/persistent/config/imp/failsafe/acted", "/run/imp/failsafe.acted"]) {
      const { sim, failsafe } = box();
      expect(await failsafe.acted()).toBeUndefined();
      sim.files.set(path, { text, mode: 0o600 });
      expect(await failsafe.acted()).toMatchObject({
        deployment: "1700-bbbbbbbbbbbb",
        at: 1_767_614_584_000,
        why: "deadline",
        did: ["system", "frr"],
        ended: "restored",
      });
      await failsafe.acknowledge();
      expect(await failsafe.acted()).toBeUndefined();
    }
  });

  it("is one sentence for people, also when the report was torn", () => {
    expect(actedText(parseActed(text))).toBe(
      "The agent did not end it in time, so the failsafe acted: it restored system, frr; all is fine again (ping of 192.0.2.254 failed once).",
    );
    expect(actedText(parseActed("deployment 17"))).toBe(
      "The agent did not end it in time, so the failsafe acted: it touched nothing; it holds.",
    );
  });
});

it("a failsafe that is switched off stands in nobody's way", async () => {
  await noFailsafe.arm(deployment, lifelines);
  noFailsafe.mustBeArmed(deployment);
  expect(await noFailsafe.check(signal)).toBeUndefined();
});
