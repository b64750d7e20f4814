import { describe, expect, it } from "vitest";
import type { ObjectOf, Kind, VppDesired } from "../../../../reconcilers/vpp/model.ts";
import { numbersFor } from "../../../../reconcilers/vpp/render/numbers.ts";
import { renderVpp } from "../../../../reconcilers/vpp/render/render.ts";
import { Machine, type MachineInput } from "../../../../schemas/machine.ts";

function render(machine: MachineInput, versions = {}): VppDesired {
  return renderVpp(Machine.parse({ hostname: "r1", ...machine }), versions);
}

function objects<K extends Kind>(
  machine: MachineInput,
  kind: K,
  instance: "core" | "nat" = "core",
): readonly ObjectOf<K>[] {
  return (render(machine)[instance]?.objects ?? []).filter(
    (object): object is ObjectOf<K> & typeof object => object.kind === kind,
  );
}

const nic = { pci: "0000:03:00.0" };
const det44 = {
  inside: ["lan"],
  pools: { p: { prefix: "203.0.113.0/29" } },
  mappings: { m: { source: "10.0.0.0/24", pool: "p" } },
};

describe("what a machine asks of VPP", () => {
  it("is nothing at all where there is no dataplane, and no second instance where nothing is translated", () => {
    expect(render({})).toEqual({});
    expect(Object.keys(render({ interfaces: { lan: nic } }))).toEqual(["core"]);
  });

  it("is a NIC that VPP has, or an interface of Linux that it reads", () => {
    const machine: MachineInput = {
      interfaces: {
        a: nic,
        b: { driver: "af-packet", "kernel-name": "eth1", mac: "02:00:00:00:00:01" },
        c: { driver: "af-packet", "kernel-name": "eth2" },
      },
    };

    expect(objects(machine, "physical")).toEqual([{ kind: "physical", name: "a" }]);
    expect(objects(machine, "host-interface")).toEqual([
      { kind: "host-interface", name: "b", device: "eth1", mac: "02:00:00:00:00:01" },
      { kind: "host-interface", name: "c", device: "eth2", newMac: "02:69:7b:5f:24:05" },
    ]);
  });

  it("is a tap and a tunnel as VPP numbers them, which Linux does not see a second time", () => {
    const machine: MachineInput = {
      loopbacks: { loop0: { mac: "02:00:00:00:00:07", addresses: ["192.0.2.1/32"] } },
      taps: { tap12: { "host-interface": "web", namespace: "www", unnumbered: "loop0" } },
      vxlan: { vxlan_tunnel7: { source: "192.0.2.1", destination: "192.0.2.2", vni: 7 } },
    };

    expect(objects(machine, "loopback")).toEqual([{ kind: "loopback", name: "loop0", mac: "02:00:00:00:00:07" }]);
    expect(objects(machine, "tap")).toEqual([{ kind: "tap", name: "tap12", id: 12, device: "web", namespace: "www" }]);
    expect(objects(machine, "vxlan")).toEqual([
      { kind: "vxlan", name: "vxlan_tunnel7", source: "192.0.2.1", destination: "192.0.2.2", vni: 7 },
    ]);
    expect(objects(machine, "unnumbered")).toEqual([{ kind: "unnumbered", on: "tap12", as: "loop0" }]);
    expect(objects(machine, "linux-pair")).toEqual([{ kind: "linux-pair", on: "loop0", name: "lo0" }]);
    expect(objects(machine, "settings").map(({ on }) => on)).toEqual(["loop0", "tap12", "vxlan_tunnel7"]);
  });

  it("has static neighbours, and a NIC read as the operator says", () => {
    const machine: MachineInput = {
      interfaces: {
        a: {
          ...nic,
          "rx-mode": "adaptive",
          addresses: ["192.0.2.1/24"],
          neighbors: { "192.0.2.9": "02:00:00:00:00:09" },
        },
      },
    };

    expect(objects(machine, "neighbor")).toEqual([
      { kind: "neighbor", on: "a", address: "192.0.2.9", mac: "02:00:00:00:00:09" },
    ]);
    expect(objects(machine, "settings")).toEqual([
      { kind: "settings", on: "a", up: true, mtu: 1500, rxMode: "adaptive" },
    ]);
  });

  it("has a VLAN down with its interface", () => {
    const machine: MachineInput = {
      interfaces: { a: { ...nic, enabled: false, "sub-interfaces": { 5: {}, 6: { mtu: 1400 } } } },
    };

    expect(objects(machine, "settings")).toEqual([
      { kind: "settings", on: "a", up: false, mtu: 1500 },
      { kind: "settings", on: "a.5", up: false, mtu: 1500 },
      { kind: "settings", on: "a.6", up: false, mtu: 1400 },
    ]);
  });

  it("gives Linux sight of an interface that is switched, for the VLANs on it", () => {
    const machine: MachineInput = {
      interfaces: { a: { ...nic, "sub-interfaces": { 5: { addresses: ["192.0.2.1/24"] } } } },
      bridges: { b: { id: 1, members: ["a"] } },
    };

    expect(objects(machine, "linux-pair")).toEqual([
      { kind: "linux-pair", on: "a", name: "a" },
      { kind: "linux-pair", on: "a.5", name: "a.5" },
    ]);
  });

  it("numbers bonds that have no number, around those that have one", () => {
    const machine: MachineInput = {
      interfaces: { a: nic, b: nic, c: nic },
      bonds: { y: { members: ["a"] }, x: { members: ["b"], mode: "active-backup" }, z: { id: 0, members: ["c"] } },
    };

    expect(objects(machine, "bond")).toEqual([
      { kind: "bond", name: "x", id: 1, mode: "active-backup" },
      { kind: "bond", name: "y", id: 2, mode: "lacp", balance: "l34" },
      { kind: "bond", name: "z", id: 0, mode: "lacp", balance: "l34" },
    ]);
  });

  it("passes VLANs on by sub-interfaces of their own, beside those of the operator", () => {
    const machine: MachineInput = {
      interfaces: { a: { ...nic, "sub-interfaces": { 900: { vlan: 7 } } }, b: nic },
      "cross-connects": {
        one: { from: "a", to: "b", vlan: 900 },
        two: { from: "a", to: "b", vlan: 900, encapsulation: "dot1ad", "inner-vlan": 3 },
      },
    };

    expect(objects(machine, "cross-connect").map(({ on, to }) => `${on} ${to}`)).toEqual([
      "a.100000900 b.900",
      "b.900 a.100000900",
      "a.9000003 b.9000003",
      "b.9000003 a.9000003",
    ]);
    expect(objects(machine, "tag-rewrite")).toEqual([]);
  });

  it("takes the tags off members of a bridge that are VLANs", () => {
    const machine: MachineInput = {
      interfaces: {
        a: { ...nic, "sub-interfaces": { 5: {}, 6: { "inner-vlan": 7 } } },
        b: nic,
      },
      bridges: { b: { id: 1, members: ["a.5", "a.6", "b"] } },
    };

    expect(objects(machine, "tag-rewrite")).toEqual([
      { kind: "tag-rewrite", on: "a.5", pop: 1 },
      { kind: "tag-rewrite", on: "a.6", pop: 2 },
    ]);
  });

  it("advertises an interface's own /64 networks unless others are given, and for three times the interval", () => {
    const addresses = ["2001:db8:1::1/64", "2001:db8:2::1/56", "fe80::1/64", "192.0.2.1/24"];
    const given = { "2001:db8:3::/64": { autonomous: false } };
    const own = { interfaces: { a: { ...nic, addresses, "router-advertisements": {} } } };
    const other = {
      interfaces: { a: { ...nic, addresses, "router-advertisements": { prefixes: given, "lifetime-seconds": 0 } } },
    };

    expect(objects(own, "advertised-prefix").map(({ prefix }) => prefix)).toEqual(["2001:db8:1::/64"]);
    expect(objects(own, "router-advertisements")[0]).toMatchObject({ lifetime: 90, sends: true });
    expect(objects(other, "advertised-prefix")).toMatchObject([{ prefix: "2001:db8:3::/64", autonomous: false }]);
    expect(objects(other, "router-advertisements")[0]?.lifetime).toBe(0);
    const off = { interfaces: { a: { ...nic, addresses, enabled: false, "router-advertisements": {} } } };
    expect([...objects(off, "router-advertisements"), ...objects(off, "advertised-prefix")]).toEqual([]);
    const silent = { suppress: true, "max-interval": 200, "min-interval": 150 };
    const usual = { interfaces: { a: { ...nic, addresses, "router-advertisements": silent } } };
    expect(objects(usual, "router-advertisements")).toEqual([]);
    expect(objects(own, "address").map(({ address }) => address)).toContain("fe80::1/128");
  });

  it("spells out every rule of an ACL, for both families where it names none", () => {
    const machine: MachineInput = {
      interfaces: { a: nic },
      acls: {
        x: {
          rules: {
            20: { protocol: "tcp", "destination-port": 443, "tcp-flags": { set: ["syn"], clear: ["ack"] } },
            3: { action: "deny", source: "192.0.2.0/24" },
            30: { protocol: "icmp6", "icmp-type": 135 },
            40: { protocol: "udp", "source-port": "1024-2047", destination: "2001:db8::/32" },
          },
        },
      },
    };
    const [acl] = objects(machine, "acl");

    expect(
      acl?.rules.map((rule) =>
        [
          rule.action,
          rule.source,
          rule.destination,
          rule.protocol,
          rule.from.join("-"),
          rule.to.join("-"),
          rule.tcpMask,
          rule.tcpValue,
        ].join(" "),
      ),
    ).toEqual([
      "deny 192.0.2.0/24 0.0.0.0/0 0 0-65535 0-65535 0 0",
      "permit 0.0.0.0/0 0.0.0.0/0 6 0-65535 443-443 18 2",
      "permit ::/0 ::/0 6 0-65535 443-443 18 2",
      "permit ::/0 ::/0 58 135-135 0-255 0 0",
      "permit ::/0 2001:db8::/32 17 1024-2047 0-65535 0 0",
    ]);
  });

  it("applies raw commands where the version fits, in the instance that they are for", () => {
    const block = { commands: ["a"], undo: ["b"], impact: "flap" as const };
    const machine: MachineInput = {
      interfaces: { lan: nic },
      nat: { det44: { ...det44, inside: [] } },
      "raw-vpp": { old: { ...block, when: { vpp: "<25" } }, new: block, nat: { ...block, instance: "nat" } },
    };
    const names = (instance: "core" | "nat") =>
      render(machine, { vpp: "26.06" })[instance]?.objects.flatMap((one) => (one.kind === "raw" ? [one.name] : []));

    expect(names("core")).toEqual(["new"]);
    expect(names("nat")).toEqual(["nat"]);
  });
});

