/**
 * A simulated appliance in memory: files, clock, sockets, programs. It survives the agent: `start()` gives a Host to a new
 * agent on the same disk. Every durable effect is counted, and the process can be killed just before any of them.
 */
import { createHmac } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Connection, Host, RunOptions, RunResult, Secrets, WriteOptions } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

type Owner = Exclude<WriteOptions["owner"], "as-before">;
type Node = { readonly text: string; readonly mode: number; readonly owner?: Owner } | { readonly target: string };

export interface SimOptions {
  /** Wall clock at the start. */
  readonly now?: number;
  /** Something real is under way (a connection over loopback): time stands still meanwhile. */
  readonly isBusy?: () => boolean;
}

export interface StartOptions {
  /** Kill the process just before this durable effect, counted from 1 since `start`. */
  readonly killAt?: number;
}

export interface Sim {
  /** What stands on the disk, by absolute path. */
  readonly files: Map<string, Node>;
  /** Addresses ("192.0.2.1:443") that accept TCP connections. */
  readonly reachable: Set<string>;
  /** How many bytes more may be written anywhere. */
  freeBytes: number;
  /** A Host for a new process on this appliance; the one before, if any, is dead. */
  start(options?: StartOptions): Host;
  /** The durable effects of the process that runs now, in order: "write …", "append …", "rename …", "send …". */
  effects(): readonly string[];
  /** Whether the process that runs now was killed. */
  isKilled(): boolean;
  /** Ends the process that runs now at once: none of its calls returns any more. */
  kill(): void;
  /** Kills, and starts anew: another boot id, uptime from zero, nothing under /run. */
  reboot(): void;
  /** Answers on a unix socket; `undefined` closes it. */
  listen(path: string, accept: (() => Connection) | undefined): void;
  /** Answers programs: the first that returns something wins. */
  answer(program: (argv: readonly string[]) => RunResult | undefined): void;
  /** Lets something else than the agent's process act on this appliance when its time comes; it outlives the process. */
  attend(other: Attendant): void;
  /** Makes the next `times` calls of this kind on a path that contains `part` reject. */
  fail(operation: "write" | "append" | "connect" | "link", part: string, problem: Problem, times?: number): void;
  /** Makes every later call of this kind on such a path hang for ever, as a disk does that is gone. */
  stall(operation: "write" | "append" | "link", part: string): void;
  /** Lets everything run, and virtual time pass, until `claim` holds; throws after `limitMs` of virtual time. */
  until(claim: () => boolean, what: string, limitMs?: number): Promise<void>;
  /** Lets everything run for this much virtual time. */
  pass(ms: number): Promise<void>;
  setWallClock(now: number): void;
  now(): number;
  uptime(): number;
}

