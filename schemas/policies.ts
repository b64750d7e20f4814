/**
 * policies/*.yaml: lists, route-maps and ACLs that every appliance may refer to. Each file holds some of these sections;
 * a name stands in one file only. Their places in the machine are `routing` for all but `acls`.
 */
import { z } from "zod";
import { Acls } from "./acl.ts";
import { lists } from "./lists.ts";
import { Policers } from "./policers.ts";
import { RouteMaps } from "./route-maps.ts";

/** One file. Its values are merged as written, below the fleet's, so nothing of it depends on the defaults' generation. */
export const PolicyFile = z
  .strictObject({ ...lists, "route-maps": RouteMaps, acls: Acls, policers: Policers })
  .meta({ description: "Shared policies." });
export type PolicyFile = z.infer<typeof PolicyFile>;

/** Where a section of a policy file goes in a machine. */
export const policyPlaces = {
  "prefix-lists": ["routing", "prefix-lists"],
  "as-path-lists": ["routing", "as-path-lists"],
  "community-lists": ["routing", "community-lists"],
  "route-maps": ["routing", "route-maps"],
  acls: ["acls"],
  policers: ["policers"],
} as const satisfies Record<keyof PolicyFile, readonly string[]>;
