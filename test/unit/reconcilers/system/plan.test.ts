import { describe, expect, it } from "vitest";
import { planText } from "../../../../reconcilers/plan-text.ts";
import { catalogue } from "../../../../reconcilers/system/catalogue.ts";
import { describeStep } from "../../../../reconcilers/system/describe.ts";
import type { SystemDesired, SystemFile, SystemObserved, SystemStep } from "../../../../reconcilers/system/model.ts";
import { planSystem } from "../../../../reconcilers/system/plan.ts";
import { renderSystem } from "../../../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";

const input: MachineInput = {
  hostname: "r1",
  management: { interface: { name: "eno1" }, ntp: ["ntp1.example.net"] },
  interfaces: { external: { pci: "0000:03:00.0" } },
};

function rendered(more: MachineInput = {}): SystemDesired {
  return renderSystem(Machine.parse({ ...input, ...more }));
}

function seen(files: readonly SystemFile[], more: Partial<SystemObserved> = {}): SystemObserved {
  return { files, odd: [], missing: [], down: [], pending: [], ...more };
}

function plan(desired: SystemDesired, observed: SystemObserved, owned: readonly SystemDesired[] = []): string {
  const describer = { describe: (step: unknown) => describeStep(step as SystemStep) };
  return planText({ system: planSystem(catalogue, desired, observed, owned) }, { system: describer });
}

const foreignHosts: SystemFile = {
  path: "/etc/hosts",
  text: "127.0.0.1 localhost\n",
  mode: 0o644,
  owner: { uid: 0, gid: 0 },
};

