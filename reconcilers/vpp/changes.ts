/** What has to go, come and change, and what goes along because of it. Pure, linear in the number of objects. */
import { rulesOf, rankOf } from "./kinds/table.ts";
import { type Vlans, vlansOf } from "./kinds/vlans.ts";
import type { VppObject } from "./model.ts";
import { differing, type Sides } from "./sides.ts";

/** An object that goes, or comes. */
export interface Move {
  readonly object: VppObject;
  /** It goes and comes again because of these: own fields, or resource keys. */
  readonly recreated?: readonly string[];
  readonly isForeign?: true;
}

export interface Change {
  readonly before: VppObject;
  readonly after: VppObject;
}

/** All by id. */
export interface Changes {
  readonly going: ReadonlyMap<string, Move>;
  readonly coming: ReadonlyMap<string, Move>;
  readonly changing: ReadonlyMap<string, Change>;
  /** What nobody here ever wanted, whether it stays or not. */
  readonly foreign: ReadonlyMap<string, VppObject>;
  /** Resource keys that are not there once all that goes has gone. */
  readonly vanished: ReadonlySet<string>;
  /** Resource keys that come. */
  readonly fresh: ReadonlySet<string>;
}

/** What is used by others in a way that those change by themselves: it goes after they did. */
export function goesLast({ kind }: VppObject): boolean {
  return kind === "acl";
}

export function changesOf(sides: Sides): Changes {
  const vlans = vlansOf(sides.live.values());
  const going = new Map<string, Move>();
  const changing = new Map<string, Change>();
  const foreign = new Map<string, VppObject>();
  for (const [id, before] of sides.live) {
    const after = sides.desired.get(id);
    if (after === undefined) {
      // A NIC is never taken out of VPP.
      if (!sides.owned.has(id) && !isGhost(before, sides)) foreign.set(id, before);
      else if (before.kind !== "physical") going.set(id, { object: before });
      continue;
    }
    const fields = differing(before, after);
    if (fields.length === 0) continue;
    const inPlace = rulesOf(after.kind).inPlace ?? [];
    const lost = lostBy(before, vlans);
    const fixed = lost.length > 0 ? lost : fields.filter((field) => !inPlace.includes(field));
    if (fixed.length === 0) changing.set(id, { before, after });
    else going.set(id, { object: before, recreated: fixed });
  }
  const isNew = [...sides.desired.keys()].some((id) => !sides.live.has(id));
  const vanished = going.size > 0 || isNew ? spread(sides, going, changing, foreign) : new Set<string>();
  for (const id of going.keys()) changing.delete(id);
  const coming = comingOf(sides, going, foreign);
  const fresh = new Set([...coming.values()].flatMap(({ object }) => rulesOf(object.kind).provides?.(object) ?? []));
  return { going, coming, changing, foreign, vanished, fresh };
}

/**
 * Interfaces that it mentions and somebody removed, by numbers that the next ones get: VPP would take that for what it
 * had, which leads nowhere. So it goes before anything comes.
 */
function lostBy(object: VppObject, vlans: Vlans): readonly string[] {
  return (
    rulesOf(object.kind)
      .needs?.(object, vlans)
      .filter((key) => key.startsWith("interface:#")) ?? []
  );
}

/** Steering of ours on an interface that somebody removed. */
function isGhost(object: VppObject, { desired, owned }: Pick<Sides, "desired" | "owned">): boolean {
  if (object.kind !== "abf-attachment" || !object.on.startsWith("#")) return false;
  const policy = `abf-policy ${object.policy}`;
  return desired.has(policy) || owned.has(policy);
}

/** Lets everything go that stands on what goes, or has to come after what comes. */
function spread(
  sides: Sides,
  going: Map<string, Move>,
  changing: ReadonlyMap<string, Change>,
  foreign: ReadonlyMap<string, VppObject>,
): ReadonlySet<string> {
  const standing = standingOn(sides);
  const desiredVlans = vlansOf(sides.desired.values());
  const vanished = new Set<string>();
  const waiting: string[] = [];
  const letGo = (id: string, because: string): void => {
    const object = sides.live.get(id);
    if (object === undefined || going.has(id)) return;
    const isForeign = foreign.has(id);
    going.set(id, { object, recreated: [because], ...(isForeign && { isForeign }) });
    waiting.push(id);
  };
  const lets = (id: string, key: string): boolean => {
    const after = changing.get(id)?.after;
    return after !== undefined && rulesOf(after.kind).needs?.(after, desiredVlans).includes(key) !== true;
  };
  const comes = (object: VppObject): void => {
    for (const key of rulesOf(object.kind).provides?.(object) ?? []) {
      for (const id of standing.followers.get(key) ?? []) if (sides.desired.has(id)) letGo(id, key);
    }
  };
  const goes = (object: VppObject): void => {
    for (const key of rulesOf(object.kind).provides?.(object) ?? []) {
      const left = (standing.providers.get(key) ?? 1) - 1;
      standing.providers.set(key, left);
      if (left > 0) continue;
      vanished.add(key);
      for (const id of standing.users.get(key) ?? []) if (!(goesLast(object) && lets(id, key))) letGo(id, key);
    }
  };
  waiting.push(...going.keys());
  for (const [id, object] of sides.desired) if (!sides.live.has(id)) comes(object);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const after = sides.desired.get(id);
    const object = going.get(id)?.object;
    if (object) goes(object);
    if (after) comes(after);
  }
  return vanished;
}

/** Who stands on what, as it is live. */
function standingOn({ live }: Sides) {
  const vlans = vlansOf(live.values());
  const [users, followers] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const providers = new Map<string, number>();
  const note = (map: Map<string, string[]>, key: string, id: string): void => {
    const ids = map.get(key);
    if (ids) ids.push(id);
    else map.set(key, [id]);
  };
  for (const [id, object] of live) {
    const rules = rulesOf(object.kind);
    for (const key of rules.needs?.(object, vlans) ?? []) note(users, key, id);
    for (const key of rules.follows?.(object) ?? []) note(followers, key, id);
    for (const key of rules.provides?.(object) ?? []) providers.set(key, (providers.get(key) ?? 0) + 1);
  }
  return { users, followers, providers };
}

/** What is desired and not there, and of what is not ours what can stand again where it stood. */
function comingOf(
  sides: Sides,
  going: Map<string, Move>,
  foreign: ReadonlyMap<string, VppObject>,
): ReadonlyMap<string, Move> {
  const coming = new Map<string, Move>();
  for (const [id, object] of sides.desired) {
    const gone = going.get(id);
    if (gone) coming.set(id, { ...gone, object });
    else if (!sides.live.has(id)) coming.set(id, { object });
  }
  const moved = [...going].filter(([, { isForeign }]) => isForeign);
  if (moved.length === 0) return coming;
  const there = new Set<string>();
  const vlans = vlansOf([...sides.desired.values(), ...sides.live.values()]);
  const provide = (object: VppObject): void => {
    for (const key of rulesOf(object.kind).provides?.(object) ?? []) there.add(key);
  };
  for (const object of sides.desired.values()) provide(object);
  for (const [id, object] of foreign) if (!going.has(id)) provide(object);
  for (const [id, move] of moved.toSorted(([, a], [, b]) => rankOf[a.object.kind] - rankOf[b.object.kind])) {
    const stands = rulesOf(move.object.kind).needs?.(move.object, vlans) ?? [];
    if (stands.every((key) => there.has(key))) {
      coming.set(id, move);
      provide(move.object);
    } else going.set(id, { object: move.object, isForeign: true });
  }
  return coming;
}
