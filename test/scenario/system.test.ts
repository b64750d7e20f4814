/** The files that a box starts from, and the units that read them, deployed beside the routing. */
import { emptyDesired } from "../../controller/planes.ts";
import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { undescribed } from "../../reconcilers/system/model.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import { ask } from "../lab/ask.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { committedStory, bootFile, generation, shown, stateFolder, story, textOf, type Story } from "../lab/story.ts";
import { filesOf } from "../lab/system-host.ts";

const lines = ["router bgp 64500", "neighbor 192.0.2.1"];
const hosts = "/etc/hosts";
const startup = "/etc/vpp/startup-core.conf";
const network = "/etc/systemd/network/10-imp-management.network";
const managementAnew = ["reload-or-restart systemd-networkd.service", "restart imp-management.service"];
const box: MachineInput = {
  hostname: "r1",
  management: { interface: { name: "eno1" } },
  interfaces: { external: { pci: "0000:03:00.0" } },
};
const queues: MachineInput = { ...box, interfaces: { external: { pci: "0000:03:00.0", "rx-queues": 2 } } };
const mtu: MachineInput = { ...box, management: { interface: { name: "eno1" }, mtu: 1400 } };
const nat = { det44: { pools: { p: { prefix: "203.0.113.0/24" } }, mappings: {} } };
const theirs = { text: "192.0.2.77 printer\n", mode: 0o600, owner: { uid: 0, gid: 7 } };

function asking(input: MachineInput | undefined, own: readonly string[] = lines, policy: object = {}): Generation {
  const system = input ? renderSystem(Machine.parse(input)) : undescribed;
  const frr = { config: own.map((line) => `${line}\n`).join("") };
  return generation(own, { desired: { ...emptyDesired, system, frr }, policy: { "max-impact": "restart", ...policy } });
}

const base = asking(box);

async function committed(first: Generation = base): Promise<Story> {
  const s = await committedStory(first);
  expect(s.status()).toMatchObject({ state: "idle", inSync: true });
  s.systemd.history.length = 0;
  return s;
}

async function deployed(s: Story, commit: string, next: Generation): Promise<void> {
  s.push(commit, next);
  await s.sim.until(() => s.status().lastDeployment?.generation === next.digest, "deployed");
  await s.rest();
}

/** Two polls later. */
async function later(s: Story): Promise<void> {
  await s.sim.pass(70_000);
  await s.rest();
}

