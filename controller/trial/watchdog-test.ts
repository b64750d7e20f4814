/**
 * The end of a drill that is left to the hardware watchdog: systemd, which feeds it, is frozen, and what resets the box then is what is to
 * reset a kernel that hangs. All else runs on: where nothing comes of it systemd is let go, and the box is left by the usual reset, or
 * by the deadline of the trial, which needs no systemd. What came of it is seen where the box comes up.
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import type { Deployment } from "../machine.ts";
import { lastLine } from "../images/mounted.ts";
import { deadlineWord, panicOf } from "./harvest.ts";
import { crashesBefore } from "./kept.ts";
import { outside } from "./outside.ts";
import { hardwareWatchdog } from "./watchdog.ts";

/** On disk while the box waits to be reset; removed once it was waited for in vain, which a full disk allows. */
interface Waiting {
  readonly deployment: string;
  readonly identity: string;
  readonly seconds: number;
  /** What came of it, where the box was not reset. */
  readonly ended?: string;
  /** Of the watchdog nothing new is known then. */
  readonly isUntried?: true;
}

/** How long after its time a watchdog is waited for. */
const marginSeconds = 60;
/** systemd-run asks systemd of its unit when that has begun. */
const settleSeconds = 3;
const unitMs = 60_000;
const lookMs = 5000;

const onDisk = ({ state }: Pick<Appliance, "state">): string => `${state}/watchdog-test`;
/** Goes with the boot: how far it is, in a word. An agent that was killed meanwhile does not begin again. */
const inBoot = ({ runFolder }: Pick<Appliance, "runFolder">): string => `${runFolder}/watchdog-test`;

/** How long the watchdog of this box is waited for. Rejects with BOOT_ENVIRONMENT where there is none to wait for. */
export async function testSeconds(host: Host): Promise<number> {
  const watchdog = await hardwareWatchdog(host);
  if (watchdog?.isActive && watchdog.timeoutSeconds > 0) return watchdog.timeoutSeconds + marginSeconds;
  throw new Problem("BOOT_ENVIRONMENT", "No drill: this box has no hardware watchdog that somebody holds.", {
    remedy: "docs/trial-boot.md, The watchdog.",
  });
}

/** Whether it was begun in this boot; where nobody can tell it was: nothing is to be in the way of going back. */
export async function isWatchdogAsked(appliance: Pick<Appliance, "host" | "runFolder">): Promise<boolean> {
  return (await appliance.host.readFile(inBoot(appliance)).catch(() => "")) !== undefined;
}

/**
 * Stops the feeding of the watchdog, if there is the time for it before the deadline, and waits to be reset. Resolves where that did not
 * happen, or could not be tried; rejects only when the signal aborts. To be asked once a boot.
 */
export async function waitForWatchdog(
  appliance: Appliance,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const { host, listener } = appliance;
  const seconds = deployment.trial?.watchdogSeconds ?? 0;
  let waiting: Waiting = { deployment: deployment.id, identity: "The watchdog", seconds };
  try {
    const watchdog = await hardwareWatchdog(host);
    if (!watchdog?.isActive) throw untried("nobody holds one there");
    waiting = { ...waiting, identity: watchdog.identity };
    const left = Math.floor((deployment.deadline - host.uptime()) / 1000);
    if (left < settleSeconds + seconds)
      throw untried(`it takes ${seconds} s, and ${left} s are left until the deadline`);
    await host.writeFile(inBoot(appliance), "begun\n");
    await write(appliance, waiting);
    listener.event({ type: "alive", withinMs: 2 * (1000 * seconds + unitMs) });
    await unfed(appliance, seconds, signal);
    await conclude(appliance, { ...waiting, ended: `did not reset the box within ${seconds} s` });
  } catch (thrown) {
    signal.throwIfAborted();
    const ended = `was not tried: ${asProblem(thrown).message.replace(/\.$/, "")}`;
    await conclude(appliance, { ...waiting, ended, isUntried: true });
  }
}

/** What cannot be written down is at least not what the box would be reset in the middle of. */
async function conclude(appliance: Appliance, waiting: Waiting): Promise<void> {
  const { host, listener } = appliance;
  try {
    await write(appliance, waiting);
  } catch (thrown) {
    listener.complain(asProblem(thrown));
    await host.remove(onDisk(appliance)).catch((second: unknown) => listener.complain(asProblem(second)));
  }
}