/** What acts by itself on the appliance, by uptime. */
export interface Attendant {
  /** When it acts next; undefined: it has nothing to wait for. */
  nextAt(): number | undefined;
  act(): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

interface Process {
  dead: boolean;
  readonly killAt: number | undefined;
  readonly effects: string[];
  readonly connections: Set<Connection>;
  readonly sleepers: Set<Sleeper>;
}

interface Fault {
  readonly operation: string;
  readonly part: string;
  readonly problem: Problem;
  left: number;
}

const never = new Promise<never>(() => undefined);

/** A new appliance with an empty disk. */
export function simHost(options: SimOptions = {}): Sim {
  const files = new Map<string, Node>();
  const reachable = new Set<string>();
  const sockets = new Map<string, () => Connection>();
  const programs: ((argv: readonly string[]) => RunResult | undefined)[] = [];
  const faults: Fault[] = [];
  const attendants: Attendant[] = [];
  const stalls: Pick<Fault, "operation" | "part">[] = [];
  let boot = 1;
  let uptime = 60_000;
  let epoch = (options.now ?? Date.UTC(2026, 0, 5, 12)) - uptime;
  let activity = 0;
  let process: Process | undefined;

  function kill(): void {
    if (!process || process.dead) return;
    process.dead = true;
    process.sleepers.clear();
    for (const connection of process.connections) connection.close();
    activity += 1;
  }

  function start({ killAt }: StartOptions = {}): Host {
    kill();
    const self: Process = { dead: false, killAt, effects: [], connections: new Set(), sleepers: new Set() };
    process = self;

    /** Counts one durable effect, or dies before it. */
    async function effect(name: string): Promise<void> {
      activity += 1;
      if (self.dead) await never;
      self.effects.push(name);
      if (self.effects.length === self.killAt) {
        kill();
        await never;
      }
    }
    async function alive<T>(result: () => T): Promise<T> {
      activity += 1;
      return self.dead ? never : result();
    }
    async function stalled(operation: Fault["operation"], path: string): Promise<void> {
      if (stalls.some((one) => one.operation === operation && path.includes(one.part))) await never;
    }
    function planned(operation: Fault["operation"], path: string): void {
      const fault = faults.find((f) => f.left > 0 && f.operation === operation && path.includes(f.part));
      if (!fault) return;
      fault.left -= 1;
      throw fault.problem;
    }
    function guarded(inner: Connection, path: string): Connection {
      const outer: Connection = {
        async write(bytes) {
          await effect(`send ${path}`);
          await inner.write(bytes);
        },
        async read(signal) {
          const bytes = await inner.read(signal);
          return alive(() => bytes);
        },
        close() {
          self.connections.delete(inner);
          inner.close();
        },
      };
      self.connections.add(inner);
      return outer;
    }

    return {
      now: () => epoch + uptime,
      uptime: () => uptime,
      bootId: () => `boot-${boot}`,
      async sleep(ms, signal) {
        if (self.dead) await never;
        signal.throwIfAborted();
        activity += 1;
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const sleeper = { at: uptime + ms, wake: resolve };
        const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
        signal.addEventListener("abort", abort, { once: true });
        self.sleepers.add(sleeper);
        try {
          await promise;
        } finally {
          self.sleepers.delete(sleeper);
          signal.removeEventListener("abort", abort);
        }
      },
      run: (argv, options) => alive(() => runProgram(programs, argv, options)),
      readFile: (path) =>
        alive(() => {
          const node = files.get(path);
          return node && "text" in node ? node.text : undefined;
        }),
      readFolder: (path) =>
        alive(() => {
          const names = [...files.keys()].filter((name) => name.startsWith(`${path}/`));
          return [...new Set(names.map((name) => name.slice(path.length + 1).split("/")[0] ?? ""))].sort();
        }),
      readLink: (path) =>
        alive(() => {
          const node = files.get(path);
          return node && "target" in node ? node.target : undefined;
        }),
      async writeFile(path, text, options) {
        await stalled("write", path);
        await alive(() => planned("write", path));
        const mode = options?.mode ?? 0o644;
        const old = files.get(path);
        const asBefore = old && "text" in old ? old.owner : undefined;
        const owner = options?.owner === "as-before" ? asBefore : options?.owner;
        const temporary = `${path.slice(0, path.lastIndexOf("/"))}/.temporary`;
        await effect(`write ${path}`);
        files.set(temporary, { text: text.slice(0, text.length / 2), mode });
        await effect(`fsync ${path}`);
        files.set(temporary, { text, mode });
        await effect(`rename ${path}`);
        files.delete(temporary);
        files.set(path, { text, mode, ...(owner && { owner }) });
        await effect(`fsync folder of ${path}`);
      },
      async appendFile(path, text) {
        await stalled("append", path);
        await alive(() => planned("append", path));
        const node = files.get(path);
        const before = node && "text" in node ? node.text : "";
        await effect(`append ${path}`);
        files.set(path, { text: before + text.slice(0, text.length / 2), mode: 0o600 });
        await effect(`append the rest to ${path}`);
        files.set(path, { text: before + text, mode: 0o600 });
        await effect(`fsync ${path}`);
      },
      async writeLink(path, target) {
        await stalled("link", path);
        await alive(() => planned("link", path));
        await effect(`link ${path}`);
        await effect(`rename ${path}`);
        files.set(path, { target });
        await effect(`fsync folder of ${path}`);
      },
      async remove(path) {
        for (const name of [...files.keys()].filter((name) => name === path || name.startsWith(`${path}/`))) {
          await effect(`remove ${name}`);
          files.delete(name);
        }
      },
      connect: (path, signal) =>
        alive(() => {
          signal.throwIfAborted();
          planned("connect", path);
          const accept = sockets.get(path);
          if (!accept) throw new Problem("HOST_COMMAND", `${path} does not answer.`, { transient: true });
          return guarded(accept(), path);
        }),
      freeBytes: () => alive(() => sim.freeBytes),
      reach: (address, port) =>
        alive(() => {
          if (reachable.has(`${address}:${port}`)) return;
          throw new Problem("HOST_COMMAND", `${address}:${port} does not answer.`, { transient: true });
        }),
      secrets: noSecrets,
    };
  }

  async function until(claim: () => boolean, what: string, limitMs = 3_600_000): Promise<void> {
    const end = uptime + limitMs;
    for (let quiet = 0; !claim();) {
      const before = activity;
      await turn();
      quiet = activity === before ? quiet + 1 : 0;
      if (quiet < 4 || options.isBusy?.()) continue;
      const acting = attendants.flatMap((one): Sleeper[] => {
        const at = one.nextAt();
        return at === undefined ? [] : [{ at, wake: () => one.act() }];
      });
      const next = [...acting, ...(process?.sleepers ?? [])].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) {
        throw new Error(`After ${limitMs / 1000} s still not: ${what}. Last: ${process?.effects.slice(-3).join("; ")}`);
      }
      quiet = 0;
      uptime = Math.max(uptime, next.at);
      process?.sleepers.delete(next);
      next.wake();
    }
  }

