/**
 * A simulated FRR: several daemons that speak the vty socket protocol, keep configuration as FRR does, and have BGP
 * sessions with the peers that the test declares. Lives as long as the test wants: an agent that restarts finds it as it
 * was. Faults are planned on it.
 */
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { daemons, type Daemon } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";
import type { BgpSession } from "../../reconcilers/frr/sessions.ts";
import type { Connection } from "../../reconcilers/core.ts";
import { SimBgp, type SimPeer } from "./frr-sim-bgp.ts";
import { ConfigStore } from "./frr-store.ts";

export interface FrrStanding {
  readonly config: string;
  readonly pids: ReadonlyMap<Daemon, number>;
}

interface Fault {
  readonly kind: "reject" | "ignore" | "close";
  readonly pattern: RegExp;
  readonly text: string;
  readonly status: number;
}

/** Makes one, with these daemons running and this configuration loaded. */
export function simFrr(options: { readonly running?: readonly Daemon[]; readonly config?: string } = {}): SimFrr {
  const frr = new SimFrr(options.running ?? daemons);
  if (options.config !== undefined) frr.load(options.config);
  return frr;
}

export class SimFrr {
  version = "8.4.4";
  /** Who would answer: address of the peer → what it is. Call `settle` after a change. */
  readonly peers = new Map<string, SimPeer>();
  /** Interfaces on which an OSPF neighbour would become Full → its router-id. */
  readonly ospfNeighbors = new Map<string, string>();
  /** Peers whose operator took the session down. */
  readonly ceased = new Set<string>();
  /** BFD sessions by the peer's address: "up", "down". */
  readonly bfd = new Map<string, string>();
  /** How many of the chosen routes the kernel does not have yet. */
  notInKernel = 0;
  /** Every configuration command that a daemon was told, in order. */
  readonly history: { readonly daemon: Daemon; readonly line: string }[] = [];
  /** Called after every configuration command that had an effect. */
  watch: ((daemon: Daemon, line: string) => void) | undefined;
  /** Requests of any kind, so that a test can count them. */
  requests = 0;

  private readonly stores = new Map<Daemon, ConfigStore>();
  private readonly pids = new Map<Daemon, number>();
  private lastPid = 100;
  /** Daemons up to this pid are jammed. */
  private jammed = 0;
  private faults: Fault[] = [];
  private readonly bgp = new SimBgp();
  private readonly open = new Map<Daemon, Set<() => void>>();

  constructor(running: readonly Daemon[]) {
    for (const daemon of running) this.start(daemon);
  }

  /** The next command that matches is refused, as if it were wrong; `times` in a row. */
  reject(pattern: RegExp, text = "% Configuration failed.", status = 13, times = 1): void {
    for (let i = 0; i < times; i += 1) this.faults.push({ kind: "reject", pattern, text, status });
  }

  /** The next command that matches is answered well and has no effect. */
  ignore(pattern: RegExp): void {
    this.faults.push({ kind: "ignore", pattern, text: "", status: 0 });
  }

  /** The connection closes at the next command that matches, before it has an effect. */
  closeAt(pattern: RegExp): void {
    this.faults.push({ kind: "close", pattern, text: "", status: 0 });
  }

  /** Every command is refused by the daemons that run now, until they start anew. */
  jam(): void {
    this.jammed = this.lastPid;
  }

  /** Goes on as another one stood: the same processes with the same configuration. */
  continue({ config, pids }: FrrStanding): void {
    for (const [daemon, pid] of pids) this.pids.set(daemon, pid);
    this.lastPid = Math.max(...pids.values());
    this.load(config);
  }

  /** For another one to go on from. */
  standing(): FrrStanding {
    return { config: this.config(), pids: new Map(this.pids) };
  }

  /** A daemon dies: its configuration and its sessions are gone, its socket does not listen. */
  stop(daemon: Daemon): void {
    this.stores.delete(daemon);
    for (const close of this.open.get(daemon) ?? []) close();
    if (daemon === "bgpd") this.bgp.forget();
  }

  /** A daemon starts, with no configuration. */
  start(daemon: Daemon): void {
    this.stores.set(daemon, new ConfigStore(daemon));
    this.lastPid += 1;
    this.pids.set(daemon, this.lastPid);
  }

  /** A daemon's pid file (which outlives it), or the kernel's word of a process, as a box has them; undefined for others. */
  file(path: string): string | undefined {
    const daemon = daemons.find((name) => path.endsWith(`/${name}.pid`));
    if (daemon) return this.pids.has(daemon) ? `${this.pids.get(daemon)}\n` : undefined;
    const pid = Number(/^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? Number.NaN);
    const [running] = [...this.pids].find(([name, one]) => one === pid && this.runs(name)) ?? [];
    return running && `${pid} (${running}) S ${"0 ".repeat(18)}${pid * 10} 0\n`;
  }

