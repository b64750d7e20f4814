/** Rules about the order in which appliances take a commit. docs/validation.md lists them with the others. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";
import { nearest } from "../nearest.ts";
import { meantBy, type Rollout } from "../rollout.ts";
import { type Order, orderOf, wavesOf } from "./order.ts";
import { type FleetRule, finding, type RuleFinding } from "./rules.ts";

export interface RolloutFinding extends RuleFinding {
  /** The appliance that the path leads into; undefined: fleet.yaml. */
  readonly machine: string | undefined;
}

type Report = (machine: string | undefined, rule: FleetRule, path: Path, message: string, remedy?: string) => void;

/** What is to be ordered. */
export interface Ordering {
  /** All appliances, valid or not. */
  readonly names: ReadonlySet<string>;
  readonly rollout: Rollout | undefined;
  /** The valid ones. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** Whether an appliance has its `after` for itself, so that none of it is meant for others. */
  readonly isOwn: (name: string) => boolean;
}

/** The order, and what is wrong with it. */
export function checkRollout(ordering: Ordering): {
  readonly order: Order;
  readonly findings: readonly RolloutFinding[];
} {
  const { names, rollout, machines } = ordering;
  const findings: RolloutFinding[] = [];
  const report: Report = (machine, ...found) => findings.push({ ...finding(...found), machine });
  const afters = new Map(
    [...machines].flatMap(([name, { after }]) => (after === undefined ? [] : [[name, after] as const])),
  );
  const order = orderOf(names, rollout, afters);
  checkNames(ordering, afters, report);
  checkWaves(names, rollout, report);
  for (const circle of order.circles) {
    const own = circle.find(({ byWaves }) => !byWaves);
    const index = (afters.get(own?.name ?? "") ?? []).findIndex((entry) =>
      meantBy(entry, names).includes(own?.after ?? ""),
    );
    const steps = circle.map(
      ({ name, after, byWaves }) => `${name} after ${after}${byWaves ? " (rollout.waves)" : ""}`,
    );
    report(own?.name, "rollout-circle", ["after", Math.max(0, index)], `goes in a circle: ${steps.join(", ")}`);
  }
  if (order.circles.length === 0) {
    checkRedundant(ordering, afters, order, report);
    checkCanary(rollout, order, report);
  }
  checkAskable(order, machines, report);
  return { order, findings };
}

/** Whoever has more of them meant another repository; each costs a search for the name that was meant. */
const maxUnknown = 200;

function checkNames(
  { names, rollout }: Ordering,
  afters: ReadonlyMap<string, readonly string[]>,
  report: Report,
): void {
  const sites = [...new Set([...names].map((name) => name.slice(0, name.indexOf("/") + 1)))].map((site) => `${site}*`);
  let left = maxUnknown;
  const check = (machine: string | undefined, entry: string, path: Path): void => {
    if (left === 0 || entry === "*" || meantBy(entry, names).length > 0) return;
    left -= 1;
    const meant = nearest(entry, entry.endsWith("*") ? sites : names);
    const what = entry.endsWith("*")
      ? `there is no appliance in ${entry.slice(0, -1)}`
      : `there is no appliance ${entry}`;
    report(machine, "rollout-unknown", path, what, meant && `Did you mean ${meant}?`);
  };
  for (const [wave, entries] of (rollout?.waves ?? []).entries())
    for (const [index, entry] of entries.entries()) check(undefined, entry, ["rollout", "waves", wave, index]);
  if (rollout?.canary !== undefined) check(undefined, rollout.canary, ["rollout", "canary"]);
  for (const [name, entries] of afters) {
    for (const [index, entry] of entries.entries()) check(name, entry, ["after", index]);
  }
}

/** An appliance that stands in a wave by its name, and belongs to an earlier one. Patterns may overlap: they say "the rest". */
function checkWaves(names: ReadonlySet<string>, rollout: Rollout | undefined, report: Report): void {
  const waves = wavesOf(names, rollout);
  const named = new Set<string>();
  for (const [wave, entries] of (rollout?.waves ?? []).entries()) {
    for (const [index, entry] of entries.entries()) {
      const first = waves.get(entry) ?? wave;
      if (first < wave || named.has(entry)) {
        const where = `stands in wave ${first + 1} already`;
        report(undefined, "rollout-redundant", ["rollout", "waves", wave, index], `${entry} ${where}`);
      }
      named.add(entry);
    }
  }
}

/** Of entries that an appliance has for itself: one from its site or the fleet is meant for the others there too. */
function checkRedundant(
  { names, isOwn }: Ordering,
  afters: ReadonlyMap<string, readonly string[]>,
  order: Order,
  report: Report,
): void {
  for (const [name, entries] of afters) {
    if (!isOwn(name)) continue;
    for (const [index, entry] of entries.entries()) {
      const meant = meantBy(entry, names);
      const others = meant.filter((one) => one !== name);
      const path = ["after", index];
      const implied = order.beforeWithout(name, entry);
      if (meant.length === 0) continue; // it is unknown, which was said already
      if (others.length === 0) report(name, "rollout-redundant", path, `${entry} is this appliance itself`);
      else if (entries.indexOf(entry) < index || others.every((one) => implied.has(one)))
        report(name, "rollout-redundant", path, `${name} goes after ${entry} anyhow`);
    }
  }
}

function checkCanary(rollout: Rollout | undefined, order: Order, report: Report): void {
  const canary = rollout?.canary;
  const [first] = canary === undefined ? [] : order.before(canary);
  if (first === undefined) return;
  report(undefined, "rollout-canary", ["rollout", "canary"], `${canary} goes after ${first}`);
}

/** Whoever is waited for must be asked. */
function checkAskable(order: Order, machines: ReadonlyMap<string, Machine>, report: Report): void {
  for (const [name, waiting] of order.followed) {
    const machine = machines.get(name);
    if (machine && machine.status === undefined)
      report(name, "rollout-unasked", ["status"], `${waiting} goes after it and cannot ask it`);
  }
}