describe("a deployment of files", () => {
  it("lays them before the others are brought up, starts each unit once, and keeps them for the boot", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    const first: string[] = [];
    s.plane.changing = () => void first.push(...s.systemd.history.splice(0));
    s.push("one", base);
    s.start();
    await s.rest();

    expect(first).toEqual([
      "hostnamectl hostname --transient",
      "reload-or-restart systemd-networkd.service",
      "restart imp-management.service",
      "restart imp-nics.service",
      "restart vpp-core.service",
      "restart frr.service",
    ]);
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, planes: { system: { drift: 0, foreign: 0 } } });
    for (const file of base.desired.system.files) {
      expect(s.sim.files.get(file.path)).toEqual({ text: file.text, mode: file.mode, owner: file.owner });
    }
    const home = `${stateFolder}/generations/${base.digest}`;
    expect(textOf(s, `${home}/files/system${startup}`)).toBe(textOf(s, startup));
    const restore = textOf(s, `${home}/restore`) ?? "";
    expect(restore.replaceAll(home, "…")).toMatchInlineSnapshot(`
      "plane system
      file 0644 0 0 …/files/system/etc/hostname /etc/hostname
      file 0644 0 0 …/files/system/etc/hosts /etc/hosts
      file 0644 0 0 …/files/system/etc/systemd/network/10-imp-management.network /etc/systemd/network/10-imp-management.network
      file 0644 0 0 …/files/system/etc/imp/nics /etc/imp/nics
      file 0644 0 0 …/files/system/etc/vpp/commands-core.txt /etc/vpp/commands-core.txt
      file 0644 0 0 …/files/system/etc/vpp/startup-core.conf /etc/vpp/startup-core.conf
      file 0644 0 0 …/files/system/etc/frr/daemons /etc/frr/daemons
      unit systemd-networkd.service
      unit imp-management.service
      unit imp-nics.service
      unit vpp-core.service
      unit frr.service
      plane frr
      file 0640 0 0 …/files/frr.conf /etc/frr/frr.conf
      unit frr.service
      "
    `);
  });

  it("restarts only what reads what changed, and arms the failsafe with no other unit", async () => {
    const s = await committed();
    let record = "";
    s.systemd.starting = () => void (record = textOf(s, "/run/imp/armed") ?? "");
    await deployed(s, "two", asking(mtu));

    expect(s.systemd.history).toEqual(managementAnew);
    const units = record.split("\n").filter((line) => /^(?:plane|unit) /.test(line));
    expect(units).toEqual(["plane system", "unit systemd-networkd.service", "unit imp-management.service"]);
    expect(record).toContain(` ${startup}\n`);
    expect(s.status().committed?.generation).toBe(asking(mtu).digest);
  });

  it("waits for a window where VPP would restart, and says so", async () => {
    const s = await committed();
    s.push("two", asking(queues, lines, { "max-impact": "session-reset" }));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "waiting", reason: expect.stringContaining("restart") as string });
    expect(s.systemd.history).toEqual([]);
  });

  it("goes back, and never tries it again, when a unit does not start with its files", async () => {
    const s = await committed();
    const before = textOf(s, startup);
    s.systemd.failing.add("vpp-core.service");
    s.systemd.asked = () => {
      if (!(textOf(s, startup) ?? "").includes("num-rx-queues")) s.systemd.failing.clear();
    };
    await deployed(s, "two", asking(queues));

    expect(textOf(s, startup)).toBe(before);
    expect(s.status()).toMatchObject({
      state: "held",
      inSync: false,
      lastDeployment: {
        outcome: "rolled-back",
        reason: "vpp-core.service did not restart: Job for vpp-core.service failed.",
      },
    });
    expect(s.systemd.read.get("vpp-core.service")).toContain(JSON.stringify(before));
  });

  it("goes back however long its units take to start, as long as systemd waits for them", async () => {
    const s = await committed();
    const isBack = () => s.status().state === "rolling-back";
    s.sim.takes = ([, verb]) => (verb === "restart" && isBack() ? 80_000 : 0);
    await deployed(s, "two", asking(queues, [...lines, "shutdown 192.0.2.1"]));

    expect(s.systemd.history).toEqual(["restart vpp-core.service", "restart vpp-core.service"]);
    expect(s.status()).toMatchObject({ state: "held", lastDeployment: { outcome: "rolled-back" } });
    expect(s.failsafe.history.filter((one) => /restore|act/.test(one))).toEqual([]);
  });

  it("brings back what the others lost when VPP took them along", async () => {
    const s = await committed();
    s.systemd.starting = (unit) => {
      if (unit === "vpp-core.service") s.plane.live.clear();
    };
    const next = asking(queues, [...lines, "neighbor 192.0.2.2"]);
    await deployed(s, "two", next);

    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: next.digest } });
    expect(shown(s.plane.live)).toBe(shown([...lines, "neighbor 192.0.2.2"]));
  });

  it("starts a daemon of FRR that its configuration needs, instead of waiting for it", async () => {
    const config = "router bgp 64500\n no bgp ebgp-requires-policy\nexit\n";
    const frr = simFrr({ running: ["zebra", "staticd"] });
    const s = story({ frr });
    const system = renderSystem(
      Machine.parse({ hostname: "r1", routing: { bgp: { asn: 64500 }, "router-id": "192.0.2.2" } }),
    );
    s.push(
      "one",
      generation([], { desired: { ...emptyDesired, system, frr: { config } }, policy: { "max-impact": "restart" } }),
    );
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true });
    expect(frr.config()).toContain("router bgp 64500");
    expect(s.systemd.history.at(-1)).toBe("restart frr.service");
  });
});

