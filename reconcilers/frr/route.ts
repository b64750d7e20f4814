/**
 * Which daemon of FRR 8.x takes which command: what vtysh knows and a client of the vty sockets has to know itself
 * (vtysh/vtysh.h). A command sent to a daemon that does not know it can be taken for an abbreviation of another one.
 */
import { headKind } from "./grammar.ts";
import type { Daemon } from "./model.ts";
import { type Context, firstIn, headOf, isStretch, linesIn, type Stretch } from "./outline.ts";

const lists = ["zebra", "bfdd", "ospfd", "ospf6d", "bgpd"] as const satisfies readonly Daemon[];
const statics = ["staticd"] as const satisfies readonly Daemon[];
const bgp = ["bgpd"] as const satisfies readonly Daemon[];
const maps = ["zebra", "ospfd", "ospf6d", "bgpd"] as const satisfies readonly Daemon[];
const interfaces = ["zebra", "ospfd", "ospf6d"] as const satisfies readonly Daemon[];

/** Clauses of a route-map entry that every daemon with route-maps takes (lib/routemap_cli.c). */
const commonClause =
  /^(?:description|call|on-match|continue|match (?:interface|metric|tag)|match ip(?:v6)? address|match ip next-hop(?! address)|match ipv6 next-hop type|set (?:metric|min-metric|max-metric|tag)|set ip next-hop(?! peer-address| unchanged)|set ipv6 next-hop local)(?: |$)/;

/**
 * The daemons that a line goes to, of those that run. More than one: it is shared, and each that runs must hold it.
 * Exactly one: without that daemon there is nobody to configure.
 */
export function daemonsOf(path: readonly string[], line: string): readonly Daemon[] {
  const positive = line.startsWith("no ") ? line.slice(3) : line;
  const root = path[0] ?? positive;
  // What there is most of, first.
  if (root.startsWith("ip prefix-list ")) return lists;
  if (root.startsWith("ip route ")) return statics;
  if (/^router bgp\b|^bgp |^rpki$/.test(root)) return bgp;
  if (/^router ospf6\b/.test(root)) return ["ospf6d"];
  if (/^router ospf\b/.test(root)) return ["ospfd"];
  if (root === "bfd") return ["bfdd"];
  if (/^(?:ip|ipv6) prefix-list |^(?:ipv6 |mac )?access-list /.test(root)) return lists;
  if (root.startsWith("route-map ")) return clauseDaemons(path.length === 0 ? undefined : positive);
  if (root.startsWith("interface ")) return interfaceDaemons(path.length === 0 ? undefined : positive);
  if (/^ip(?:v6)? route /.test(root) || (root.startsWith("vrf ") && /^ip(?:v6)? route /.test(positive)))
    return ["staticd"];
  if (root.startsWith("debug ")) return debugDaemon(root);
  return ["zebra"];
}

/** What several daemons hold, each for itself: the order in which they hear of two such lines does not matter. */
export function sharedKind(path: readonly string[], line: string): "filter" | "interface" | undefined {
  const root = (path[0] ?? line).replace(/^no /, "");
  if (/^(?:(?:ip|ipv6) prefix-list|(?:ipv6 |mac )?access-list|route-map|bgp (?:as-path )?\S+-list) /.test(root)) {
    return "filter";
  }
  return root.startsWith("interface ") ? "interface" : undefined;
}

function clauseDaemons(clause: string | undefined): readonly Daemon[] {
  if (clause === undefined || commonClause.test(clause)) return maps;
  if (/^(?:set src|match source-(?:protocol|instance))\b/.test(clause)) return ["zebra"];
  if (/^set metric-type\b/.test(clause)) return ["ospfd", "ospf6d"];
  if (/^set forwarding-address\b/.test(clause)) return ["ospf6d"];
  return ["bgpd"];
}

function interfaceDaemons(line: string | undefined): readonly Daemon[] {
  if (line === undefined || /^description\b/.test(line)) return interfaces;
  if (/^ip ospf\b/.test(line)) return ["ospfd"];
  // Also as many files have it: "ipv6 ospf area 0".
  if (/^ipv6 ospf6?\b/.test(line)) return ["ospf6d"];
  return ["zebra"];
}

function debugDaemon(line: string): readonly Daemon[] {
  const subject = line.split(" ")[1] ?? "";
  const known: Readonly<Record<string, Daemon>> = { bgp: "bgpd", ospf: "ospfd", ospf6: "ospf6d", bfd: "bfdd" };
  return [known[subject] ?? "zebra"];
}

/** As few daemons as take all of these lines: what several take, one does that is there already, or zebra. */
export function takersOf(
  lines: readonly { readonly context: readonly string[]; readonly line: string }[],
): readonly Daemon[] {
  const asked = lines.map(({ context, line }) => daemonsOf(context, line));
  const takers = new Set<Daemon>(asked.flatMap((some) => (some.length === 1 ? some : [])));
  for (const some of asked) if (!some.some((one) => takers.has(one))) takers.add(some[0] ?? "zebra");
  return [...takers];
}

/** The daemons without which this configuration cannot be had: those of its lines that only one daemon takes. */
export function neededDaemons(config: Context): ReadonlySet<Daemon> {
  const needed = new Set<Daemon>();
  const need = (path: readonly string[], line: string) => {
    const takers = daemonsOf(path, line);
    needed.add(takers.length === 1 ? (takers[0] ?? "zebra") : "zebra");
  };
  for (const part of config.parts) {
    if (isStretch(part))
      for (const line of isEven(config.path, part) ? [firstIn(part)] : linesIn(part)) need(config.path, line);
    else {
      if (headKind(config.path, headOf(part)) !== "group") need(config.path, headOf(part));
      for (const daemon of neededDaemons(part)) needed.add(daemon);
    }
  }
  return needed;
}

/** Whether all lines of a stretch are for the same daemons. */
export function isEven([root]: readonly string[], { kind }: Stretch): boolean {
  return root === undefined ? kind !== "" && kind !== "ambient" : root.startsWith("router ");
}
