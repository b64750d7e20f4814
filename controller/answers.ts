/** What is asked of a running agent beside its status: looked up, measured or loaded anew, and nothing comes of it. */
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import type { LocalFile } from "../schemas/local.ts";
import type { Standing } from "../reconcilers/bootenv/standing.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import type { Appliance } from "./appliance.ts";
import { changeEnvironment, named, standingOf, type EnvironmentOrder } from "./boot-environments.ts";
import { differenceOf, measureDrift, type Difference, type Drift } from "./drift.ts";
import { inFlight } from "./machine.ts";
import { underlay } from "./overlaid.ts";
import { leavingIncus, type Survey } from "./planes.ts";
import { isToBeTried, orderTrial, whyBad } from "./trial/order.ts";
import type { Listener } from "./progress.ts";
import type { Known } from "./report/known.ts";
import { withDeadline } from "./retry.ts";
import { fetchLimitMs, surveyed, type AgentParts, type Wanted } from "./turn.ts";

/** Each rejects with AGENT_BUSY, or with why the agent is frozen, while it cannot tell. */
export interface Answers {
  /** The plan for what is waited for, else for the newest generation, made anew. */
  plan(signal: AbortSignal): Promise<{ readonly generation: Generation; readonly plan: Survey }>;
  /** How the box differs from what is committed here, measured anew. */
  drift(signal: AbortSignal): Promise<{
    readonly committed: Generation;
    readonly drift: Drift;
    readonly difference: Difference;
  }>;
  /** What the commit on which overlays begin, or `tree` in its place, asks for with these above it; nothing comes of it. */
  tryOut(local: readonly LocalFile[], signal: AbortSignal, tree?: Tree): Promise<Wanted>;
  /** The files of the newest commit. */
  newestTree(): Tree;
  memory(): Appliance["memory"];
  /** What was committed here and is kept whole, oldest first. */
  kept(): Promise<readonly Generation[]>;
  /** The pool as it is; undefined: the root of this box is no ZFS dataset. */
  environments(signal: AbortSignal): Promise<Standing | undefined>;
  /** Does it, and says how it is then. What could be in the way of a deployment waits for its end. */
  changeEnvironment(order: EnvironmentOrder, signal: AbortSignal): Promise<string>;
}

/** What the agent knows. */
export interface Knowing {
  readonly parts: AgentParts;
  readonly listener: Pick<Listener, "complain">;
  readonly known: () => Known;
  /** undefined: it is still starting. */
  readonly box: () => Appliance | undefined;
}

export function answers({ parts, listener, known: knownNow, box }: Knowing): Answers {
  const { host } = parts;
  const bootBox = { host, state: parts.settings.paths.state };

  function started(): Appliance {
    const appliance = box();
    if (!appliance) throw knownNow().frozen ?? busy("The agent is still starting.");
    return appliance;
  }

  function newestWanted(): NonNullable<Known["wanted"]> {
    const { wanted, frozen } = knownNow();
    if (wanted) return wanted;
    throw frozen ?? busy("No commit was loaded yet.");
  }

  return {
    async plan(signal) {
      const { frozen, state, overlaid, wanted, committed } = knownNow();
      if (frozen) throw frozen;
      const isAwaited = state.at === "waiting" && state.target.generation === overlaid?.generation?.digest;
      const generation = (isAwaited ? overlaid.generation : wanted?.generation) ?? committed;
      if (!generation) throw busy("No commit was loaded yet.");
      const plan = await surveyed(parts, generation, committed, signal);
      return { generation, plan: leavingIncus(plan, desiredOf(generation), committed && desiredOf(committed)) };
    },
    async drift(signal) {
      const { frozen, committed, wanted } = knownNow();
      if (frozen) throw frozen;
      const appliance = box();
      if (!committed || !appliance) throw busy("Nothing was committed here yet.");
      const policy = wanted?.generation?.policy ?? committed.policy;
      const drift = await measureDrift(parts, committed, policy, appliance.memory.ledger(), signal);
      return { committed, drift, difference: differenceOf(parts.reconcilers, committed, drift) };
    },
    async tryOut(local, signal, tree) {
      const newest = newestWanted();
      const on = tree ? { commit: newest.commit, tree } : await underlay(parts, knownNow(), signal).catch(() => newest);
      const { commit, tree: files } = on ?? newest;
      return withDeadline(host, fetchLimitMs, signal, "Loading the machine", (limited) =>
        parts.load(files, commit, local, limited),
      );
    },
    newestTree: () => newestWanted().tree,
    memory: () => started().memory,
    async kept() {
      const { store } = started();
      const whole = (digest: string) =>
        store.kept(digest).catch((thrown: unknown) => {
          const remedy = "Restore it from a backup, or leave it: all else goes on without it.";
          listener.complain(
            new Problem("JOURNAL", `Nobody can go back to it: ${asProblem(thrown).message}`, { remedy }),
          );
          return undefined;
        });
      const kept = await Promise.all((await store.history()).map(whole));
      return kept.filter((one) => one !== undefined);
    },
    environments: async (signal) => standingOf(bootBox, signal),
    async changeEnvironment(order, signal) {
      const { state } = knownNow();
      const isInTheWay = order.verb === "rm" || order.verb === "activate";
      if (isInTheWay && inFlight(state)) throw busy(`A deployment is in flight (${state.at}).`);
      const standing = order.verb === "activate" ? await standingOf(bootBox, signal) : undefined;
      const environment = standing && named(standing, order.name);
      const appliance = box();
      const failure = environment && appliance && (await whyBad(appliance, environment));
      if (!standing || !environment || !appliance || !isToBeTried(standing, environment, failure))
        return changeEnvironment(bootBox, order, signal);
      if (parts.settings.mode === "observe") throw new Problem("USAGE", "The agent's settings say to observe only.");
      const wanted = knownNow().wanted?.generation;
      return orderTrial(appliance, standing, environment, { wanted, reason: order.reason });
    },
  };
}

function busy(why: string): Problem {
  return new Problem("AGENT_BUSY", why, { transient: true });
}
