import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Customer } from "../../../schemas/customer.ts";
import { defaults } from "../../../schemas/defaults.ts";
import { DefaultsNumber } from "../../../schemas/fleet.ts";
import { Images } from "../../../schemas/images.ts";
import { isObject, type JsonValue } from "../../../schemas/json.ts";
import { Machine, machines } from "../../../schemas/machine.ts";
import { PolicyFile } from "../../../schemas/policies.ts";
import { Settings } from "../../../schemas/settings.ts";

/** What is wrong with a machine, as `path: message`. */
function wrong(machine: unknown): string[] {
  return (Machine.safeParse(machine).error?.issues ?? []).map(
    (issue) =>
      `${issue.path.join(".")}: ${issue.code === "invalid_key" ? (issue.issues[0]?.message ?? "") : issue.message}`,
  );
}

/** Every section that has defaults, with no more than it needs. */
const sparse = {
  management: { interface: { name: "eno1" }, syslog: { noc: { address: "192.0.2.14" } } },
  interfaces: {
    external: {
      pci: "0000:03:00.0",
      "router-advertisements": { prefixes: { "2001:db8::/64": {} } },
      "sub-interfaces": { 25: {}, 5000: { vlan: 26, "inner-vlan": 7 } },
    },
  },
  bonds: { backbone: { members: ["te1", "te2"] } },
  loopbacks: { loop0: {} },
  bridges: { lab: { id: 60, bvi: {} } },
  "cross-connects": { carrier: { from: "external", to: "te3", vlan: 900 } },
  cpu: {},
  acls: { web: { rules: { 10: {} } } },
  abf: { proxy: { acl: "web", via: ["192.0.2.80"], on: ["external"] } },
  vrrp: { gateway: { interface: "external", id: 1, addresses: ["192.0.2.1"] } },
  policers: { guests: { "rate-kbps": 1000 } },
  lldp: { interfaces: { external: {} } },
  "dhcp-relay": { office: { server: "192.0.2.67", source: "192.0.2.2" } },
  nat: {
    det44: {
      pools: { cgn: { prefix: "203.0.113.0/28" } },
      mappings: { office: { source: "10.0.0.0/24", pool: "cgn" } },
    },
    nat64: { pools: { cgn: { prefix: "203.0.113.16/30" } } },
  },
  containers: { network: "10.234.116.0/24", gateway: "10.234.116.5", "bridge-address": "10.234.116.1" },
  routing: {
    static: { "0.0.0.0/0": { via: ["192.0.2.1"] } },
    "prefix-lists": { all: { entries: { 10: { prefix: "0.0.0.0/0" } } } },
    "as-path-lists": { all: { entries: { 10: { regex: ".*" } } } },
    "community-lists": { all: { entries: { 10: { value: "64500:1" } } } },
    "route-maps": { all: { entries: { 10: {} } } },
    bgp: {
      asn: 64500,
      announce: { "203.0.113.0/24": {} },
      aggregates: { "203.0.112.0/22": {} },
      redistribute: { static: {} },
      "peer-groups": { transit: { ipv4: { "max-prefix": { limit: 1 } }, "local-as": { asn: 64501 } } },
      peers: { a: { address: "192.0.2.1", "remote-as": 64496 } },
    },
    ospf: { interfaces: { loop0: { authentication: { key: { secret: "x" } } } }, areas: { "0.0.0.1": {} } },
    ospf3: { interfaces: { loop0: {} }, redistribute: { static: {} }, "default-originate": {} },
    bfd: { profiles: { fast: {} }, peers: { a: { address: "192.0.2.1" } } },
    raw: { a: { lines: ["ip nht resolve-via-default"], impact: "hitless" } },
  },
  "raw-vpp": { a: { commands: ["a"], undo: [], impact: "hitless" } },
  services: { ssh: {} },
  health: { resolver: { check: "ping", address: "192.0.2.53" } },
};

