import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commands } from "../../../../../reconcilers/vpp/api/cli.ts";
import type { Fields, FibPath } from "../../../../../reconcilers/vpp/api/messages.ts";
import { openVpp } from "../../../../../reconcilers/vpp/api/open.ts";
import type { Vpp } from "../../../../../reconcilers/vpp/api/vpp.ts";
import { vppWire } from "../../../../lab/vpp-wire.ts";
import { type SimVpp, simVpp, type SimVppOptions } from "../../../../lab/vpp/sim-vpp.ts";

const signal = new AbortController().signal;

/** A loopback with an address, an ACL, and ABF policy 7 with one path. */
async function withPolicy(options: SimVppOptions = {}): Promise<{ vpp: Vpp; sim: SimVpp; loop: number; acl: number }> {
  const sim = simVpp(options);
  const host = { ...vppWire().host, connect: () => Promise.resolve(sim.connect()) };
  const vpp = await openVpp(host, { socket: "s" }, signal);
  const { sw_if_index: loop } = await vpp.call("create_loopback_instance", { is_specified: true, user_instance: 0 });
  await vpp.call("sw_interface_add_del_address", { sw_if_index: loop, is_add: true, prefix: "10.0.0.1/24" });
  const { acl_index: acl } = await vpp.call("acl_add_replace", {
    acl_index: 0xffffffff,
    tag: "x",
    r: [{ is_permit: 1 }],
  });
  await vpp.call("abf_policy_add_del", {
    is_add: true,
    policy: { policy_id: 7, acl_index: acl, paths: [path(loop, 2)] },
  });
  return { vpp, sim, loop, acl };
}

function path(on: number, last: number): Fields<FibPath> {
  return { sw_if_index: on, weight: 1, proto: 0, nh: { address: { ip4: `10.0.0.${last}` } } };
}

function attach(vpp: Vpp, on: number, policy = 7, isAdd = true, isIpv6 = false) {
  return vpp.call("abf_itf_attach_add_del", {
    is_add: isAdd,
    attach: { policy_id: policy, sw_if_index: on, priority: 1, is_ipv6: isIpv6 },
  });
}

