/**
 * Which interfaces of Linux FRR's steps are about. Each is the tap of another plane: it is there before FRR hears of it, and
 * goes when FRR does not use it any more.
 */
import { type Entry, type Neighbor, isAddress } from "./entries.ts";
import type { Operation } from "./impact.ts";
import type { FrrDesired } from "./model.ts";

/** Of a step, as resource keys: "tap:external.25". */
export interface Taps {
  readonly needs: readonly string[];
  readonly releases: readonly string[];
}

/** What a step does, and how things are around it. */
export interface Doing {
  /** But for those of raw lines, which may mean interfaces that nobody here knows. */
  readonly operations: readonly Operation[];
  /** Its object goes whole. */
  readonly isGone: boolean;
  /** The live neighbour that it removes. */
  readonly neighbor: Neighbor | undefined;
  readonly reach: NonNullable<FrrDesired["reach"]>;
}

/** What comes needs its interfaces; what goes whole lets go of those that it had. */
export function tapsOf({ operations, isGone, neighbor, reach }: Doing): Taps {
  const comes = operations.filter(({ kind }) => kind !== "remove").map(({ entry }) => entry);
  const goes = isGone ? [...operations.map(({ entry }) => entry), ...(neighbor?.entries ?? [])] : [];
  const isInstance = goes.some(({ path, line }) => path.length === 0 && line.startsWith("router bgp "));
  return {
    needs: keysOf(comes.flatMap((entry) => namesIn(entry, reach))),
    releases: keysOf([...goes.flatMap((entry) => namesIn(entry, reach)), ...(isInstance ? Object.values(reach) : [])]),
  };
}

function keysOf(names: readonly string[]): readonly string[] {
  return [...new Set(names)].map((name) => `tap:${name}`);
}

const inBfd = /^peer .* interface (\S+)/;

/** Where a line says the name of an interface: [context, line]. */
const mentions: readonly (readonly [RegExp, RegExp])[] = [
  [/^router bgp /, /^neighbor \S+ update-source (\S+)$/],
  [/^router bgp /, /^neighbor \S+ interface (?!peer-group |remote-as )(\S+)$/],
  [/^bfd$/, inBfd],
  [/^$/, /^ip(?:v6)? route \S+ (?:[\da-f.:]+ )?(?!blackhole|reject|Null0|tag )([^\d\s]\S*)/],
];

function namesIn({ path, line }: Entry, reach: NonNullable<FrrDesired["reach"]>): readonly string[] {
  const [root = "", inner = ""] = path;
  const own = /^interface (\S+)/.exec(root)?.[1];
  if (own !== undefined) return [own];
  const peer = root.startsWith("router bgp ") ? /^neighbor (\S+) /.exec(line)?.[1] : undefined;
  const over = peer === undefined ? undefined : isAddress(peer) ? reach[peer] : unnumbered(peer, line);
  const said = mentions.flatMap(([where, what]) => (where.test(root) ? (what.exec(line)?.[1] ?? []) : []));
  const ofPeer = root === "bfd" ? inBfd.exec(inner)?.[1] : undefined;
  return [over, ...said, ofPeer].filter((name) => name !== undefined).filter((name) => !isAddress(name));
}

/** A neighbour without an address is named by its interface, and exists by that. */
function unnumbered(name: string, line: string): string | undefined {
  return line.startsWith(`neighbor ${name} interface`) ? name : undefined;
}
