/** A box in memory that its planes bring to what a machine asks for, and what is seen of it then. */
import type { Found } from "../../controller/adoption/found.ts";
import type { Host, Reconciler, Step } from "../../reconcilers/core.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import { vpp } from "../../reconcilers/vpp/vpp.ts";
import { frrHost, type TestSecrets } from "./frr-host.ts";
import { simFrr } from "./frr-sim.ts";
import { incusBox, plane as incus } from "./incus/box.ts";
import { images } from "./incus/some.ts";
import { places, vppHost } from "./vpp-host.ts";

const signal = new AbortController().signal;

/** Rejects where a plane refuses it, or is not in sync afterwards. `nics`: what DPDK gave core. */
export async function brought(
  desired: Pick<Desired, "vpp" | "frr" | "incus">,
  nics: readonly string[],
  secrets: TestSecrets,
): Promise<Pick<Found, "frr" | "vpp" | "incus">> {
  const { host } = vppHost({ nics });
  return {
    vpp: await seen(vpp(places), host, desired.vpp),
    frr: await seen(frr({ sockets: "/run/frr" }), frrHost(simFrr(), secrets), desired.frr),
    incus: await seen(incus, incusBox({ images }).host, desired.incus),
  };
}

async function seen<D, O, S extends Step>(plane: Reconciler<D, O, S>, host: Host, desired: D): Promise<O> {
  for (let round = 1; ; round += 1) {
    const observed = await plane.observe(host, signal);
    const { steps, problems } = plane.plan(desired, observed, round === 1 ? [] : [desired]);
    const [problem] = problems;
    if (problem) throw problem;
    if (steps.length === 0) return observed;
    // Once more where something was started anew.
    if (round > 2) throw new Error(`${plane.plane}: still ${steps.map((step) => plane.describe(step)).join("; ")}`);
    for await (const step of plane.apply(steps, host, signal)) void step;
  }
}
