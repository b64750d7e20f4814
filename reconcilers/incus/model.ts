/**
 * Incus as objects: what it is to have, what it has, and the steps between. Flat records of plain JSON in Incus's own words, so
 * that desired and observed compare key by key. Pure.
 */
import type { Step } from "../core.ts";

/** Keys and values of Incus, all of them text. */
export type Config = Readonly<Record<string, string>>;
export type Devices = Readonly<Record<string, Config>>;

/** Of an object that impctl made: only that is ever removed. */
export const mark = "user.imp";
/** Of an instance that impctl made: what it was made of, as JSON. */
export const imageMark = "user.imp.image";
/** Of an instance that still runs with what it had before it was changed. */
export const dueMark = "user.imp.restart";
/** Of an instance that is to be made anew, or to go, once it may: "1" as long as another boot environment may come back to it. */
export const laterMark = "user.imp.later";
/** As `laterMark`: nobody saw that it was created whole. It goes, and comes anew where it is asked for: nothing else is done with it. */
export const unfinished = "unfinished";

export interface IncusDesired {
  /** In the order of making. Left out: this generation says nothing of Incus, and what it has stays. */
  readonly objects?: readonly IncusObject[];
  /** "all": what is there and not desired goes, whoever made it, but for pools and volumes. */
  readonly prune?: "all";
  /** Another boot environment may come back, whose Incus has the same storage: no file system in it ends, what is to end is marked. */
  readonly spares?: true;
}

/** A generation that says nothing of this plane: an agent rendered it that did not know the plane, or leaves it alone. */
export const unsaid: IncusDesired = {};

export type IncusObject = Pool | Network | Profile | Volume | Instance;

export interface Pool {
  readonly kind: "pool";
  readonly name: string;
  readonly driver: string;
  readonly source: string;
}

export interface Network {
  readonly kind: "network";
  readonly name: string;
  readonly config: Config;
}

export interface Profile {
  readonly kind: "profile";
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly devices: Devices;
}

/** Data that instances come and go around. */
export interface Volume {
  readonly kind: "volume";
  readonly pool: string;
  readonly name: string;
  /** Desired: the keys that count; others are Incus's business. */
  readonly config: Config;
}

export interface Instance {
  readonly kind: "instance";
  readonly name: string;
  readonly type: "container" | "virtual-machine";
  readonly description: string;
  /** Without what Incus and the image put there, and without `dueMark` and `laterMark`. */
  readonly config: Config;
  /** Its own, without those of its profiles. */
  readonly devices: Devices;
  readonly profiles: readonly string[];
  readonly running: boolean;
}

/** What an instance is made of: an image that is here, or on a server. */
export interface ImageSource {
  readonly alias?: string;
  readonly fingerprint?: string;
  readonly server?: string;
  readonly protocol?: string;
}

export interface IncusObserved {
  /** Why it cannot be asked; "absent": no Incus is installed. */
  readonly silent?: string;
  readonly objects: readonly LiveObject[];
  readonly version?: string;
  /** Aliases and fingerprints of the images that are here. Left out: nobody looked. */
  readonly images?: readonly string[];
}

export interface LiveObject {
  readonly object: IncusObject;
  /** Who uses it: "instance unbound", "profile default". */
  readonly users: readonly string[];
  /** Of an instance that runs: it is to be restarted, to have what it was given. */
  readonly isDue?: true;
  /** Of an instance: it was left to be made anew, or to go. */
  readonly isLater?: true;
  /** Besides: it was left while it was created, so that its file system is worth nothing. */
  readonly isUnfinished?: true;
}

export interface IncusStep extends Step {
  readonly kind: "add" | "set" | "rebuild" | "remove" | "leave" | "start" | "stop" | "restart";
  /** As it is to be; of what goes, as it is. */
  readonly object: IncusObject;
  /** For people: "limits.memory from 1GiB to 2GiB". */
  readonly changes: readonly string[];
  /** A restart follows, without which the change does not count. */
  readonly isDue?: true;
  /** No file system is to end by it. */
  readonly spares?: true;
  /** Of a pool: what goes of it once it is taken over. */
  readonly going?: readonly Instance[];
}

/** Tells objects apart: "instance unbound", "volume data/unbound-conf". */
export function idOf(object: IncusObject): string {
  return object.kind === "volume" ? `volume ${object.pool}/${object.name}` : `${object.kind} ${object.name}`;
}

/** Whether impctl made it. A pool has no such mark. */
export function isMarked(object: IncusObject): boolean {
  return object.kind !== "pool" && object.config[mark] !== undefined;
}

/** What an instance was made of; undefined: nobody wrote it down. */
export function imageOf({ config }: Instance): ImageSource | undefined {
  const text = config[imageMark];
  if (text === undefined) return undefined;
  try {
    const source: unknown = JSON.parse(text);
    return typeof source === "object" && source !== null ? source : undefined;
  } catch {
    return undefined;
  }
}
