/** Rules about prefix-lists, AS-path lists, community lists and route-maps themselves. */
import type { Path } from "../json.ts";
import { cidrOf, networks } from "./networks.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkLists({ machine: { routing } }: View, report: Report): void {
  for (const section of ["prefix-lists", "as-path-lists", "community-lists", "route-maps"] as const) {
    for (const [name, { entries }] of Object.entries(routing[section])) {
      if (Object.keys(entries).length === 0)
        report("list-empty", ["routing", section, name, "entries"], "has no entry");
    }
  }
  for (const [name, { entries }] of Object.entries(routing["prefix-lists"]))
    checkDeadEntries(entries, ["routing", "prefix-lists", name, "entries"], report);
  checkCalls(routing["route-maps"], report);
  checkContinues(routing["route-maps"], report);
  checkRpki(routing, report);
}

/** Without its module bgpd takes "match rpki" for another command; with it, but without a cache, nothing is known. */
function checkRpki(routing: Routing, report: Report): void {
  if (Object.values(routing.raw).some(({ context }) => context[0]?.trim() === "rpki")) return;
  for (const [name, { entries }] of Object.entries(routing["route-maps"])) {
    for (const [sequence, { match }] of Object.entries(entries)) {
      if (match.rpki === undefined) continue;
      const path = ["routing", "route-maps", name, "entries", sequence, "match", "rpki"];
      report("route-map-rpki", path, "there is no RPKI cache");
    }
  }
}

type Routing = View["machine"]["routing"];

/** Entries that a shorter or equal prefix before them matches whole, with all lengths that they are for. */
function checkDeadEntries(entries: Routing["prefix-lists"][string]["entries"], path: Path, report: Report): void {
  const ordered = Object.entries(entries)
    .map(([sequence, { prefix, ge, le }]) => {
      const cidr = cidrOf(prefix);
      const most = cidr?.family === "ipv6" ? 128 : 32;
      const own = cidr?.length ?? 0;
      // ge alone means "and longer, to the end".
      return { sequence, cidr, from: ge ?? own, to: le ?? (ge === undefined ? own : most) };
    })
    .sort((a, b) => Number(a.sequence) - Number(b.sequence));
  const known = networks(ordered.flatMap((entry) => (entry.cidr ? [[entry.cidr, entry] as const] : [])));
  for (const { sequence, cidr, from, to } of ordered) {
    if (!cidr) continue;
    let earlier = known.find(cidr);
    while (earlier?.cidr) {
      if (Number(earlier.sequence) < Number(sequence) && earlier.from <= from && earlier.to >= to) {
        report("list-entry-dead", [...path, sequence], `entry ${earlier.sequence} decides all that it matches`);
        break;
      }
      earlier = known.find(cidr, earlier.cidr.length - 1);
    }
  }
}

/** Depth first, with a stack of its own: a chain of calls may be as long as there are route-maps. */
function checkCalls(maps: Routing["route-maps"], report: Report): void {
  const callsOf = (name: string) =>
    Object.entries(maps[name]?.entries ?? {})
      .flatMap(([sequence, { call }]) => (call !== undefined && Object.hasOwn(maps, call) ? [{ sequence, call }] : []))
      .values();
  const done = new Set<string>();
  for (const start of Object.keys(maps)) {
    const above = new Map([[start, callsOf(start)]]);
    const stack = done.has(start) ? [] : [start];
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const next = above.get(name)?.next().value;
      if (next === undefined) {
        done.add(name);
        above.delete(name);
        stack.pop();
      } else if (above.has(next.call)) {
        const path = ["routing", "route-maps", name, "entries", next.sequence, "call"];
        report("route-map-loop", path, `${next.call} calls ${name} in turn`);
      } else if (!done.has(next.call)) {
        above.set(next.call, callsOf(next.call));
        stack.push(next.call);
      }
    }
  }
}

function checkContinues(maps: Routing["route-maps"], report: Report): void {
  for (const [name, { entries }] of Object.entries(maps)) {
    for (const [sequence, { continue: target }] of Object.entries(entries)) {
      if (typeof target !== "number") continue;
      const path = ["routing", "route-maps", name, "entries", sequence, "continue"];
      if (target <= Number(sequence)) report("route-map-continue", path, `${target} is not later than ${sequence}`);
      else if (!Object.hasOwn(entries, String(target)))
        report("route-map-continue", path, `there is no entry ${target}`);
    }
  }
}
