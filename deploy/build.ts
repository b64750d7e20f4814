/**
 * `npm run build`: bundles the product into one file, dist/impctl.cjs, and proves that the file works by running it.
 * With --smoke, only the proof.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { FetchJob } from "../controller/git/job.ts";
import { bundleInto } from "./bundle.ts";

const root = join(import.meta.dirname, "..");
const bundle = join(root, "dist", "impctl.cjs");

interface Check {
  readonly what: string;
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly output: RegExp;
}

const checks: readonly Check[] = [
  { what: "version", argv: ["version"], exitCode: 0, output: /^impctl \d+\.\d+\.\d+/ },
  { what: "help", argv: ["help", "version"], exitCode: 0, output: /Usage: impctl version/ },
  { what: "the example repository", argv: ["validate", join(root, "sites")], exitCode: 0, output: /appliances valid/ },
  { what: "a wrong command line", argv: ["frobnicate"], exitCode: 64, output: /unknown command/ },
];

/** Runs the bundle somewhere else, so that nothing of the checkout can be what makes it work. */
async function smoke(): Promise<boolean> {
  const elsewhere = mkdtempSync(join(tmpdir(), "impctl-smoke-"));
  try {
    const passed = checks.map((check) => passes(check, elsewhere));
    return [...passed, await fetchChildAnswers(elsewhere)].every(Boolean);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
}

function passes({ what, argv, exitCode, output }: Check, folder: string): boolean {
  const started = performance.now();
  const result = spawnSync(process.execPath, [bundle, ...argv], { cwd: folder, encoding: "utf8", timeout: 60_000 });
  const text = `${result.stdout}${result.stderr}`;
  const passed = result.status === exitCode && output.test(text);
  const took = `${Math.round(performance.now() - started)} ms`;
  console.log(`${passed ? "ok  " : "FAIL"} ${what} (${took})${passed ? "" : `: exit code ${result.status}\n${text}`}`);
  return passed;
}

/**
 * The agent's child that fetches, from the bundle: asked for a repository that nobody serves (port 9 is "discard"), it
 * has to answer that it cannot be reached. Its standard input stays open, since it ends with its parent's end.
 */
async function fetchChildAnswers(folder: string): Promise<boolean> {
  const url = "http://127.0.0.1:9/sites.git";
  const limits = { idleMs: 5000, maxBytes: 1024, depths: [1, 2], packs: 1, growth: 2 } as const;
  const remote = { kind: "http", url, label: url } as const;
  const job: FetchJob = {
    folder,
    remote,
    branch: "main",
    commit: "0".repeat(40),
    accepted: undefined,
    rewrite: false,
    give: { snapshot: true },
    wanted: [],
    limits,
  };
  const child = spawn(process.execPath, [bundle, "internal-fetch"], { cwd: folder, timeout: 30_000 });
  child.stdin.write(`${JSON.stringify(job)}\n`);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  const passed = /"code":"GIT_UNREACHABLE"/.test(text);
  console.log(`${passed ? "ok  " : "FAIL"} the child that fetches${passed ? "" : `:\n${text}`}`);
  return passed;
}

if (!process.argv.includes("--smoke")) await bundleInto(bundle, "#!/usr/bin/env node");
console.log(`dist/impctl.cjs: ${Math.round(statSync(bundle).size / 1024)} KiB`);
process.exitCode = (await smoke()) ? 0 : 1;