describe("a kernel parameter", () => {
  const place = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
  const off: MachineInput = { ...box, sysctl: { "net.ipv6.conf.all.disable_ipv6": 1 } };
  async function withIpv6(): Promise<Story> {
    const s = await committed();
    s.sim.files.set(place, { text: "0\n", mode: 0o644 });
    return s;
  }

  it("gets its value back when what set it is rolled back", async () => {
    const s = await withIpv6();
    s.push("two", asking(off, [...lines, "shutdown 192.0.2.1"]));
    await s.sim.until(() => s.status().state === "proving", "proving");
    expect(textOf(s, place)).toBe("1\n");
    await s.sim.until(() => s.status().state === "held", "held");

    expect(textOf(s, place)).toBe("0\n");
  });

  it("gets it back when it is taken out of the machine file", async () => {
    const s = await withIpv6();
    await deployed(s, "two", asking(off));
    expect(textOf(s, place)).toBe("1\n");
    await deployed(s, "three", base);

    expect(textOf(s, place)).toBe("0\n");
    expect([...s.sim.files.keys()].filter((path) => path.startsWith("/run/imp/sysctl"))).toEqual([]);
  });
});

describe("a unit that fails for somebody else's reason", () => {
  const sysctl = "systemd-sysctl.service";
  const [tuned, retuned]: readonly MachineInput[] = [
    { ...box, sysctl: { "vm.swappiness": 10 } },
    { ...queues, sysctl: { "vm.swappiness": 20 } },
  ];

  it("is no failure where it had failed before, disturbs nothing, and the plan says so", async () => {
    const s = await committed();
    s.systemd.failing.add(sysctl);
    const next = asking(tuned);
    await deployed(s, "two", next);

    expect(s.systemd.history).toEqual([`restart ${sysctl}`]);
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: next.digest } });
    const { plan } = await s.agent().plan(new AbortController().signal);
    expect(plan.plans.system.notes).toEqual([
      `${sysctl} does not run. Where it does not start either, nobody reads what the machine file asks of it.`,
    ]);
  });

  it("costs nothing that disturbs more: what read no new file is not restarted, on the way back either", async () => {
    const s = await committed(asking(tuned));
    s.systemd.failing.add(sysctl);
    await deployed(s, "two", asking(retuned));

    expect(s.systemd.history).toEqual([`restart ${sysctl}`, `restart ${sysctl}`]);
    expect(textOf(s, startup)).not.toContain("num-rx-queues");
    expect(s.status()).toMatchObject({
      state: "held",
      committed: { generation: asking(tuned).digest },
      lastDeployment: { outcome: "rolled-back", reason: expect.stringContaining(sysctl) as string },
    });
    expect(s.failsafe.history.filter((one) => one.startsWith("restore"))).toEqual([]);
  });

  it("keeps no other from going back", async () => {
    const s = await committed(asking({ ...box, nat }));
    const before = filesOf(s.sim, "vpp-nat.service");
    const mappings = { m: { source: "10.0.0.0/16", pool: "p" } };
    const next = { ...queues, nat: { det44: { ...nat.det44, mappings } } };
    s.push("two", asking(next, [...lines, "shutdown 192.0.2.1"]));
    await s.sim.until(() => s.status().state === "proving", "proving");
    expect(s.systemd.read.get("vpp-nat.service")).not.toBe(before);
    s.systemd.failing.add("vpp-core.service");
    await s.sim.until(() => s.failsafe.history.includes("restore system"), "going back failed twice");

    expect(s.systemd.read.get("vpp-nat.service")).toBe(before);
  });
});

