/** Rules across the values of one machine that fit its schema one by one. */
import type { Path } from "../json.ts";
import type { Bond, Interface, SubInterface } from "../interfaces.ts";
import type { Machine } from "../machine.ts";
import { parseCidr } from "../primitives.ts";
import type { Finding } from "./finding.ts";

export function checkMachine(machine: Machine): readonly Finding[] {
  return duplicateAddresses(machine);
}

/** One address stands on one interface. */
function duplicateAddresses(machine: Machine): readonly Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { path, address } of interfaceAddresses(machine)) {
    const parsed = parseCidr(address);
    if ("error" in parsed || parsed.address.startsWith("fe80:")) continue;
    if (seen.has(parsed.address)) {
      findings.push({
        path,
        message: `${parsed.address} stands on another interface of this appliance already`,
        remedy: "Give one of the two another address.",
        severity: "error",
      });
    }
    seen.add(parsed.address);
  }
  return findings;
}

/** Every address of the dataplane's own interfaces, with its path in the machine. */
export function interfaceAddresses(
  machine: Machine,
): readonly { readonly path: Path; readonly address: string; readonly anycast: boolean }[] {
  const found: { path: Path; address: string; anycast: boolean }[] = [];
  const add = (path: Path, of: { readonly addresses: readonly string[]; readonly anycast: boolean }): void => {
    for (const [index, address] of of.addresses.entries())
      found.push({ path: [...path, "addresses", index], address, anycast: of.anycast });
  };
  const addTrunks = (section: string, trunks: Readonly<Record<string, Interface | Bond>>): void => {
    for (const [name, port] of Object.entries(trunks)) {
      add([section, name], port);
      for (const [number, inner] of Object.entries<SubInterface>(port["sub-interfaces"])) {
        add([section, name, "sub-interfaces", number], inner);
      }
    }
  };
  addTrunks("interfaces", machine.interfaces);
  addTrunks("bonds", machine.bonds);
  for (const [name, loopback] of Object.entries(machine.loopbacks)) add(["loopbacks", name], loopback);
  return found;
}
