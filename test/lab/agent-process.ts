/** A real agent as a process of its own, with all its state below one folder: for the demo, the benchmarks and whole-agent tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { askAgent } from "../../controller/cli/agent-client.ts";
import type { Status } from "../../controller/report/status.ts";
import { withoutGateway } from "./no-gateway.ts";

export interface AgentProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The control socket, for `--socket`. */
  readonly socket: string;
  /** The status document, or undefined while nobody answers. */
  status(): Promise<Status | undefined>;
  /** Resolves with the status once `holds`; throws after `seconds`, or when the agent ends. */
  until(what: string, holds: (status: Status) => boolean, seconds: number): Promise<Status>;
}

export interface AgentProcessOptions {
  /** Everything of the agent goes here; a second start with the same folder continues where the first ended. */
  readonly folder: string;
  readonly machine: string;
  readonly remote: string;
  /** Folder of FRR's vty sockets. */
  readonly frrSockets: string;
  /** What FRR reads at its start; in the agent's own folder unless given. */
  readonly frrConfig?: string;
  readonly pollSeconds?: number;
  /** The section "failsafe" of agent.yaml; off unless given. */
  readonly failsafe?: string;
  /** Whether it writes files below /etc and starts units; off unless given. */
  readonly system?: "apply" | "off";
  /** Where VPP's sockets are; VPP is somebody else's unless given. */
  readonly vpp?: string;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** More of agent.yaml: whole sections. */
  readonly settings?: string;
  /** The program: [main.ts] unless given, so that the bundle can be tried as well. */
  readonly program?: string;
  /** Where it runs: its argv, inside a network namespace. Its pages are not seen from here then, only its sockets. */
  readonly inside?: (...argv: string[]) => [string, ...string[]];
  /** Each line that it writes. Silent unless given. */
  readonly line?: (text: string) => void;
}

let started = 0;

export function startAgent(options: AgentProcessOptions): AgentProcess {
  const { folder, line } = options;
  started += 1;
  const port = 20_000 + ((process.pid * 7 + started) % 20_000);
  const state = join(folder, "persistent");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const settings = join(state, "agent.yaml");
  writeFileSync(
    settings,
    `machine: ${options.machine}
repository:
  remotes:
    - url: ${options.remote}
  poll-seconds: ${options.pollSeconds ?? 1}
listen: 127.0.0.1:${port}
failsafe: ${options.failsafe ?? "{ mode: off }"}
system: { mode: ${options.system ?? "off"} }
vpp: { mode: ${options.vpp === undefined ? "off" : "apply"} }
secrets:
  age-key: ${state}/age.key
  folder: ${state}/secrets
  seal-key: ${state}/seal.key
paths:
  state: ${state}
  cache: ${folder}/cache
  run: ${folder}/run
  frr-sockets: ${options.frrSockets}
  frr-config: ${options.frrConfig ?? `${folder}/frr.conf`}
  vpp-sockets: ${options.vpp ?? "/run/vpp"}
${options.settings ?? ""}`,
    { mode: 0o600 },
  );
  const program = options.program ?? join(import.meta.dirname, "../../controller/main.ts");
  const inside = options.inside ?? ((first: string, ...rest: string[]): [string, ...string[]] => [first, ...rest]);
  const [command, ...argv] = inside(process.execPath, program, "agent", "--settings", settings, "--log", "text");
  const socket = `${folder}/run/agent.sock`;
  const path = options.env?.["PATH"] ?? process.env["PATH"];
  const child = spawn(command, argv, {
    stdio: ["ignore", line ? "pipe" : "ignore", line ? "pipe" : "ignore"],
    env: { ...process.env, ...options.env, ...(!options.inside && { PATH: `${withoutGateway(folder)}:${path}` }) },
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream && line) createInterface({ input: stream }).on("line", line);
  }
  const agent: AgentProcess = {
    child,
    socket,
    async status() {
      try {
        if (options.inside) {
          const question = { method: "GET", path: "/status" } as const;
          return (await askAgent(socket, question, AbortSignal.timeout(2_000))) as Status;
        }
        const answer = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(2_000) });
        return (await answer.json()) as Status;
      } catch {
        return undefined;
      }
    },
    async until(what, holds, seconds) {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        const now = await agent.status();
        if (now !== undefined && holds(now)) return now;
        if (child.exitCode !== null) throw new Error(`the agent ended while waiting for: ${what}`);
        if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}; status: ${JSON.stringify(now)}`);
        await delay(100);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
  return agent;
}
