import { describe, expect, it } from "vitest";
import { healthChecks } from "../../../reconcilers/health-checks.ts";
import { checkKey } from "../../../schemas/health.ts";
import { Machine, type MachineInput } from "../../../schemas/machine.ts";
import { routingMachine } from "../../lab/routing-machine.ts";

const keys = (machine: Machine) =>
  healthChecks(machine, { frr: "8.4.4" }).map((check) => `${checkKey(check)}${check.required ? "" : ", advisory"}`);
const of = (input: MachineInput) => keys(Machine.parse(input));

describe("the checks that follow from a machine", () => {
  it("are one for each peer, adjacency and interface that is expected up, by the names that FRR has for them", () => {
    expect(keys(routingMachine).toSorted()).toEqual([
      "bfd-peer 192.0.2.1",
      "bfd-peer 198.51.100.2",
      "bgp-session 192.0.2.1 (transit)",
      "bgp-session 192.0.2.1 vrf wholesale",
      "bgp-session 192.0.2.5",
      "bgp-session 198.51.100.2",
      "bgp-session 198.51.100.3",
      "bgp-session 2001:db8:8::2 vrf wholesale",
      "bgp-session fe80::7",
      "bgp-session internal",
      "bgp-session wave1 vrf wholesale",
      "link external",
      "link external.25",
      "link internal",
      "link lo0",
      "link transit-b",
      "ospf-neighbor transit-b",
      "ospf3-neighbor internal",
      "ospf3-neighbor transit-b",
      "unit frr",
      "unit vpp-core",
      "unit vpp-nat",
    ]);
  });

  it("are the fixed addresses of management and their gateways", () => {
    expect(
      of({
        management: {
          interface: { name: "eno1" },
          ipv4: { address: "192.0.2.10/24", gateway: "192.0.2.1" },
          ipv6: { address: "2001:db8::a/64", gateway: "fe80::1" },
        },
      }),
    ).toEqual([
      "ping 192.0.2.10 from management",
      "ping 192.0.2.1 from management",
      "ping 2001:db8::a from management",
    ]);
    expect(of({ management: { interface: { name: "eno1" } } })).toEqual([]);
    expect(
      of({
        management: { interface: { name: "eno1" }, ipv4: { address: "192.0.2.10/24", gateway: "192.0.2.1" } },
        health: { silent: { check: "ping", address: "192.0.2.1", required: false } },
      }),
    ).toEqual(["ping 192.0.2.10 from management", "ping 192.0.2.1 from management (silent), advisory"]);
  });

  it("are none of what is somebody else's", () => {
    const machine = Machine.parse({
      interfaces: { a: { pci: "0000:01:00.0", "linux-cp": false } },
      management: { interface: { name: "eno1" }, ipv4: { address: "192.0.2.10/24" } },
    });
    expect(healthChecks(machine, {}, { system: true })).toEqual([]);
    expect(keys(machine)).toEqual(["unit vpp-core", "ping 192.0.2.10 from management"]);
  });

  it("are none for an empty machine", () => {
    expect(of({})).toEqual([]);
  });

  it("are a link for each interface that Linux sees and that is to be up", () => {
    const port = (pci: string, more: object = {}) => ({ pci: `0000:01:00.${pci}`, ...more });
    expect(
      of({
        interfaces: {
          a: port("0", { "sub-interfaces": { 10: {}, 20: { enabled: false }, 30: { "linux-cp": "guests" } } }),
          off: port("1", { enabled: false, "sub-interfaces": { 10: {} } }),
          dark: port("2", { expect: "down", "sub-interfaces": { 10: {} } }),
          hidden: port("3", { "linux-cp": false }),
          member: port("4"),
          spare: port("5", { expect: "any" }),
        },
        bonds: { trunk: { members: ["member"] } },
        loopbacks: { loop0: {} },
      }),
    ).toEqual(["link a", "link a.10", "link guests", "link trunk", "link lo0", "unit vpp-core"]);
  });

  it("are a unit for FRR and each service that runs, and a BFD session for each peer of its own", () => {
    expect(
      of({
        services: { lldpd: {}, telnetd: { enabled: false }, old: { when: { frr: ">=10" } } },
        routing: { bfd: { peers: { a: { address: "192.0.2.1" }, b: { address: "192.0.2.2", expect: "any" } } } },
      }),
    ).toEqual(["bfd-peer 192.0.2.1", "unit frr", "unit lldpd"]);
  });
});

describe("a declared check", () => {
  const machine: MachineInput = {
    interfaces: { external: { pci: "0000:01:00.0", "linux-cp": "ext0", addresses: ["192.0.2.2/30"] } },
    routing: {
      bgp: {
        asn: 64500,
        peers: {
          transit: { address: "192.0.2.1", "remote-as": 64501 },
          far: { address: "198.51.100.1", "remote-as": 64502 },
        },
      },
    },
  };

  it("stands instead of the one that follows, under its own name", () => {
    const checks = of({
      ...machine,
      health: {
        full: { check: "bgp-session", peer: "transit", "min-prefixes": 10 },
        count: { check: "bgp-prefixes", peer: "transit", min: 1, required: false },
        bfd: { check: "bfd-peer", peer: "transit" },
        port: { check: "link", interface: "external", required: false },
        one: { check: "ping", address: "192.0.2.53" },
      },
    });
    expect(checks).toEqual([
      "bgp-session 198.51.100.1",
      "unit frr",
      "unit vpp-core",
      "bgp-session 192.0.2.1 (full)",
      "bgp-prefixes 192.0.2.1 (count), advisory",
      "bfd-peer 192.0.2.1 (bfd)",
      "link ext0 (port), advisory",
      "ping 192.0.2.53 from management (one)",
    ]);
  });

  it("knows over which interface a session runs, where the peer is in its network", () => {
    const over = healthChecks(Machine.parse(machine)).flatMap((check) =>
      check.check === "bgp-session" ? [[check.peer, check.over]] : [],
    );
    expect(over).toEqual([
      ["192.0.2.1", "ext0"],
      ["198.51.100.1", undefined],
    ]);
  });
});
