/**
 * A simulated VPP: speaks the binary API over a unix stream socket or in memory, has VPP's objects with their real
 * behaviour, and dies of the requests that kill the real one. Lives as long as the test wants: a client that reconnects
 * finds it as it was. Faults are planned on it.
 */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { Connection } from "../../../reconcilers/core.ts";
import { runCommand, runCommands } from "./cli.ts";
import { addInterface } from "./interfaces.ts";
import { ownRoutes, pathOf } from "./routes.ts";
import { idsOf, Session } from "./session.ts";
import { Died, State, type StateOptions } from "./state.ts";

export interface SimVppOptions extends StateOptions {
  /** Run at every start, line by line: what fails is skipped. */
  readonly bootCommands?: readonly string[];
  /** Messages that this VPP does not have: "plugin not loaded". */
  readonly lacks?: RegExp;
  /** Replies come in pieces of so many bytes. */
  readonly pieces?: number;
  /** What control_ping says; a number of its own for every start unless given. */
  readonly pid?: number;
  /** Called when it fell over. */
  readonly onDeath?: (reason: string) => void;
}

interface Fault {
  readonly kind: "refuse" | "drop" | "drop-after" | "silent";
  readonly matches: (message: string) => boolean;
  readonly retval: number;
}

/** Starts one. */
export function simVpp(options: SimVppOptions = {}): SimVpp {
  return new SimVpp(options);
}

export class SimVpp {
  /** Every request that is no dump, and no question about VPP itself, in order. */
  readonly history: string[] = [];
  /** Requests of any kind. */
  requests = 0;
  /** Why it died, each time. */
  readonly deaths: string[] = [];
  /** Boot commands that failed at the last start. */
  failedCommands: readonly string[] = [];
  starts = 0;
  /** Numbers of its messages. */
  ids: ReadonlyMap<string, number> = new Map();
  state: State;
  readonly options: SimVppOptions;
  private runs = true;
  private faults: Fault[] = [];
  private readonly sessions = new Set<Session>();
  private lastClient = 0;
  /** Sockets that it will never close. */
  private kept = 0;

  constructor(options: SimVppOptions) {
    this.options = options;
    this.state = new State(options);
    this.begin();
  }

  get isRunning(): boolean {
    return this.runs;
  }

  get pid(): number {
    // Beyond what Linux gives to any process.
    return this.options.pid ?? 5_000_000 + this.starts;
  }

  /** The kernel's word of the process, as a box has it; undefined for other paths and while it does not run. */
  file(path: string): string | undefined {
    if (!this.runs || path !== `/proc/${this.pid}/stat`) return undefined;
    return `${this.pid} (vpp_main) S ${"0 ".repeat(18)}${this.pid * 10 + this.starts} 0\n`;
  }

  /** The next request whose message matches is refused with this return value, without effect; `times` in a row. */
  refuse(pattern: RegExp, retval = -1, times = 1): void {
    for (let i = 0; i < times; i += 1) this.plan("refuse", (message) => pattern.test(message), retval);
  }

  /** The connection ends at the next request that matches: before it has an effect, or after it, without its reply. */
  dropAt(pattern: RegExp, isAfter = false): void {
    this.plan(isAfter ? "drop-after" : "drop", (message) => pattern.test(message));
  }

  /** The connection ends before the first request of which `isIt` says so; it is asked of each. */
  dropWhere(isIt: () => boolean): void {
    this.plan("drop", isIt);
  }

  /** The next request that matches is not answered and has no effect, as if it were malformed. */
  ignore(pattern: RegExp): void {
    this.plan("silent", (message) => pattern.test(message));
  }

  /** A fault at the n-th change from here on, counted from 1. */
  faultAt(n: number, kind: "refuse" | "drop" | "drop-after", retval = -1): void {
    let left = n;
    this.plan(
      kind,
      (message) => (/_dump$|_get$|^control_ping$|^show_|^get_|_get_/.test(message) ? false : (left -= 1) === 0),
      retval,
    );
  }

  private plan(kind: Fault["kind"], matches: Fault["matches"], retval = -1): void {
    this.faults.push({ kind, matches, retval });
  }

  /** Without faults that were planned and did not come. */
  calm(): void {
    this.faults = [];
  }

  /** As `kill`: connections end, configuration is gone. */
  stop(): void {
    this.runs = false;
    for (const session of this.sessions) session.end();
  }

