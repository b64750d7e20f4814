/**
 * A simulated appliance in memory: files, clock, sockets, programs. It survives the agent: `start()` gives a Host to a new
 * agent on the same disk. Every durable effect and every call to the outside is counted, and the process can be killed
 * before, in the middle of, or right after any of them.
 */
import { createHmac } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Connection, Host, RunOptions, RunResult, Secrets } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { simDisk, type Node } from "./disk.ts";

export interface SimOptions {
  /** Wall clock at the start. */
  readonly now?: number;
  /** Goes on from here instead of from an empty disk. */
  readonly from?: Standing;
  /** Something real is under way (a connection over loopback): time stands still meanwhile. */
  readonly isBusy?: () => boolean;
}

/** How an appliance stands while no process runs on it: its disk and its clocks. */
export interface Standing {
  readonly files: ReadonlyMap<string, Node>;
  readonly boot: number;
  readonly uptime: number;
  readonly epoch: number;
}

export interface StartOptions {
  /** Kill the process at this effect, counted from 1 since `start`. */
  readonly killAt?: number;
  readonly moment?: Moment;
}

/** When at an effect: just before it; when half of what it sends got through; as soon as it is done, told nobody yet. */
export type Moment = "before" | "half" | "after";

export interface Sim {
  /** What stands on the disk, by absolute path. */
  readonly files: Map<string, Node>;
  /** Addresses ("192.0.2.1:443") that accept TCP connections. */
  readonly reachable: Set<string>;
  /** How many bytes more may be written anywhere. */
  freeBytes: number | Problem;
  /** A Host for a new process on this appliance; the one before, if any, is dead. */
  start(options?: StartOptions): Host;
  /**
   * The durable effects of the process that runs now and its calls to the outside, in order: "write …", "append …",
   * "rename …", "connect …", "send …", "run …", "reach …".
   */
  effects(): readonly string[];
  /** Whether the process that runs now was killed. */
  isKilled(): boolean;
  /** Ends the process that runs now at once: none of its calls returns any more. */
  kill(): void;
  /** Kills, and starts anew: another boot id, uptime from zero, nothing under /run. A power cut `loses` what was not synced. */
  reboot(options?: { readonly loses?: "unsynced" }): void;
  /** Answers on a unix socket; `undefined` closes it. */
  listen(path: string, accept: (() => Connection) | undefined): void;
  /** Answers programs: the first that returns something wins. */
  answer(program: (argv: readonly string[]) => RunResult | undefined): void;
  /** How long a program runs before it answers, in milliseconds. */
  takes: (argv: readonly string[]) => number;
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
  /** For another appliance to go on from. */
  standing(): Standing;
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
  readonly moment: Moment;
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

/** A new appliance with an empty disk. */
export function simHost(options: SimOptions = {}): Sim {
  const disk = simDisk(options.from?.files);
  const { files } = disk;
  const reachable = new Set<string>();
  const sockets = new Map<string, () => Connection>();
  const programs: ((argv: readonly string[]) => RunResult | undefined)[] = [];
  const faults: Fault[] = [];
  const attendants: Attendant[] = [];
  const stalls: Pick<Fault, "operation" | "part">[] = [];
  let { boot, uptime, epoch } = options.from ?? {
    boot: 1,
    uptime: 60_000,
    epoch: (options.now ?? Date.UTC(2026, 0, 5, 12)) - 60_000,
  };
  let activity = 0;
  let process: Process | undefined;

  function kill(): void {
    if (!process || process.dead) return;
    process.dead = true;
    process.sleepers.clear();
    for (const connection of process.connections) connection.close();
    activity += 1;
  }

  function start({ killAt, moment = "before" }: StartOptions = {}): Host {
    kill();
    // The kernel had time to write back what the one before left.
    disk.sync();
    const self: Process = { dead: false, killAt, moment, effects: [], connections: new Set(), sleepers: new Set() };
    process = self;
    // Each has its own: what waits for it for ever goes with the appliance.
    const never = new Promise<never>(() => undefined);

    /** Counts an effect and has it, or dies there; `half` is what else may have got through then. */
    async function effect<T>(name: string, have: () => T | Promise<T>, half?: () => void | Promise<void>): Promise<T> {
      activity += 1;
      if (self.dead) await never;
      self.effects.push(name);
      const dies = self.effects.length === self.killAt;
      if (dies && self.moment !== "after") {
        if (self.moment === "half") await half?.();
        kill();
        await never;
      }
      const result = await have();
      if (dies) kill();
      return self.dead ? never : result;
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
        write: (bytes) =>
          effect(
            `send ${path}`,
            () => inner.write(bytes),
            () => inner.write(bytes.subarray(0, Math.floor(bytes.length / 2))),
          ),
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

    const host: Host = {
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
      async run(argv, options) {
        const ms = sim.takes(argv);
        if (ms > 0) await host.sleep(ms, options.signal);
        return effect(`run ${argv.join(" ")}`, () => runProgram(programs, argv, options));
      },
      readFile: (path) =>
        alive(() => {
          const node = files.get(path);
          return node && "text" in node ? node.text : undefined;
        }),
      attributes: (path) =>
        alive(() => {
          const node = files.get(path);
          if (node === undefined) return undefined;
          const owner = { uid: 0, gid: 0 };
          if (!("text" in node)) return { kind: "link", mode: 0o777, owner };
          return { kind: "file", mode: node.mode, owner: node.owner ?? owner };
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
        await effect(`write ${path}`, () => files.set(temporary, { text: text.slice(0, text.length / 2), mode }));
        await effect(`fsync ${path}`, () => files.set(temporary, { text, mode }));
        await effect(`rename ${path}`, () => {
          files.delete(temporary);
          disk.put(path, { text, mode, ...(owner && { owner }) });
        });
        await effect(`fsync folder of ${path}`, () => disk.sync([path]));
      },
      async appendFile(path, text) {
        await stalled("append", path);
        await alive(() => planned("append", path));
        const node = files.get(path);
        const before = node && "text" in node ? node.text : "";
        const append = (more: string) => () => disk.put(path, { text: before + more, mode: 0o600 });
        await effect(`append ${path}`, append(text.slice(0, text.length / 2)));
        await effect(`append the rest to ${path}`, append(text));
        await effect(`fsync ${path}`, () => disk.sync([path]));
      },
      async writeLink(path, target) {
        await stalled("link", path);
        await alive(() => planned("link", path));
        await effect(`link ${path}`, () => undefined);
        await effect(`rename ${path}`, () => disk.put(path, { target }));
        await effect(`fsync folder of ${path}`, () => disk.sync([path]));
      },
      async remove(path) {
        const names = [...files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
        for (const name of names) await effect(`remove ${name}`, () => disk.put(name, undefined));
        if (names.length === 0) return;
        await effect(`fsync folder of ${path}`, () => disk.sync(names));
      },
      connect: (path, signal) =>
        effect(`connect ${path}`, () => {
          signal.throwIfAborted();
          planned("connect", path);
          const accept = sockets.get(path);
          if (!accept) throw new Problem("HOST_COMMAND", `${path} does not answer.`, { transient: true });
          return guarded(accept(), path);
        }),
      freeBytes: () =>
        alive(() => {
          if (sim.freeBytes instanceof Problem) throw sim.freeBytes;
          return sim.freeBytes;
        }),
      reach: (address, port) =>
        effect(`reach ${address}:${port}`, () => {
          if (reachable.has(`${address}:${port}`)) return;
          throw new Problem("HOST_COMMAND", `${address}:${port} does not answer.`, { transient: true });
        }),
      secrets: noSecrets,
    };
    return host;
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
    reboot({ loses } = {}) {
      kill();
      if (loses) disk.cut();
      else disk.sync();
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
    takes: () => 0,
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
    standing: () => ({ files: new Map(files), boot, uptime, epoch }),
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
