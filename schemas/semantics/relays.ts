/** Rules about DHCP relay. */
import { familyOf } from "../primitives.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkRelays({ machine }: View, report: Report): void {
  const first = new Map<string, { readonly name: string; readonly source: string }>();
  for (const [name, { source }] of Object.entries(machine["dhcp-relay"])) {
    const family = familyOf(source);
    const other = first.get(family);
    if (other === undefined) first.set(family, { name, source });
    else if (other.source !== source)
      report("dhcp-relay-source", ["dhcp-relay", name, "source"], `${other.name} has the source ${other.source}`);
  }
}