async function write(appliance: Appliance, waiting: Waiting): Promise<void> {
  await appliance.host.writeFile(onDisk(appliance), `${JSON.stringify(waiting)}\n`, { mode: 0o600 });
}

function untried(why: string): Problem {
  return new Problem("BOOT_ENVIRONMENT", `${why}.`);
}

/** Nobody of a frozen control group runs until it is let go (Documentation/admin-guide/cgroup-v2.rst). */
const script = `freeze=/sys/fs/cgroup/init.scope/cgroup.freeze
trap 'exit 143' TERM INT HUP
trap 'echo 0 >$freeze' EXIT
sleep ${settleSeconds}
echo 1 >$freeze || exit 1
echo frozen >"$2"
sleep "$1"
rm -f "$3"
echo over >"$2"`;

/** Resolves once its time is over. systemd-run, which asks systemd, may end long before, or not well: what counts is how far the script is. */
async function unfed(appliance: Appliance, seconds: number, signal: AbortSignal): Promise<void> {
  const { host } = appliance;
  const settled = host.uptime() + 1000 * settleSeconds + lookMs;
  const until = settled + 1000 * seconds + unitMs;
  const argv = ["sh", "-c", script, "sh", String(seconds), inBoot(appliance), onDisk(appliance)] as const;
  const told = await outside(host, argv, {
    description: "IMP: wait for the hardware watchdog",
    properties: ["OOMScoreAdjust=-1000"],
    timeoutMs: until - host.uptime(),
    signal,
  }).catch((thrown: unknown) => {
    signal.throwIfAborted();
    return { stderr: asProblem(thrown).message };
  });
  for (;;) {
    const word = (await host.readFile(inBoot(appliance)))?.trim();
    if (word === "over" || (word === "frozen" && host.uptime() >= until)) return;
    if (word !== "frozen" && host.uptime() >= settled)
      throw untried(`systemd cannot be frozen: ${lastLine(told.stderr)}`);
    await host.sleep(lookMs, signal);
  }
}

/** Tells what came of it, remembers that, and forgets that it was waited for. Nothing to do after any other trial. */
export async function concludeWatchdogTest(
  appliance: Appliance,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const { host, memory, listener, progress } = appliance;
  const state = progress.state();
  if (deployment.trial?.watchdogSeconds === undefined || state.at !== "rolling-back") return;
  const tell = (text: string): void => listener.happened({ happened: "noted", text });
  if (state.failure.trigger !== "drill") return tell("The watchdog was not asked: the drill failed before its end.");
  const found = await read(appliance, deployment);
  const identity = found?.identity ?? "The watchdog";
  const why = found ? await whyNot(appliance, deployment, found, signal) : "was not seen to reset the box";
  if (why === undefined) {
    const watchdog = { identity, method: deployment.trial.method, at: host.now() };
    await memory.remember((ledger) => ({ ...ledger, watchdog }));
    tell(`${identity} reset the box once systemd did not feed it any more, as it is to where a kernel hangs.`);
  } else {
    // What was seen of it before does not count any more.
    if (!found?.isUntried) await memory.remember((ledger) => ({ ...ledger, watchdog: undefined }));
    const problem = new Problem("BOOT_ENVIRONMENT", `${identity} ${why}.`, {
      remedy: "docs/trial-boot.md, The watchdog.",
    });
    listener.complain(problem);
    tell(problem.message);
  }
  await host.remove(onDisk(appliance));
}

/** Why it was not the watchdog that reset the box; undefined: nothing speaks against it. */
async function whyNot(
  { host, state }: Appliance,
  deployment: Deployment,
  { ended }: Waiting,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (ended !== undefined) return ended;
  const other =
    (await deadlineWord(host, state, deployment)) ??
    (await panicOf(host, await crashesBefore(host, state, deployment), signal));
  return other === undefined ? undefined : `did not reset the box: ${other}`;
}

async function read(appliance: Appliance, { id }: Deployment): Promise<Waiting | undefined> {
  try {
    const waiting = JSON.parse((await appliance.host.readFile(onDisk(appliance))) ?? "") as Waiting;
    return waiting.deployment === id ? waiting : undefined;
  } catch {
    return undefined;
  }
}