describe("what VPP dies of", () => {
  it("is not sent: attaching an ABF policy that is not there", async () => {
    const { vpp, sim, loop } = await withPolicy();

    await expect(attach(vpp, loop, 8)).rejects.toMatchObject({
      code: "VPP_REFUSED",
      message: "abf_itf_attach_add_del was not sent: there is no ABF policy 8, and VPP crashes of attaching it.",
    });
    expect(sim.deaths).toEqual([]);
  });

  it("is not sent: detaching an ABF policy by the other family", async () => {
    const { vpp, sim, loop } = await withPolicy();
    await attach(vpp, loop);

    await expect(attach(vpp, loop, 7, false, true)).rejects.toThrow("is attached for the other family");
    await attach(vpp, loop, 7, false);
    expect(sim.deaths).toEqual([]);
  });

  it("is not sent: a path that an ABF policy has already", async () => {
    const { vpp, sim, loop, acl } = await withPolicy();
    const add = (...paths: Fields<FibPath>[]) =>
      vpp.call("abf_policy_add_del", { is_add: true, policy: { policy_id: 7, acl_index: acl, paths } });

    await expect(add(path(loop, 2))).rejects.toThrow("ABF policy 7 would have a path twice");
    await expect(add(path(loop, 3), path(loop, 3))).rejects.toThrow("ABF policy 7 would have a path twice");
    await add(path(loop, 3));
    expect((await vpp.dump("abf_policy_dump"))[0]?.policy.n_paths).toBe(2);
    expect(sim.deaths).toEqual([]);
  });

  it("is not sent: taking the last path of an ABF policy that is attached", async () => {
    const { vpp, sim, loop } = await withPolicy();
    const remove = () =>
      vpp.call("abf_policy_add_del", { is_add: false, policy: { policy_id: 7, paths: [path(loop, 2)] } });
    await attach(vpp, loop);

    await expect(remove()).rejects.toThrow("ABF policy 7 is still attached");
    // In one go: each is judged by what those before it leave.
    await Promise.all([attach(vpp, loop, 7, false), remove()]);
    expect(await vpp.dump("abf_policy_dump")).toEqual([]);
    expect(sim.deaths).toEqual([]);
  });

  it("is not sent: a det44 mapping whose sessions do not fit the heap", async () => {
    const { vpp, sim } = await withPolicy({ heapBytes: 128 * 1024 * 1024 });
    const map = (plen: number) =>
      vpp.call("det44_add_del_map", {
        is_add: true,
        in_addr: "10.8.0.0",
        in_plen: plen,
        out_addr: "203.0.113.0",
        out_plen: 29,
      });

    await expect(map(16)).rejects.toMatchObject({
      message:
        "det44_add_del_map was not sent: sessions of a /16 take 1500 MiB of VPP's heap, which has 128 MiB free: VPP would abort. Use a longer prefix, or give its main-heap-size more.",
    });
    await map(20);
    await expect(map(21)).rejects.toThrow("47 MiB of VPP's heap, which has 37 MiB free");
    expect(sim.deaths).toEqual([]);
  });

  it("is not said to its CLI either", async () => {
    const { vpp, sim } = await withPolicy();

    for (const line of [
      "abf policy add id 7 acl 0 via 10.0.0.2",
      "abf att ip4 policy 9 loop0",
      "ab po del id 7",
      "det44 add in 10.0.0.0/8 out 203.0.113.0/29",
      "show version\nshow clock",
      "det44 plugin disable",
      "set interface det44 inside loop0 outside loop1 del",
      "delete sub-interface loop0.5",
      "del loop interface intfc loop0",
      "bvi delete bvi1",
      "exec /tmp/lines",
    ]) {
      await expect(vpp.cli(line)).rejects.toMatchObject({ code: "VPP_REFUSED" });
    }
    expect(sim.deaths).toEqual([]);
  });

  it("is never sent, whatever is asked for at once", async () => {
    const change = fc.record({
      what: fc.constantFrom("attach", "detach", "add", "remove"),
      policy: fc.integer({ min: 7, max: 8 }),
      last: fc.integer({ min: 2, max: 3 }),
      isIpv6: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const { vpp, sim, loop, acl } = await withPolicy();
        const done = changes.map(({ what, policy, last, isIpv6 }) =>
          what === "attach" || what === "detach"
            ? attach(vpp, loop, policy, what === "attach", isIpv6)
            : vpp.call("abf_policy_add_del", {
                is_add: what === "add",
                policy: { policy_id: policy, acl_index: acl, paths: [path(loop, last)] },
              }),
        );
        await Promise.allSettled([...done, vpp.dump("abf_policy_dump"), vpp.dump("abf_itf_attach_dump")]);
        expect(sim.deaths).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("what VPP keeps for ever", () => {
  it("is not left behind: an ABF attachment of an interface that goes, or of one on it", async () => {
    const { vpp, loop } = await withPolicy();
    const { sw_if_index: vlan } = await vpp.call("create_vlan_subif", { sw_if_index: loop, vlan_id: 5 });
    await attach(vpp, vlan);

    await expect(vpp.call("delete_subif", { sw_if_index: vlan })).rejects.toThrow(
      `interface ${vlan}, or one on it, has ABF policy 7 attached, which haunts the next of its number: that has to go first.`,
    );
    await expect(vpp.call("delete_loopback", { sw_if_index: loop })).rejects.toThrow("has ABF policy 7 attached");
    await attach(vpp, vlan, 7, false);
    await vpp.call("delete_subif", { sw_if_index: vlan });
  });

  it.each(["policer_input", "policer_output"] as const)(
    "is not sent: %s of what nobody put there, which VPP shows as being there",
    async (message) => {
      const { vpp, sim, loop } = await withPolicy();
      await vpp.call("policer_add", { name: "p", infos: { cir: 1000, cb: 10_000n } });
      const apply = (isOn: boolean) => vpp.call(message, { name: "p", sw_if_index: loop, apply: isOn });

      await expect(apply(false)).rejects.toThrow(`${message} was not sent: no policer holds`);
      await expect(vpp.cli("policer output unapply name p loop0")).rejects.toThrow("Describe it under policers");
      await apply(true);
      await apply(false);
      expect(sim.deaths).toEqual([]);
    },
  );

  it("is not left behind: a role in det44", async () => {
    const { vpp, loop } = await withPolicy();
    const role = (isAdd: boolean) =>
      vpp.call("det44_interface_add_del_feature", { is_add: isAdd, is_inside: true, sw_if_index: loop });
    await role(true);

    await expect(vpp.call("delete_loopback", { sw_if_index: loop })).rejects.toThrow("has a role in det44");
    await Promise.all([role(false), vpp.call("delete_loopback", { sw_if_index: loop })]);
  });

  it("is asked about once, however many interfaces go at once", async () => {
    const { vpp, sim, loop } = await withPolicy();
    const made = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => vpp.call("create_vlan_subif", { sw_if_index: loop, vlan_id: n + 1 })),
    );
    const before = sim.requests;
    await Promise.all(made.map(({ sw_if_index: index }) => vpp.call("delete_subif", { sw_if_index: index })));

    // Each has a ping behind it at most: in memory, every write is taken at once.
    expect(sim.requests - before).toBeLessThan(2 * 1000 + 20);
  });
});

describe("requests that are made at once", () => {
  it("stay in their order around one that has to be asked about", async () => {
    const { vpp, sim, loop, acl } = await withPolicy();
    await attach(vpp, loop);
    sim.history.length = 0;
    await Promise.all([
      attach(vpp, loop, 7, false),
      vpp.call("abf_policy_add_del", { is_add: false, policy: { policy_id: 7, paths: [path(loop, 2)] } }),
      vpp.call("acl_del", { acl_index: acl }),
      vpp.call("delete_loopback", { sw_if_index: loop }),
      vpp.call("create_loopback_instance", { is_specified: true, user_instance: 0 }),
    ]);

    expect(sim.history.map((line) => line.split(" ")[0])).toEqual([
      "abf_itf_attach_add_del",
      "abf_policy_add_del",
      "acl_del",
      "delete_loopback",
      "create_loopback_instance",
    ]);
  });
});

describe("VPP's CLI", () => {
  it("is asked for nothing but this, where no message exists", () => {
    const all = Object.values(commands).map((one) => (typeof one === "string" ? one : one("ip", 7)));
    expect(all.sort()).toEqual([
      "ip table del 7",
      "show errors",
      "show fib source",
      "show hardware-interfaces brief",
      "show interface",
      "show ip fib summary table 7",
      "show lldp detail",
      "show memory main-heap",
      "show threads",
    ]);
  });
});
