/**
 * One run of the plane in a process of its own, as `impctl frr` is one: `plan` or `apply` a file, then what it took, as JSON.
 * The start of the process does not count.
 */
import { readFileSync } from "node:fs";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { freshScratches } from "../../reconcilers/frr/scratches.ts";
import { applyWhole, planWhole } from "../../reconcilers/frr/whole.ts";

const [verb = "plan", sockets = "", path = ""] = process.argv.slice(2);
const host = linuxHost(passingSecrets());
const signal = new AbortController().signal;
const file = { name: path, text: readFileSync(path, "utf8") };
const instance = { sockets, scratches: freshScratches("/run/imp-bench-scratch", host) };
// Part of the start of a program: only one that runs others reads it.
await import("execa");
const begin = performance.now();
const before = process.cpuUsage();
const plan = await planWhole(file, instance, host, signal);
const planned = performance.now() - begin;
const outcome = verb === "apply" ? await applyWhole(plan, instance, host, signal) : undefined;
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  JSON.stringify({
    cpuMs: (user + system) / 1000,
    planMs: planned,
    wallMs: performance.now() - begin,
    rssMiB: process.resourceUsage().maxRSS / 1024,
    steps: plan.steps.length,
    problems: plan.problems.map(String),
    outcome: outcome?.kind ?? "",
    why: outcome?.kind === "rolled-back" ? String(outcome.why) : "",
    notes: plan.notes,
  }),
);
