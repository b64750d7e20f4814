/**
 * The smallest plane that there is: live configuration is a set of lines, changed one at a time over a unix socket. Lets
 * the engine be tested without FRR. It outlives the agent, as FRR does. A line may begin with the impact that it has:
 * "restart vpp".
 */
import { impacts, type Connection, type Host, type Plan, type Reconciler, type Step } from "../../reconcilers/core.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { Problem } from "../../schemas/problem.ts";

const socket = "/run/lines.sock";

interface LineStep extends Step {
  readonly line: string;
}

export interface LinePlane {
  /** What is configured now. */
  readonly live: Set<string>;
  readonly reconciler: Reconciler<FrrDesired, readonly string[], LineStep>;
  /** Answers on the socket; a line for which `refuse` returns a problem is not taken. */
  serve(listen: (path: string, accept: () => Connection) => void): void;
  refuse: (line: string) => Problem | undefined;
  /** Told of each change just before it has an effect. */
  changing: (line: string) => void;
  /** How often it started anew. */
  restarts: number;
  /** How many changes were asked of it. */
  changes: number;
  /** It takes what it is told, and says nothing any more. */
  hangs: boolean;
  /** Lines that are accepted and have no effect. */
  readonly ignored: Set<string>;
}

/** A plane with these lines configured. */
export function linePlane(lines: readonly string[] = []): LinePlane {
  const live = new Set(lines);
  const ignored = new Set<string>();
  const plane: LinePlane = {
    live,
    ignored,
    refuse: () => undefined,
    restarts: 0,
    hangs: false,
    changes: 0,
    changing: () => undefined,
    serve: (listen) => listen(socket, () => connection(plane)),
    reconciler: {
      plane: "frr",
      observe: async (host, signal) => {
        const problem = await say(host, "?", signal);
        return problem.split("\n").filter((line) => line !== "");
      },
      plan: (desired, observed, owned) => planLines(desired, observed, owned),
      asDesired: (observed) => ({ config: observed.join("\n") }),
      census: ({ config }) => ({
        sessions: named(config, "neighbor"),
        interfaces: named(config, "interface"),
        lists: named(config, "prefix-list"),
      }),
      difference: (desired, live) => {
        const [wanted, found] = [desired, live].map(({ config }) => config.split("\n").filter((line) => line !== ""));
        return [
          ...(wanted ?? []).filter((line) => !found?.includes(line)).map((line) => `- ${line}`),
          ...(found ?? []).filter((line) => !wanted?.includes(line)).map((line) => `+ ${line}`),
        ];
      },
      incarnation: async (host) => `${host.bootId()}: ${plane.restarts}`,
      describe: (step) => `${step.kind} ${step.line}`,
      async *apply(steps, host, signal) {
        for (const step of steps) {
          await say(host, `${step.kind === "add" ? "+" : "-"}${step.line}`, signal);
          yield step;
        }
      },
    },
  };
  return plane;
}

function named(config: string, kind: string): readonly string[] {
  return config.split("\n").flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
}

function planLines(desired: FrrDesired, live: readonly string[], owned: readonly FrrDesired[]): Plan<LineStep> {
  const split = (config: string): string[] => config.split("\n").filter((line) => line !== "");
  const wanted = split(desired.config);
  const ours = new Set(owned.flatMap((one) => split(one.config)));
  const step = (kind: string, line: string): LineStep => ({
    id: `lines/${line}`,
    kind,
    line,
    impact:
      impacts.find((impact) => line.startsWith(`${impact} `)) ??
      (/neighbor|shutdown/.test(line) ? "session-reset" : "hitless"),
    needs: [],
    provides: [],
    releases: [],
  });
  const extra = live.filter((line) => !wanted.includes(line));
  return {
    steps: [
      ...wanted.filter((line) => !live.includes(line)).map((line) => step("add", line)),
      ...extra.filter((line) => ours.has(line)).map((line) => step("remove", line)),
    ],
    foreign: extra.filter((line) => !ours.has(line)).map((line) => ({ id: line, text: line })),
    problems: [],
    notes: [],
  };
}

/** One request, one answer. */
async function say(host: Host, request: string, signal: AbortSignal): Promise<string> {
  const connection = await host.connect(socket, signal);
  try {
    await connection.write(new TextEncoder().encode(`${request}\n`));
    const answer = new TextDecoder().decode(await connection.read(signal));
    if (answer.startsWith("%")) throw new Problem("FRR_REJECTED", answer.slice(2));
    return answer;
  } finally {
    connection.close();
  }
}

function connection(plane: LinePlane): Connection {
  let answer = "";
  let told = "";
  return {
    async write(bytes) {
      told += new TextDecoder().decode(bytes);
      if (!told.endsWith("\n")) return;
      const request = told.slice(0, -1);
      told = "";
      const line = request.slice(1);
      answer = "ok";
      if (request === "?") answer = [...plane.live].join("\n");
      else {
        plane.changes += 1;
        const refused = plane.refuse(line);
        if (refused?.transient === true) throw refused;
        if (refused) answer = `% ${refused.message}`;
        if (refused !== undefined || plane.ignored.has(line)) return;
        plane.changing(line);
        if (request.startsWith("+")) plane.live.add(line);
        else plane.live.delete(line);
      }
    },
    async read(signal) {
      if (plane.hangs) {
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("it hangs")), { once: true });
        });
      }
      return new TextEncoder().encode(answer);
    },
    close: () => undefined,
  };
}
