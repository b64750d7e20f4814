/** docs/metrics.md: every metric of the agent, from its own registry. */
import { agentMetrics } from "../controller/report/metrics.ts";

/** The page as Markdown. */
export async function metricsPage(): Promise<string> {
  const { registry } = agentMetrics("");
  const rows = (await registry.getMetricsAsJSON()).map(({ name, help, type }) => {
    // prom-client keeps the names of labels, and shows them only by values.
    const { labelNames = [] } = registry.getSingleMetric(name) as { readonly labelNames?: readonly string[] };
    return `| \`${name}\` | ${String(type)} | ${labelNames.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
  });
  return [before, "| Metric | Type | Labels | Meaning |", "|---|---|---|---|", ...rows, after].join("\n");
}

const before = `# Metrics, health and status

The agent answers on \`listen\` (\`127.0.0.1:9709\` unless its settings say otherwise), read-only:

| Path | Answer |
|---|---|
| \`/metrics\` | the metrics below, for Prometheus |
| \`/healthz\` | 200 while the loop makes progress and the journal can be read, else 503 and why |
| \`/status\` | the status document as JSON, as \`impctl status --json\` shows it |

\`deploy/prometheus/\` has a scrape job, alert rules and their test (\`promtool test rules *.test.yaml\`). What to do about
each alert: [alerts.md](alerts.md). This page is generated: \`npm run generate\`.

## The metrics
`;

const after = `
- A label never holds free text. Reasons and triggers are the codes of [reasons.md](reasons.md). Only the two \`…_info\` metrics
  carry commits and generations, and only the newest of each; only \`imp_health_check\` carries names from the machine file,
  of at most 1000 checks and only of what is committed. So the number of series does not grow with time.
- Time stamps are seconds since 1970; 0 means never, or none.
- \`imp_in_sync\` is 1 only when every section of the machine file is carried out by some plane: on a box with
  \`imp_not_managed_sections\` above 0 it stays 0.
- \`imp_drift_objects\` is measured against the *committed* generation, so it is not 0 while a deployment runs: alert on it
  together with \`imp_phase{phase="idle"}\`.
- \`imp_deployments_total\` counts each deployment once, when it is committed or rolled back. \`imp_rollbacks_total\` counts one
  for each plane that it touched; \`sum without (plane)\` is no number of deployments.
- Counters begin anew with the agent. What happened while it was dead stands in \`imp_last_rollback_timestamp_seconds\`.
- \`imp_time_to_rollback_seconds\` is from the failure, or the start after a crash, until what is committed was read back.
- \`imp_git_polls_total\` counts by outcome: \`unchanged\`, \`fetched\`, or the code of the problem (see problems.md).
`;
