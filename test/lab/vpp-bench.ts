/**
 * A box for whole-agent tests: VPP's two instances and FRR, simulated, or real ones in a network namespace. Every NIC of a real one
 * is a veth pair, whose other end is in the namespace `beyond`.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { JsonObject } from "../../schemas/json.ts";
import { type InstanceName, instances } from "../../reconcilers/vpp/model.ts";
import { startFrr, whyNoFrr } from "./frr.ts";
import { type SimFrr, simFrr } from "./frr-sim.ts";
import { makeNamespace, makeWire, type Namespace } from "./netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "./real-vpp.ts";
import { simVpp, type SimVpp } from "./vpp/sim-vpp.ts";

export interface VppBench extends AsyncDisposable {
  /** Where the agent finds the sockets of VPP and FRR. */
  readonly folder: string;
  readonly frrSockets: string;
  /** The namespace of its taps. */
  readonly dataplane: string;
  /** What a machine file says of a NIC in the place of its address on the bus. */
  nic(name: string): JsonObject;
  /** Ends an instance as a crash does. */
  kill(instance: InstanceName): Promise<void>;
  /** Starts it, with nothing in it; resolves once it answers. */
  start(instance: InstanceName): Promise<void>;
  /** How many changes core was asked for; of a real one nobody can tell. */
  changes(): number | undefined;
  /** Of a real one. */
  readonly spaces?: { readonly dataplane: Namespace; readonly beyond: Namespace };
  /** The FRR, where it is simulated. */
  readonly frr?: SimFrr;
}

export interface BenchKind {
  readonly name: "simulated" | "real";
  /** Why it cannot be made here. */
  readonly why: string | undefined;
  /** Everything of it is below `folder`; `nics` as the machine file names them. `asksFrr`: real VPPs have a real FRR, if one can be had. */
  make(folder: string, nics: readonly string[], asksFrr?: boolean): Promise<VppBench>;
}

export const benchKinds: readonly BenchKind[] = [
  { name: "simulated", why: undefined, make: simulated },
  { name: "real", why: whyNoVpp() ?? whyNoTaps(), make: real },
];

async function listening(frr: SimFrr, folder: string, stack: AsyncDisposableStack): Promise<string> {
  const frrSockets = join(folder, "frr");
  const sockets = await frr.listen(frrSockets);
  stack.defer(() => sockets.close());
  return frrSockets;
}

async function simulated(folder: string, nics: readonly string[]): Promise<VppBench> {
  await using stack = new AsyncDisposableStack();
  const dataplane = "dataplane";
  const sims: Readonly<Record<InstanceName, SimVpp>> = {
    core: simVpp({ physical: nics, linuxCp: { sync: true, autoSubint: false, namespace: dataplane } }),
    nat: simVpp(),
  };
  for (const instance of instances) {
    const sockets = await sims[instance].listen(join(folder, `${instance}-api.sock`));
    stack.defer(() => sockets.close());
  }
  const frr = simFrr();
  const frrSockets = await listening(frr, folder, stack);
  const whole = stack.move();
  return {
    folder,
    frrSockets,
    dataplane,
    nic: (name) => ({ pci: `0000:03:00.${nics.indexOf(name)}` }),
    kill: async (instance) => sims[instance].stop(),
    start: async (instance) => sims[instance].start(),
    changes: () => sims.core.history.length,
    frr,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

async function real(folder: string, nics: readonly string[], asksFrr = false): Promise<VppBench> {
  await using stack = new AsyncDisposableStack();
  const [dataplane, beyond] = [stack.use(makeNamespace("vgd")), stack.use(makeNamespace("vgb"))];
  for (const nic of nics) {
    const [near, far] = [dataplane, beyond].map((namespace) => ({ namespace, name: portOf(nic), addresses: [] }));
    if (near && far) makeWire(near, far);
    for (const one of [dataplane, beyond]) one.ip("link", "set", "dev", portOf(nic), "mtu", "9216");
  }
  // Linux would answer for the taps' addresses on the ports themselves.
  const quiet = ["net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2"];
  const [sysctl, ...settings] = dataplane.inside("sysctl", "-qw", ...quiet);
  execFileSync(sysctl, settings, { timeout: 10_000 });
  const running = new Map<InstanceName, RealVpp>();
  const start = async (name: InstanceName) => {
    running.set(name, await startVpp({ folder, name, namespace: dataplane, ownRun: true }));
  };
  stack.defer(async () => {
    for (const vpp of running.values()) await vpp.kill();
  });
  for (const instance of instances) await start(instance);
  const frr = asksFrr && whyNoFrr() === undefined ? undefined : simFrr();
  const frrSockets = frr ? await listening(frr, folder, stack) : stack.use(await startFrr(dataplane)).sockets;
  const whole = stack.move();
  return {
    folder,
    frrSockets,
    dataplane: dataplane.name,
    nic: (name) => ({ driver: "af-packet", "kernel-name": portOf(name) }),
    kill: async (instance) => running.get(instance)?.kill(),
    start,
    changes: () => undefined,
    spaces: { dataplane, beyond },
    ...(frr && { frr }),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** The device that stands for a NIC, at both ends of its wire. */
export function portOf(nic: string): string {
  return `vg-${nic}`;
}