describe("a file that somebody else wrote", () => {
  it("is taken over with a word, and is there again when the first deployment ever fails", async () => {
    const s = story();
    s.sim.files.set(hosts, theirs);
    s.push("one", asking(box, [...lines, "shutdown 192.0.2.1"]));
    s.systemd.failing.add("vpp-core.service");
    s.start();
    await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");

    expect(s.sim.files.get(hosts)).toEqual(theirs);
    expect([...s.sim.files.keys()].filter((path) => path.startsWith("/etc/"))).toEqual([hosts]);
  });

  it("is left alone until a generation asks for it, and counted", async () => {
    const s = await committed(asking({ interfaces: box.interfaces ?? {} }));
    s.sim.files.set(hosts, theirs);
    await later(s);

    expect(s.status()).toMatchObject({ inSync: true, planes: { system: { drift: 0, foreign: 1 } } });
    expect(s.sim.files.get(hosts)).toEqual(theirs);
  });
});

describe("what somebody changed in a file by hand", () => {
  async function edited(policy: object = {}): Promise<Story> {
    const s = await committed(asking(box, lines, policy));
    const text = (textOf(s, network) ?? "").replace("MTUBytes=1500", "MTUBytes=9000");
    s.sim.files.set(network, { text, mode: 0o644, owner: { uid: 0, gid: 0 } });
    await later(s);
    return s;
  }

  it("is reported, and shown line by line", async () => {
    const s = await edited();

    expect(s.status()).toMatchObject({
      inSync: false,
      planes: {
        system: {
          drift: 3,
          cause: "somebody",
          fate: "report",
          steps: [
            `set ${network}: - MTUBytes=9000, + MTUBytes=1500`,
            "reload systemd-networkd.service",
            "restart imp-management.service",
          ],
        },
      },
    });
    expect(await ask(s.agent(), "drift")).toMatchObject({
      planes: { system: { difference: [`  ${network}`, "- MTUBytes=1500", "+ MTUBytes=9000"] } },
    });
    expect(textOf(s, network)).toContain("MTUBytes=9000");
  });

  it("stays when another plane started anew and is brought back, also on disk", async () => {
    const s = await edited();
    s.plane.restarts += 1;
    s.plane.live.clear();
    await later(s);

    expect(shown(s.plane.live)).toBe(shown(lines));
    expect(textOf(s, network)).toContain("MTUBytes=9000");
    expect(s.systemd.history).toEqual([]);
    expect(s.status()).toMatchObject({ inSync: false, planes: { system: { fate: "report" }, frr: { drift: 0 } } });
  });

  it("lets that be put right without touching what somebody changed in another plane, nor its file", async () => {
    const s = await committed(asking(box, lines, { drift: { system: "correct" } }));
    const boot = textOf(s, bootFile);
    s.plane.live.delete(lines[1] ?? "");
    const text = (textOf(s, network) ?? "").replace("MTUBytes=1500", "MTUBytes=9000");
    s.sim.files.set(network, { text, mode: 0o644, owner: { uid: 0, gid: 0 } });
    await later(s);

    expect(textOf(s, network)).toContain("MTUBytes=1500");
    expect(s.plane.live.has(lines[1] ?? "")).toBe(false);
    expect(textOf(s, bootFile)).toBe(boot);
    expect(s.status()).toMatchObject({ planes: { frr: { fate: "report" }, system: { drift: 0 } } });
  });

  it("is put right where the policy says so", async () => {
    const s = await edited({ drift: { system: "correct" } });

    expect(textOf(s, network)).toContain("MTUBytes=1500");
    expect(s.systemd.history).toEqual(managementAnew);
    expect(s.status()).toMatchObject({ state: "idle", inSync: true });
  });
});

