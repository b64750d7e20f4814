import { describe, expect, it } from "vitest";
import { formatPath, type JsonObject } from "../../../../schemas/json.ts";
import { Machine } from "../../../../schemas/machine.ts";
import { checkPartial } from "../../../../schemas/semantics/check-partial.ts";

function find(written: JsonObject): readonly string[] {
  const result = Machine.safeParse(written);
  const findings = checkPartial(Machine, written, result.error?.issues ?? [], () => []);
  return findings.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

const external = { pci: "0000:01:00.0", addresses: ["192.0.2.1/24"] };

describe("a machine with values that do not fit", () => {
  it("is still told of a name that leads nowhere, and of an address that stands twice", () => {
    const found = find({
      interfaces: { external: { ...external, mtu: 99_999, "sub-interfaces": { 25: { vlan: 5000 } } } },
      loopbacks: { loop0: { addresses: ["192.0.2.1/32"] } },
      routing: {
        bgp: {
          asn: 64_500,
          peers: {
            p: { address: "192.0.2.2", "remote-as": "6449B", ipv4: { "route-map": { out: "nobodys" } } },
            q: { address: "192.0.2.3", "remote-as": 64_496, ipv4: { "route-map": { out: "nobodys" } } },
          },
        },
      },
    });

    expect(found).toEqual([
      "loopbacks.loop0.addresses[0]: 192.0.2.1 stands on external already",
      'routing.bgp.peers.q.ipv4.route-map.out: there is no route-map "nobodys"',
    ]);
  });

  it("is not told of a name whose owner had to be taken away", () => {
    const found = find({
      interfaces: { external: { pci: "nonsense", "sub-interfaces": { 25: {} } } },
      routing: { ospf: { interfaces: { external: {}, "external.25": {} } } },
    });

    expect(found).toEqual([]);
  });

  it("is not told what only the missing value makes wrong", () => {
    expect(
      find({ interfaces: { external: { ...external, mtu: "big", "sub-interfaces": { 25: { mtu: 9000 } } } } }),
    ).toEqual([]);
  });

  it("of another shape altogether finds nothing and does not throw", () => {
    expect(find({ interfaces: "none", routing: [1, 2], bonds: 7 })).toEqual([]);
  });
});

it("does not even start on more wrong values than an operator writes by mistake", () => {
  const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]));

  expect(find({ ...unknown, loopbacks: { loop0: { acl: { in: ["nobodys"] } } } })).toEqual([]);
});
