/**
 * The two ways into a boot environment for one boot, without touching `bootfs`: kexec from what runs, or the record that
 * zfsbootmenu's hook reads after a reset (deploy/zfsbootmenu/).
 */
import { trialRecord, type Trial } from "../../reconcilers/bootenv/trial.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { lastLine } from "../images/mounted.ts";
import type { BootMethod } from "../machine.ts";
import { loadKernel, unloadKernel, type BootChoice } from "./kernel-check.ts";
import { outside } from "./outside.ts";

export interface Entry {
  readonly method: BootMethod;
  readonly trial: Trial;
  /** "tank/ROOT/imp-v1.3.0" */
  readonly dataset: string;
  /** What people call it. */
  readonly name: string;
  readonly choice: BootChoice;
  /** The kernel command line, without root=. */
  readonly args: string;
  /** Where the dataset is mounted to read its kernel. */
  readonly folder: string;
}

const limitMs = 60_000;
/** A box that was told to go down and is still here after this long does not do it. */
const downMs = 300_000;

/** Lets the next boot, or kexec, be the trial. Rejects with a Problem. */
export async function load(host: Host, entry: Entry, signal: AbortSignal): Promise<void> {
  const { method, dataset, name, folder, choice, args, trial } = entry;
  if (method === "kexec") return loadKernel(host, { dataset, name, folder }, choice, args, signal);
  await unload(host, entry, signal);
  // The hook builds root= itself.
  for (const [property, value] of trialRecord(trial, choice, args, 1))
    await zfs(host, ["set", `${property}=${value}`, rootOf(dataset)], signal);
}

/** Takes it back: no boot is the trial any more. Nothing to do where nothing was loaded. Rejects with a Problem. */
export async function unload(
  host: Host,
  { method, dataset }: Pick<Entry, "method" | "dataset">,
  signal: AbortSignal,
): Promise<void> {
  if (method === "kexec") return unloadKernel(host, signal);
  // The one that arms it first.
  for (const property of ["trial", "trial-tries", "trial-kernel", "trial-initrd", "trial-args"])
    await zfs(host, ["inherit", `imp:${property}`, rootOf(dataset)], signal);
}

/** Enters what was loaded. Resolves never: rejects with a Problem where the box does not go down. */
export async function enter(host: Host, { method, name }: Entry, signal: AbortSignal): Promise<never> {
  if (method === "firmware") {
    await done(host, ["systemctl", "reboot"], signal);
    return neverWent(host, signal);
  }
  const description = `IMP: enter the kernel of ${name}`;
  const { exitCode, stderr } = await outside(host, ["kexec", "-e"], { description, timeoutMs: limitMs, signal });
  if (exitCode === 0) return neverWent(host, signal);
  throw new Problem("BOOT_ENVIRONMENT", `The kernel of ${name} cannot be entered: ${lastLine(stderr)}.`, {
    remedy: "policy.trial.boot-method: firmware enters trials through zfsbootmenu instead.",
  });
}

/** Resets the box, whatever hangs: what `bootfs` names comes up. Resolves never. */
export async function reset(host: Host, signal: AbortSignal): Promise<never> {
  try {
    await done(host, ["systemctl", "reboot"], signal);
    await host.sleep(downMs / 5, signal);
  } catch {
    signal.throwIfAborted();
  }
  await done(host, ["systemctl", "reboot", "--force", "--force"], signal);
  return neverWent(host, signal);
}

async function neverWent(host: Host, signal: AbortSignal): Promise<never> {
  await host.sleep(downMs, signal);
  throw new Problem("HOST_COMMAND", `The box was told to go down, and is still here after ${downMs / 1000} s.`, {
    remedy: "systemctl list-jobs says what it waits for.",
  });
}

async function done(host: Host, argv: readonly [string, ...string[]], signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await host.run(argv, { timeoutMs: limitMs, signal });
  if (exitCode === 0) return;
  throw new Problem("HOST_COMMAND", `${argv.join(" ")}: ${lastLine(stderr) || `exit code ${exitCode}`}`, {
    remedy: "systemctl list-jobs says what it waits for.",
  });
}

function rootOf(dataset: string): string {
  return dataset.slice(0, dataset.lastIndexOf("/"));
}