describe("a change that the box itself tells of", () => {
  const polls = (s: Story): number => s.events.filter(({ type }) => type === "polled").length;
  const looks = (s: Story): number => s.sim.effects().filter((one) => one.startsWith("connect ")).length;
  function edit(s: Story): void {
    s.sim.files.set(hosts, theirs);
    s.agent().polls.nudge();
  }

  it("is seen at once without asking the repository, and not more often than twice in 10 s", async () => {
    const s = await committed(asking(box, lines, { "poll-seconds": 3600 }));
    await s.sim.pass(10_000);
    const before = { polls: polls(s), looks: looks(s) };
    edit(s);
    await s.sim.pass(100);
    expect(s.status().planes).toMatchObject({ system: { drift: 1 } });
    const each = looks(s) - before.looks;
    for (let i = 0; i < 100; i += 1) {
      s.agent().polls.nudge();
      await s.sim.pass(200);
    }

    expect(polls(s)).toBe(before.polls);
    expect(looks(s) - before.looks).toBeLessThanOrEqual(each * 5);
    expect(looks(s) - before.looks).toBeGreaterThan(each * 3);
  });

  it("puts no poll off", async () => {
    const s = await committed(asking(box, lines, { "poll-seconds": 30 }));
    const before = polls(s);
    for (let i = 0; i < 60; i += 1) {
      s.agent().polls.nudge();
      await s.sim.pass(1000);
    }
    expect(polls(s)).toBeGreaterThanOrEqual(before + 2);
  });

  it("is seen while the git server hangs", async () => {
    const s = await committed();
    s.stalls = true;
    s.push("two", asking(mtu));
    await s.sim.pass(33_000);
    edit(s);
    await s.sim.pass(6000);
    expect(s.status().planes).toMatchObject({ system: { drift: 1 } });
  });

  it("is seen within a second although the poll has just begun that hangs", async () => {
    const s = await committed();
    s.stalls = true;
    s.push("two", asking(mtu));
    const before = s.status().git.lastPollAt;
    s.agent().polls.hasten();
    await s.sim.pass(10);
    edit(s);
    await s.sim.pass(800);
    expect(s.status().planes).toMatchObject({ system: { drift: 1 } });
    expect(s.status().git.lastPollAt).toBe(before);
  });
});

describe("a generation of an agent that did not know this plane", () => {
  /** Committed by it, on a box on which it lives on; it wrote nothing of the system. */
  async function upgraded(): Promise<Story> {
    const s = await committed(asking(undefined));
    s.sim.kill();
    for (const [path, node] of s.sim.files) {
      if (!("text" in node) || !/\/(?:generation|candidate)\.json$/.test(path)) continue;
      const text = node.text.replaceAll('"system":{"files":[]},', "").replaceAll(',"system":{"files":[]}', "");
      s.sim.files.set(path, { ...node, text });
      expect(text).not.toContain('"system"');
    }
    s.sim.files.set(hosts, theirs);
    return s;
  }
  const old = asking(undefined);
  /** The same commit, as the agent of today renders it. */
  const renewed: Generation = { ...old, desired: { ...old.desired, system: base.desired.system } };

  it("is in sync, and nothing of the system is touched before a commit asks for something new", async () => {
    const s = await upgraded();
    s.push("one", renewed);
    s.start();
    await later(s);

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: old.digest } });
    expect(s.systemd.history).toEqual([]);
    expect(s.sim.files.get(hosts)).toEqual(theirs);
  });

  it("is gone back to with the system as it was found", async () => {
    const s = await upgraded();
    s.start();
    await s.rest();
    await deployed(s, "two", asking(box, [...lines, "shutdown 192.0.2.1"]));

    expect(s.status()).toMatchObject({ state: "held", committed: { generation: old.digest } });
    expect(s.sim.files.get(hosts)).toEqual(theirs);
    expect([...s.sim.files.keys()].filter((path) => path.startsWith("/etc/vpp"))).toEqual([]);
  });

  it("leaves the system alone when an operator goes back to it", async () => {
    const s = await upgraded();
    s.start();
    await s.rest();
    await deployed(s, "two", asking(box, [...lines, "prefix-list a"]));
    const laid = textOf(s, startup);
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await s.sim.until(() => s.status().committed?.generation === old.digest && s.status().state !== "proving", "back");
    await s.rest();

    expect(laid).toBeDefined();
    expect(textOf(s, startup)).toBe(laid);
    expect(s.plane.live.has("prefix-list a")).toBe(false);
  });
});
