import { describe, expect, it } from "vitest";
import { Machine, type MachineInput } from "../../../schemas/machine.ts";
import { portsOf } from "../../../schemas/ports.ts";

function linuxNames(machine: MachineInput): Record<string, string | undefined> {
  return Object.fromEntries([...portsOf(Machine.parse(machine))].map(([ref, port]) => [ref, port.linux]));
}

describe("the name of an interface in Linux", () => {
  it("is its own, lo<n> of loop<n>, and what linux-cp says", () => {
    const names = linuxNames({
      interfaces: {
        external: { pci: "0000:03:00.0", "sub-interfaces": { 25: {}, 70: { "linux-cp": "seventy" } } },
        internal: { pci: "0000:03:00.1", "linux-cp": false },
      },
      loopbacks: { loop0: {} },
      bridges: { lab: { id: 60, bvi: {} } },
    });
    expect(names).toEqual({
      external: "external",
      "external.25": "external.25",
      "external.70": "seventy",
      internal: undefined,
      loop0: "lo0",
      bvi60: "bvi60",
    });
  });

  it("is none for the members of bonds and bridges and the ends of cross-connects", () => {
    const names = linuxNames({
      interfaces: {
        a: { pci: "0000:03:00.0" },
        b: { pci: "0000:03:00.1" },
        c: { pci: "0000:03:00.2", "sub-interfaces": { 60: {}, 70: {} } },
      },
      bonds: { trunk: { members: ["a", "b"], "sub-interfaces": { 70: {} } } },
      bridges: { lab: { id: 60, members: ["c.60"] } },
      "cross-connects": { line: { from: "c.70", to: "trunk.70" }, carrier: { from: "c", to: "trunk", vlan: 900 } },
    });
    expect(Object.entries(names).filter(([, linux]) => linux !== undefined)).toEqual([
      ["c", "c"],
      ["trunk", "trunk"],
    ]);
  });
});

it("gives a VLAN its parent's MTU unless it has one", () => {
  const ports = portsOf(
    Machine.parse({
      interfaces: { external: { pci: "0000:03:00.0", mtu: 9000, "sub-interfaces": { 25: { mtu: 1500 }, 26: {} } } },
    }),
  );
  expect([ports.get("external.25")?.mtu, ports.get("external.26")?.mtu]).toEqual([1500, 9000]);
});
