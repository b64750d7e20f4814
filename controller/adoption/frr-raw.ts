/** Lines of FRR that the machine file has no word for, as fenced raw blocks: one for each context. */
import { sealedSecret } from "../../reconcilers/core.ts";
import type { LiveChange } from "../../reconcilers/frr/live-changes.ts";
import type { JsonObject } from "../../schemas/json.ts";

/** As many lines as a block may have. */
const most = 1000;

/** By name. A line with a secret in it cannot be written down. */
export function rawBlocks(left: readonly LiveChange[]): JsonObject {
  // A context comes by its lines.
  const contexts = new Set(left.map(({ path }) => path.join("\n")));
  const heads = left.filter(({ path, live }) => contexts.has([...path, live].join("\n")));
  const lines = left
    .filter((one) => !heads.includes(one))
    .flatMap(({ path, live }) => (live === undefined || isSecret(live) ? [] : [{ path, live }]));
  const blocks: Record<string, JsonObject> = {};
  for (const all of Map.groupBy(lines, ({ path }) => path.join("\n")).values()) {
    const context = all[0]?.path ?? [];
    for (let at = 0; at < all.length; at += most) {
      blocks[nameFor(context, blocks)] = {
        description: "As it was found: the machine file has no word for it",
        ...(context.length > 0 && { context }),
        lines: all.slice(at, at + most).map(({ live }) => live),
        // What undoing it disturbs nobody here knows.
        impact: "session-reset",
      };
    }
  }
  return blocks;
}

function isSecret(line: string): boolean {
  return line.search(sealedSecret) !== -1;
}

/** "router-bgp-64500-ipv4-unicast" */
function nameFor(context: readonly string[], taken: Readonly<Record<string, unknown>>): string {
  const words = context.join(" ").replace("address-family ", "");
  const name =
    words
      .replaceAll(/[^A-Za-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "")
      .slice(0, 55) || "lines";
  for (let count = 1; ; count += 1) {
    const one = count === 1 ? name : `${name}-${count}`;
    if (!Object.hasOwn(taken, one)) return one;
  }
}

/** One line for people, without its secrets. */
export function leftText({ path, live }: LiveChange): string {
  const text = `frr: ${[...path, live ?? ""].join(": ")}`;
  if (!isSecret(text)) return text;
  return `${text.replaceAll(sealedSecret, "(a secret)")}. It stays as it is; to bring it in: impctl secret set`;
}
