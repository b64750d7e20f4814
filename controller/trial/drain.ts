/**
 * Draining before a reboot: traffic is asked to go elsewhere, and waited for. It goes the way of any change, by FRR's plane, and so does
 * the way back. The boot environment on trial starts with files in which nothing is drained.
 */
import type { Host } from "../../reconcilers/core.ts";
import { drainedConfig, undrainedConfig } from "../../reconcilers/frr/drained.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import type { Reconcilers } from "../planes.ts";
import { withDeadline } from "../retry.ts";

export interface Draining {
  readonly host: Host;
  readonly reconcilers: Reconcilers;
  /** FRR of the generation that is committed here. */
  readonly committed: FrrDesired;
  /** How many packets came in so far; undefined: nobody can tell. */
  readonly packets: (signal: AbortSignal) => Promise<bigint | undefined>;
  /** After so long it goes on, whatever still comes in. */
  readonly limitMs: number;
  /** So many packets a second are nobody's traffic any more. */
  readonly quietPackets: number;
}

/** How it ended. */
export interface Drained {
  /** none: no protocol could ask anybody. limit: it still came. */
  readonly ended: "quiet" | "limit" | "none";
  readonly waitedMs: number;
  /** Packets a second at the end, where they could be counted. */
  readonly packets?: number;
}

/** For FRR to take it, which is a few lines. */
const applyMs = 60_000;
const lookMs = 5000;
/** Routes need so long to move before a look says anything. */
const leastMs = 10_000;

/** Drains, and waits. When it rejects, FRR was put back as far as it could be. */
export async function drain(draining: Draining, signal: AbortSignal): Promise<Drained> {
  try {
    const isAnybody = await bring(draining, drainedConfig, signal);
    return isAnybody ? await quietness(draining, signal) : { ended: "none", waitedMs: 0 };
  } catch (thrown) {
    await undrain(draining, AbortSignal.timeout(applyMs)).catch(() => undefined);
    throw thrown;
  }
}

/** Puts it back into service. May be repeated. Rejects with a Problem. */
export async function undrain(draining: Draining, signal: AbortSignal): Promise<void> {
  const { committed } = draining;
  await bring(draining, (config) => undrainedConfig(config, committed.config), signal);
}

/** Only what draining is about changes of what runs: drift stays whose it is. False: there was nothing to change. */
async function bring(
  { host, reconcilers }: Pick<Draining, "host" | "reconcilers">,
  change: (config: string) => string,
  signal: AbortSignal,
): Promise<boolean> {
  const { frr } = reconcilers;
  return withDeadline(host, applyMs, signal, "Draining", async (limited) => {
    const observed = await frr.observe(host, limited);
    const live = frr.asDesired?.(observed);
    const config = live && change(live.config);
    if (!live || config === undefined || config === live.config) return false;
    const { steps, problems } = frr.plan({ ...live, config }, observed, [live]);
    const wrong = problems.find(({ severity }) => severity === "error");
    if (wrong) throw wrong;
    for await (const _step of frr.apply(steps, host, limited));
    return true;
  });
}

/** Waits until a look finds it quiet, or the time is over. */
async function quietness({ host, packets, limitMs, quietPackets }: Draining, signal: AbortSignal): Promise<Drained> {
  const begun = host.uptime();
  let before: { readonly at: number; readonly count: bigint } | undefined;
  let rate: number | undefined;
  const ended = (how: Drained["ended"]): Drained => {
    return { ended: how, waitedMs: host.uptime() - begun, ...(rate !== undefined && { packets: rate }) };
  };
  for (;;) {
    const count = await packets(signal);
    const at = host.uptime();
    rate = before && count !== undefined ? perSecond(count - before.count, at - before.at) : undefined;
    if (rate !== undefined && rate <= quietPackets && at - begun >= leastMs) return ended("quiet");
    if (at - begun >= limitMs) return ended("limit");
    before = count === undefined ? undefined : { at, count };
    await host.sleep(Math.min(lookMs, limitMs - (at - begun)), signal);
  }
}

/** undefined where it counted backwards: whoever counts started anew. */
function perSecond(count: bigint, ms: number): number | undefined {
  if (count < 0n || ms <= 0) return undefined;
  return Math.round((Number(count) * 1000) / ms);
}

/** Packets that VPP's interfaces took in, by what `show interface` prints; undefined where it prints none. */
export function packetsIn(text: string): bigint | undefined {
  const counts = [...text.matchAll(/\brx packets\s+(\d+)/g)].map(([, count = "0"]) => BigInt(count));
  return /^\s*Name\s+Idx/m.test(text) ? counts.reduce((sum, count) => sum + count, 0n) : undefined;
}

/** For the sentence in the history. */
export function drainText({ ended, waitedMs, packets }: Drained): string {
  const seconds = Math.round(waitedMs / 1000);
  const still = packets === undefined ? "" : `, with ${packets} packets a second`;
  return {
    none: "There was nobody to ask to go elsewhere.",
    quiet: `Traffic was gone after ${seconds} s${still}.`,
    limit: `Traffic was given ${seconds} s to go elsewhere${still}.`,
  }[ended];
}