describe("the built-in defaults", () => {
  it.each(Object.keys(machines).map(Number) as (keyof typeof machines)[])(
    "of generation %i never change once released",
    async (generation) => {
      const golden = join(import.meta.dirname, `defaults-${generation}.golden.txt`);

      const filledIn = JSON.stringify(machines[generation].parse(sparse), null, 1);

      expect(`${filledIn}\n`).toBe(await readFile(golden, "utf8"));
    },
  );

  it("have a schema for every generation", () => {
    expect(Object.keys(machines)).toEqual(Object.keys(defaults));
  });

  it("are valid themselves: what was filled in may be written and stays as it is", () => {
    const filledIn = Machine.parse(sparse);

    expect(Machine.parse(filledIn)).toEqual(filledIn);
  });

  it("have to be pinned, and only to a generation that is known", () => {
    expect(DefaultsNumber.safeParse(undefined).error?.issues[0]?.message).toContain('is missing: write "defaults: 1"');
    expect(DefaultsNumber.safeParse(99).error?.issues[0]?.message).toContain("that this version knows: 1");
    expect(DefaultsNumber.parse(1)).toBe(1);
  });
});

describe("a machine", () => {
  it("may say nothing at all", () => {
    expect(wrong({})).toEqual([]);
  });

  it("has nothing twice where VPP would keep half of it", () => {
    const machine = {
      interfaces: { external: { acl: { in: ["web", "web"], out: ["web"] } } },
      abf: { proxy: { acl: "web", via: ["192.0.2.80", "192.0.2.80"], on: ["external", "external"] } },
      vrrp: {
        v: { interface: "external", id: 1, addresses: ["192.0.2.1", "192.0.2.1"], peers: ["192.0.2.3", "192.0.2.3"] },
      },
      vrfs: { blue: { table: 10, routes: { "10.9.0.0/16": { via: ["10.0.0.2", "10.0.0.2"] } } } },
    };

    expect(wrong(machine)).toEqual([
      'interfaces.external.acl.in.1: "web" stands there twice',
      'abf.proxy.via.1: "192.0.2.80" stands there twice',
      'abf.proxy.on.1: "external" stands there twice',
      'vrfs.blue.routes.10.9.0.0/16.via.1: "10.0.0.2" stands there twice',
      'vrrp.v.addresses.1: "192.0.2.1" stands there twice',
      'vrrp.v.peers.1: "192.0.2.3" stands there twice',
    ]);
  });

  it("has the number of a sub-interface as its VLAN unless it says otherwise", () => {
    const machine = Machine.parse(sparse);

    expect(machine.interfaces["external"]?.["sub-interfaces"]["25"]?.vlan).toBe(25);
    expect(machine.interfaces["external"]?.["sub-interfaces"]["5000"]?.vlan).toBe(26);
  });

  const bgp = (peer: object) => ({ routing: { bgp: { asn: 64500, peers: { a: peer } } } });
  const peer = { address: "192.0.2.1", "remote-as": 64496 };
  const nic = (more: object) => ({ interfaces: { external: { pci: "0000:03:00.0", ...more } } });
  it.each<[string, unknown, string]>([
    ["a key that nobody knows", { interface: {} }, ': Unrecognized key: "interface"'],
    ["an interface without hardware", { interfaces: { te1: {} } }, "interfaces.te1: needs pci, mac or kernel-name"],
    ["a sub-interface number that is no VLAN", nic({ "sub-interfaces": { 5000: {} } }), "5000: needs vlan"],
    [
      "a name that Linux has no room for",
      nic({ "linux-cp": "a".repeat(16) }),
      "must be a Linux interface name: at most 15 of letters",
    ],
    [
      "no way to find the management NIC",
      { management: { interface: {} } },
      "needs exactly one of macs, path and name",
    ],
    ["an identity without hardware", { identity: {} }, "identity: needs dmi-uuid or macs"],
    [
      "router advertisements too close together",
      nic({ "router-advertisements": { "max-interval": 10 } }),
      "min-interval: must be at most three quarters of max-interval: 7 (RFC 4861)",
    ],
    [
      "a router that hosts forget before they hear of it again",
      nic({ "router-advertisements": { "max-interval": 600, "lifetime-seconds": 600 } }),
      "lifetime-seconds: must be 0, or more than max-interval: 600 (RFC 4861)",
    ],
    ["a peer without address", bgp({ "remote-as": 64496 }), "a: needs an address, or an interface (unnumbered)"],
    ["a peer without AS", bgp({ address: "192.0.2.1" }), "a: needs remote-as, or a group that has it"],
    [
      "a hold time under three keepalives",
      bgp({ ...peer, timers: { "keepalive-seconds": 30, "hold-seconds": 60 } }),
      "hold-seconds: must be at least three times keepalive-seconds: 90",
    ],
    ["a password in clear", bgp({ ...peer, password: "hunter2" }), "a.password: "],
    [
      "a route without next hops that has BFD",
      { routing: { static: { "10.0.0.0/8": { discard: "blackhole", bfd: true } } } },
      "needs via",
    ],
    ["a route to nowhere", { routing: { static: { "10.0.0.0/8": {} } } }, "needs via, interface or discard"],
    [
      "a route with host bits",
      { routing: { static: { "10.0.0.1/8": { discard: "reject" } } } },
      "network is 10.0.0.0/8",
    ],
    [
      "a next hop of the other family",
      { routing: { static: { "10.0.0.0/8": { via: ["2001:db8::1"] } } } },
      '10.0.0.0/8.via.0: "2001:db8::1" is of the other address family than 10.0.0.0/8',
    ],
    [
      "a prefix-list of two families",
      { routing: { "prefix-lists": { a: { entries: { 10: { prefix: "::/0" } } } } } },
      'entries.10.prefix: "::/0" does not fit a list of family ipv4',
    ],
    [
      "ge below the prefix",
      { routing: { "prefix-lists": { a: { entries: { 10: { prefix: "10.0.0.0/8", ge: 8 } } } } } },
      "ge: must be longer than the prefix's own /8",
    ],
    [
      "a port without protocol",
      { acls: { a: { rules: { 10: { "destination-port": 80 } } } } },
      "destination-port: needs protocol tcp or udp",
    ],
    [
      "a raw line that smuggles in a second",
      { routing: { raw: { a: { lines: ["a\nno router bgp"], impact: "hitless" } } } },
      "must be one line without control or invisible characters",
    ],
    [
      "a description that reorders what is shown after it",
      { loopbacks: { loop0: { description: "a\u202Eb" } } },
      "must be one line without control or invisible characters",
    ],
    [
      "a description in which a secret would be read",
      { loopbacks: { loop0: { description: "<secret:e9c7782c85eca7cd>" } } },
      "must not contain <secret:",
    ],
    [
      "a raw line in which a secret would be read",
      { routing: { raw: { a: { lines: ["ip x <secret:e9c7782c85eca7cd>"], impact: "hitless" } } } },
      "must not contain <secret:",
    ],
    [
      "a raw VPP command in which a secret would be read",
      { "raw-vpp": { a: { commands: ["<secret:e9c7782c85eca7cd>"], undo: [], impact: "flap" } } },
      "must not contain <secret:",
    ],
    [
      "a raw VPP command that smuggles in a second",
      { "raw-vpp": { a: { commands: ["show version\u0000"], undo: [], impact: "flap" } } },
      "must be one line without control",
    ],
    ["a pause that would act on a terminal", { policy: { pause: "\u001B[2J" } }, "must be one line without control"],
    [
      "a window whose name is none",
      { policy: { windows: { "\u001B": { from: "02:00", to: "03:00", "max-impact": "flap" } } } },
      "must be a name",
    ],
    ["raw VPP commands that cannot be undone", { "raw-vpp": { a: { commands: ["a"], impact: "flap" } } }, "undo: "],
    ["a time zone that is none", { policy: { "time-zone": "Mars/Olympus" } }, "must be a time zone"],
  ])("refuses %s", (_, machine, message) => {
    expect(wrong(machine).join("\n")).toContain(message);
  });
});

