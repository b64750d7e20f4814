/** `impctl be activate` of what never committed: it is tried, as a deployment that an operator orders. */
import { createHash } from "node:crypto";
import { isOf } from "../../reconcilers/bootenv/plan.ts";
import { isWhole, type BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import { chosenByHand, type Standing } from "../../reconcilers/bootenv/standing.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { canonicalJson } from "../canonical-json.ts";
import { withApproval } from "../gate/allowed.ts";
import { askedOf, heldBy } from "../verdicts.ts";

/**
 * Whether only a trial can make it what boots next; what runs proves itself where it is. `failure`: see whyBad.
 */
export function isToBeTried(
  { committed, observed }: Standing,
  environment: BootEnvironment,
  failure: string | undefined,
): boolean {
  const { guid } = environment;
  if (!isWhole(environment) || guid === observed.booted) return false;
  return !committed.has(guid) || (failure !== undefined && guid !== observed.next);
}

/** Why the generation that it is linked with is bad here: where its commit was cut off, and it failed when it was tried again. */
export async function whyBad(
  { host, state, memory }: Pick<Appliance, "host" | "state" | "memory">,
  { guid }: BootEnvironment,
): Promise<string | undefined> {
  const link = await host.readLink(`${state}/committed.d/${guid}`);
  const record = memory.ledger().verdicts[link?.split("/").at(-1) ?? ""];
  return record?.verdict === "bad" ? record.reason : undefined;
}

/**
 * Orders the trial, and says in a sentence what comes. Of the image that git asks for that is an approval; any other is tried with what is
 * committed here, and the box stays with it then until another commit. Rejects with BOOT_ENVIRONMENT where it cannot come to that.
 */
export async function orderTrial(
  appliance: Appliance,
  standing: Standing,
  environment: BootEnvironment,
  { wanted, reason }: { readonly wanted: Generation | undefined; readonly reason: string },
): Promise<string> {
  const { memory, host } = appliance;
  const { name } = environment;
  const committed = await appliance.store.committed();
  const byHand = chosenByHand(standing);
  if (!committed || byHand) {
    const why = byHand ? `${byHand.running.name} was chosen by hand` : "nothing was ever committed here";
    throw new Problem(
      "BOOT_ENVIRONMENT",
      `${name} cannot be tried: ${why}, and a trial has to come back to something.`,
      {
        remedy: byHand ? `Reboot to be back in ${byHand.next.name}.` : "It is tried once something is.",
      },
    );
  }
  if (wanted?.image && isOf(wanted.image, environment)) {
    const held = heldBy(memory.ledger(), askedOf(wanted));
    if (held) {
      throw new Problem(
        "BOOT_ENVIRONMENT",
        `${name} failed here with commit ${wanted.commit.slice(0, 12)}: ${held.reason}`,
        {
          remedy: "impctl retry --reason lets it be tried again.",
        },
      );
    }
    const approval = { reason: reason || `be activate ${name}`, at: host.now(), by: "operator" } as const;
    await memory.remember((ledger) => withApproval(ledger, wanted.digest, approval));
    return `${name} never proved itself on this box: it is tried with commit ${wanted.commit.slice(0, 12)}, and boots next once it did.`;
  }
  const to = await keepForTrial(appliance, committed, environment);
  await memory.remember((ledger) => ({ ...ledger, order: { to, reason, at: host.now() } }));
  return `${name} never proved itself on this box: it is tried with what is committed, and boots next once it did.`;
}

/** What is committed, as it is to be proven there; its digest is another one, since its image is. */
async function keepForTrial(
  { store, state, host }: Appliance,
  committed: Generation,
  { guid, name, properties }: BootEnvironment,
): Promise<string> {
  const digest = createHash("sha256")
    .update(canonicalJson({ generation: committed.digest, environment: guid }))
    .digest("hex");
  const image = { name, manifest: properties["imp:manifest"] ?? "" };
  const { shown: _shown, below: _below, ...rest } = committed;
  const generation: Generation = { ...rest, digest, image };
  const secrets = await store.secretsOf(committed.digest);
  await store.stage({ generation, secrets, before: undefined, owned: committed.desired });
  await host.writeFile(`${state}/generations/${digest}/generation.json`, canonicalJson(generation), { mode: 0o600 });
  return digest;
}
