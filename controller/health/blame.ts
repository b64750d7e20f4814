/** Whose fault it is that something is red: what broke for a cause outside of the plan says nothing about the change. */
import type { Daemon } from "../../reconcilers/frr/model.ts";
import type { Failure } from "../machine.ts";
import type { Trigger } from "../reasons.ts";
import type { Before, Red } from "./judge.ts";
import type { Probe } from "./probe.ts";

/** What happened around the box since the change, that the plan did not do. */
export interface Outside {
  /** Takes in what a look saw. `afterMs`: since the deployment was armed. `incarnation`: which FRR and VPP ran, where known. */
  saw(probe: Probe, incarnation: string | undefined, afterMs: number): void;
  /** Why this is red, as a sentence; undefined: nothing outside explains it. */
  explains(red: Red): string | undefined;
}

/** How long a session that is up again may still lack what it brought before. */
const loadingMs = 120_000;

/** `ran`: which FRR and VPP held all that was applied. Remembers what it saw: a carrier that came back, or a daemon that runs again, still explains what is not yet well. */
export function watchOutside(before: Before, ran: string | undefined): Outside {
  const ceased = new Set<string>();
  const dark = new Set<string>();
  let first = ran;
  let restarted = false;
  return {
    saw({ sessions, links }, incarnation, afterMs) {
      first ??= incarnation;
      if (incarnation !== first) restarted = true;
      for (const { peer, up, upMs = loadingMs, ceasedMsAgo } of sessions.values()) {
        if (up && upMs >= loadingMs) ceased.delete(peer);
        else if (ceasedMsAgo !== undefined && ceasedMsAgo <= afterMs) ceased.add(peer);
      }
      for (const [name, was] of before.probe.links ?? []) {
        const is = links?.get(name);
        if (!was.hasCarrier || !is || before.touched.interfaces.has(name)) continue;
        if (!is.hasCarrier || is.carrierChanges > was.carrierChanges) dark.add(name);
      }
    },
    explains({ peer, over }) {
      if (restarted) return "VPP or a daemon of FRR restarted meanwhile, so this says nothing about the change.";
      if (peer !== undefined && ceased.has(peer)) {
        return "The peer's operator took it down, so this says nothing about the change.";
      }
      // Of what is not known to be on another interface it may be the reason.
      const lost = [...dark].filter((name) => over === undefined || over === name);
      if (lost.length === 0) return undefined;
      return `${lost.join(", ")} lost its carrier, and the plan leaves it alone, so this says nothing about the change.`;
    },
  };
}

/** What is lost is the change's fault, unless something outside explains all of it. `probe` undefined: nothing could be seen. */
export function blamed(
  lost: readonly Red[],
  trigger: Trigger,
  probe: Probe | undefined,
  outside: Outside,
): Failure | undefined {
  const [first] = lost;
  if (!first) return undefined;
  if (!probe) return { trigger, reason: first.reason, verdict: "inconclusive" };
  const own = lost.filter((one) => outside.explains(one) === undefined);
  const broken = own.find((one) => one.isUnknown !== true) ?? own[0];
  if (broken) return { trigger, reason: broken.reason, verdict: broken.isUnknown === true ? "inconclusive" : "bad" };
  return { trigger, reason: `${first.reason} ${outside.explains(first)}`, verdict: "inconclusive" };
}

/** A daemon that ran before the change and does not listen now; what else is seen says nothing then. */
export function fallenSilent(before: Probe, after: Probe): Daemon | undefined {
  return after.silent.find((daemon) => !before.silent.includes(daemon));
}
