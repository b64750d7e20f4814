/**
 * What Prometheus sees of the agent. Fed by listening to the loop, read by the HTTP server. A label's values come from
 * closed sets, but for those whose earlier series are removed with each document: the number of series is bounded.
 */
import { Registry } from "prom-client";
import { eventMetrics } from "./event-metrics.ts";
import type { Observer } from "./observer.ts";
import { processMetrics } from "./process-metrics.ts";
import { statusMetrics } from "./status-metrics.ts";

export interface Metrics {
  readonly observer: Required<Observer>;
  readonly registry: Registry;
}

/** A registry of its own with every metric of the agent, and the observer that fills it. */
export function agentMetrics(version: string): Metrics {
  const registry = new Registry();
  const status = statusMetrics(registry);
  const event = eventMetrics(registry);
  processMetrics(registry, version);
  return { registry, observer: { event, status } };
}
