/** Machines of many sub-interfaces or many ACL rules, and the commands by which VPP itself makes the same. */

/** A NIC has no more VLANs than this. */
const perNic = 4000;

export interface SampleMachine {
  /** The appliance's files: one may not be longer than 1 MiB. */
  readonly yaml: readonly string[];
  readonly nics: readonly string[];
  /** For VPP's `exec`, a command a line. */
  readonly commands: readonly string[];
}

/** Every sub-interface is up, has an MTU and two addresses; `changed` has another MTU. Nothing has a tap. */
export function manyInterfaces(count: number, changed = -1): SampleMachine {
  const nics = Array.from({ length: Math.ceil(count / perNic) }, (_, i) => `nic${i}`);
  const below = (nic: number) => {
    const size = Math.min(perNic, count - nic * perNic);
    return Array.from({ length: size }, (_, i) => subInterface(nic * perNic + i, i + 1, changed));
  };
  return {
    nics,
    yaml: [
      [
        "interfaces:",
        ...nics.flatMap((name, nic) => [
          `  ${name}:`,
          `    pci: "0000:0${nic + 1}:00.0"`,
          "    mtu: 9000",
          "    linux-cp: false",
          "    sub-interfaces:",
          ...below(nic).map(({ vlan, mtu, ipv4, ipv6 }) => {
            return `      ${vlan}: { mtu: ${mtu}, linux-cp: false, addresses: [${ipv4}, "${ipv6}"] }`;
          }),
        ]),
        "",
      ].join("\n"),
    ],
    commands: nics.flatMap((name, nic) => [
      `set interface mtu packet 9000 ${name}`,
      `set interface state ${name} up`,
      ...below(nic).flatMap(({ vlan, mtu, ipv4, ipv6 }) => [
        `create sub-interfaces ${name} ${vlan}`,
        `set interface mtu packet ${mtu} ${name}.${vlan}`,
        `set interface ip address ${name}.${vlan} ${ipv4}`,
        `set interface ip address ${name}.${vlan} ${ipv6}`,
        `set interface state ${name}.${vlan} up`,
      ]),
    ]),
  };
}

function subInterface(index: number, vlan: number, changed: number) {
  return {
    vlan,
    mtu: index === changed ? 1400 : 1500,
    ipv4: `10.${index >> 8}.${index & 255}.1/24`,
    ipv6: `2001:db8:${(index + 1).toString(16)}::1/64`,
  };
}

/** One ACL; rule `changed` has another port. */
export function manyRules(count: number, changed = -1): SampleMachine {
  const rules = Array.from({ length: count }, (_, i) => {
    const port = i === changed ? 8443 : 443;
    return `      ${i + 1}: { protocol: tcp, source: 10.${(i >> 8) & 255}.${i & 255}.0/24, destination: 192.0.2.0/24, destination-port: ${port} }`;
  });
  const parts = Array.from({ length: Math.ceil(count / 5000) }, (_, i) => rules.slice(i * 5000, (i + 1) * 5000));
  return {
    nics: ["nic0"],
    yaml: [
      'interfaces: { nic0: { pci: "0000:01:00.0", mtu: 9000, linux-cp: false } }\n',
      ...parts.map((part) => ["acls:", "  many:", "    rules:", ...part, ""].join("\n")),
    ],
    commands: [],
  };
}
