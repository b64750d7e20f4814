/**
 * What no message of VPP shows, remembered from when it was set: by whoever set it, the agent or the boot script, in
 * `<run folder>/vpp-<instance>.jsonl`. A line each, JSON, so that a shell can write it:
 *
 *     {"incarnation":"4f1c…: vpp 812@5310"}
 *     {"kind":"det44"}
 *     {"kind":"policer-use","on":"external","direction":"in","policer":"guests"}
 *
 * The first line says of which run of VPP the others are (`Vpp.incarnation`: boot ID, process ID, its start in clock ticks):
 * those of another run are forgotten. Where it says "partial":true, things may have been set before somebody began to remember.
 * Every other line stands for an object as the model has it; a later one with the same key replaces an earlier one.
 */
import type { Host } from "../core.ts";
import type { AdvertisedPrefix, InstanceName, Kind, ObjectOf, VppObject } from "./model.ts";
import { asSet } from "./wire/advertisements.ts";

export const rememberedKinds = [
  "det44",
  "nat64",
  "policer-use",
  "raw",
  "advertised-prefix",
  "route",
] as const satisfies readonly Kind[];
export type RememberedObject = ObjectOf<(typeof rememberedKinds)[number]>;

const interfaces: ReadonlySet<Kind> = new Set([
  "host-interface",
  "tap",
  "loopback",
  "bvi",
  "bond",
  "vlan",
  "vxlan",
  "memif",
]);

export function memoryPath(run: string, instance: InstanceName): string {
  return `${run}/vpp-${instance}.jsonl`;
}

export class Remembered {
  readonly #objects = new Map<string, RememberedObject>();
  #isChanged: boolean;
  /** Whether there is nothing but this, or things may have been set before somebody began to remember. */
  readonly isWhole: boolean;

  /** `objects`: as they were read; left out, this run of VPP is remembered from now on. */
  constructor(isWhole: boolean, objects?: readonly RememberedObject[]) {
    this.isWhole = isWhole;
    this.#isChanged = objects === undefined;
    for (const object of objects ?? []) this.#objects.set(keyOf(object), object);
  }

  /** Whether it differs from what was read. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  all<K extends RememberedObject["kind"]>(kind: K): readonly ObjectOf<K>[] {
    return [...this.#objects.values()].filter((object): object is ObjectOf<K> => object.kind === kind);
  }

  /** A prefix as it was set, while it can be taken for that. */
  advertised(live: AdvertisedPrefix): AdvertisedPrefix {
    const set = this.#objects.get(keyOf(live));
    return set?.kind === "advertised-prefix" ? asSet(set, live) : live;
  }

  /** Before a block is run, or a route comes, changes or goes: what is known of it if nobody comes back. */
  begin(object: ObjectOf<"raw" | "route">): void {
    this.#objects.set(keyOf(object), { ...object, isBegun: true });
    this.#isChanged = true;
  }

  /** After a step: what it left there, and what it took away. */
  note(before: VppObject | undefined, after: VppObject | undefined): void {
    if (before !== undefined && isRemembered(before))
      this.#isChanged = this.#objects.delete(keyOf(before)) || this.#isChanged;
    if (before !== undefined && after === undefined) this.forgetOn(before);
    if (after === undefined || !isRemembered(after)) return;
    this.#objects.set(keyOf(after), after);
    this.#isChanged = true;
  }

  /** What was on an interface that is gone, also what was taken off without anybody hearing of it. */
  private forgetOn(gone: VppObject): void {
    if (!interfaces.has(gone.kind) || !("name" in gone)) return;
    for (const [key, object] of this.#objects) {
      if (!("on" in object) || object.on !== gone.name) continue;
      this.#objects.delete(key);
      this.#isChanged = true;
    }
  }

  text(incarnation: string): string {
    const lines = [{ incarnation, ...(!this.isWhole && { partial: true }) }, ...this.#objects.values()];
    return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  }
}

/** A route, since VPP lists none that linux-cp has as well: it mirrors FRR's, of which VRFs have none. */
export function isRemembered(object: VppObject): object is RememberedObject {
  if (object.kind === "route" && object.table !== undefined) return false;
  return (rememberedKinds as readonly string[]).includes(object.kind);
}

function keyOf(object: RememberedObject): string {
  const { kind } = object;
  if (kind === "policer-use") return `${kind} ${object.on} ${object.direction}`;
  if (kind === "route") return `${kind} ${object.prefix}`;
  if (kind === "advertised-prefix") return `${kind} ${object.on} ${object.prefix}`;
  return kind === "raw" ? `${kind} ${object.name}` : kind;
}

/** undefined: nothing is remembered of this run of VPP. */
export async function readMemory(
  host: Pick<Host, "readFile">,
  path: string,
  incarnation: string,
): Promise<Remembered | undefined> {
  const [first, ...rest] = ((await host.readFile(path)) ?? "").split("\n").map(parse);
  if (first?.["incarnation"] !== incarnation) return undefined;
  // A line that was cut off is one that was not written.
  return new Remembered(
    first["partial"] !== true,
    rest.filter((line): line is Line & RememberedObject => isLine(line)),
  );
}

type Line = Readonly<Record<string, unknown>>;

function isLine(line: Line | undefined): boolean {
  return line !== undefined && (rememberedKinds as readonly unknown[]).includes(line["kind"]);
}

function parse(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}