  /** A daemon restarts with the configuration that it had, which stands in its file; sessions begin anew. */
  bounce(daemon: Daemon): void {
    this.lastPid += 1;
    this.pids.set(daemon, this.lastPid);
    if (daemon === "bgpd") this.bgp.forget();
    this.settle();
  }

  runs(daemon: Daemon): boolean {
    return this.stores.has(daemon);
  }

  /** Configures as `vtysh -b` would: what a daemon does not know is not for it. */
  load(config: string): void {
    for (const store of this.stores.values()) {
      let path: readonly string[] = [];
      for (const line of config
        .split("\n")
        .filter((text) => !/^\s*(?:$|!|exit|frr (?:defaults|version) )/.test(text))) {
        // A daemon that refused the head of a context must not read its lines as its own.
        const depth = line.length - line.trimStart().length;
        if (depth > path.length) continue;
        path = store.execute(path.slice(0, depth), line).path;
      }
    }
    this.settle();
  }

  /** What one daemon runs, as text; empty when it does not run. */
  configOf(daemon: Daemon): string {
    return this.stores.get(daemon)?.print() ?? "";
  }

  /** The union of what the daemons run, as text. */
  config(): string {
    return printConfig(mergeConfigs([...this.stores.values()].map((store) => store.print())));
  }

  /** Brings sessions up and down as peers and configuration ask for. */
  settle(): void {
    this.bgp.settle(this.stores.get("bgpd")?.lines ?? new Map(), this.peers);
  }

  sessions(): readonly BgpSession[] {
    return this.bgp.list();
  }

  /** Opens a session with a daemon, in memory. Throws when it does not run. */
  connect(daemon: Daemon): Connection {
    if (!this.runs(daemon)) throw new Error(`${daemon} does not listen`);
    const replies: Uint8Array[] = [];
    let wake: (() => void) | undefined;
    let closed = false;
    const close = (): void => {
      closed = true;
      this.open.get(daemon)?.delete(close);
      wake?.();
    };
    const session = this.session(daemon, (bytes) => void replies.push(bytes), close);
    return {
      write: (bytes) => {
        if (!closed) session(bytes);
        wake?.();
        return Promise.resolve();
      },
      read: async (signal) => {
        for (;;) {
          signal.throwIfAborted();
          if (replies.length > 0 || closed) break;
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
        }
        return replies.shift();
      },
      close,
    };
  }

