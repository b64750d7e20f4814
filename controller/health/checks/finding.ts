/** What the checks have in common: what they find, and how those that ask outside of FRR do it. */
import type { Host } from "../../../reconcilers/core.ts";
import type { OpenInstance } from "../vpp-sight.ts";

/** What one look at one thing found. */
export interface Finding {
  /** undefined: it cannot be told; neither green nor red. */
  readonly ok: boolean | undefined;
  /** What was seen, to be read behind the check's name: "is Established". */
  readonly detail: string;
  /** What it counts, a second: judged by what it was before the change. */
  readonly rate?: number;
}

/** What a check needs that looks at one thing by itself. */
export interface Asking {
  readonly host: Host;
  /** The folder of FRR's vty sockets. */
  readonly sockets: string;
  /** Name of the dataplane's network namespace. */
  readonly dataplane: string;
  /** Incus's socket; left out where Incus is somebody else's. */
  readonly incus?: string;
  /** Left out where VPP is somebody else's. */
  readonly vpp?: OpenInstance;
  /** How long it may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

type Argv = readonly [string, ...string[]];

/** The program as it is run in a namespace. */
export function inside(asking: Asking, namespace: "management" | "dataplane", argv: Argv): Argv {
  return namespace === "dataplane" ? ["ip", "netns", "exec", asking.dataplane, ...argv] : argv;
}

/** The first line of what a program said, short. */
export function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").slice(0, 200);
}

/** "1 prefix", "7 prefixes" */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Whether a count is in bounds that may be open, and what is wrong otherwise. */
export function within(
  count: number,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
): string | undefined {
  if (min !== undefined && count < min) return `at least ${min} are wanted`;
  return max !== undefined && count > max ? `at most ${max} are wanted` : undefined;
}
