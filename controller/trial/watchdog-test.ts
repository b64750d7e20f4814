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
import { deadlineWord } from "./harvest.ts";
import { outside } from "./outside.ts";
import { hardwareWatchdog } from "./watchdog.ts";

/** What is written down while the box waits to be reset. */
interface Waiting {
  readonly deployment: string;
  readonly identity: string;
  readonly seconds: number;
  /** Why it was not reset. */
  readonly ended?: string;
}

/** How long after its time a watchdog is waited for. */
const marginSeconds = 60;
const unitMs = 60_000;

function pathOf(state: string): string {
  return `${state}/watchdog-test`;
}

/** How long the watchdog of this box is waited for. Rejects with BOOT_ENVIRONMENT where there is none to wait for. */
export async function testSeconds(host: Host): Promise<number> {
  const watchdog = await hardwareWatchdog(host);
  if (watchdog?.isActive && watchdog.timeoutSeconds > 0) return watchdog.timeoutSeconds + marginSeconds;
  throw new Problem("BOOT_ENVIRONMENT", "No drill: this box has no hardware watchdog that somebody holds.", {
    remedy: "docs/trial-boot.md, The watchdog.",
  });
}

/**
 * Stops the feeding of the watchdog, if there is the time for it before the deadline, and waits to be reset. Resolves where that did not
 * happen, or could not be tried; rejects only when the signal aborts.
 */
export async function waitForWatchdog(
  { host, state, listener }: Pick<Appliance, "host" | "state" | "listener">,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const { id } = deployment;
  const write = (text: Omit<Waiting, "deployment">): Promise<void> =>
    host.writeFile(pathOf(state), `${JSON.stringify({ deployment: id, ...text })}\n`, { mode: 0o600 });
  const seconds = deployment.trial?.watchdogSeconds ?? 0;
  let waiting = { identity: "The watchdog", seconds };
  try {
    const watchdog = await hardwareWatchdog(host);
    if (!watchdog?.isActive) throw untried("nobody holds one there");
    waiting = { identity: watchdog.identity, seconds };
    const left = Math.floor((deployment.deadline - host.uptime()) / 1000);
    if (left < seconds) throw untried(`it takes ${seconds} s, and ${left} s are left until the deadline`);
    await write(waiting);
    listener.event({ type: "alive", withinMs: 2 * (1000 * seconds + unitMs) });
    const { exitCode, stderr } = await unfed(host, seconds, signal);
    if (exitCode !== 0) throw untried(`systemd cannot be frozen: ${lastLine(stderr)}`);
    await write({ ...waiting, ended: `did not reset the box within ${seconds} s` });
  } catch (thrown) {
    signal.throwIfAborted();
    const ended = `was not tried: ${asProblem(thrown).message.replace(/\.$/, "")}`;
    await write({ ...waiting, ended }).catch((second: unknown) => listener.complain(asProblem(second)));
  }
}

function untried(why: string): Problem {
  return new Problem("BOOT_ENVIRONMENT", `${why}.`);
}

/** A frozen control group is let go by whoever froze it; until then nobody of it runs (Documentation/admin-guide/cgroup-v2.rst). */
const script = `freeze=/sys/fs/cgroup/init.scope/cgroup.freeze
trap 'echo 0 >$freeze' EXIT
echo 1 >$freeze && sleep "$1"`;

function unfed(host: Host, seconds: number, signal: AbortSignal) {
  const description = "IMP: wait for the hardware watchdog";
  const timeoutMs = 1000 * seconds + unitMs;
  return outside(host, ["sh", "-c", script, "sh", String(seconds)], { description, timeoutMs, signal });
}

/** Tells what came of it, remembers that, and forgets that it was waited for. Nothing to do after any other trial. */
export async function concludeWatchdogTest(appliance: Appliance, deployment: Deployment): Promise<void> {
  const { host, state, memory, listener } = appliance;
  if (deployment.trial?.watchdogSeconds === undefined) return;
  const found = await read(host, state, deployment);
  if (!found) return;
  const { identity } = found;
  const deadline = await deadlineWord(host, state, deployment);
  const ended = found.ended ?? (deadline && `did not reset the box: ${deadline}`);
  const tried = { identity, method: deployment.trial.method, at: host.now() };
  // What was seen of it before does not count any more where it fails.
  const fails = ended?.startsWith("did not") === true;
  if (ended === undefined || fails)
    await memory.remember((ledger) => ({ ...ledger, watchdog: ended === undefined ? tried : undefined }));
  if (ended === undefined) {
    const text = `${identity} reset the box once systemd did not feed it any more, as it is to where a kernel hangs.`;
    listener.happened({ happened: "noted", text });
  } else {
    const text = `${identity} ${ended}.`;
    listener.complain(new Problem("BOOT_ENVIRONMENT", text, { remedy: "docs/trial-boot.md, The watchdog." }));
    listener.happened({ happened: "noted", text });
  }
  await host.remove(pathOf(state));
}

async function read(host: Host, state: string, { id }: Deployment): Promise<Waiting | undefined> {
  try {
    const waiting = JSON.parse((await host.readFile(pathOf(state))) ?? "") as Waiting;
    return waiting.deployment === id ? waiting : undefined;
  } catch {
    return undefined;
  }
}
