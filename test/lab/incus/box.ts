/** A box in memory with a simulated Incus at its socket, and the plane on it. */
import type { Host, Plan } from "../../../reconcilers/core.ts";
import { incus } from "../../../reconcilers/incus/incus.ts";
import type { IncusDesired, IncusStep } from "../../../reconcilers/incus/model.ts";
import { renderIncus } from "../../../reconcilers/incus/render.ts";
import { Machine, type MachineInput } from "../../../schemas/machine.ts";
import { simHost } from "../host.ts";
import { type SimIncus, simIncus, type SimIncusOptions } from "./sim-incus.ts";

export const socket = "/var/lib/incus/unix.socket";
const never = new AbortController().signal;

export interface IncusBox {
  /** What answers at the socket now. */
  incus: SimIncus;
  readonly host: Host;
  plan(desired: IncusDesired, owned: readonly IncusDesired[]): Promise<Plan<IncusStep>>;
  /** Plans and carries out; resolves with what was planned. Rejects with the first problem. */
  bring(desired: IncusDesired, owned: readonly IncusDesired[], signal?: AbortSignal): Promise<Plan<IncusStep>>;
}

export const plane = incus({ socket });

export function incusBox(options: SimIncusOptions = {}): IncusBox {
  const sim = simHost();
  sim.files.set(socket, { text: "", mode: 0o660 });
  const host = sim.start();
  const box: IncusBox = {
    incus: simIncus(options),
    host,
    async plan(desired, owned) {
      return plane.plan(desired, await plane.observe(host, never), owned);
    },
    async bring(desired, owned, signal = never) {
      const plan = await box.plan(desired, owned);
      const [problem] = plan.problems;
      if (problem) throw problem;
      for await (const step of plane.apply(plan.steps, host, signal)) void step;
      return plan;
    },
  };
  sim.listen(socket, () => box.incus.connect());
  return box;
}

/** What a machine with this asks of Incus: a container network, and whatever is said besides. */
export function desiredOf(machine: MachineInput): IncusDesired {
  return renderIncus(Machine.parse(machine));
}

/** The containers of the example. */
export const containers = {
  network: "10.234.116.0/24",
  gateway: "10.234.116.5",
  "bridge-address": "10.234.116.1",
  dhcp: { from: "10.234.116.100", to: "10.234.116.254" },
  storage: { driver: "dir", source: "/persistent/data/incus" },
} as const satisfies MachineInput["containers"];

/** An instance that needs nothing. */
export const busybox = { image: { alias: "busybox" } } as const;
