import { join } from "node:path";
import { expect, it } from "vitest";
import { folderTree } from "../../../../controller/folder.ts";
import { loadFleet } from "../../../../schemas/load.ts";
import { Machine } from "../../../../schemas/machine.ts";
import { checkFleet } from "../../../../schemas/semantics/check-fleet.ts";
import { checkMachine } from "../../../../schemas/semantics/check-machine.ts";

it("has nothing against an empty machine", () => {
  expect(checkMachine(Machine.parse({}))).toEqual([]);
});

it("suggests a shared list that the machine would get if its name were right", () => {
  const machine = Machine.parse({
    routing: { "route-maps": { m: { entries: { 10: { match: { "prefix-list": "bogon-v4" } } } } } },
  });

  const [finding] = checkMachine(machine, (kind) => (kind === "prefix-lists" ? ["bogons-v4", "own"] : []));

  expect(finding?.remedy).toBe("Did you mean bogons-v4?");
});

it("takes a broken machine without throwing: every reference leads nowhere", () => {
  const machine = Machine.parse({
    bonds: { t: { members: ["x"] } },
    bridges: { l: { id: 1, members: ["y", "y"] } },
    "cross-connects": { c: { from: "x.1", to: "z", vlan: 5 } },
    abf: { p: { acl: "a", interface: "x", on: ["y"] } },
    vrrp: { v: { interface: "q", id: 1, addresses: ["192.0.2.1"], track: { r: 5 } } },
    nat: { det44: { inside: ["i"], pools: {}, mappings: { m: { source: "10.0.0.0/24", pool: "p" } } } },
    routing: { bgp: { asn: 64500, peers: { p: { interface: "n", group: "g" } } } },
  });

  const rules = new Set(checkMachine(machine).map(({ rule }) => rule));

  expect(rules).toContain("reference-missing");
});

it("reports a name that an object inherits like any other", () => {
  const machine = Machine.parse({
    routing: { bgp: { asn: 64500, peers: { p: { address: "192.0.2.2", group: "constructor" } } } },
  });

  expect(checkMachine(machine).map(({ message }) => message)).toContain('there is no peer-group "constructor"');
});

/** A route reflector with a client on every other appliance, all in one OSPF area. */
function star(count: number): ReadonlyMap<string, Machine> {
  const loopback = (number: number): string => `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const peers = (numbers: readonly number[]) =>
    Object.fromEntries(
      numbers.map((number) => [`n${number}`, { address: loopback(number), "remote-as": "internal" as const }]),
    );
  const all = Array.from({ length: count }, (_, index) => index + 1);
  return new Map(
    all.map((number) => [
      `site/n${number}`,
      Machine.parse({
        interfaces: { a: { pci: "0000:01:00.0", addresses: [`192.0.2.${1 + (number % 2)}/24`], anycast: true } },
        loopbacks: { loop0: { addresses: [`${loopback(number)}/32`] } },
        routing: {
          "router-id": loopback(number),
          bgp: { asn: 64500, peers: peers(number === 1 ? all.slice(1) : [1]) },
          ospf: { interfaces: { a: {}, loop0: { passive: true } } },
        },
      }),
    ]),
  );
}

it("goes over a fleet whose one appliance has a session with all others, and finds the one that differs", () => {
  const fleet = new Map(star(400));
  const [name, odd] = [...fleet].at(-1) ?? ["", Machine.parse({})];
  fleet.set(name, { ...odd, routing: { ...odd.routing, "router-id": "10.0.0.1" } });

  expect(checkFleet(fleet).map(({ machine, rule }) => `${machine} ${rule}`)).toEqual([`${name} fleet-router-id`]);
});

it("has neither an error nor a warning for the example repository", async () => {
  const { machines, problems } = await loadFleet(folderTree(join(import.meta.dirname, "../../../../sites")));

  expect(problems.map(String)).toEqual([]);
  expect([...machines.values()].filter(({ loaded }) => loaded === undefined)).toEqual([]);
  expect(machines.size).toBeGreaterThan(2);
});

it("follows a chain of route-maps that call the next, however long, and sees where it closes", () => {
  const call = (name: string) => ({ entries: { 10: { call: name } } });
  const chain = (last: string) =>
    Machine.parse({
      routing: {
        "route-maps": Object.fromEntries(
          Array.from({ length: 20_000 }, (_, at) => [`m${at}`, call(at === 19_999 ? last : `m${at + 1}`)]),
        ),
      },
    });

  expect(checkMachine(chain("m19999")).map(({ message }) => message)).toEqual(["m19999 calls m19999 in turn"]);
  expect(checkMachine(chain("m0")).map(({ message }) => message)).toEqual(["m0 calls m19999 in turn"]);
});
