/**
 * What commits say to the agent in their trailers, beside the files that they change: `Imp-Allow-Removal: reason`,
 * `Imp-Allow-Downgrade: <image> reason`, `Imp-Emergency: reason`, `Imp-Retry: <generation> reason`. The last two count only from
 * a commit that an allowed signer signed.
 */
import { printable } from "../../schemas/printable.ts";
import type { Words } from "../source.ts";
import type { Commit } from "./commit.ts";
import { trailersOf, type Trailer } from "./trailers.ts";

/** How many words of a kind are kept: whoever can push decides how many there are. */
const mostRetries = 20;
const mostIgnored = 5;
const longestReason = 200;
const shortestDigest = 12;

/**
 * The words of commits, newest first: of a kind that counts once the newest, and of one commit the last. `signers` has who
 * signed which of them; undefined: signatures are off.
 */
export function wordsOf(commits: readonly Commit[], signers: ReadonlyMap<string, string> | undefined): Words {
  const found = commits.flatMap((commit) => wordsOfOne(commit, signers));
  const allowRemoval = found.find((one) => one.kind === "allow-removal")?.word;
  const allowDowngrade = found.find((one) => one.kind === "allow-downgrade")?.word;
  const emergency = found.find((one) => one.kind === "emergency")?.word;
  const retries = found.flatMap((one) => (one.kind === "retry" ? [one.word] : []));
  const ignored = found.flatMap((one) => (one.kind === "ignored" ? [one.why] : []));
  return {
    ...(allowRemoval && { allowRemoval }),
    ...(allowDowngrade && { allowDowngrade }),
    ...(emergency && { emergency }),
    retries: retries.slice(0, mostRetries),
    ignored: ignored.slice(0, mostIgnored),
  };
}

type Found =
  | { readonly kind: "allow-removal"; readonly word: NonNullable<Words["allowRemoval"]> }
  | { readonly kind: "allow-downgrade"; readonly word: NonNullable<Words["allowDowngrade"]> }
  | { readonly kind: "emergency"; readonly word: NonNullable<Words["emergency"]> }
  | { readonly kind: "retry"; readonly word: Words["retries"][number] }
  | { readonly kind: "ignored"; readonly why: string };

function wordsOfOne(commit: Commit, signers: ReadonlyMap<string, string> | undefined): readonly Found[] {
  const ours = trailersOf(commit.message).filter(({ key }) => /^imp-/i.test(key));
  return ours
    .slice(-mostRetries)
    .toReversed()
    .map((trailer) => interpret(trailer, commit, signers));
}

function interpret({ key, value }: Trailer, commit: Commit, signers: ReadonlyMap<string, string> | undefined): Found {
  const name = key.toLowerCase();
  const reason = printable(value.slice(0, longestReason));
  const ignore = (why: string): Found => ({
    kind: "ignored",
    why: `"${printable(key.slice(0, 40))}" of commit ${commit.id.slice(0, 12)} is ignored: ${why}`,
  });
  if (!["imp-allow-removal", "imp-allow-downgrade", "imp-emergency", "imp-retry"].includes(name)) {
    return ignore("there are only Imp-Allow-Removal, Imp-Allow-Downgrade, Imp-Emergency and Imp-Retry.");
  }
  if (reason === "" && name !== "imp-retry") return ignore("it gives no reason.");
  if (name === "imp-allow-removal") return { kind: "allow-removal", word: { reason, commit: commit.id } };
  if (name === "imp-allow-downgrade") {
    const [image = "", ...why] = reason.split(/\s+/);
    return { kind: "allow-downgrade", word: { image, reason: why.join(" "), commit: commit.id } };
  }
  if (!signers) return ignore('it counts only where agent.yaml says "trust: signatures: required".');
  const signer = signers.get(commit.id);
  if (signer === undefined) return ignore("it counts only with a signature of its own.");
  if (name === "imp-emergency") return { kind: "emergency", word: { reason, commit: commit.id, signer } };
  const [, generation = "", why = ""] = /^([0-9a-f]+)(?:\s+(.*))?$/i.exec(reason) ?? [];
  if (generation.length < shortestDigest || generation.length > 64) {
    return ignore(`it names no generation by ${shortestDigest} digits or more, as impctl status shows it.`);
  }
  return { kind: "retry", word: { generation: generation.toLowerCase(), reason: why, commit: commit.id, signer } };
}
