/** Everything for monitoring, put together: what listens to the loop, and the pages that show it. Used by the agent's start. */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, type Problem } from "../../schemas/problem.ts";
import { limits, listen, type Listening } from "./http.ts";
import { agentMetrics } from "./metrics.ts";
import { observers, type Observer } from "./observer.ts";
import { pulse } from "./pulse.ts";
import type { Status } from "./status.ts";
import type { StatusKey } from "./tls.ts";

/** An address that is taken or not there yet is tried again after this. */
const retryMs = 30_000;

export interface Monitoring {
  /** To be told by the loop. */
  readonly observer: Required<Observer>;
  /** Resolves with the pages once they are served, undefined when the monitoring ended before. */
  readonly listening: Promise<Listening | undefined>;
  close(): Promise<void>;
}

/** Where the same pages are served over TLS, for other appliances, and how to get at the key. */
export interface SecurePages {
  readonly at: string;
  readonly key: (signal: AbortSignal) => Promise<StatusKey>;
}

/**
 * Begins to serve the pages at "<address>:<port>". Never fails the agent: what stands in the way is told to `complain`
 * once, and where waiting may help it is tried again.
 */
export function startMonitoring(
  at: string,
  version: string,
  host: Pick<Host, "uptime" | "sleep">,
  complain: (problem: Problem) => void,
  secure?: SecurePages,
): Monitoring {
  let latest: Status | undefined;
  const metrics = agentMetrics(version);
  const heart = pulse(() => host.uptime());
  const remember: Observer = { status: (status) => (latest = status) };
  const ending = new AbortController();
  const pages = {
    metrics: () => metrics.registry.metrics(),
    status: () => latest,
    late: () => latest?.frozen ?? heart.late(),
  };
  const serve = (attempt: () => Promise<Listening>) => keepTrying(attempt, host, complain, ending.signal);
  const listening = serve(() => listen(at, pages));
  const listeningTls = secure && serve(async () => listen(secure.at, pages, limits, await secure.key(ending.signal)));
  return {
    observer: observers([remember, metrics.observer, heart.observer], (fault) => complain(asProblem(fault))),
    listening,
    async close() {
      ending.abort();
      for (const one of [await listening, await listeningTls]) await one?.close();
    },
  };
}

async function keepTrying(
  attempt: () => Promise<Listening>,
  host: Pick<Host, "sleep">,
  complain: (problem: Problem) => void,
  signal: AbortSignal,
): Promise<Listening | undefined> {
  let told: string | undefined;
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.message !== told) complain(problem);
      told = problem.message;
      if (!problem.transient) return undefined;
    }
    if (!signal.aborted) await host.sleep(retryMs, signal).catch(() => undefined);
  }
  return undefined;
}
