/** Which NICs join the dataplane's namespace: read by imp-nics.service. */
import type { Machine } from "../../../schemas/machine.ts";

/** /etc/imp/nics: a line a NIC: VPP's name, the kernel's name, PCI address, MAC address; "-" for what is not known. */
export function nicList({ interfaces }: Machine): string | undefined {
  const lines = Object.entries(interfaces).map(([name, one]) =>
    [name, one["kernel-name"] ?? "-", one.pci ?? "-", one.mac ?? "-"].join(" "),
  );
  return lines.length > 0 ? `${lines.join("\n")}\n` : undefined;
}
