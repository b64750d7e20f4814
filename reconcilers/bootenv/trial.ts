/**
 * A trial boot, as docs/trial-boot.md has it: what it is, where it stands after any start, and what its commit has still to do. Pure:
 * everything is decided by what is on the disk and on the kernel command line, nothing by a clock.
 */

/** A trial that the journal holds. */
export interface Trial {
  /** The deployment that it is part of. */
  readonly deployment: string;
  /** The candidate: 64 hex digits. */
  readonly generation: string;
  /** GUID of the boot environment on trial, and of the committed one that every reset comes back to. */
  readonly environment: string;
  readonly from: string;
  /** The boot in which it was armed: /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
}

/** How the appliance was started. */
export interface Start {
  readonly boot: string;
  /** GUID of what runs. */
  readonly booted: string;
  /** GUID of what `bootfs` names. */
  readonly next: string | undefined;
  /** Of the kernel command line. */
  readonly onTrial: TrialWords | undefined;
}

/**
 * `leaving`: the box did not go down yet. `in-trial`: it is to be proven. `came-back`: the trial is over, and it failed. `committed`: only
 * the journal does not know yet; it is never gone back from. `elsewhere`: somebody chose a boot environment in the boot menu.
 */
export type TrialStanding = "leaving" | "in-trial" | "came-back" | "committed" | "elsewhere";

/** Where a trial stands after a start of the agent. */
export function standsAfter(trial: Trial, { boot, booted, next, onTrial }: Start): TrialStanding {
  if (next === trial.environment) return "committed";
  if (booted === trial.environment) return onTrial?.deployment === trial.deployment ? "in-trial" : "elsewhere";
  if (booted !== trial.from) return "elsewhere";
  return boot === trial.boot ? "leaving" : "came-back";
}

/** The link of the boot environment in committed.d; then `bootfs`, which is the commit; then the journal, and the failsafe is disarmed. */
export type CommitStep = "link" | "bootfs" | "journal";

/** What the commit of a proven trial has still to do next: asked anew after each step and after each start, it only goes forward. */
export function nextCommitStep(
  { environment, generation }: Trial,
  seen: { readonly next: string | undefined; readonly linked: ReadonlyMap<string, string> },
): CommitStep {
  // What boots next is committed at all times (I1).
  if (seen.linked.get(environment) !== generation) return "link";
  return seen.next === environment ? "journal" : "bootfs";
}

/** What the kernel command line says of a trial. */
export interface TrialWords {
  readonly generation: string;
  readonly deployment?: string;
  readonly deadlineSeconds?: number;
}

/** Of several the last counts, as for imp-boot and imp-deadline. undefined: this is no trial. */
export function trialWords(cmdline: string): TrialWords | undefined {
  const last = (key: string) =>
    cmdline
      .split(/\s+/)
      .findLast((word) => word.startsWith(`${key}=`))
      ?.slice(key.length + 1);
  const [generation, deployment, deadline] = ["imp.trial", "imp.trial-id", "imp.deadline"].map(last);
  if (generation === undefined || generation === "") return undefined;
  return {
    generation,
    ...(deployment !== undefined && { deployment }),
    ...(/^\d{1,7}$/.test(deadline ?? "") && { deadlineSeconds: Number(deadline) }),
  };
}

/** Reset 10 s after a panic, and make a panic of a kernel that does not go on. */
const ownWords = ["panic=10", "softlockup_panic=1", "hardlockup_panic=1", "nmi_watchdog=1"];

/**
 * The kernel command line of a trial, without root=: what the boot environment boots with otherwise, and behind it the trial's own words,
 * which so win. `usual` as zfsbootmenu would have it: org.zfsbootmenu:commandline, spl_hostid.
 */
export function trialArguments(usual: string, { generation, deployment }: Trial, deadlineSeconds: number): string {
  const kept = usual
    .split(/\s+/)
    .filter((word) => word !== "" && !/^(root|imp\.(trial|trial-id|deadline))=/.test(word));
  const words = [`imp.trial=${generation}`, `imp.trial-id=${deployment}`, `imp.deadline=${deadlineSeconds}`];
  return [...kept, ...ownWords, ...words].join(" ");
}

/** What a boot environment has in /boot that is to be entered. */
export interface BootImage {
  readonly kernel: string;
  readonly initrd: string;
}

/**
 * The record for zfsbootmenu's hook (deploy/zfsbootmenu/), as properties of the dataset above the boot environments, in the order in which
 * they are written: the last one arms it.
 */
export function trialRecord(
  { environment }: Trial,
  { kernel, initrd }: BootImage,
  args: string,
  tries: number,
): readonly (readonly [property: string, value: string])[] {
  return [
    ["imp:trial-tries", String(tries)],
    ["imp:trial-kernel", kernel],
    ["imp:trial-initrd", initrd],
    ["imp:trial-args", args],
    ["imp:trial", environment],
  ];
}

/** I10 */
export const mostTrials = 2;
export const mostReboots = 4;
const dayMs = 86_400_000;

/**
 * Why no other trial boot may begin, in a sentence; undefined: one may. `trials`: how many this generation had here. `reboots`: wall clock of
 * the agent's reboots; one that lies ahead, as after a clock was set back, counts as well.
 */
export function whyNoTrial(trials: number, reboots: readonly number[], now: number): string | undefined {
  if (trials >= mostTrials) return `It was booted ${mostTrials} times for a trial, and did not prove itself.`;
  const recent = reboots.filter((at) => at > now - dayMs).length;
  if (recent >= mostReboots) return `The agent rebooted this box ${recent} times within 24 h.`;
  return undefined;
}
