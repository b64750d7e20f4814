/** What each boot environment is to the appliance: which runs, which boots next, which to go back to. Pure. */
import { environmentOf, isWhole, type BootEnvironment, type BootenvObserved } from "./model.ts";

/** The pool, and what the appliance says of what is in it. */
export interface Standing {
  readonly observed: BootenvObserved;
  /** GUIDs of those that ever committed: a generation is linked for each. */
  readonly committed: ReadonlySet<string>;
  /** GUID of the one that is being tried. */
  readonly onTrial: string | undefined;
}

export const roles = {
  running: "It is booted.",
  next: "`bootfs` names it: whatever resets the box, it comes up.",
  fallback: "Of the others that committed, the one that did so last: what to go back to by hand.",
  trial: "It is booted for once, to prove itself.",
  pinned: "An operator wants it kept.",
} as const satisfies Readonly<Record<string, string>>;

export type Role = keyof typeof roles;

/** In the order of the table; each of them keeps it from being removed. */
export function rolesOf(standing: Standing, environment: BootEnvironment): readonly Role[] {
  const { observed, onTrial } = standing;
  const { guid, properties } = environment;
  const has: Readonly<Record<Role, boolean>> = {
    running: guid === observed.booted,
    next: guid === observed.next,
    fallback: guid === fallbackOf(standing)?.guid,
    // Once `bootfs` names it, it is committed, also until the next boot.
    trial: guid === onTrial && guid !== observed.next,
    pinned: properties["imp:pin"] !== undefined,
  };
  return (Object.keys(roles) as Role[]).filter((role) => has[role]);
}

/** Beside the one that runs and the one that boots next. One that does not say when it committed did so before all others. */
export function fallbackOf({ observed, committed }: Standing): BootEnvironment | undefined {
  const { environments, booted, next } = observed;
  const others = environments.filter((one) => committed.has(one.guid) && one.guid !== booted && one.guid !== next);
  const at = (one: BootEnvironment) => Number(one.properties["imp:committed"] ?? 0);
  return others.toSorted((a, b) => at(b) - at(a) || b.createdAt - a.createdAt)[0];
}

/** Which was booted although another one boots next, and nothing is on trial: somebody chose it in the boot menu. */
export interface ChosenByHand {
  readonly running: BootEnvironment;
  readonly next: BootEnvironment;
}

export function chosenByHand({ observed, onTrial }: Standing): ChosenByHand | undefined {
  const running = environmentOf(observed, observed.booted);
  const next = environmentOf(observed, observed.next);
  if (!running || !next || running === next || running.guid === onTrial) return undefined;
  return { running, next };
}

/** Epoch of its image; undefined: nobody knows, and nothing is a downgrade. */
export function epochOf(environment: BootEnvironment | undefined): number | undefined {
  const epoch = environment?.properties["imp:epoch"];
  return epoch !== undefined && /^\d+$/.test(epoch) ? Number(epoch) : undefined;
}

/** An image of an epoch before the one of what is committed. */
export interface Downgrade {
  readonly epoch: number;
  readonly committed: number;
}

/** undefined: it is none, or it committed here once, and may be gone back to. */
export function downgradeTo({ observed, committed }: Standing, environment: BootEnvironment): Downgrade | undefined {
  const [epoch, now] = [epochOf(environment), epochOf(environmentOf(observed, observed.next))];
  if (epoch === undefined || now === undefined || epoch >= now || committed.has(environment.guid)) return undefined;
  return { epoch, committed: now };
}

/** Why it cannot be what boots next, in a sentence; undefined: it can. I1: only what proved itself here ever is. */
export function whyNotActivated({ committed }: Standing, environment: BootEnvironment): string | undefined {
  if (!isWhole(environment)) return `${environment.name} was not received whole.`;
  if (!committed.has(environment.guid)) return `${environment.name} never proved itself on this box.`;
  return undefined;
}
