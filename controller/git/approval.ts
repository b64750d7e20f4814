/**
 * Approval by a signed tag: `approve/<12 or more digits>` of a generation (one appliance), or of a commit (what it asks of
 * every appliance). Whether it counts depends on its signature alone; its time is only the tagger's claim.
 */
import { printable } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Approvable, Approver, OfferedTag } from "../source.ts";
import { checkSigned, trustDigest } from "../trust.ts";
import { fetchFromAny, type GitContext } from "./candidate.ts";
import { parseTag, type Tag } from "./tag.ts";

/** What was found out about tags, so that the next poll does not do it again. */
export interface ReadTags {
  readonly tags: Map<string, Tag>;
  /** By tag: why it is not trusted while the lists on the box are as `under` says. */
  readonly distrusted: Map<string, { readonly problem: Problem; readonly under: string }>;
}

/** Whoever can push decides how many there are; beyond this they are read again. */
const mostTags = 100;
const longestReason = 200;

/** Who approved. Rejects with a Problem that says why the tag does not count. */
export async function readApproval(
  context: GitContext,
  read: ReadTags,
  offered: OfferedTag,
  sought: Approvable,
  signal: AbortSignal,
): Promise<Approver> {
  const { trust } = context.settings;
  if (trust.signatures !== "required") {
    throw useless(
      offered,
      "signatures are off",
      'Set "trust: signatures: required" in agent.yaml, or use impctl approve.',
    );
  }
  const { target } = offered;
  if (target === undefined) {
    throw useless(offered, "it is no annotated tag", `Make it anew: git tag -s -f ${offered.name}.`);
  }
  const under = await trustDigest(trust, new Set());
  const before = read.distrusted.get(offered.id);
  if (before && before.under === under) throw before.problem;
  const tag = await fetchedTag(context, read, { ...offered, target }, sought, signal);
  refuseOther(tag, offered, sought);
  const options = { trust, host: context.host, folder: `${context.folder}/signatures`, signal };
  const verdict = await checkSigned(tag.signed, options);
  if ("signer" in verdict) {
    return { signer: printable(verdict.signer), reason: printable(tag.subject.slice(0, longestReason)) };
  }
  const { problem } = verdict;
  // What a key's dates mean changes with the clock.
  if (under !== undefined && problem.code !== "TRUST_KEY_EXPIRED") {
    if (read.distrusted.size >= mostTags) read.distrusted.clear();
    read.distrusted.set(offered.id, { problem, under });
  }
  throw problem;
}

async function fetchedTag(
  context: GitContext,
  { tags }: ReadTags,
  { name, id, target }: OfferedTag & { readonly target: string },
  { commit }: Approvable,
  signal: AbortSignal,
): Promise<Tag> {
  const known = tags.get(id);
  if (known) return known;
  const what = { commit, accepted: commit, rewrite: false, give: { tag: { name, id, target } } };
  const [raw = ""] = await fetchFromAny(context, context.remotes, what, signal);
  const tag = parseTag(Buffer.from(raw, "base64"));
  if (tags.size >= mostTags) tags.clear();
  tags.set(tag.id, tag);
  return tag;
}

/** A ref can be made to point at a tag that somebody signed for something else. */
function refuseOther(tag: Tag, offered: OfferedTag, { commit, generation }: Approvable): void {
  if (tag.id !== offered.id || tag.name !== offered.name) {
    throw useless(offered, `what was signed is called ${printable(tag.name.slice(0, 100))}`, "Find out who pushed it.");
  }
  if (tag.type !== "commit") throw useless(offered, "it is not on a commit", "Put it on a commit of the branch.");
  // Digits can be shared by chance or intent: the commit itself is what was signed.
  const isOfCommit = !generation.startsWith(tag.name.slice("approve/".length));
  if (isOfCommit && tag.object !== commit) {
    throw useless(
      offered,
      "it is on another commit",
      `Put it on the one that it names: git tag -s -f ${offered.name} ${commit}.`,
    );
  }
}

function useless({ name }: OfferedTag, why: string, remedy: string): Problem {
  return new Problem("ADVICE", `tag ${printable(name)} does not count: ${why}.`, { remedy });
}
