/**
 * The whole vocabulary of reconciling: what a plane is, what a plan is made of, and the one door to the outside.
 *
 *     desired ─┐
 *     observed ┼─ plan (pure) ─▶ Step[] ─ apply ─▶ observe again ─ plan again ─▶ must be empty
 *     owned   ─┘
 */
import type { Problem } from "../schemas/problem.ts";

/** How much a step can disturb traffic, from least to most. Policy decides which may run, and when. */
export type Impact = "hitless" | "flap" | "session-reset" | "restart" | "reboot";
export const impacts = ["hitless", "flap", "session-reset", "restart", "reboot"] as const satisfies readonly Impact[];

/** The worst of several, or undefined when there is nothing to do. */
export function worstImpact(steps: readonly { readonly impact: Impact }[]): Impact | undefined {
  const worst = Math.max(-1, ...steps.map((step) => impacts.indexOf(step.impact)));
  return impacts[worst];
}

export type PlaneName = "bootenv" | "system" | "vpp" | "frr" | "incus";

/** One change to the appliance, as plain data (JSON): the plan that holds it is journalled before any of it runs. */
export interface Step {
  /** Stable across re-plans, unique in a plan: "frr/router bgp 64500/neighbor 192.0.2.1". */
  readonly id: string;
  /** Imperative: "add", "remove", "set". */
  readonly kind: string;
  readonly impact: Impact;
  /** Resource keys ("tap:external.25", "daemon:bgpd") that must be there first. */
  readonly needs: readonly string[];
  /** Resource keys that are there after it. */
  readonly provides: readonly string[];
  /**
   * Resource keys that it lets go of: those who use one first, last the plane that has it. Because of them it may run before
   * steps of its plane that stand in front of it.
   */
  readonly releases: readonly string[];
  /** It renews what runs out with time, or does what a trial left to be done: nobody changed anything. */
  readonly renews?: true;
}

/** Something live that is not desired and was never ours: left alone, listed and counted. */
export interface Foreign {
  readonly id: string;
  /** One line that an operator recognises. */
  readonly text: string;
}

/** What one plane would do. No steps means in sync. Plain data but for its problems. */
export interface Plan<S extends Step = Step> {
  readonly steps: readonly S[];
  readonly foreign: readonly Foreign[];
  /** Why this plan must not be carried out; it is shown, and never armed, while there is one. */
  readonly problems: readonly Problem[];
  /** What the operator should know beside the steps ("takes effect at the next session"). */
  readonly notes: readonly string[];
  /**
   * What was observed of the resources that this plane has and others need, by kind: `{ tap: ["external"] }` is the key
   * "tap:external". Left out: it has none, or nobody can tell.
   */
  readonly there?: Readonly<Record<string, readonly string[]>>;
}

/** Names of things that are counted before many of them are removed. */
export interface Census {
  readonly sessions: readonly string[];
  readonly interfaces: readonly string[];
  readonly lists: readonly string[];
}