  /** Starts anew: empty but for what its boot commands make. */
  start(): void {
    this.stop();
    this.runs = true;
    this.state = new State(this.options);
    this.begin();
  }

  restart(): void {
    this.start();
  }

  /** Falls over of a request. */
  die(reason: string): void {
    this.deaths.push(reason);
    this.stop();
    this.options.onDeath?.(reason);
  }

  /** The real one keeps such a client's socket where it does not notice, and hangs with 16 of them; this one never notices. */
  abandoned(): void {
    this.kept += 1;
    if (this.kept === 16) this.die("16 clients went without sockclnt_delete");
  }

  /** Runs one line of its CLI as an operator would. Throws what VPP prints when it fails. */
  cli(line: string): string {
    const result = runCommand(this.state, line);
    if (result.isFailed) throw new Error(result.text);
    return result.text;
  }

  private begin(): void {
    this.starts += 1;
    this.kept = 0;
    this.ids = idsOf(this);
    const { state } = this;
    state.onInterface = (itf, isDeleted) => {
      for (const session of this.sessions) session.tell(itf, isDeleted);
    };
    addInterface(state, { type: "local", name: "local0", mtu: 0, linkMtu: 0, hasCarrier: false });
    for (const [i, nic] of (this.options.physical ?? []).entries()) {
      const byDefault = `02:00:00:00:00:${(i + 1).toString(16).padStart(2, "0")}`;
      const { name, mac } = typeof nic === "string" ? { name: nic, mac: byDefault } : nic;
      addInterface(state, { type: "dpdk", name, mac });
    }
    for (const [prefix, from] of ownRoutes) {
      const drop = pathOf({ isIpv6: prefix.includes(":"), isDrop: true });
      state.routes.set(`0 ${prefix}`, new Map([[from, [drop]]]));
    }
    try {
      this.failedCommands = runCommands(state, this.options.bootCommands ?? []);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.die(error.message);
    }
  }

  /** For sessions: the fault that is due at this message. */
  fault(message: string): Fault | undefined {
    const at = this.faults.findIndex((fault) => fault.matches(message));
    return at === -1 ? undefined : this.faults.splice(at, 1)[0];
  }

  private open(reply: (bytes: Uint8Array) => void, close: () => void): Session {
    this.lastClient += 1;
    const session = new Session(this, this.lastClient, reply, () => {
      this.sessions.delete(session);
      close();
    });
    this.sessions.add(session);
    return session;
  }

  /** Connects in memory. Throws while it does not run. */
  connect(): Connection {
    if (!this.runs) throw new Error("connect ECONNREFUSED");
    const replies: Uint8Array[] = [];
    const pipe = { isClosed: false, wake: (): void => undefined };
    const session = this.open(
      (bytes) => {
        replies.push(bytes);
        pipe.wake();
      },
      () => {
        pipe.isClosed = true;
        pipe.wake();
      },
    );
    return {
      write: (bytes) => {
        if (pipe.isClosed) return Promise.reject(new Error("write EPIPE"));
        session.receive(bytes);
        return Promise.resolve();
      },
      read: async (signal) => {
        while (replies.length === 0 && !pipe.isClosed) {
          signal.throwIfAborted();
          const { promise, resolve } = Promise.withResolvers<void>();
          pipe.wake = resolve;
          signal.addEventListener("abort", pipe.wake, { once: true });
          await promise;
          signal.removeEventListener("abort", pipe.wake);
        }
        signal.throwIfAborted();
        return replies.shift();
      },
      close: () => session.abandon(),
    };
  }

  /** Listens on a unix socket. While it does not run, connections end at once. */
  async listen(path: string): Promise<{ close(): Promise<void> }> {
    rmSync(path, { force: true });
    const server = createServer((socket: Socket) => {
      socket.on("error", () => socket.destroy());
      if (!this.runs) return void socket.destroy();
      const session = this.open(
        (bytes) => void socket.write(bytes),
        () => void socket.end(),
      );
      socket.on("data", (bytes) => session.receive(bytes));
      socket.on("close", () => session.abandon());
      return undefined;
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    return {
      close: async () => {
        for (const session of this.sessions) session.end();
        await new Promise<void>((resolve) => void server.close(() => resolve()));
      },
    };
  }
}
