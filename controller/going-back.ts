/**
 * An operator's order to go back: `impctl rollback`. It stands in the ledger until it was carried out, and means what the
 * state asks for: to resume where the box is stranded, to give up what is being proven, else to go to a generation that was
 * committed before. Needs no repository.
 */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import type { Ledger, Order } from "./ledger.ts";
import type { Deployment, Failure, State } from "./machine.ts";
import { whereSaid } from "./planes.ts";
import { blamed, inconclusiveRetries, withVerdict } from "./verdicts.ts";

/** Of the kept generations, the one that was committed last before the committed one and is not known to be bad. */
export function fallback(
  { previous, verdicts }: Pick<Ledger, "previous" | "verdicts">,
  kept: readonly string[],
  committed: string | undefined,
): string | undefined {
  const fit = [...kept, ...(previous && kept.includes(previous.generation) ? [previous.generation] : [])].filter(
    (digest) => digest !== committed && verdicts[digest]?.verdict !== "bad",
  );
  return fit.at(-1);
}

/** The generation to which an operator wants to go now, its secrets known; undefined: none does. */
export async function orderedBack(
  { store, memory, secrets, listener }: Appliance,
  committed: Generation | undefined,
): Promise<Generation | undefined> {
  const { order, ...ledger } = memory.ledger();
  if (!order) return undefined;
  try {
    const to = order.to ?? fallback(ledger, await store.history(), committed?.digest);
    const generation = to === undefined ? undefined : await store.kept(to);
    if (!generation) throw new Problem("JOURNAL", `There is no generation ${to ?? ""} to go back to.`);
    if (generation.digest !== committed?.digest) {
      secrets.learn(Object.fromEntries(await store.secretsOf(generation.digest)));
      return committed ? withUndescribed(generation, committed) : generation;
    }
  } catch (thrown) {
    listener.complain(asProblem(thrown));
  }
  await memory.remember(withoutOrder);
  return undefined;
}

/** Whether somebody ordered a stranded box to try again. */
export function isResumed(state: State, { order }: Ledger): boolean {
  return state.at === "stranded" && order !== undefined && orderKey(order) !== state.spent;
}

/** What the generation says nothing of stays as it is, instead of being removed. */
function withUndescribed(generation: Generation, { desired }: Generation): Generation {
  return { ...generation, desired: whereSaid(generation.desired, generation.desired, desired) };
}

/** Why the deployment in flight is given up for it. */
export function givenUp(order: Order): Failure {
  return { trigger: order.by ?? "operator", reason: orderText(order), verdict: "bad" };
}

/** How a generation is remembered that was left for it. */
export function orderText({ reason, by }: Pick<Order, "reason" | "by">): string {
  if (by === "probation") return `Rolled back by policy: ${reason}`;
  return `Rolled back by an operator${reason === "" ? "" : `: ${reason}`}.`.replace(/([.!?])\.$/, "$1");
}

/** The order that a deployment carries out; another one may have been given meanwhile. */
export function orderOf({ order }: Ledger, { purpose, ordered }: Deployment): Order | undefined {
  return purpose === "roll-back" && order && orderKey(order) === ordered ? order : undefined;
}

/** Tells it from any other one. */
export function orderKey({ at, to }: Order): string {
  return `${at} ${to ?? ""}`.trim();
}

/** The ledger when an operator's order is carried out: what was left is not tried again. Saying it twice changes nothing. */
export function withLeft(ledger: Ledger, deployment: Deployment, now: number): Ledger {
  const order = orderOf(ledger, deployment);
  const { id, from } = deployment;
  if (!order || from === undefined) return ledger;
  const { previous, committed } = ledger;
  const commit = previous?.generation === from ? blamed(previous, committed) : undefined;
  return withoutOrder(withVerdict(ledger, from, id, "bad", orderText(order), now, commit));
}

/**
 * The ledger when a deployment was rolled back. Where that was all that was ordered, it is done; where it was to carry out the
 * order and ended without a result, it is tried again, but not for ever; an order to go elsewhere stands.
 */
export function whenUndone(ledger: Ledger, deployment: Deployment, { verdict }: Failure): Ledger {
  const { order } = ledger;
  if (order?.to === undefined) return withoutOrder(ledger);
  if (!orderOf(ledger, deployment)) return ledger;
  const tries = (order.tries ?? 0) + 1;
  return verdict === "bad" || tries > inconclusiveRetries
    ? withoutOrder(ledger)
    : { ...ledger, order: { ...order, tries } };
}

export function withoutOrder(ledger: Ledger): Ledger {
  return { ...ledger, order: undefined };
}