/** A desired state as the plane itself shows it. */
export interface Rehearsed<Desired> {
  readonly desired: Desired;
  /** What the plane would not take. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/**
 * One plane of the appliance. `plan` and `describe` are pure and total.
 *
 * Ownership is three-way. `owned` is what committed generations (and, when rolling back, the candidate) desired: what is
 * live, not desired and was owned is removed; what is live and was never owned is foreign and stays. undefined: nothing
 * was ever owned here.
 */
export interface Reconciler<Desired, Observed, S extends Step = Step> {
  readonly plane: PlaneName;
  /** What is really there, never what we last wrote. Rejects with a Problem. */
  observe(host: Host, signal: AbortSignal): Promise<Observed>;
  plan(desired: Desired, observed: Observed, owned: readonly Desired[]): Plan<S>;
  /**
   * Tries a desired state before it is planned, on a stand-in of the plane that nothing depends on; every state that `plan`
   * is given was tried before. As it is unless given.
   */
  rehearse?(desired: Desired, observed: Observed, host: Host, signal: AbortSignal): Promise<Rehearsed<Desired>>;
  /** What was observed, as a desired state: what to go back to while nothing was ever committed. */
  asDesired?(observed: Observed): Desired;
  /**
   * What to go back to from a candidate: what is committed, and whatever of somebody else's the candidate replaced as it was
   * `before`. What is committed alone unless given.
   */
  goingBack?(committed: Desired, candidate: Desired, before: Desired): Desired;
  /** Names what runs now: it changes when the plane started anew and may have lost what was configured. Rejects like observe. */
  incarnation?(host: Host, signal: AbortSignal): Promise<string>;
  /** What a desired state has of each kind of thing that nobody removes many of by intent: names, unique within a kind. */
  census?(desired: Desired): Census;
  /**
   * What differs between a desired state and a live one, for people and without secrets: "- …" only desired, "+ …" only
   * live, "? …" live and foreign, "  …" where they stand.
   */
  difference?(desired: Desired, live: Desired, owned: readonly Desired[]): readonly string[];
  /** One line for people, without secrets: "add neighbor 192.0.2.1 (upstream-a) remote-as 64496". */
  describe(step: S): string;
  /**
   * Carries out consecutive steps of this plane, in order, in as few round trips as it can; yields each step once it is
   * known to be done. Rejects with a Problem at the first step that is not; those yielded before stay done. No steps:
   * only lets go of what an apply that was interrupted may hold (FRR keeps new peers idle until its batch ends).
   */
  apply(steps: readonly S[], host: Host, signal: AbortSignal): AsyncIterable<S>;
}

/** The only door to the outside, a plain object of functions that need no `this`: implemented in controller/host/, and by the simulated appliance in tests. */
export interface Host {
  /** Wall clock, milliseconds since 1970: for people and maintenance windows, never for time limits. */
  now(): number;
  /** CLOCK_BOOTTIME in milliseconds: every time limit counts this. */
  uptime(): number;
  /** Names this boot: /proc/sys/kernel/random/boot_id. */
  bootId(): string;
  /** Rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;

  /** Runs a program to its end. A non-zero exit is a result, not a rejection; a missing program or a time-out rejects. */
  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult>;

  /** undefined when there is no such file. */
  readFile(path: string): Promise<string | undefined>;
  /** What stands at a path, without following a link; undefined: nothing. */
  attributes(path: string): Promise<Attributes | undefined>;
  /** Names in a folder, sorted; empty when there is none. */
  readFolder(path: string): Promise<readonly string[]>;
  /** Whole or not at all: temporary file, fsync, rename, fsync of the folder. Makes missing folders (0700 unless told otherwise). */
  writeFile(path: string, text: string, options?: WriteOptions): Promise<void>;
  /** Appends and fsyncs. */
  appendFile(path: string, text: string): Promise<void>;
  /** Points a symbolic link at `target` by rename, durable like writeFile. */
  writeLink(path: string, target: string): Promise<void>;
  /** Where a symbolic link points, or undefined. */
  readLink(path: string): Promise<string | undefined>;
  /** How much more may be written where `path` is or will be, in bytes. Rejects when that cannot be found out, or nothing may. */
  freeBytes(path: string): Promise<number>;
  /** Removes a file or a whole folder; nothing to do when there is none. */
  remove(path: string): Promise<void>;

  /** Connects to a unix stream socket. Rejects with a transient Problem when nobody listens. */
  connect(path: string, signal: AbortSignal): Promise<Connection>;
  /** Opens a TCP connection from the management namespace and closes it again. Rejects when that fails. */
  reach(address: string, port: number, signal: AbortSignal): Promise<void>;

  readonly secrets: Secrets;
}

/** Of what stands at a path. */
export interface Attributes {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permissions only: 0o644. */
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
}

export interface WriteOptions {
  readonly mode?: number;
  /** Of folders that are made for it. */
  readonly folderMode?: number;
  /** Whose it is to be: a user and a group, or those of the file that it replaces. Only root can give files away. */
  readonly owner?: { readonly uid: number; readonly gid: number } | "as-before";
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly input?: string;
  /** Path of a file that it reads instead of `input`. */
  readonly inputFile?: string;
  /** The same as it comes, no faster than the program takes it. When it rejects, the program's input ends, and so does this. */
  readonly inputPieces?: AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  /** A program that prints more is ended, and it rejects; 64 MiB unless given. */
  readonly maxBytes?: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An open unix stream socket. */
export interface Connection {
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes as they arrive; undefined once the other side closed. Rejects when the signal aborts. */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>;
  close(): void;
}

/**
 * Secrets never stand in desired or observed state: a sealed form `<secret:16 hex digits>` does, a keyed hash of the text
 * under a key that never leaves the box. Two equal texts seal alike, so plans compare sealed with sealed.
 */
export interface Secrets {
  seal(text: string): string;
  /** The text behind a sealed form that was resolved for this deployment, else undefined. */
  reveal(sealed: string): string | undefined;
}

/** Matches every sealed secret in a line. */
export const sealedSecret = /<secret:[0-9a-f]{16}>/g;