describe("every document", () => {
  it.each([
    ["machine", Machine],
    ["customer", Customer],
    ["images", Images],
    ["policies", PolicyFile],
    ["settings", Settings],
  ] as const)("%s describes every key and knows no others", (_, schema) => {
    const silent: string[] = [];
    const open: string[] = [];
    walk(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonValue, "", silent, open);

    expect(silent).toEqual([]);
    expect(open).toEqual([]);
  });
});

/** Paths of the keys without a description, and of the maps that take any key. */
function walk(schema: JsonValue | undefined, path: string, silent: string[], open: string[]): void {
  if (!isObject(schema)) return;
  const { properties, additionalProperties } = schema;
  if (schema["type"] === "object" && additionalProperties === undefined) open.push(path);
  for (const [key, value] of isObject(properties) ? Object.entries(properties) : []) {
    if (isObject(value) && value["description"] === undefined) silent.push(`${path}.${key}`);
    walk(value, `${path}.${key}`, silent, open);
  }
  walk(additionalProperties, `${path}.*`, silent, open);
  walk(schema["items"], `${path}[]`, silent, open);
  for (const some of [schema["anyOf"], schema["oneOf"]]) {
    if (Array.isArray(some)) for (const one of some) walk(one as JsonValue, path, silent, open);
  }
}