  const sim: Sim = {
    files,
    reachable,
    freeBytes: 2 ** 40,
    start,
    kill,
    until,
    effects: () => process?.effects ?? [],
    isKilled: () => process?.dead ?? false,
    reboot() {
      kill();
      boot += 1;
      epoch += uptime + 30_000;
      uptime = 30_000;
      for (const path of files.keys()) if (path.startsWith("/run/")) files.delete(path);
    },
    listen(path, accept) {
      if (accept) sockets.set(path, accept);
      else sockets.delete(path);
    },
    stall: (operation, part) => void stalls.push({ operation, part }),
    answer: (program) => void programs.push(program),
    attend: (other) => void attendants.push(other),
    fail: (operation, part, problem, times = 1) => void faults.push({ operation, part, problem, left: times }),
    async pass(ms) {
      const end = uptime + ms;
      let over = false;
      const waiting: Sleeper = { at: end, wake: () => (over = true) };
      process?.sleepers.add(waiting);
      await until(() => over, `${ms / 1000} s later`, ms);
    },
    setWallClock: (now) => void (epoch = now - uptime),
    now: () => epoch + uptime,
    uptime: () => uptime,
  };
  return sim;
}

function runProgram(
  programs: readonly ((argv: readonly string[]) => RunResult | undefined)[],
  argv: readonly [string, ...string[]],
  options: RunOptions,
): RunResult {
  options.signal.throwIfAborted();
  for (const program of programs) {
    const result = program(argv);
    if (result) return result;
  }
  throw new Problem("HOST_COMMAND", `${argv[0]} could not be run: no such program.`);
}

/** A box that resolved none; a test that needs secrets puts its own store here. */
const noSecrets: Secrets = {
  seal: (text) => `<secret:${createHmac("sha256", "simulated").update(text).digest("hex").slice(0, 16)}>`,
  reveal: () => undefined,
};
