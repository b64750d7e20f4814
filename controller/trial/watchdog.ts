/**
 * Whether something outside of the kernel resets this box when a kernel hangs that was entered for a trial: a hardware watchdog, held by
 * systemd, that nobody stops on the way. Only what can be seen without being reset counts as verified; the rest is said.
 */
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

/** By kexec, or through firmware and loader. */
export type BootMethod = "kexec" | "firmware";

/** A watchdog of this box, as sysfs has it (Documentation/ABI/testing/sysfs-class-watchdog). */
export interface Watchdog {
  /** "watchdog0" */
  readonly name: string;
  /** "iTCO_wdt" */
  readonly identity: string;
  readonly timeoutSeconds: number;
  /** Once started it cannot be stopped. */
  readonly nowayout: boolean;
  /** Somebody has it open. */
  readonly isActive: boolean;
  /** A timer of the kernel itself: a kernel that hangs takes it along. */
  readonly isSoft: boolean;
}

export interface WatchdogFinding {
  readonly watchdog?: Watchdog;
  /** Sentences. */
  readonly verified: readonly string[];
  readonly unverified: readonly string[];
  /** Why it does not guard a trial, and what to do; left out: it does. */
  readonly lacks?: { readonly reason: string; readonly remedy: string };
}

const folder = "/sys/class/watchdog";
const askMs = 10_000;
const countMs = 3000;

/** All of them, by name. */
export async function readWatchdogs(host: Host): Promise<readonly Watchdog[]> {
  const found: Watchdog[] = [];
  for (const name of await host.readFolder(folder)) {
    const read = async (file: string) => (await textOf(host, `${folder}/${name}/${file}`)) ?? "";
    const identity = await read("identity");
    if (identity === "") continue;
    found.push({
      name,
      identity,
      timeoutSeconds: Number(await read("timeout")) || 0,
      nowayout: (await read("nowayout")) === "1",
      isActive: (await read("state")) === "active",
      isSoft: /^software watchdog/i.test(identity),
    });
  }
  return found;
}

/** The one that counts: outside of the kernel, and held by somebody where one is. */
export async function hardwareWatchdog(host: Host): Promise<Watchdog | undefined> {
  return chosen(await readWatchdogs(host));
}

function chosen(all: readonly Watchdog[]): Watchdog | undefined {
  const hard = all.filter(({ isSoft }) => !isSoft);
  return hard.find(({ isActive }) => isActive) ?? hard[0];
}

/** That it reset this box in a drill: watchdog-test.ts. */
export interface SeenReset {
  readonly identity: string;
  readonly method: BootMethod;
  /** Wall clock. */
  readonly at: number;
}

export interface Watched {
  readonly host: Host;
  readonly method: BootMethod;
  /** The last one that was seen. */
  readonly seen?: SeenReset;
}

