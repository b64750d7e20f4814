/** The few figures of the process that an alert needs, under their customary names. Read when scraped. */
import { Counter, Gauge, type Registry } from "prom-client";

export function processMetrics(registry: Registry, version: string): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  new Gauge({
    name: "imp_build_info",
    help: "Version of the agent; always 1.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  gauge("process_start_time_seconds", "Start of the agent since 1970.", () => startedAt);
  gauge("process_resident_memory_bytes", "Resident memory of the agent.", () => process.memoryUsage.rss());
  registry.registerMetric(
    new Counter({
      name: "process_cpu_seconds_total",
      help: "Processor time of the agent.",
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
}
