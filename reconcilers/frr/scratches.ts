/**
 * Scratch instances of FRR for who asks one question after another: the one of before is emptied, read back, and kept for
 * the next, so that only what differs is ever loaded.
 */
import type { Host } from "../core.ts";
import { applyFrr } from "./apply.ts";
import type { Daemon } from "./model.ts";
import { observeFrr } from "./observe.ts";
import { planFrr } from "./plan.ts";
import { openScratch, type Scratch, type ScratchOptions } from "./scratch.ts";

/** One to be asked, with empty configuration. */
export interface Lease {
  readonly sockets: string;
  /** Gives it back for the next; never rejects. */
  release(): Promise<void>;
  /** Ends it: what it took is not known. Never rejects. */
  close(): Promise<void>;
}

export interface Scratches {
  take(
    wanted: Pick<ScratchOptions, "daemons" | "profile">,
    signal: AbortSignal,
  ): Promise<Lease | { readonly why: string }>;
}

/** Each question has an instance of its own, which ends with it: for a program that asks once. `programs` as in ScratchOptions. */
export function freshScratches(folder: string, host: Host, programs?: string): Scratches {
  return {
    async take(wanted, signal) {
      const scratch = await openScratch(host, { folder, ...wanted, ...(programs && { programs }) }, signal);
      return "why" in scratch ? scratch : { ...scratch, release: () => scratch.close() };
    },
  };
}

interface Kept {
  readonly scratch: Scratch;
  readonly daemons: readonly Daemon[];
  readonly profile: string;
}

/** Emptying one that was given more takes longer than a new one. */
const mostLines = 2000;

/** One instance stays, with the daemons that were asked for; it ends with its folder's next user after this process. */
export function warmScratches(folder: string, host: Host): Scratches {
  let kept: Kept | undefined;
  return {
    async take(wanted, signal) {
      const found = kept;
      kept = undefined;
      // One that somebody ended is none.
      const isFit = found !== undefined && (await fits(found, wanted, host, signal).catch(() => false));
      signal.throwIfAborted();
      if (found && !isFit) await found.scratch.close();
      const scratch = found && isFit ? found.scratch : await openScratch(host, { folder, ...wanted }, signal);
      if ("why" in scratch) return scratch;
      const { profile } = wanted;
      const daemons = found && isFit ? found.daemons : wanted.daemons;
      return {
        ...scratch,
        release: async () => {
          const isEmpty = await emptied(scratch, host).catch(() => false);
          if (isEmpty && !kept) kept = { scratch, daemons, profile };
          else await scratch.close();
        },
      };
    },
  };
}

/** Whether it is what somebody wants, and still runs with nothing in it. */
async function fits(
  { scratch, daemons, profile }: Kept,
  wanted: Pick<ScratchOptions, "daemons" | "profile">,
  host: Host,
  signal: AbortSignal,
): Promise<boolean> {
  if (profile !== wanted.profile || !wanted.daemons.every((one) => daemons.includes(one))) return false;
  const { running, config } = await observeFrr(host, scratch.sockets, signal);
  return config === "" && wanted.daemons.every((one) => running.includes(one));
}

/** Takes back what it was given, and sees that nothing is left. */
async function emptied({ sockets }: Scratch, host: Host): Promise<boolean> {
  const signal = new AbortController().signal;
  const seen = await observeFrr(host, sockets, signal);
  if (seen.config === "") return true;
  if (seen.config.split("\n").length > mostLines) return false;
  const { steps } = planFrr({ config: "" }, seen, [seen]);
  for await (const _ of applyFrr(steps, host, sockets, signal));
  return (await observeFrr(host, sockets, signal)).config === "";
}
