/** A Host on which two simulated VPPs listen, with files in memory: for tests of the plane by itself. */
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import type { InstanceName } from "../../reconcilers/vpp/model.ts";
import { usualSockets, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import { type SimVpp, simVpp } from "./vpp/sim-vpp.ts";

export const places: VppPlaces = { sockets: usualSockets, run: "/run/imp" };

export interface VppHost {
  readonly host: Host;
  readonly sims: Readonly<Record<InstanceName, SimVpp>>;
  readonly files: Map<string, string>;
  /** Programs that were run. */
  readonly ran: string[];
}

export interface VppHostOptions {
  /** Those that DPDK gave core. */
  readonly nics?: readonly string[];
  /** What each instance is given when it starts, a line each. */
  readonly boot?: Readonly<Partial<Record<InstanceName, readonly string[]>>>;
  /** Messages that both instances do not have. */
  readonly lacks?: RegExp;
}

export function vppHost({ nics = [], boot = {}, lacks }: VppHostOptions = {}): VppHost {
  const linuxCp = { sync: true, autoSubint: false, namespace: "dataplane" };
  const sims = {
    core: simVpp({ physical: nics, linuxCp, bootCommands: boot.core ?? [], ...(lacks && { lacks }) }),
    nat: simVpp({ bootCommands: boot.nat ?? [], ...(lacks && { lacks }) }),
  };
  const files = new Map<string, string>();
  const ran: string[] = [];
  const partial: Partial<Host> = {
    bootId: () => "boot",
    uptime: () => 0,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    readFile: (path) => Promise.resolve(sims.core.file(path) ?? sims.nat.file(path) ?? files.get(path)),
    writeFile: (path, text) => {
      files.set(path, text);
      return Promise.resolve();
    },
    readFolder: () => Promise.resolve([]),
    connect: (path) => {
      const sim = path === usualSockets.core ? sims.core : path === usualSockets.nat ? sims.nat : undefined;
      if (sim?.isRunning !== true) {
        return Promise.reject(new Problem("VPP_UNREACHABLE", `nobody listens on ${path}`, { transient: true }));
      }
      return Promise.resolve(sim.connect());
    },
    run: (argv) => {
      ran.push(argv.join(" "));
      const instance = /^systemctl restart vpp-(core|nat)\.service$/.exec(argv.join(" "))?.[1];
      if (instance === "core" || instance === "nat") sims[instance].restart();
      return Promise.resolve({ exitCode: instance === undefined ? 1 : 0, stdout: "", stderr: "no such unit" });
    },
  };
  return { host: partial as Host, sims, files, ran };
}
