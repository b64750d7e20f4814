/**
 * Admin state and MTU. What shrinks or goes down does so from the VLANs towards their interfaces, what grows or comes up the
 * other way: VPP takes VLANs down with their interface, and Linux has no VLAN with a larger MTU than its device.
 */
import type { Impact } from "../core.ts";
import type { Changes } from "./changes.ts";
import { interfaceKey, scoped } from "./kinds/rules.ts";
import { depthOf, type Vlans } from "./kinds/vlans.ts";
import type { InstanceName, Kind, ObjectStep, Settings, VppObject } from "./model.ts";
import type { Sides } from "./sides.ts";

interface Setting {
  readonly before: Settings | undefined;
  readonly after: Settings;
  readonly depth: number;
}

/** Of all interfaces that are there in the end. */
export interface SettingsSteps {
  /** Before VLANs get their addresses. */
  readonly early: readonly ObjectStep[];
  /** Once everything else is as it is to be. */
  readonly last: readonly ObjectStep[];
}

export function settingsSteps(
  instance: InstanceName,
  { desired, live, settings, owned }: Sides,
  { fresh, vanished }: Changes,
  vlans: Vlans,
): SettingsSteps {
  const [lower, raise]: [Setting[], Setting[]] = [[], []];
  const isNic = (on: string): boolean => live.has(`physical ${on}`);
  const isPaired = (on: string): boolean => desired.has(`linux-pair ${on}`) || live.has(`linux-pair ${on}`);
  const wanted = [...settings.desired.values(), ...leftBehind({ live, settings, owned }, vanished)];
  for (const after of wanted) {
    const depth = depthOf(after, vlans);
    const found = fresh.has(interfaceKey(after.on)) ? undefined : settings.live.get(after.on);
    const before = found && withoutInherited(found, after, settings.desired, vlans);
    if (before === undefined) {
      raise.push({ before, after, depth });
      continue;
    }
    const low = lowest(before, after);
    if (!isSame(before, low)) lower.push({ before, after: low, depth });
    if (!isSame(low, after)) raise.push({ before: low, after, depth });
  }
  // What a NIC's driver may want for a larger frame, or the one that its tap has too.
  const stops = ({ before, after }: Setting): boolean =>
    before?.up === true &&
    (!after.up || (isNic(after.on) && before.mtu !== after.mtu && (isPaired(after.on) || size(before) < size(after))));
  const outwards = (a: Setting, b: Setting) => a.depth - b.depth;
  const twice = new Set(lower.map(({ after }) => after.on));
  const bearers = bearersOf([...desired.values(), ...live.values()]);
  const isEarly = ({ before, after }: Setting) =>
    after.up && before?.up !== true && bearers.has(after.on) && !twice.has(after.on);
  return {
    early: raise.filter(isEarly).map((one) => step(instance, one, "", stops(one))),
    last: [
      ...lower.toSorted((a, b) => outwards(b, a)).map((one) => step(instance, one, "", stops(one))),
      ...raise
        .filter((one) => !isEarly(one))
        .toSorted(outwards)
        .map((one) => step(instance, one, twice.has(one.after.on) ? "/raise" : "", stops(one))),
    ],
  };
}

/**
 * Interfaces that only VLANs stand on. What VPP does to each address on an interface that comes up it does again for each of
 * its VLANs: with thousands of them it hears nobody for more than 30 s, unless they have none yet. Nothing passes them before VLANs
 * come up, which Linux does by itself to those that it knows.
 */
function bearersOf(objects: readonly VppObject[]): ReadonlySet<string> {
  const named = (...kinds: readonly Kind[]) =>
    new Set(objects.flatMap((object) => (kinds.includes(object.kind) && "on" in object ? [object.on] : [])));
  const [addressed, paired] = [named("address"), named("linux-pair")];
  const vlans = objects.filter((object) => object.kind === "vlan");
  const bearers = new Set(vlans.flatMap(({ name, parent }) => (addressed.has(name) ? [parent] : [])));
  for (const { name, parent } of vlans) if (paired.has(name)) bearers.delete(parent);
  for (const name of named("address", "unnumbered", "bridge-port", "cross-connect")) bearers.delete(name);
  return bearers;
}

/** linux-cp writes into a VLAN the MTU that it inherits, a moment after its pair was made: that is none of its own. */
function withoutInherited(
  found: Settings,
  after: Settings,
  desired: ReadonlyMap<string, Settings>,
  vlans: Vlans,
): Settings {
  const { mtu, ...rest } = found;
  const parent = after.mtu === undefined ? vlans.named(after.on)?.parent : undefined;
  return parent !== undefined && desired.get(parent)?.mtu === mtu ? rest : found;
}

/** NICs that nobody describes any more stay in VPP, and are down. */
function leftBehind(
  { live, settings, owned }: Pick<Sides, "live" | "settings" | "owned">,
  vanished: ReadonlySet<string>,
): readonly Settings[] {
  return [...settings.live.values()].flatMap((before) => {
    const isOurs = owned.has(`physical ${before.on}`) && live.has(`physical ${before.on}`);
    const stays = isOurs && !settings.desired.has(before.on) && !vanished.has(interfaceKey(before.on));
    return stays ? [{ ...before, up: false }] : [];
  });
}

/** What of a change only takes away. */
function lowest(before: Settings, after: Settings): Settings {
  const { mtu: _, ...rest } = before;
  const mtu = size(after) < size(before) ? after.mtu : before.mtu;
  return { ...rest, up: before.up && after.up, ...(mtu !== undefined && { mtu }) };
}

/** Without one, it is as large as the interface's. */
function size({ mtu }: Settings): number {
  return mtu ?? Number.POSITIVE_INFINITY;
}

function isSame(one: Settings, other: Settings): boolean {
  const isTaken = other.rxMode === undefined || one.rxMode === other.rxMode;
  return one.up === other.up && one.mtu === other.mtu && isTaken;
}

/** `stops`: whether traffic does. */
function step(instance: InstanceName, { before, after }: Setting, suffix: string, stops: boolean): ObjectStep {
  const impact: Impact = stops ? "flap" : "hitless";
  return {
    id: `vpp/${instance}/settings/${after.on}${suffix}`,
    kind: "set",
    impact,
    needs: scoped(instance, [interfaceKey(after.on)]),
    provides: [],
    releases: [],
    instance,
    ...(before && { before }),
    after,
  };
}