  /** Serves every daemon that runs on a unix socket `<folder>/<daemon>.vty`; one that stops later closes at once. */
  async listen(folder: string): Promise<{ close(): Promise<void> }> {
    mkdirSync(folder, { recursive: true });
    const running = daemons.filter((daemon) => this.runs(daemon));
    const servers = await Promise.all(running.map((daemon) => this.serve(daemon, `${folder}/${daemon}.vty`)));
    return {
      close: async () => {
        for (const closers of this.open.values()) for (const close of closers) close();
        await Promise.all(servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))));
      },
    };
  }

  private serve(daemon: Daemon, path: string): Promise<Server> {
    rmSync(path, { force: true });
    const server = createServer((socket: Socket) => {
      socket.on("error", () => socket.destroy());
      if (!this.runs(daemon)) return void socket.destroy();
      const session = this.session(
        daemon,
        (bytes) => void socket.write(bytes),
        () => void socket.destroy(),
      );
      socket.on("data", session);
      return undefined;
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => resolve(server));
    });
  }

  private session(daemon: Daemon, reply: (bytes: Uint8Array) => void, close: () => void): (bytes: Uint8Array) => void {
    let closers = this.open.get(daemon);
    if (!closers) this.open.set(daemon, (closers = new Set()));
    closers.add(close);
    let buffer = "";
    let path: readonly string[] | undefined;
    let batch = false;
    const run = (command: string): { status: number; text: string } | undefined => {
      this.requests += 1;
      const line = command.trim();
      if (line === "enable") return { status: 0, text: "" };
      if (line === "configure terminal" || line === "end") {
        path = line === "end" ? undefined : [];
        return { status: 0, text: "" };
      }
      if (/^XFRR_(start|end)_configuration$/.test(line)) {
        batch = line.startsWith("XFRR_start");
        if (!batch) this.settle();
        return { status: 0, text: "" };
      }
      const store = this.stores.get(daemon);
      if (!store) return undefined;
      if (line.startsWith("show ")) return this.show(daemon, store, line);
      if (!path) return { status: 2, text: `% [${daemon.toUpperCase()}] Unknown command: ${line}\n` };
      const fault = this.fault(daemon, line);
      if (fault?.kind === "close") return undefined;
      if (!line.startsWith("exit")) this.history.push({ daemon, line });
      if (fault) return { status: fault.status, text: fault.kind === "reject" ? `${fault.text}\n` : "" };
      if ((this.pids.get(daemon) ?? 0) <= this.jammed) return { status: 13, text: "% Configuration failed.\n" };
      const result = store.execute(path, line);
      path = result.path;
      this.watch?.(daemon, line);
      if (!batch) this.settle();
      return result.reply;
    };
    return (bytes) => {
      buffer += new TextDecoder().decode(bytes);
      for (let end = buffer.indexOf("\0"); end !== -1; end = buffer.indexOf("\0")) {
        const result = run(buffer.slice(0, end));
        buffer = buffer.slice(end + 1);
        if (!result) return close();
        reply(new Uint8Array([...new TextEncoder().encode(result.text), 0, 0, 0, result.status]));
      }
      return undefined;
    };
  }

  private fault(daemon: Daemon, line: string): Fault | undefined {
    const at = this.faults.findIndex((fault) => fault.pattern.test(line) || fault.pattern.test(`${daemon}: ${line}`));
    return at === -1 ? undefined : this.faults.splice(at, 1)[0];
  }

  private show(daemon: Daemon, store: ConfigStore, line: string): { status: number; text: string } {
    if (line === "show version") return { status: 0, text: `FRRouting ${this.version} (simulated) on Linux.\n` };
    if (line.startsWith("show running-config")) {
      const head = `frr version ${this.version}\nfrr defaults traditional\n!\nhostname simulated\n!\n`;
      return { status: 0, text: `\nCurrent configuration:\n!\n${head}${store.print()}\n!\nend\n` };
    }
    if (daemon === "bgpd" && line === "show bgp vrf all summary json") return { status: 0, text: this.bgp.summary() };
    if (daemon === "ospfd" && line === "show ip ospf neighbor json") return { status: 0, text: this.ospf(store) };
    if (daemon === "ospf6d" && line === "show ipv6 ospf6 neighbor json") return { status: 0, text: this.ospf6(store) };
    const asked = daemon === "bgpd" ? /^show bgp neighbors (\S+) json$/.exec(line)?.[1] : undefined;
    if (asked !== undefined) {
      const text = this.bgp.neighbor(asked, this.peers.get(asked), this.ceased.has(asked));
      return { status: 0, text: text ?? '{"bgpNoSuchNeighbor":true}' };
    }
    const routes = daemon === "zebra" ? /^show (ip|ipv6) route summary json$/.exec(line)?.[1] : undefined;
    if (routes !== undefined) return { status: 0, text: this.routes(routes === "ip" ? "ipv4Unicast" : "ipv6Unicast") };
    const prefix = daemon === "zebra" ? /^show ip(?:v6)? route (\S+\/\d+) json$/.exec(line)?.[1] : undefined;
    if (prefix !== undefined) {
      const text = this.route(prefix);
      // It warns of none.
      return { status: text === "{}" ? 1 : 0, text };
    }
    if (daemon === "bfdd" && line === "show bfd peers json") {
      return { status: 0, text: JSON.stringify([...this.bfd].map(([peer, status]) => ({ peer, status }))) };
    }
    return { status: 2, text: `% [${daemon.toUpperCase()}] Unknown command: ${line}\n` };
  }

  private routes(family: string): string {
    const rib = this.sessions().reduce((sum, { prefixes }) => sum + (prefixes[family] ?? 0), 0);
    const fib = Math.max(0, rib - this.notInKernel);
    return JSON.stringify({ routes: [{ type: "ebgp", rib, fib }], routesTotal: rib, routesTotalFib: fib });
  }

  private route(prefix: string): string {
    const isThere = this.configOf("staticd").includes(` route ${prefix} `);
    return JSON.stringify(isThere ? { [prefix]: [{ prefix, protocol: "static", selected: true }] } : {});
  }

  private adjacent(store: ConfigStore, area: string): readonly (readonly [string, string])[] {
    return [...this.ospfNeighbors].filter(([name]) => {
      const lines = [...(store.context([`interface ${name}`])?.values() ?? [])].map((entry) => entry.line);
      return lines.some((line) => line.startsWith(`${area} area `)) && !lines.includes(`${area} passive`);
    });
  }

  private ospf(store: ConfigStore): string {
    const neighbors = this.adjacent(store, "ip ospf").map(([name, id]) => [
      id,
      [{ state: "Full/DR", nbrState: "Full/DR", converged: "Full", ifaceName: `${name}:192.0.2.2` }],
    ]);
    return JSON.stringify({ neighbors: Object.fromEntries(neighbors) });
  }

  private ospf6(store: ConfigStore): string {
    const neighbors = this.adjacent(store, "ipv6 ospf6").map(([name, id]) => ({
      neighborId: id,
      state: "Full",
      interfaceName: name,
    }));
    return JSON.stringify({ neighbors });
  }
}
