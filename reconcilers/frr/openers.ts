/** Which lines of FRR open a context, and which leave one. */

/** Lines that open a context, by the line around it: of all daemons of FRR 8.4 (vtysh/vtysh.c). */
const openers: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^router bgp\b/,
    /^(?:address-family \S|segment-routing srv6$|bmp targets \S|vnc (?:defaults$|nve-group|l2-group)|vrf-policy \S)/,
  ],
  [/^address-family l2vpn evpn$/, /^vni \d+$/],
  [/^router eigrp\b|^mpls ldp$/, /^address-family \S/],
  [/^address-family /, /^interface \S/],
  [/^bfd$/, /^(?:peer|profile) \S/],
  [/^key chain /, /^key \d+$/],
  [/^interface /, /^link-params$/],
  [/^l2vpn /, /^member pseudowire \S/],
  [/^segment-routing$/, /^(?:srv6|traffic-eng)$/],
  [/^srv6$/, /^locators$/],
  [/^locators$/, /^locator \S/],
  [/^traffic-eng$/, /^(?:segment-list \S|policy color|pcep$)/],
  [/^policy color/, /^candidate-path preference \d+ name \S+ dynamic$/],
  [/^pcep$/, /^(?:pcc$|pce \S|pce-config \S)/],
];
const topOpener =
  /^(?:router \S|route-map \S+ (?:permit|deny) \d|interface \S|vrf \S|bfd$|key chain \S|rpki$|mpls ldp$|l2vpn \S|pseudowire \S|segment-routing$|nexthop-group \S|pbr-map \S|line vty$)/;

/** Whether a line opens a context where it stands. */
export function opensContext(context: readonly string[], line: string): boolean {
  const around = context.at(-1) ?? "";
  if (around === "") return !line.startsWith("ip ") && topOpener.test(line);
  return openers.some(([where, what]) => where.test(around) && what.test(line));
}

/** Whether a line leaves a context. */
export function isExit(line: string): boolean {
  return line.charCodeAt(0) === 101 && (line === "exit" || line === "end" || line.startsWith("exit-"));
}