/** Looks, without touching any. Rejects with HOST_COMMAND. */
export async function examineWatchdog({ host, method, seen }: Watched, signal: AbortSignal): Promise<WatchdogFinding> {
  const all = await readWatchdogs(host);
  const watchdog = chosen(all);
  if (!watchdog) return nothing(all);
  const { name, identity, isActive, timeoutSeconds } = watchdog;
  const lacks = (reason: string, remedy: string): WatchdogFinding => {
    return { watchdog, verified: [], unverified: [], lacks: { reason, remedy } };
  };
  const held = await heldBySystemd(host, signal);
  if (!isActive || held.runtime === 0) {
    return lacks(
      `${identity} is not held by systemd.`,
      "RuntimeWatchdogSec=3min in /etc/systemd/system.conf, and reboot.",
    );
  }
  const verified = [`systemd holds ${identity} (${timeoutSeconds} s).`];
  const unverified: string[] = [];
  const counts = await doesCount(host, name, signal);
  if (counts === false) return lacks(`${identity} does not count.`, "See its driver's messages: journalctl -k.");
  (counts ? verified : unverified).push(
    counts ? `${identity} counts.` : `${identity} does not tell whether it counts.`,
  );
  const wasSeen = seen?.identity === identity && seen.method === method;
  if (wasSeen) {
    verified.push(`${identity} reset this box in a drill on ${new Date(seen.at).toISOString().slice(0, 10)}.`);
  }
  if (method === "firmware") {
    // systemd hands it over when it ends.
    if (held.reboot === 0) {
      return lacks(
        `systemd stops ${identity} before it reboots.`,
        "RebootWatchdogSec=10min in /etc/systemd/system.conf, and reboot.",
      );
    }
    unverified.push("Whether it runs from the loader on: imp.watchdog on zfsbootmenu's command line.");
    return { watchdog, verified, unverified };
  }
  // systemd does not end before kexec, so that nobody but the kernel stops it then.
  const stops = await textOf(host, "/sys/module/watchdog/parameters/stop_on_reboot");
  if (stops !== "0") {
    const known = stops === "1" ? "The kernel stops" : "Nobody can tell whether the kernel stops";
    return lacks(
      `${known} ${identity} when it is left.`,
      "watchdog.stop_on_reboot=0 on the kernel's command line, and reboot.",
    );
  }
  verified.push("The kernel does not stop it when it is left (watchdog.stop_on_reboot=0).");
  unverified.push(
    `Whether the next kernel reaches its systemd in ${timeoutSeconds} s${wasSeen ? "" : ", and is reset when it hangs"}.`,
  );
  return { watchdog, verified, unverified };
}

function nothing(all: readonly Watchdog[]): WatchdogFinding {
  const [soft] = all;
  const reason = soft
    ? `This box has only ${soft.identity}, a timer of the kernel itself, which does not count.`
    : "This box has no hardware watchdog.";
  return { verified: [], unverified: [], lacks: { reason, remedy: "Load the driver of the one that it has." } };
}

/** What guards a trial, in sentences. Rejects with BOOT_ENVIRONMENT where nothing does, unless that is allowed. */
export async function mustBeWatched(
  where: Watched,
  allowUnwatched: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { verified, unverified, lacks } = await examineWatchdog(where, signal);
  if (!lacks) return [...verified, ...unverified];
  if (allowUnwatched) return [`${lacks.reason} The machine file allows that: a kernel that hangs waits for somebody.`];
  throw new Problem("BOOT_ENVIRONMENT", `${lacks.reason} A trial that hangs would wait for somebody.`, {
    remedy: `${lacks.remedy} Or policy.trial.allow-unwatched in the machine file.`,
  });
}

interface HeldBySystemd {
  readonly runtime: number;
  readonly reboot: number;
}

/** Seconds of its settings; 0: off. */
async function heldBySystemd(host: Host, signal: AbortSignal): Promise<HeldBySystemd> {
  const names = ["RuntimeWatchdogUSec", "RebootWatchdogUSec"];
  const argv = ["systemctl", "show", ...names.map((name) => `--property=${name}`)] as [string, ...string[]];
  const { stdout } = await host.run(argv, { timeoutMs: askMs, signal });
  const [runtime = 0, reboot = 0] = names.map((name) =>
    secondsIn(new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1] ?? ""),
  );
  return { runtime, reboot };
}

const unitSeconds: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 };

/** "1min 30s" as systemd prints it; "infinity" is off, as "0" is. */
function secondsIn(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|min|h|d)\b/g)];
  return parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (unitSeconds[unit] ?? 0), 0);
}

/** Whether what is left goes down while nobody feeds it; undefined: the driver does not tell. systemd feeds it at half its time. */
async function doesCount(host: Host, name: string, signal: AbortSignal): Promise<boolean | undefined> {
  const left = async () => Number((await textOf(host, `${folder}/${name}/timeleft`)) ?? Number.NaN);
  let before = await left();
  if (Number.isNaN(before)) return undefined;
  for (let looks = 0; looks < 3; looks += 1) {
    await host.sleep(countMs, signal);
    const after = await left();
    // Fed meanwhile: once more.
    if (after < before) return true;
    before = after;
  }
  return false;
}

async function textOf(host: Host, path: string): Promise<string | undefined> {
  return (await host.readFile(path).catch(() => undefined))?.trim();
}