describe("a plan for the system", () => {
  it("lays all files of an empty box, and starts each unit once after them, in the order of the chain", () => {
    expect(plan(rendered(), seen([]))).toMatchInlineSnapshot(`
      "15 steps, worst impact restart.

      system: 7 hitless, 2 flap, 6 restart
        hitless  add /etc/hostname
        hitless  add /etc/hosts
        flap     add /etc/systemd/network/10-imp-management.network
        hitless  add /etc/systemd/timesyncd.conf.d/10-imp.conf
        restart  add /etc/imp/nics
        hitless  add /etc/vpp/commands-core.txt
        restart  add /etc/vpp/startup-core.conf
        restart  add /etc/frr/daemons
        hitless  reload systemd-hostnamed.service
        flap     reload systemd-networkd.service
        hitless  restart imp-management.service
        hitless  restart systemd-timesyncd.service
        restart  restart imp-nics.service
        restart  restart vpp-core.service
        restart  restart frr.service
      "
    `);
  });

  it("is empty when all is there", () => {
    expect(planSystem(catalogue, rendered(), seen(rendered().files), [])).toMatchObject({
      steps: [],
      foreign: [],
      notes: [],
    });
  });

  it("never hides that VPP restarts", () => {
    const before = rendered();
    const queues = rendered({ interfaces: { external: { pci: "0000:03:00.0", "rx-queues": 2 } } });
    expect(plan(queues, seen(before.files), [before])).toMatchInlineSnapshot(`
      "2 steps, worst impact restart.

      system: 2 restart
        restart  set /etc/vpp/startup-core.conf: - dev 0000:03:00.0 { name external }, + dev 0000:03:00.0 { name external num-rx-queues 2 }
        restart  restart vpp-core.service
      "
    `);
  });

  it("restarts VPP when a NIC moves, even where it knows it by another name only", () => {
    const mac = { external: { driver: "af-packet", "kernel-name": "eth1" } } as const;
    const moved = { external: { driver: "af-packet", "kernel-name": "eth2" } } as const;
    const before = rendered({ interfaces: mac });
    expect(plan(rendered({ interfaces: moved }), seen(before.files), [before])).toMatchInlineSnapshot(`
      "3 steps, worst impact restart.

      system: 3 restart
        restart  set /etc/imp/nics: - external eth1 - -, + external eth2 - -
        restart  restart imp-nics.service
        restart  restart vpp-core.service
      "
    `);
  });

  it("changes the time servers without disturbing anything, and management with a flap at least", () => {
    const before = rendered();
    const ntp = rendered({ management: { interface: { name: "eno1" }, ntp: ["ntp2.example.net"] } });
    const mtu = rendered({ management: { interface: { name: "eno1" }, ntp: ["ntp1.example.net"], mtu: 1400 } });
    expect(plan(ntp, seen(before.files), [before])).toMatchInlineSnapshot(`
      "2 steps, worst impact hitless.

      system: 2 hitless
        hitless  set /etc/systemd/timesyncd.conf.d/10-imp.conf: - NTP=ntp1.example.net, + NTP=ntp2.example.net
        hitless  restart systemd-timesyncd.service
      "
    `);
    expect(plan(mtu, seen(before.files), [before])).toMatchInlineSnapshot(`
      "3 steps, worst impact flap.

      system: 1 hitless, 2 flap
        flap     set /etc/systemd/network/10-imp-management.network: - MTUBytes=1500, + MTUBytes=1400
        flap     reload systemd-networkd.service
        hitless  restart imp-management.service
      "
    `);
  });

  it("removes what was owned and is not wanted any more", () => {
    const before = rendered();
    const without = rendered({ management: { interface: { name: "eno1" } } });
    expect(plan(without, seen(before.files), [before])).toMatchInlineSnapshot(`
      "2 steps, worst impact hitless.

      system: 2 hitless
        hitless  remove /etc/systemd/timesyncd.conf.d/10-imp.conf
        hitless  restart systemd-timesyncd.service
      "
    `);
  });

  it("leaves alone what nobody here made, and says when it takes it over", () => {
    expect(plan({ files: [] }, seen([foreignHosts]))).toMatchInlineSnapshot(`
      "Nothing to do: in sync.

      system: no steps
        foreign  /etc/hosts
      "
    `);
    const { notes } = planSystem(catalogue, rendered(), seen([foreignHosts]), []);
    expect(notes).toEqual(["/etc/hosts was not made by impctl, and is replaced. Going back puts it back as it was."]);
  });

  it("puts right who may write a file", () => {
    const before = rendered();
    const files = before.files.map((file) => (file.path === "/etc/hosts" ? { ...file, mode: 0o666 } : file));
    expect(plan(before, seen(files), [before])).toMatchInlineSnapshot(`
      "1 step, worst impact hitless.

      system: 1 hitless
        hitless  set /etc/hosts: - (mode 0666, owner 0:0), + (mode 0644, owner 0:0)
      "
    `);
  });

  it("starts what an agent that died did not start any more, though all files are right", () => {
    const before = rendered();
    expect(plan(before, seen(before.files, { pending: [{ unit: "vpp-core.service", isAsked: true }] }), [before]))
      .toMatchInlineSnapshot(`
      "1 step, worst impact restart.

      system: 1 restart
        restart  restart vpp-core.service
      "
    `);
  });

  it("does not begin where a unit is not installed that would have to read a file, and needs none to remove one", () => {
    const before = rendered();
    const without = rendered({ management: { interface: { name: "eno1" } } });
    const missing = ["systemd-timesyncd.service", "vpp-nat.service"];
    expect(plan(before, seen(without.files, { missing }), [without])).toMatchInlineSnapshot(`
      "Cannot be carried out: 1 problem. 1 step, worst impact hitless.

      system: 1 hitless
        problem  systemd-timesyncd.service is not installed, and would have to read what the machine file asks for. Deploy an image that has it, or take what it is for out of the machine file.
        hitless  add /etc/systemd/timesyncd.conf.d/10-imp.conf
      "
    `);
    expect(plan(without, seen(before.files, { missing }), [before])).toMatchInlineSnapshot(`
      "1 step, worst impact hitless.

      system: 1 hitless
        hitless  remove /etc/systemd/timesyncd.conf.d/10-imp.conf
      "
    `);
  });

  it("cannot be carried out where a link stands in place of a file", () => {
    const before = rendered();
    const rest = before.files.filter(({ path }) => path !== "/etc/hosts");
    expect(plan(before, seen(rest, { odd: ["/etc/hosts"] }))).toMatchInlineSnapshot(`
      "Cannot be carried out: 1 problem. 1 step, worst impact hitless.

      system: 1 hitless
        problem  /etc/hosts is to be a file, and is a link, a folder or a device. Remove it by hand, or put a file in its place.
        hitless  add /etc/hosts
      "
    `);
  });

  it("takes over no file whose bytes it does not know", () => {
    const latin = { ...foreignHosts, text: "192.0.2.77 k\uFFFDche\n" };
    const problems = (owned: readonly SystemDesired[]) =>
      planSystem(catalogue, rendered(), seen([latin]), owned).problems.map(({ message }) => message);
    expect(problems([])).toEqual(["/etc/hosts has bytes that are not UTF-8, and could not be put back as it was."]);
    expect(problems([rendered()])).toEqual([]);
    expect(planSystem(catalogue, { files: [] }, seen([latin]), []).problems).toEqual([]);
  });

  it("spares what still runs with what is to stand there, and was not asked to read anything else", () => {
    const before = rendered();
    const after = rendered({ interfaces: { external: { pci: "0000:03:00.0", "rx-queues": 2 } } });
    const read = before.files.filter(({ path }) => ["/etc/imp/nics", "/etc/vpp/startup-core.conf"].includes(path));
    const back = (pending: SystemObserved["pending"][number]) =>
      planSystem(catalogue, before, seen(after.files, { pending: [pending] }), [before, after]).steps.map(
        (step) => `${step.impact} ${step.id}`,
      );
    const unit = "vpp-core.service";
    expect(back({ unit, isAsked: false, read })).toEqual(["hitless system/etc/vpp/startup-core.conf"]);
    const restarted = ["restart system/etc/vpp/startup-core.conf", "restart system/vpp-core.service"];
    expect(back({ unit, isAsked: true, read })).toEqual(restarted);
    expect(back({ unit, isAsked: false, read: after.files })).toEqual(restarted);
    expect(back({ unit, isAsked: false })).toEqual(restarted);
  });
});
