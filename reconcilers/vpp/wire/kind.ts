/** What a kind of object knows of the wire: how it is read, and how one of it comes, changes and goes. */
import type { DumpName, Dumps, Fields, RequestName } from "../api/messages.ts";
import type { Vpp } from "../api/vpp.ts";
import type { Kind, ObjectOf, VppObject, Vrf } from "../model.ts";
import type { AdvertisementDetails } from "./advertisements.ts";
import type { Remembered } from "../memory.ts";
import type { InterfaceDetails, Names } from "./names.ts";
import type { Memberships } from "./vrfs.ts";

export type MessageName = RequestName | DumpName;

/** One pass of observing one instance. */
export interface Sight {
  readonly vpp: Vpp;
  /** Known once the interfaces and ACLs are read. */
  readonly names: Promise<Names>;
  /** Those that somebody may configure, as VPP lists them. */
  readonly interfaces: Promise<readonly InterfaceDetails[]>;
  readonly pairs: Promise<readonly Dumps["lcp_itf_pair_get"]["details"][]>;
  /** Of every interface with IPv6. */
  readonly advertisements: Promise<readonly AdvertisementDetails[]>;
  /** All but the main ones. */
  readonly tables: Promise<readonly Vrf[]>;
  readonly memberships: Promise<Memberships>;
  readonly acls: Promise<readonly Dumps["acl_dump"]["details"][]>;
  /** What no message shows. */
  readonly remembered: Remembered;
}

/**
 * Reads a group of kinds. Whatever it asks before its first await goes out in one write with what all other groups ask, and so
 * does what it asks right after `names` or `interfaces` arrived: two round trips in all.
 */
export type Reader = (sight: Sight) => Promise<readonly VppObject[]>;

/** All details, or none where this VPP does not know the message. */
export function dump<M extends DumpName>(
  { vpp }: Pick<Sight, "vpp">,
  message: M,
  fields?: Fields<Dumps[M]["request"]>,
): Promise<readonly Dumps[M]["details"][]> {
  return vpp.has(message) ? vpp.dump(message, fields) : Promise.resolve([]);
}

/** The same of Vpp.dumpMany. */
export function dumpMany<M extends DumpName, K extends keyof Dumps[M]["details"]>(
  { vpp }: Pick<Sight, "vpp">,
  message: M,
  asked: readonly Fields<Dumps[M]["request"]>[],
  only: readonly K[],
): Promise<readonly Pick<Dumps[M]["details"], K>[]> {
  return vpp.has(message) ? vpp.dumpMany(message, asked, only) : Promise.resolve([]);
}

/** How many requests are made before the first of them is awaited. */
const together = 1024;

/** What `ask` answers of each: of thousands of things, that may be asked for one at a time only, not all at once. */
export async function each<T, R>(things: readonly T[], ask: (thing: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  for (let at = 0; at < things.length; at += together) {
    for (const answer of await Promise.all(things.slice(at, at + together).map(ask))) answers.push(answer);
  }
  return answers;
}

/** One instance while steps are carried out. */
export interface Target {
  readonly vpp: Vpp;
  readonly names: Names;
  /** Lets a time pass, in milliseconds. Rejects once nobody wants the steps any more. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Carries out one step. All that can go out at once is sent before the first await, so that steps stay in order on the wire;
 * what is sent later is for things that nobody mentions until the promise is kept. Rejects with a Problem.
 */
export interface Writer<O extends VppObject> {
  /** Messages without which this kind can be neither read nor written. */
  readonly needs: readonly MessageName[];
  add(object: O, to: Target): Promise<unknown>;
  /** Changes it; left out where that means to remove and to add it. */
  set?(before: O, after: O, to: Target): Promise<unknown>;
  remove(object: O, to: Target): Promise<unknown>;
}

export type Writers<K extends Kind> = { readonly [One in K]: Writer<ObjectOf<One>> };
