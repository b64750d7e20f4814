import { describe, expect, it } from "vitest";
import { planText } from "../../../../reconcilers/plan-text.ts";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import type { AclRule, InstanceObserved, VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { carriedOut } from "../../../lab/vpp-objects.ts";

const nic: VppObject = { kind: "physical", name: "external" };
const up = (on: string, mtu?: number): VppObject => ({
  kind: "settings",
  on,
  up: true,
  ...(mtu !== undefined && { mtu }),
});
const down = (on: string, mtu?: number): VppObject => ({
  kind: "settings",
  on,
  up: false,
  ...(mtu !== undefined && { mtu }),
});
const vlan = (number: number, outer = number): VppObject => ({
  kind: "vlan",
  name: `external.${number}`,
  parent: "external",
  number,
  encapsulation: "dot1q",
  outer,
});
const pair = (on: string, name = on): VppObject => ({ kind: "linux-pair", on, name });
const address = (on: string, address: string): VppObject => ({ kind: "address", on, address });
const permit: AclRule = {
  action: "permit",
  source: "0.0.0.0/0",
  destination: "0.0.0.0/0",
  protocol: 0,
  from: [0, 65_535],
  to: [0, 65_535],
  tcpMask: 0,
  tcpValue: 0,
};
const acl = (tag: string, rules: readonly AclRule[] = [permit]): VppObject => ({ kind: "acl", tag, rules });

function observed(objects: readonly VppObject[], more: Partial<InstanceObserved> = {}): InstanceObserved {
  return { objects, version: "26.06-release", unknown: [], missing: {}, ...more };
}

interface Case {
  readonly desired: readonly VppObject[];
  readonly live: readonly VppObject[];
  /** What was desired before; all that is live unless given. */
  readonly owned?: readonly VppObject[];
  readonly seen?: Partial<InstanceObserved>;
  readonly instance?: "core" | "nat";
  readonly prune?: "all";
}

function planOf({ desired, live, owned = live, seen, instance = "core", prune }: Case) {
  return planVpp({ [instance]: { objects: desired }, ...(prune && { prune }) }, { [instance]: observed(live, seen) }, [
    { [instance]: { objects: owned } },
  ]);
}

/** The plan as text; when it can be carried out it has been, and nothing is left to do. */
function lines(one: Case): readonly string[] {
  const plan = planOf(one);
  const isSound = plan.problems.length === 0;
  const after = isSound ? carriedOut(one.instance ?? "core", plan.steps, one.live, one.desired) : [];
  expect(isSound ? planOf({ ...one, live: after }).steps.map(describeStep) : []).toEqual([]);
  expect(new Set(plan.steps.map(({ id }) => id)).size).toBe(plan.steps.length);
  const describer = { describe: (step: unknown) => describeStep(step as Parameters<typeof describeStep>[0]) };
  return planText({ vpp: plan }, { vpp: describer })
    .split("\n")
    .slice(3, -1)
    .map((line) => line.trim());
}

const base = [nic, up("external", 9000), pair("external")];

describe("a plan for VPP", () => {
  it("is empty where all is as desired", () => {
    const plan = planOf({ desired: base, live: base });

    expect(plan).toEqual({ steps: [], foreign: [], problems: [], notes: [], there: { tap: ["external"] } });
  });

  it("adds a VLAN with its tap before its addresses, and brings it up last", () => {
    const wanted = [
      up("external.25", 1500),
      address("external.25", "192.0.2.2/30"),
      acl("edge-in"),
      { kind: "interface-acls", on: "external.25", in: ["edge-in"], out: [] } as const,
      pair("external.25"),
      vlan(25),
    ];

    expect(lines({ desired: [...base, ...wanted], live: base })).toEqual([
      "hitless  core: add VLAN external.25: dot1q 25",
      "hitless  core: add linux-cp pair of external.25: external.25 in Linux",
      "hitless  core: add ACL edge-in: 1 rule",
      "hitless  core: add ACLs on external.25: in edge-in",
      "hitless  core: add address 192.0.2.2/30 on external.25",
      "hitless  core: set external.25 up with an mtu of 1500",
    ]);
  });

  it("removes a VLAN with what VPP takes along, after its tap", () => {
    const more = [vlan(25), pair("external.25"), address("external.25", "192.0.2.2/30"), up("external.25", 1500)];

    expect(lines({ desired: base, live: [...base, ...more] })).toEqual([
      "flap  core: remove linux-cp pair of external.25",
      "flap  core: remove VLAN external.25",
    ]);
  });

  it("says what a step provides, needs and lets go of", () => {
    const plan = planOf({ desired: [...base, vlan(25), pair("external.25")], live: base });
    const back = planOf({ desired: base, live: [...base, vlan(25), pair("external.25"), down("external.25")] });

    expect(plan.steps.map(({ needs, provides }) => ({ needs, provides }))).toEqual([
      { needs: ["interface:external"], provides: ["interface:external.25"] },
      { needs: ["interface:external.25", "pair:external"], provides: ["pair:external.25", "tap:external.25"] },
    ]);
    expect(back.steps.map(({ releases }) => releases)).toEqual([
      ["pair:external.25", "tap:external.25"],
      ["interface:external.25"],
    ]);
  });

  it("makes a VLAN anew whose tags change, with all that is on it", () => {
    const on = [pair("external.25"), address("external.25", "192.0.2.2/30"), up("external.25", 1500)];

    expect(lines({ desired: [...base, vlan(25, 26), ...on], live: [...base, vlan(25), ...on] })).toEqual([
      "flap     core: remove linux-cp pair of external.25 (made anew: interface external.25 comes again)",
      "flap     core: remove VLAN external.25 (made anew: outer cannot be changed)",
      "hitless  core: add VLAN external.25: dot1q 26 (anew)",
      "hitless  core: add linux-cp pair of external.25: external.25 in Linux (anew)",
      "hitless  core: add address 192.0.2.2/30 on external.25 (anew)",
      "hitless  core: set external.25 up with an mtu of 1500",
    ]);
  });

  it("moves an address by taking it off first", () => {
    const live = [
      ...base,
      vlan(25),
      up("external.25"),
      vlan(26),
      up("external.26"),
      address("external.25", "192.0.2.2/30"),
    ];
    const desired = [...live.slice(0, -1), address("external.26", "192.0.2.2/30")];

    expect(lines({ desired, live })).toEqual([
      "flap     core: remove address 192.0.2.2/30 on external.25",
      "hitless  core: add address 192.0.2.2/30 on external.26",
    ]);
  });

  it("adds addresses again behind a tap that comes: linux-cp copies none that were there before", () => {
    const live = [nic, up("external", 9000), address("external", "192.0.2.2/30")];

    expect(lines({ desired: [...live, pair("external")], live })).toEqual([
      "flap     core: remove address 192.0.2.2/30 on external (made anew: pair external comes again)",
      "hitless  core: add linux-cp pair of external: external in Linux",
      "hitless  core: add address 192.0.2.2/30 on external (anew)",
    ]);
  });

  it("says router advertisements again when IPv6 comes again", () => {
    const ra = {
      kind: "router-advertisements",
      on: "external",
      sends: true,
      maxInterval: 30,
      minInterval: 15,
      lifetime: 90,
      managed: false,
      other: false,
    } as const;
    const old = [...base, address("external", "2001:db8:1::1/64"), ra];
    const new_ = [...base, address("external", "2001:db8:2::1/64"), ra];
    const both = [...base, address("external", "2001:db8:1::1/64"), address("external", "2001:db8:2::1/64"), ra];

    expect(lines({ desired: new_, live: old })).toEqual([
      "hitless  core: remove router advertisements on external (made anew: ipv6 external comes again)",
      "flap     core: remove address 2001:db8:1::1/64 on external",
      "hitless  core: add address 2001:db8:2::1/64 on external",
      "hitless  core: add router advertisements on external: every 15 to 30 s, lifetime 90 s (anew)",
    ]);
    expect(lines({ desired: new_, live: both })).toEqual(["flap  core: remove address 2001:db8:1::1/64 on external"]);
  });

  it("shrinks VLANs before their interface, and grows them after it", () => {
    const large = [nic, up("external", 9000), vlan(25), up("external.25", 9000), vlan(26), up("external.26")];
    const small = [nic, up("external", 1500), vlan(25), up("external.25", 1500), vlan(26), up("external.26", 1400)];

    expect(lines({ desired: small, live: large })).toEqual([
      "hitless  core: set mtu of external.25 from 9000 to 1500",
      "hitless  core: set mtu of external.26 to 1400",
      "hitless  core: set mtu of external from 9000 to 1500",
    ]);
    expect(lines({ desired: large, live: small })).toEqual([
      "flap     core: set mtu of external from 1500 to 9000, for which it may go down",
      "hitless  core: set mtu of external.25 from 1500 to 9000",
      "hitless  core: set mtu of external.26 from 1400 to that of its interface",
    ]);
  });

  it("brings an interface up before its VLANs, and down after them", () => {
    const low = [nic, down("external", 9000), vlan(25), down("external.25", 9000)];
    const high = [nic, up("external", 1500), vlan(25), up("external.25", 1500)];

    expect(lines({ desired: high, live: low })).toEqual([
      "hitless  core: set mtu of external.25 from 9000 to 1500",
      "hitless  core: set mtu of external from 9000 to 1500",
      "hitless  core: set external up",
      "hitless  core: set external.25 up",
    ]);
    expect(lines({ desired: low, live: high })).toEqual([
      "flap     core: set external.25 down",
      "flap     core: set external down",
      "hitless  core: set mtu of external from 1500 to 9000",
      "hitless  core: set mtu of external.25 from 1500 to 9000",
    ]);
  });

  it("brings an interface that only VLANs use up before they get addresses, unless Linux would bring those up with it", () => {
    const desired = [
      nic,
      up("external", 9000),
      vlan(25),
      up("external.25", 1500),
      address("external.25", "192.0.2.1/24"),
    ];
    const raises = (...objects: readonly VppObject[]) =>
      lines({ desired: [...desired, ...objects], live: [nic, down("external", 9000)] }).filter((line) =>
        /: (?:add address|set external) /.test(line),
      );

    expect(raises()).toEqual([
      "hitless  core: set external up",
      "hitless  core: add address 192.0.2.1/24 on external.25",
    ]);
    expect(raises(pair("external"))).toEqual(raises());
    expect(raises(pair("external"), pair("external.25"))).toEqual(raises().toReversed());
    expect(raises(address("external", "198.51.100.1/24"))).toEqual([
      "hitless  core: add address 192.0.2.1/24 on external.25",
      "hitless  core: add address 198.51.100.1/24 on external",
      "hitless  core: set external up",
    ]);
  });

  it("changes the rules of an ACL in place, and removes one only when no interface has it any more", () => {
    const on = (tags: readonly string[]): VppObject => ({ kind: "interface-acls", on: "external", in: tags, out: [] });
    const deny: AclRule = { ...permit, action: "deny", source: "198.51.100.0/24" };

    expect(
      lines({
        desired: [...base, acl("new", [deny, permit]), acl("same"), on(["same", "new"])],
        live: [...base, acl("old"), acl("new"), acl("same"), on(["old"])],
      }),
    ).toEqual([
      "hitless  core: set ACL new: 1 rule more, of 2",
      "hitless  core: set ACLs on external: in from old to same new",
      "hitless  core: remove ACL old",
    ]);
  });

  it("detaches steering before it goes, and before what it is on goes", () => {
    const steering: readonly VppObject[] = [
      vlan(25),
      acl("web"),
      { kind: "abf-policy", id: 7, acl: "web", paths: [{ via: "10.0.0.80" }] },
      { kind: "abf-attachment", policy: 7, on: "external.25", family: "ipv4", priority: 100 },
    ];

    expect(lines({ desired: base, live: [...base, ...steering, up("external.25")] })).toEqual([
      "flap     core: remove ABF policy 7 on external.25",
      "hitless  core: remove steering of ACL web (ABF policy 7)",
      "flap     core: remove VLAN external.25",
      "hitless  core: remove ACL web",
    ]);
  });

  it("makes a policy of another ACL anew, and only then removes the old ACL", () => {
    const policy = (acl: string): VppObject => ({ kind: "abf-policy", id: 7, acl, paths: [{ via: "10.0.0.80" }] });

    expect(
      lines({ desired: [...base, acl("b"), policy("b")], live: [...base, acl("a"), policy("a")], owned: [acl("a")] }),
    ).toEqual([
      "hitless  core: remove steering of ACL a (ABF policy 7) (made anew: acl cannot be changed)",
      "hitless  core: add ACL b: 1 rule",
      "hitless  core: add steering of ACL b (ABF policy 7): via 10.0.0.80 (anew)",
      "hitless  core: remove ACL a",
    ]);
  });

  it("orders QinQ by depth, taps as well", () => {
    const qinq: readonly VppObject[] = [
      pair("external.700", "external.70.7"),
      {
        kind: "vlan",
        name: "external.700",
        parent: "external",
        number: 700,
        encapsulation: "dot1ad",
        outer: 70,
        inner: 7,
      },
      pair("external.70"),
      { kind: "vlan", name: "external.70", parent: "external", number: 70, encapsulation: "dot1ad", outer: 70 },
    ];

    expect(lines({ desired: [...base, ...qinq], live: base })).toEqual([
      "hitless  core: add VLAN external.70: dot1ad 70",
      "hitless  core: add VLAN external.700: dot1ad 70 inner 7",
      "hitless  core: add linux-cp pair of external.70: external.70 in Linux",
      "hitless  core: add linux-cp pair of external.700: external.70.7 in Linux",
    ]);
    expect(
      lines({ desired: base, live: [...base, ...qinq, down("external.70"), down("external.700")] }).map((line) =>
        line.replace(/^\S+ +/, ""),
      ),
    ).toEqual([
      "core: remove linux-cp pair of external.700",
      "core: remove linux-cp pair of external.70",
      "core: remove VLAN external.700",
      "core: remove VLAN external.70",
    ]);
  });

  it("removes what did not get its name before something failed, and makes it anew", () => {
    const made: VppObject = { kind: "host-interface", name: "host-eth9", device: "eth9" };
    const wanted: VppObject = { ...made, name: "wan" };

    const { steps, problems } = planOf({ desired: [wanted], live: [made, down("host-eth9", 9000)], owned: [wanted] });

    expect(problems).toEqual([]);
    expect(steps.map(describeStep)).toEqual([
      "core: remove host-interface host-eth9",
      "core: add host-interface wan: on eth9",
    ]);
  });

  it("leaves a host-interface its MAC address where nobody wrote one", () => {
    const wished: VppObject = { kind: "host-interface", name: "wan", device: "eth9", newMac: "02:00:00:00:00:01" };
    const live: VppObject = { kind: "host-interface", name: "wan", device: "eth9", mac: "02:00:00:00:00:09" };
    const asked: VppObject = { kind: "host-interface", name: "wan", device: "eth9", mac: "02:00:00:00:00:01" };

    expect(lines({ desired: [wished], live: [live, down("wan", 9000)] })).toEqual([]);
    expect(lines({ desired: [wished], live: [] })).toContain(
      "hitless  core: add host-interface wan: on eth9, 02:00:00:00:00:01",
    );
    expect(lines({ desired: [asked], live: [live, down("wan", 9000)], owned: [wished] })).toContain(
      "flap     core: remove host-interface wan (made anew: mac cannot be changed)",
    );
  });

  it("leaves a NIC that nobody describes any more, and takes it down", () => {
    expect(lines({ desired: [], live: [nic, up("external", 1500)] })).toEqual(["flap  core: set external down"]);
  });
});

describe("what nobody here made", () => {
  const theirs = [vlan(99), up("external.99"), address("external.99", "203.0.113.1/24"), acl("theirs")];

  it("is listed and left alone", () => {
    expect(lines({ desired: base, live: [...base, ...theirs], owned: base })).toEqual([
      "foreign  core: VLAN external.99",
      "foreign  core: address 203.0.113.1/24 on external.99",
      "foreign  core: ACL theirs",
    ]);
  });

  it("is removed where all is pruned, but for what VPP has by itself", () => {
    const router: VppObject = {
      kind: "vrrp",
      on: "external",
      id: 7,
      family: "ipv4",
      addresses: ["192.0.2.7"],
      priority: 100,
      interval: 100,
      preempt: true,
      accept: true,
      peers: [],
      track: [],
    };
    const own = [address("external", "192.0.2.7/32"), address("external", "fe80::1/128")];
    const live = [...base, router, ...own, ...theirs];
    expect(lines({ desired: [...base, router], live, owned: base, prune: "all" })).toEqual([
      "flap     core: remove VLAN external.99",
      "hitless  core: remove ACL theirs",
    ]);
  });

  it("is made anew where it is what nobody gave its name to, and nobody uses", () => {
    const desired: readonly VppObject[] = [
      ...base,
      { kind: "bond", name: "backbone", id: 0, mode: "xor", balance: "l2" },
    ];
    const half: VppObject = { kind: "bond", name: "BondEthernet0", id: 0, mode: "xor", balance: "l2" };

    expect(lines({ desired, live: [...base, half, down("BondEthernet0")], owned: base })).toEqual([
      "flap     core: remove bond BondEthernet0",
      "hitless  core: add bond backbone: xor, l2",
    ]);
    expect(lines({ desired, live: [...base, half, up("BondEthernet0")], owned: base })[0]).toContain(
      "bond BondEthernet0, which is not ours, stands in the way of bond backbone",
    );
  });

  it("is ours as soon as it is desired as it is", () => {
    expect(lines({ desired: [...base, ...theirs], live: [...base, ...theirs], owned: [] })).toEqual([]);
  });

  it("goes with the interface of ours that it is on, and the plan says so", () => {
    const attached: readonly VppObject[] = [
      acl("theirs"),
      { kind: "abf-policy", id: 7, acl: "theirs", paths: [{ via: "192.0.2.1" }] },
      { kind: "abf-attachment", policy: 7, on: "external.25", family: "ipv4", priority: 1 },
      address("external.25", "192.0.2.2/30"),
    ];

    expect(
      lines({ desired: base, live: [...base, vlan(25), up("external.25"), ...attached], owned: [...base, vlan(25)] }),
    ).toEqual([
      "flap  core: remove ABF policy 7 on external.25 (not ours; what it stands on goes)",
      "flap  core: remove VLAN external.25",
      "note     core: address 192.0.2.2/30 on external.25, which nobody here made, goes with what it stands on.",
      "foreign  core: ACL theirs",
      "foreign  core: steering of ACL theirs (ABF policy 7)",
    ]);
  });

  it("comes again on an interface that is made anew", () => {
    const attached: readonly VppObject[] = [
      acl("theirs"),
      { kind: "abf-policy", id: 7, acl: "theirs", paths: [{ via: "192.0.2.1" }] },
      { kind: "abf-attachment", policy: 7, on: "external.25", family: "ipv4", priority: 1 },
    ];

    expect(
      lines({
        desired: [...base, vlan(25, 26), up("external.25")],
        live: [...base, vlan(25), up("external.25"), ...attached],
        owned: [...base, vlan(25)],
      }),
    ).toEqual([
      "flap     core: remove ABF policy 7 on external.25 (not ours; what it stands on goes; made anew: interface external.25 comes again)",
      "flap     core: remove VLAN external.25 (made anew: outer cannot be changed)",
      "hitless  core: add VLAN external.25: dot1q 26 (anew)",
      "hitless  core: add ABF policy 7 on external.25: ipv4, priority 1 (not ours; anew)",
      "hitless  core: set external.25 up",
      "foreign  core: ACL theirs",
      "foreign  core: steering of ACL theirs (ABF policy 7)",
      "foreign  core: ABF policy 7 on external.25",
    ]);
  });

  it("is never taken away with an ACL or a bridge", () => {
    const using: VppObject = { kind: "interface-acls", on: "external.99", in: ["ours"], out: [] };
    const live = [...base, vlan(99), up("external.99"), using, acl("ours")];

    expect(lines({ desired: base, live, owned: [...base, acl("ours")] })[0]).toBe(
      "problem  core: ACLs on external.99, which is not ours, needs acl ours, which is to go. Remove it by hand, or keep in the repository what it needs.",
    );
  });

  it("is in the way where it has the address, the network or the tags that something of ours is to have", () => {
    const desired = [...base, vlan(25, 99), up("external.25"), address("external.25", "203.0.113.1/24")];
    const wider = [...base, address("external", "203.0.112.1/23")];

    expect(
      lines({ desired, live: [...base, ...theirs], owned: base }).filter((line) => line.startsWith("problem")),
    ).toEqual([
      "problem  core: VLAN external.99, which is not ours, stands in the way of VLAN external.25. Remove it by hand, or choose another name, number or address in the machine file.",
      "problem  core: address 203.0.113.1/24 on external.99, which is not ours, stands in the way of address 203.0.113.1/24 on external.25. Remove it by hand, or choose another name, number or address in the machine file.",
    ]);
    expect(lines({ desired: wider, live: [...base, ...theirs], owned: base })[0]).toBe(
      "problem  core: address 203.0.113.1/24 on external.99, which is not ours, stands in the way of address 203.0.112.1/23 on external. Remove it by hand, or choose another name, number or address in the machine file.",
    );
  });
});

describe("a restart of an instance", () => {
  const inside: VppObject = { kind: "det44-role", on: "memif1/0", side: "inside" };
  const nat: readonly VppObject[] = [
    { kind: "memif-socket", id: 1, path: "/run/vpp/a.sock" },
    { kind: "memif", name: "memif1/0", socket: 1, id: 0, role: "slave", mac: "02:00:00:00:00:01" },
    up("memif1/0", 9000),
    { kind: "det44" },
  ];

  it("is what takes det44 off an interface", () => {
    expect(lines({ instance: "nat", desired: nat, live: [...nat, inside] })).toEqual([
      "restart  nat: restart VPP: VPP does not let go of det44 on an interface: det44 inside on memif1/0 is to go",
    ]);
  });

  it("is asked for by what VPP does not show and nobody remembers, if anything of it is ours", () => {
    const seen = { unknown: ["det44", "lldp"] } as const;

    expect(lines({ instance: "nat", desired: nat, live: nat, seen: { unknown: ["lldp"] } })).toEqual([]);
    const plan = planOf({ instance: "nat", desired: nat, live: nat.slice(0, -1), owned: nat, seen });
    expect(plan.steps.map(describeStep)).toEqual([
      "nat: restart VPP: nobody knows any more what it has of det44, which VPP does not show",
    ]);
  });

  it("makes the taps that are missing", () => {
    const plan = planOf({ desired: base, live: [nic, up("external", 9000)], seen: { unknown: ["raw"] } });
    const restart = planOf({
      desired: [...base, { kind: "raw", name: "a", commands: ["x"], undo: [], impact: "hitless" }],
      live: [nic, up("external", 9000)],
      seen: { unknown: ["raw"] },
    });

    expect(plan.steps.map(({ kind }) => kind)).toEqual(["add"]);
    expect(restart.steps.map(({ provides }) => provides)).toEqual([["pair:external", "tap:external"]]);
  });
});

describe("a plan that cannot be carried out", () => {
  it("names a NIC that VPP does not have, once", () => {
    expect(
      lines({ desired: [...base, vlan(25), pair("external.25"), address("external", "192.0.2.2/30")], live: [] })[0],
    ).toBe(
      "problem  core: VPP has no interface external. See whether the NIC is there and named in VPP's startup.conf, or take external out of the machine file.",
    );
    expect(planOf({ desired: [...base, vlan(25)], live: [] }).problems).toHaveLength(1);
  });

  it("names what something is to stand on and that is not there", () => {
    expect(lines({ desired: [...base, address("internal", "192.0.2.2/30")], live: base })[0]).toBe(
      "problem  core: address 192.0.2.2/30 on internal needs interface internal. It is neither desired nor there: name one that is.",
    );
  });

  it("names a message that this VPP does not have", () => {
    const seen = { missing: { acl: "acl_dump of the plugin acl", lldp: "lldp_dump" } };

    expect(lines({ desired: [...base, acl("a")], live: base, seen })[0]).toBe(
      "problem  core: VPP 26.06-release has no acl_dump of the plugin acl, which acl objects need. Load the plugin, deploy an image whose VPP has it, or take it out of the machine file.",
    );
  });

  it("waits for an instance that does not run, and leaves one alone of which nothing is said", () => {
    const [problem] = planVpp({ nat: { objects: [] } }, {}, []).problems;

    expect(String(problem)).toBe(
      "nat: VPP does not run, and the machine file asks for things in it. See `systemctl status vpp-nat`; it is planned again once it runs.",
    );
    expect(problem?.transient).toBe(true);
    expect(planVpp({}, { core: observed(base) }, [{ core: { objects: base } }]).steps).toEqual([]);
  });
});

describe("a tag rewrite", () => {
  it("flaps a port that stands, and nothing that comes with it", () => {
    const port: readonly VppObject[] = [
      {
        kind: "bridge",
        id: 5,
        learn: true,
        flood: true,
        forward: true,
        arpTermination: false,
        macAge: 0,
      },
      { kind: "bridge-port", on: "external.5", bridge: 5, isBvi: false },
    ];
    const rewrite: VppObject = { kind: "tag-rewrite", on: "external.5", pop: 1 };
    const impacts = (live: readonly VppObject[]) =>
      planOf({ desired: [nic, vlan(5), ...port, rewrite], live }).steps.flatMap((step) =>
        "after" in step && step.after?.kind === "tag-rewrite" ? [step.impact] : [],
      );

    expect(impacts([nic, vlan(5), ...port])).toEqual(["flap"]);
    expect(impacts([nic])).toEqual(["hitless"]);
  });
});

describe("what a plan for VPP says beside its steps", () => {
  it("is which undo lines of a block that goes VPP is not given", () => {
    const raw: VppObject = {
      kind: "raw",
      name: "x",
      commands: ["create tap id 7"],
      undo: ["set interface state tap7 down", "delete tap tap7"],
      impact: "hitless",
    };
    const { notes, steps } = planOf({ desired: base, live: [...base, raw] });
    expect(steps.map(describeStep)).toEqual(["core: remove raw commands x"]);
    expect(notes).toEqual([
      expect.stringMatching(/^core: raw commands x go without "delete tap tap7": .* under taps\.$/),
    ]);
  });

  it("is how much of VPP's heap the sessions of new det44 mappings take", () => {
    const mapping = (inside: string): VppObject => ({ kind: "det44-mapping", inside, outside: "203.0.113.0/29" });
    const live: readonly VppObject[] = [{ kind: "det44" }, mapping("10.0.0.0/24")];
    const { notes } = planOf({
      instance: "nat",
      live,
      desired: [...live, mapping("10.1.0.0/24"), mapping("10.2.0.0/23")],
    });
    expect(notes).toEqual(["nat: sessions of the new det44 mappings take 18 MiB of VPP's main heap."]);
    expect(planOf({ instance: "nat", live, desired: live }).notes).toEqual([]);
  });
});
