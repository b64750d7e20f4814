/**
 * What systemd hears of the agent (Type=notify, docs/failsafe.md): that it is ready, what it does, that its loop makes
 * progress, that it ends. Node has no unix datagram sockets: systemd-notify speaks for it.
 */
import process from "node:process";
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { printable } from "../../schemas/printable.ts";
import type { Observer } from "./observer.ts";
import { pulse } from "./pulse.ts";
import type { Status } from "./status.ts";

/** Who started this process, and when it is to end. */
export interface Supervision {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ending: AbortSignal;
}

export interface Systemd {
  /** To be told by the loop; it is ready once it is told anything. */
  readonly observer: Observer;
  /** Resolves when systemd knows that the process ends, if it does: a change of settings only ends the agent in it. */
  close(): Promise<void>;
}

const notifyLimitMs = 5000;
const statusLength = 200;

/** Begins to tell. Where systemd did not ask for it (NOTIFY_SOCKET) nothing is told. What fails is told to `complain`, once. */
export function tellSystemd(
  host: Pick<Host, "run" | "sleep" | "uptime">,
  { environment, ending }: Supervision,
  complain: (problem: Problem) => void,
): Systemd {
  if (!environment["NOTIFY_SOCKET"]) return { observer: {}, close: async () => undefined };
  const heart = pulse(() => host.uptime());
  const closing = new AbortController();
  const complaints = new Set<string>();
  let [isReady, shown] = [false, ""];
  let last: Promise<void> = Promise.resolve();

  function once(problem: Problem): void {
    if (!complaints.has(problem.message)) complain(problem);
    complaints.add(problem.message);
  }
  async function notify(...words: readonly string[]): Promise<void> {
    try {
      const { signal } = new AbortController();
      const { exitCode, stderr } = await host.run(["systemd-notify", ...words], { timeoutMs: notifyLimitMs, signal });
      if (exitCode !== 0) throw new Problem("HOST_COMMAND", `systemd-notify failed: ${printable(stderr)}`);
    } catch (thrown) {
      once(asProblem(thrown));
    }
  }
  /** One after the other, so that the last word is the newest. */
  function tell(...words: readonly string[]): void {
    last = last.then(() => notify(...words));
  }
  function ready(): void {
    if (!isReady) tell("READY=1");
    isReady = true;
  }
  async function feed(everyMs: number): Promise<void> {
    while (!closing.signal.aborted) {
      if (heart.late() === undefined) tell("WATCHDOG=1");
      else once(new Problem("INTERNAL", "The loop hangs. systemd ends this process unless it goes on."));
      await host.sleep(everyMs, closing.signal).catch(() => undefined);
    }
  }

  const watchdogMs = watchdog(environment);
  if (watchdogMs !== undefined) void feed(watchdogMs / 3);
  return {
    observer: {
      status(status) {
        ready();
        const text = printable(statusLine(status)).slice(0, statusLength);
        if (text !== shown) tell(`STATUS=${text}`);
        shown = text;
      },
      event(event) {
        heart.observer.event?.(event);
        if (event.type === "alive") ready();
      },
    },
    async close() {
      closing.abort();
      if (ending.aborted) tell("STOPPING=1");
      await last;
    },
  };
}

/** In what time systemd wants to hear of this process again, in milliseconds. */
function watchdog({ WATCHDOG_USEC: time, WATCHDOG_PID: pid }: Supervision["environment"]): number | undefined {
  if (time === undefined || (pid !== undefined && pid !== `${process.pid}`)) return undefined;
  const ms = Number(time) / 1000;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function statusLine({ frozen, state, reason, inSync, committed }: Status): string {
  if (frozen !== undefined) return `Frozen: ${frozen}`;
  const running = committed ? `generation ${committed.generation.slice(0, 12)}` : "nothing committed yet";
  return `${state}${inSync ? ", in sync" : ""}, ${running}${reason === undefined ? "" : `: ${reason}`}`;
}
