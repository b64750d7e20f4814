/** How things were right before a change: what proving compares with, and what the failsafe is told. */
import type { Generation } from "../../reconcilers/generation.ts";
import { parseAddress } from "../../schemas/primitives.ts";
import type { AgentParts } from "../turn.ts";
import type { Probe } from "./probe.ts";
import { lookForPlaces, nowhere, type Surroundings } from "./reach.ts";

export interface Baseline {
  readonly probe: Probe;
  /** The places that answered. */
  readonly around: Surroundings;
  /** Addresses in the management network that answered a ping. */
  readonly anchors: readonly string[];
  /** Peers whose BGP session was Established, as FRR names them. */
  readonly sessions: readonly string[];
}

/** For what needs no proof. */
export const noBaseline: Baseline = {
  probe: { results: new Map(), sessions: new Map(), silent: [] },
  around: nowhere,
  anchors: [],
  sessions: [],
};

/** Takes it with the candidate's checks. Rejects with a Problem when the appliance cannot be looked at. */
export async function takeBaseline(
  { host, settings, source, probe: look }: Pick<AgentParts, "host" | "settings" | "source" | "probe">,
  candidate: Generation,
  signal: AbortSignal,
): Promise<Baseline> {
  const { remotes } = settings.repository;
  const { anchors } = candidate.policy;
  const [probe, around] = await Promise.all([
    look(candidate, signal, { thoroughly: true }),
    lookForPlaces({ host, remotes, source, anchors }, signal),
  ]);
  return {
    probe,
    around,
    anchors: [...new Set([...around.anchors.flatMap(({ pinged }) => pinged ?? []), ...answered(probe)])],
    sessions: [...probe.sessions.values()].filter(({ up }) => up).map(({ peer }) => peer),
  };
}

/** The addresses of checks that ping; a name is worth nothing to who may be without a resolver. */
function answered({ results }: Probe): readonly string[] {
  return [...results.values()].flatMap(({ ok, check }) =>
    ok && check.check === "ping" && check.namespace === "management" && !("error" in parseAddress(check.address))
      ? check.address
      : [],
  );
}
