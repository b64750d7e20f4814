/** Whom a candidate has to wait for, and which sessions cannot be up before somebody else has followed. Pure. */
import type { Generation, Predecessor, SharedSession } from "../../reconcilers/generation.ts";
import type { PeerStatus } from "../../schemas/peer-status.ts";
import { printable } from "../../schemas/printable.ts";

/** One that goes first and has not shown yet that it is well. */
export interface Awaited {
  readonly machine: string;
  readonly why: Why;
  /** What is so, in words that follow its name. */
  readonly reason: string;
  /** Wall clock since which it is so. */
  readonly since: number;
}

/** Code → what ends it, as a sentence. The first of these is told where several wait for different reasons. */
export const whys = {
  bad: "Push a commit that mends it, or `impctl retry` there.",
  invalid: "Correct its files: `impctl validate`.",
  unasked: "Add its status to the repository: docs/rollout.md.",
  unreachable: "Repair it or the way to it, or take it out of the order in a new commit.",
  unproven: "It proves it, or goes back: `impctl status` there.",
  behind: "It takes up the commit by itself.",
  soaking: "It stays well for its soak time.",
  asking: "It answers.",
} as const satisfies Readonly<Record<string, string>>;
export type Why = keyof typeof whys;

/** What one last said of itself; `isFresh`: recently enough to rely on. */
export interface Heard {
  readonly said: PeerStatus | { readonly failed: string };
  readonly isFresh: boolean;
}

/** What the newest commit that left this appliance as it is asked of the others: what a later one changes is told from it. */
export interface Seen {
  /** The generation that was committed here at that time. */
  readonly generation: string;
  readonly asked: Readonly<Record<string, string>>;
  readonly sessions: readonly Pick<SharedSession, "key" | "near" | "far">[];
}

/** What a generation's own commit asked of the others; undefined where nobody noted it. */
export function seenWith({ digest, rollout }: Generation): Seen | undefined {
  if (!rollout) return undefined;
  const asked = Object.fromEntries(rollout.after.map((one) => [one.machine, one.asked]));
  const sessions = rollout.sessions.map(({ key, near, far }) => ({ key, near, far }));
  return { generation: digest, asked, sessions };
}

/** What to compare a candidate with. */
export function lastSeen(committed: Generation | undefined, seen: Seen | undefined): Seen | undefined {
  if (!committed) return undefined;
  return seen?.generation === committed.digest ? seen : seenWith(committed);
}

/** Those that go first and that the commit changes too; with a new image, its canary in any case. */
export function goFirst(
  candidate: Generation,
  committed: Generation | undefined,
  seen: Seen | undefined,
): readonly Predecessor[] {
  const { rollout } = candidate;
  if (!rollout) return [];
  const before = lastSeen(committed, seen)?.asked ?? {};
  const changed = rollout.after.filter(({ machine, asked }) => before[machine] !== asked);
  // A box that never committed an image, or whose agent did not note which, is not the one to try it out on others.
  const isNewImage = committed?.rollout !== undefined && committed.rollout.image !== rollout.image;
  const { canary } = rollout;
  if (!isNewImage || !canary || changed.some(({ machine }) => machine === canary.machine)) return changed;
  return [canary, ...changed];
}

/** Why one has to be waited for, or undefined when it is well with what the commit asks of it. */
export function whyWait(
  one: Predecessor,
  heard: Heard | undefined,
): { readonly why: Why; readonly reason: string } | undefined {
  if (one.asked === "") return { why: "invalid", reason: "has an error in its files" };
  if (!one.status) return { why: "unasked", reason: "cannot be asked: the repository has no status for it" };
  if (!heard) return { why: "asking", reason: "is being asked" };
  const { said } = heard;
  if ("failed" in said)
    return { why: "unreachable", reason: `cannot be asked: ${printable(said.failed).replace(/\.$/, "")}` };
  const reason = said.reason === undefined ? "" : `: ${printable(said.reason).slice(0, 300).replace(/\.$/, "")}`;
  if (said.machine !== one.machine) {
    return { why: "unreachable", reason: `cannot be asked: ${printable(said.machine)} answers at its address` };
  }
  if (said.desired?.asked !== one.asked) {
    const at = said.desired ? `is at ${printable(said.desired.commit.slice(0, 12))}` : "has loaded no commit yet";
    return { why: "behind", reason: `has not taken up this commit: it ${at}` };
  }
  if (said.verdict === "bad") return { why: "bad", reason: `found it bad${reason}` };
  if (!said.good) return { why: "unproven", reason: `has not proven it yet, and is ${printable(said.state)}${reason}` };
  if (!said.good.soaked) return { why: "soaking", reason: "is well with it, but not for its soak time yet" };
  return heard.isFresh ? undefined : { why: "asking", reason: "is being asked" };
}

/** Everybody who is waited for, each with the time since which it is for this reason. */
export function awaitedOf(
  first: readonly Predecessor[],
  heard: ReadonlyMap<string, Heard>,
  before: readonly Awaited[],
  now: number,
): readonly Awaited[] {
  return first.flatMap((one) => {
    const found = whyWait(one, heard.get(one.machine));
    if (!found) return [];
    const earlier = before.find(({ machine, why }) => machine === one.machine && why === found.why);
    return [{ machine: one.machine, ...found, since: earlier?.since ?? now }];
  });
}

/** Keys of checks whose session this commit changes at both ends, by which end goes first. */
export interface ChangedSessions {
  /** The other end goes later: it cannot come up before. On a network of several routers all others must be such. */
  readonly wait: ReadonlySet<string>;
  /** The other end goes first, or at any time: it may be down before this end has followed, and must be up then. */
  readonly follow: ReadonlySet<string>;
}

/** What is compared is what the commit asks of either end; nothing is known of a box that never committed anything. */
export function changedSessions(
  candidate: Generation,
  committed: Generation | undefined,
  seen: Seen | undefined,
): ChangedSessions {
  const before = lastSeen(committed, seen)?.sessions;
  const sessions = before ? (candidate.rollout?.sessions ?? []) : [];
  const isNew = (one: SharedSession, end: "near" | "far"): boolean =>
    before?.some((was) => was.key === one.key && was[end] === one[end]) !== true;
  const [wait, follow] = [new Set<string>(), new Set<string>()];
  for (const key of new Set(sessions.map((one) => one.key))) {
    const ends = sessions.filter((one) => one.key === key);
    // One router on the network that stays as it is keeps it up.
    if (!ends.every((one) => isNew(one, "near") && isNew(one, "far"))) continue;
    (ends.every(({ isLater }) => isLater) ? wait : follow).add(key);
  }
  return { wait, follow };
}
