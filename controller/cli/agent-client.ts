/** Asks the agent that runs on this box, through its control socket. */
import { request } from "node:http";
import { dirname } from "node:path";
import type { Command } from "commander";
import { Problem, reviveProblem } from "../../schemas/problem.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import { statusSocket } from "../report/control.ts";
import type { Terminal } from "./terminal.ts";

export interface AgentOptions {
  readonly socket: string;
  readonly json?: boolean;
}

/** Adds what every command that talks to the agent takes. */
export function agentOptions(command: Command, terminal: Terminal): Command {
  return command
    .option(
      "--socket <path>",
      "the agent's control socket (or IMPCTL_SOCKET)",
      terminal.environment["IMPCTL_SOCKET"] ?? "/run/imp/agent.sock",
    )
    .option("--json", "write JSON");
}

export interface Question {
  readonly method: "GET" | "POST";
  /** "/status" */
  readonly path: string;
  readonly body?: unknown;
  /** How long the agent may think. */
  readonly timeoutMs?: number;
}

/**
 * The agent's answer. Rejects with the Problem that it answered, or AGENT_UNREACHABLE. Who may not open the socket for
 * changes, and only wants to look, asks on the one beside it.
 */
export async function askAgent(socket: string, question: Question, signal: AbortSignal): Promise<unknown> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(question.timeoutMs ?? 30_000)]);
  const looking = statusSocket({ paths: { run: dirname(socket) } });
  const { status, text } = await exchange(socket, question, deadline)
    .catch(async (cause: unknown) => {
      if (codeOf(cause) !== "EACCES" || question.method !== "GET") throw cause;
      return exchange(looking, question, deadline);
    })
    .catch((cause: unknown) => {
      throw unreachable(socket, question, cause);
    });
  const answer = parse(text);
  if (status < 300) return answer;
  throw reported(answer) ?? new Problem("AGENT_UNREACHABLE", `The agent answered ${status} to ${question.path}.`);
}

async function exchange(
  socketPath: string,
  { method, path, body }: Question,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    asked.on("error", reject);
    asked.end(sent);
  });
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

function unreachable(socket: string, { method }: Question, cause: unknown): Problem {
  const code = codeOf(cause);
  if (code === "EACCES") {
    const only = method === "GET" ? " Members of the agent's operators-group may look: docs/operations.md." : "";
    return new Problem("AGENT_UNREACHABLE", `You may not talk to the agent (${socket}).`, {
      remedy: `Run the command as root.${only}`,
      cause,
    });
  }
  const why = code === "ENOENT" || code === "ECONNREFUSED" ? "No agent runs here" : "The agent did not answer in time";
  return new Problem("AGENT_UNREACHABLE", `${why} (${socket}).`, {
    remedy: 'Check "systemctl status imp-agent", or name its socket with --socket.',
    transient: true,
    cause,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first problem of an answer, as the agent's control socket reports one. */
function reported(answer: unknown): Problem | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const one: unknown =
    "problem" in answer ? answer.problem : "problems" in answer ? [answer.problems].flat()[0] : answer;
  if (typeof one !== "object" || one === null || !("code" in one) || !("message" in one)) return undefined;
  return reviveProblem(one as ProblemReport);
}
