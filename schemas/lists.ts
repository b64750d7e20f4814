/** Lists that route-maps and peers refer to: prefix-lists, AS-path lists, community lists. */
import { z } from "zod";
import { wrongCommunities, wrongExpression } from "./communities.ts";
import { familyOf, Line, Name, Prefix, Sequence, whole } from "./primitives.ts";

export const Action = z.enum(["permit", "deny"]).meta({ description: "What happens to what matches." });

const length = whole(0, 128, "a prefix length");

export const PrefixListEntry = z
  .strictObject({
    action: Action.default("permit"),
    prefix: Prefix,
    ge: length.optional().meta({ description: "Also longer prefixes, of at least this length." }),
    le: length.optional().meta({ description: "Also longer prefixes, of at most this length." }),
  })
  .check((ctx) => {
    const { prefix, ge, le } = ctx.value;
    const own = Number(prefix.slice(prefix.indexOf("/") + 1));
    const most = familyOf(prefix) === "ipv4" ? 32 : 128;
    const problem = (path: string, message: string) =>
      ctx.issues.push({ code: "custom", path: [path], message, input: ctx.value });
    if (ge !== undefined && ge <= own) problem("ge", `must be longer than the prefix's own /${own}`);
    if (ge !== undefined && ge > most) problem("ge", `must be at most ${most}`);
    if (le !== undefined && le > most) problem("le", `must be at most ${most}`);
    if (le !== undefined && le < Math.max(own, ge ?? 0)) problem("le", `must be at least ${Math.max(own, ge ?? 0)}`);
  });

export const PrefixList = z
  .strictObject({
    family: z.enum(["ipv4", "ipv6"]).default("ipv4").meta({ description: "Address family of all entries." }),
    description: Line.optional(),
    entries: z.record(Sequence, PrefixListEntry).meta({ description: "By sequence number; the first match decides." }),
  })
  .check((ctx) => {
    for (const [sequence, entry] of Object.entries(ctx.value.entries)) {
      if (familyOf(entry.prefix) === ctx.value.family) continue;
      ctx.issues.push({
        code: "custom",
        path: ["entries", sequence, "prefix"],
        message: `"${entry.prefix}" does not fit a list of family ${ctx.value.family}`,
        input: ctx.value,
      });
    }
  })
  .meta({ description: "Prefix-list. What no entry matches is denied." });
export type PrefixList = z.infer<typeof PrefixList>;

const asPathExpression = Line.check((ctx) => {
  const message = wrongExpression(ctx.value, "as-path");
  if (message !== undefined) ctx.issues.push({ code: "custom", message, input: ctx.value });
}).meta({ description: "FRR's AS path expression, '_' between numbers.", examples: ["^64496_"] });

export const AsPathList = z
  .strictObject({
    description: Line.optional(),
    entries: z
      .record(
        Sequence,
        z.strictObject({
          action: Action.default("permit"),
          regex: asPathExpression,
        }),
      )
      .meta({ description: "By sequence number; the first match decides." }),
  })
  .meta({ description: "AS-path access-list." });
export type AsPathList = z.infer<typeof AsPathList>;

export const CommunityList = z
  .strictObject({
    kind: z
      .enum(["standard", "large", "extended"])
      .default("standard")
      .meta({ description: "standard 64496:1 (RFC 1997), large 64496:1:2 (RFC 8092), extended rt/soo (RFC 4360)." }),
    description: Line.optional(),
    match: z
      .enum(["exact", "regex"])
      .default("exact")
      .meta({ description: "exact: entries are communities, all of which must be there; regex: expressions." }),
    entries: z
      .record(
        Sequence,
        z.strictObject({
          action: Action.default("permit"),
          value: Line.meta({
            description: "Communities separated by blanks, or one expression.",
            examples: ["64496:1 no-export"],
          }),
        }),
      )
      .meta({ description: "By sequence number; the first match decides." }),
  })
  .check((ctx) => {
    const { kind, match, entries } = ctx.value;
    for (const [sequence, { value }] of Object.entries(entries)) {
      const message = match === "regex" ? wrongExpression(value, "community") : wrongCommunities(kind, value);
      if (message === undefined) continue;
      ctx.issues.push({ code: "custom", path: ["entries", sequence, "value"], message, input: ctx.value });
    }
  })
  .meta({ description: "Community list." });
export type CommunityList = z.infer<typeof CommunityList>;

/** The lists as they stand under `routing` and in policies/*.yaml. */
export const lists = {
  "prefix-lists": z.record(Name, PrefixList).default({}).meta({ description: "Prefix-lists by name." }),
  "as-path-lists": z.record(Name, AsPathList).default({}).meta({ description: "AS-path lists by name." }),
  "community-lists": z.record(Name, CommunityList).default({}).meta({ description: "Community lists by name." }),
} as const;
