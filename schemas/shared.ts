/** What all machines of a repository have in common, read once: fleet.yaml, images.yaml and policies/. */
import { z } from "zod";
import { DefaultsNumber as DefaultsSchema } from "./fleet.ts";
import { Images, isAgentPackage, type AgentPackage, type ImageEntry } from "./images.ts";
import { issueProblems } from "./issues.ts";
import { yamlFiles } from "./layout.ts";
import type { Layer } from "./merge.ts";
import { PolicyFile } from "./policies.ts";
import { Problem } from "./problem.ts";
import { formatPath } from "./json.ts";
import { Rollout } from "./rollout.ts";
import { policyCatalogue, type PolicyCatalogue } from "./shared-policies.ts";
import { readAll, type Sites } from "./sites.ts";
import { placeIn, type YamlDocument } from "./yaml.ts";

export interface Shared {
  readonly fleet: YamlDocument | undefined;
  readonly images: ReadonlyMap<string, ImageEntry>;
  readonly agents: ReadonlyMap<string, AgentPackage>;
  readonly catalogue: PolicyCatalogue;
  /** What stops every machine: files that could not be read. */
  readonly problems: readonly Problem[];
  /** What is wrong inside of policies/; a machine that uses it meets it again. */
  readonly policyProblems: () => readonly Problem[];
}

export async function readShared(sites: Sites): Promise<Shared> {
  const fleet = await sites.file("fleet.yaml");
  const images = await sites.file("images.yaml");
  const folder = await yamlFiles(sites, "policies");
  const policies = await readAll(sites, folder.files);
  const shared = policyCatalogue(policies.documents);
  const named = images.document ? checkDocument(Images, images.document) : { value: {}, problems: [] };
  const entries = Object.entries(named.value ?? {});
  return {
    fleet: fleet.document,
    images: new Map(entries.flatMap(([name, one]) => (isAgentPackage(one) ? [] : [[name, one]]))),
    agents: new Map(entries.flatMap(([name, one]) => (isAgentPackage(one) ? [[name, one]] : []))),
    catalogue: shared,
    problems: [
      ...fleet.problems,
      ...(fleet.document || fleet.problems.length > 0 ? [] : [noFleet()]),
      ...images.problems,
      ...named.problems,
      ...folder.problems,
      ...policies.problems,
    ],
    policyProblems: () => [
      ...policies.documents.flatMap((document) => checkDocument(PolicyFile, document).problems),
      ...definedAgain(shared),
    ],
  };
}

/** One document against a schema of its own. */
export function checkDocument<T>(
  schema: z.ZodType<T>,
  document: YamlDocument,
): { readonly value: T | undefined; readonly problems: readonly Problem[] } {
  const result = schema.safeParse(document.value);
  if (result.success) return { value: result.data, problems: [] };
  const problems = issueProblems(result.error.issues, {
    schema,
    value: document.value,
    locate: (path, part) => placeIn(document, path, part),
  });
  return { value: undefined, problems };
}

function noFleet(): Problem {
  return new Problem("SCHEMA", "the sites repository has no fleet.yaml", {
    at: { file: "fleet.yaml", line: 1, column: 1 },
    remedy: "Make it; one line is enough: `defaults: 1`.",
  });
}

/** A name that two files of policies/ define. */
function definedAgain({ again }: PolicyCatalogue): readonly Problem[] {
  return again.map(({ policy: { kind, name, document }, first }) => {
    const at = document.locate([kind, name], "key");
    const other = first.document.locate([kind, name], "key");
    return new Problem("SCHEMA", `is defined by ${other?.file}:${other?.line} too`, {
      ...(at && { at }),
      path: formatPath([kind, name]),
      remedy: "Rename one of the two.",
    });
  });
}

/** A generation of built-in defaults. */
export type DefaultsNumber = z.infer<typeof DefaultsSchema>;

export interface FleetBase {
  /** fleet.yaml without the keys that are no part of a machine; undefined where it cannot be read. */
  readonly layer: Layer | undefined;
  readonly defaults: DefaultsNumber | undefined;
  readonly rollout: Rollout | undefined;
  readonly problems: readonly Problem[];
}

/** The lowest layer of all machines but for shared policies. */
export function fleetBase({ fleet }: Shared): FleetBase {
  if (!fleet) return { layer: undefined, defaults: undefined, rollout: undefined, problems: [] };
  const { defaults, rollout, ...value } = fleet.value;
  const result = DefaultsSchema.safeParse(defaults);
  const ordered = Rollout.optional().safeParse(rollout);
  const at = fleet.locate(["defaults"], "value") ?? fleet.locate([], "value");
  const wrong = (message: string): Problem => new Problem("SCHEMA", message, { path: "defaults", ...(at && { at }) });
  return {
    layer: { name: "fleet", value, locate: (path, part) => fleet.locate(path, part) },
    defaults: result.data,
    rollout: ordered.data,
    problems: [
      ...(result.success ? [] : result.error.issues.slice(0, 1).map(({ message }) => wrong(message))),
      ...(ordered.success ? [] : rolloutProblems(fleet, ordered.error.issues)),
    ],
  };
}

function rolloutProblems(fleet: YamlDocument, issues: readonly z.core.$ZodIssue[]): readonly Problem[] {
  const schema = z.object({ rollout: Rollout });
  const inside = issues.map((issue) => ({ ...issue, path: ["rollout", ...issue.path] }));
  return issueProblems(inside, { schema, value: fleet.value, locate: (path, part) => placeIn(fleet, path, part) });
}