describe("what goes to the translating instance", () => {
  const machine: MachineInput & Required<Pick<MachineInput, "interfaces">> = {
    interfaces: {
      lan: { ...nic, addresses: ["10.0.0.1/24", "2001:db8:1::1/64"] },
      other: { ...nic, addresses: ["10.1.0.1/24"] },
      wan: { ...nic, addresses: ["198.51.100.1/24"] },
    },
    nat: { det44: { ...det44, bypass: { b: { source: "10.0.0.0/25", destination: "192.0.2.0/24" } } } },
  };
  const rules = (tag: string, one: MachineInput = machine) =>
    objects(one, "acl")
      .find((acl) => acl.tag === tag)
      ?.rules.map(({ action, source, destination }) => `${action} ${source} ${destination}`);

  it("comes from a translated network, and goes neither to a private one of this appliance nor between a bypass pair", () => {
    expect(rules("nat:lan:10.0.0.0/24")).toEqual([
      "deny 10.0.0.0/24 10.0.0.0/24",
      "deny 10.0.0.0/24 10.1.0.0/24",
      "deny 10.0.0.0/25 192.0.2.0/24",
      "deny 10.0.0.0/24 255.255.255.255/32",
      "permit 10.0.0.0/24 0.0.0.0/0",
    ]);
  });

  it("comes from containers, but to no private network", () => {
    const containers = { network: "10.2.0.0/24", gateway: "10.2.0.5", "bridge-address": "10.2.0.1" };

    expect(rules("nat:containers:10.2.0.0/24", { ...machine, containers })).toEqual([
      "deny 10.2.0.0/24 10.0.0.0/8",
      "deny 10.2.0.0/24 172.16.0.0/12",
      "deny 10.2.0.0/24 192.168.0.0/16",
      "deny 10.2.0.0/24 255.255.255.255/32",
      "permit 10.2.0.0/24 0.0.0.0/0",
    ]);
    expect(rules("nat:containers:10.2.0.0/24", { ...machine, containers: { ...containers, nat: false } })).toBe(
      undefined,
    );
    expect(rules("nat:lan:10.0.0.0/24", { ...machine, containers })?.[0]).toBe("deny 10.0.0.0/24 10.2.0.0/24");
  });

  it("is steered after everything that the operator steers, by policies whose numbers depend on nothing else", () => {
    const abf: MachineInput["abf"] = { mine: { acl: "x", via: ["10.1.0.2", "10.1.0.1"], on: ["lan"] } };
    const acls = { x: { rules: { 10: {} } } };
    const more = { ...machine, acls, abf };
    const [id] = objects(machine, "abf-policy").map((policy) => policy.id);

    expect(objects(more, "abf-policy").find(({ acl }) => acl === "nat:lan:10.0.0.0/24")?.id).toBe(id);
    expect(objects(more, "abf-policy").find(({ acl }) => acl === "x")?.paths).toEqual([
      { via: "10.1.0.1" },
      { via: "10.1.0.2" },
    ]);
    expect(objects(more, "abf-attachment").map(({ priority }) => priority)).toEqual([100, 100_000]);
  });

  it("is steered by a policy of another number than the operator gives one of theirs", () => {
    const [id = 0] = objects(machine, "abf-policy").map((policy) => policy.id);
    const abf: MachineInput["abf"] = { mine: { id, acl: "x", via: ["10.1.0.2"], on: ["lan"] } };
    const both = objects({ ...machine, acls: { x: { rules: { 10: {} } } }, abf }, "abf-policy");
    expect(both.map(({ id }) => id)).toEqual([id, id + 1]);
  });

  it("finds its way back: pools behind the links in core, inside networks and all else in nat", () => {
    const routes = (instance: "core" | "nat") =>
      objects(machine, "route", instance).map(
        ({ prefix, paths }) => `${prefix} ${paths[0]?.via} ${paths[0]?.interface}`,
      );

    expect(routes("core")).toEqual(["203.0.113.0/29 169.254.1.3 memif2/0"]);
    expect(routes("nat")).toEqual(["0.0.0.0/0 169.254.1.2 memif2/0", "10.0.0.0/24 169.254.1.4 memif1/0"]);
  });

  it("is for NAT64 what goes to its prefix, on every interface with IPv6 but loopbacks", () => {
    const nat64: MachineInput = {
      interfaces: machine.interfaces,
      loopbacks: { loop0: { addresses: ["2001:db8::1/128"] } },
      nat: { nat64: { pools: { p: { prefix: "203.0.113.8/30" } } } },
    };

    expect(rules("nat64:64:ff9b::/96", nat64)).toEqual(["permit ::/0 64:ff9b::/96"]);
    expect(objects(nat64, "abf-attachment").map(({ on, family }) => `${on} ${family}`)).toEqual(["lan ipv6"]);
    expect(objects(nat64, "nat64-pool", "nat").map(({ address }) => address)).toEqual([
      "203.0.113.8",
      "203.0.113.9",
      "203.0.113.10",
      "203.0.113.11",
    ]);
    expect(objects(nat64, "route", "nat").map(({ prefix }) => prefix)).toEqual(["0.0.0.0/0", "::/0"]);
    expect(objects(nat64, "linux-pair").map(({ name }) => name)).toContain("memif-nat64");
  });

  it("has tags of at most 63 characters, however long the names are", () => {
    const name = "a".repeat(31);
    const long: MachineInput = {
      interfaces: {
        [name]: { ...nic, "sub-interfaces": { 12345678: { vlan: 5, addresses: ["192.168.100.100/24"] } } },
      },
      nat: { det44: { ...det44, inside: [`${name}.12345678`] } },
    };

    for (const { tag } of objects(long, "acl")) expect(tag.length).toBeLessThanOrEqual(63);
    expect(objects(long, "acl")).toHaveLength(1);
  });
});

describe("numbers for names", () => {
  it("are each another, and change with nothing but the name", () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `name ${at}`);
    const all = numbersFor(names);

    expect(new Set(all.values()).size).toBe(names.length);
    expect(numbersFor(["name 7"]).get("name 7")).toBe(all.get("name 7"));
  });
});
