/** BIRD 2 (Debian's bird2) as an independent BGP speaker in a namespace of its own: the other end of the appliance's sessions. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Namespace } from "./netns.ts";

const program = "/usr/sbin/bird";

/** Why BIRD cannot run here, or undefined. */
export function whyNoBird(): string | undefined {
  return existsSync(program) ? undefined : "needs Debian's bird2";
}

export interface BirdSession {
  readonly name: string;
  readonly localAddress: string;
  readonly localAs: number;
  readonly peerAddress: string;
  readonly peerAs: number;
  readonly password?: string;
  /** Prefixes that BIRD announces on this session. */
  readonly announces: readonly string[];
  /** AS numbers behind its own in the paths of some of them. */
  readonly behind?: Readonly<Record<string, readonly number[]>>;
  /** Every route that is ever received on it is written down. */
  readonly isHeard?: boolean;
}

export interface Bird extends AsyncDisposable {
  /** `birdc show protocols all NAME`, as text. */
  protocol(name: string): Promise<string>;
  /** Shuts a session down with a Cease that says so, or lets it come up again. */
  disable(name: string): Promise<void>;
  enable(name: string): Promise<void>;
  /** `birdc show route all` of what was received on a session, as text. */
  routes(name: string): Promise<string>;
  /** Prefixes received on a session. */
  received(name: string): Promise<readonly string[]>;
  /** Every prefix in an UPDATE so far on a session that is heard, in order, also those that were withdrawn since. */
  heard(name: string): readonly string[];
}

function configuration(routerId: string, sessions: readonly BirdSession[], log: string): string {
  const protocols = sessions.map((s) => {
    const family = s.peerAddress.includes(":") ? "ipv6" : "ipv4";
    const routes = s.announces.map((prefix) => `  route ${prefix} blackhole;`).join("\n");
    const behind = Object.entries(s.behind ?? {}).map(([prefix, numbers]) => {
      const prepends = numbers.toReversed().map((one) => `bgp_path.prepend(${one});`);
      return `if net = ${prefix} then { ${prepends.join(" ")} }`;
    });
    const out = `filter { if source != RTS_STATIC then reject; ${behind.join(" ")} accept; }`;
    return `
${family} table t_${s.name};
protocol static s_${s.name} {
  ${family} { table t_${s.name}; };
${routes}
}
protocol bgp ${s.name} {
  local ${s.localAddress} as ${s.localAs};
  neighbor ${s.peerAddress} as ${s.peerAs};
  ${s.password === undefined ? "" : `password "${s.password}";`}
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ${family} { table t_${s.name}; import ${s.isHeard ? `filter { print "heard ${s.name} ", net; accept; }` : "all"}; export ${out}; };
}`;
  });
  const hearing = sessions.some((s) => s.isHeard) ? `log "${log}" { info };\n` : "";
  return `log stderr { warning, error, fatal, bug };\n${hearing}router id ${routerId};\nprotocol device {}\n${protocols.join("\n")}\n`;
}

/** Starts BIRD in the foreground in `namespace`; resolves once its control socket answers. */
export async function startBird(
  namespace: Namespace,
  routerId: string,
  sessions: readonly BirdSession[],
): Promise<Bird> {
  const folder = mkdtempSync(join(tmpdir(), "imp-bird-"));
  const socket = join(folder, "bird.ctl");
  const log = join(folder, "heard.log");
  writeFileSync(join(folder, "bird.conf"), configuration(routerId, sessions, log));
  const [command, ...argv] = namespace.inside(program, "-f", "-c", join(folder, "bird.conf"), "-s", socket);
  const child = spawn(command, argv, { stdio: ["ignore", "ignore", "ignore"] });
  const run = promisify(execFile);
  const ask = async (...query: string[]) =>
    (await run("birdc", ["-s", socket, ...query], { timeout: 30_000, maxBuffer: 1 << 26 })).stdout;
  const bird: Bird = {
    disable: async (name) => void (await ask("disable", name)),
    enable: async (name) => void (await ask("enable", name)),
    protocol: (name) => ask("show", "protocols", "all", name),
    routes: (name) => ask("show", "route", "table", `t_${name}`, "protocol", name, "all"),
    async received(name) {
      const text = await ask("show", "route", "table", `t_${name}`, "protocol", name);
      return [...text.matchAll(/^([0-9a-f.:]+\/\d+)/gm)].map((match) => match[1] ?? "");
    },
    heard(name) {
      const text = existsSync(log) ? readFileSync(log, "utf8") : "";
      return [...text.matchAll(/heard (\S+) (\S+)$/gm)].flatMap(([, who, prefix = ""]) => (who === name ? prefix : []));
    },
    async [Symbol.asyncDispose]() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await ask("show", "status");
      return bird;
    } catch (error) {
      if (tries > 50 || child.exitCode !== null) {
        await bird[Symbol.asyncDispose]();
        throw new Error("bird did not start", { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(timer);
}
