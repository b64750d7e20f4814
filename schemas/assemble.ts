/**
 * One machine out of its layers: merged, given the shared policies and customers that belong to it, validated, judged.
 * Layers from the most general: policies (only what is referred to), fleet, site, customers, appliance. A customer only
 * adds: what it sets must not stand in any other layer, so their order among the specific ones never decides a value.
 */
import { customerLayer } from "./expand.ts";
import type { CustomerFile } from "./customers.ts";
import { explain } from "./explain.ts";
import { machineFor } from "./fleet.ts";
import type { AgentPackage, ImageEntry } from "./images.ts";
import { issueProblems } from "./issues.ts";
import { formatPath, valueAt, type JsonObject, type JsonValue, type Path } from "./json.ts";
import { mergeLocal, type LocalLayers } from "./local.ts";
import type { Machine } from "./machine.ts";
import { addInto, collisions, idleNulls, locate, merge, mergeOver, type Layer, type Origin } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { Problem, type Position } from "./problem.ts";
import { secretUses } from "./secret-uses.ts";
import type { SecretUse } from "./secrets.ts";
import { checkMachine } from "./semantics/check-machine.ts";
import { checkPartial } from "./semantics/check-partial.ts";
import { firstFindings, type Finding } from "./semantics/finding.ts";
import { pullPolicies } from "./shared-policies.ts";
import type { DefaultsNumber, Shared } from "./shared.ts";

/** One appliance, valid. */
export interface Loaded {
  /** "<site>/<appliance>". */
  readonly name: string;
  /** Every default filled in; `hostname` is the appliance's name unless it says otherwise. */
  readonly machine: Machine;
  /** Merged as written: no nulls, customers and shared policies in place, `defaults` pinned. The digest is over it. */
  readonly written: JsonObject;
  /** The entry of images.yaml that `image` names. */
  readonly image: ImageEntry | undefined;
  /** The same of `agent`. */
  readonly agent: AgentPackage | undefined;
  readonly secrets: readonly SecretUse[];
  /**
   * Who set the value at a path ("routing.bgp.asn", list indices as [0]), most specific first; later ones are overridden
   * by earlier ones. Empty where nobody wrote it: a built-in default, or nothing.
   */
  explain(path: string): readonly Origin[];
  /** Gives a finding of a rule its file, line and column. */
  problem(finding: Finding, code: "SEMANTICS" | "FLEET"): Problem;
}

/** `loaded` is undefined if and only if there is an error among the problems; warnings do not block. */
export interface LoadResult {
  readonly loaded: Loaded | undefined;
  readonly problems: readonly Problem[];
  /** The secrets that it names, of a machine that is not loaded but could be read. */
  readonly named?: readonly SecretUse[];
}

/** What fleet.yaml and site.yaml give to every appliance of a site. */
export interface Base {
  readonly layers: readonly Layer[];
  readonly value: JsonObject;
  readonly defaults: DefaultsNumber;
}

/**
 * Puts one appliance together. `own` are the layers of its own files; of several the first counts as its main one. `local`
 * are those of the box, above all others.
 */
export function assemble(
  name: string,
  base: Base,
  own: readonly Layer[],
  customers: readonly CustomerFile[],
  shared: Shared,
  local: LocalLayers = { layers: [], problems: [] },
): LoadResult {
  const problems: Problem[] = [...splitProblems(own), ...own.flatMap((layer) => nullProblems(base.value, layer))];
  const specific = own.reduce((below, { value }) => mergeOver(below, value), base.value);
  const added = addCustomers(specific, [...base.layers, ...own], customers);
  problems.push(...added.problems);
  const above = mergeLocal(added.value, local.layers);
  problems.push(...local.problems, ...above.problems);
  const pulled = pullPolicies(above.value, shared.catalogue);
  const policies = pulled.layer ? [pulled.layer] : [];
  const layers = [...policies, ...base.layers, ...added.layers, ...own.toReversed(), ...above.layers];
  const merged = pulled.layer ? merge([pulled.layer.value, above.value]) : above.value;
  const place = (path: Path, part: "key" | "value") => locate(layers, path, part);
  const problem = (finding: Finding, code: "SEMANTICS" | "FLEET"): Problem => findingProblem(finding, code, place);
  problems.push(...pulled.hiding.map(({ path, policy }) => problem(hides(path, policy.document.file), "SEMANTICS")));
  const offered = (kind: string) =>
    [...shared.catalogue.policies.values()].filter((policy) => policy.kind === kind).map((policy) => policy.name);
  const schema = machineFor(base.defaults);
  const result = schema.safeParse(merged);
  if (!result.success) {
    problems.push(...issueProblems(result.error.issues, { schema, value: merged, locate: place }));
    const findings = checkPartial(schema, merged, result.error.issues, offered);
    problems.push(...firstFindings(findings, maxFindings).map((finding) => problem(finding, "SEMANTICS")));
    return { loaded: undefined, problems, named: secretUses(merged, place) };
  }
  const machine = { ...result.data, hostname: result.data.hostname ?? name.slice(name.indexOf("/") + 1) };
  const image = shared.images.get(machine.image ?? "");
  const agent = shared.agents.get(machine.agent ?? "");
  const findings = [
    ...(machine.image !== undefined && !image ? [noEntry("image", machine.image, shared)] : []),
    ...(machine.agent !== undefined && !agent ? [noEntry("agent", machine.agent, shared)] : []),
    ...checkMachine(machine, offered),
  ];
  problems.push(...firstFindings(findings, maxFindings).map((finding) => problem(finding, "SEMANTICS")));
  const secrets = secretUses(merged, place);
  if (hasError(problems)) return { loaded: undefined, problems, named: secrets };
  const written = { ...merged, defaults: base.defaults };
  return {
    loaded: { name, machine, written, image, agent, secrets, explain: (path) => explain(layers, path), problem },
    problems,
  };
}

/** Findings of one kind in one machine; whoever has more made the same mistake everywhere. */
const maxFindings = 200;

export function hasError(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}

type Place = (path: Path, part: "key" | "value") => Position | undefined;

function findingProblem(finding: Finding, code: "SEMANTICS" | "FLEET", place: Place): Problem {
  const at = place(finding.path, "value");
  return new Problem(finding.severity === "warning" ? "ADVICE" : code, finding.message, {
    path: formatPath(finding.path),
    remedy: finding.remedy,
    severity: finding.severity,
    ...(at && { at }),
  });
}

function hides(path: Path, file: string): Finding {
  return {
    path,
    message: `hides the shared one of ${file}`,
    remedy: "Rename it if both are meant.",
    severity: "warning",
  };
}

/** images.yaml has no such entry of that kind. */
function noEntry(key: "image" | "agent", name: string, { images, agents }: Shared): Finding {
  const [own, other] = key === "image" ? [images, agents] : [agents, images];
  const kinds = { image: "image", agent: "package of the agent" };
  const meant = nearest(name, own.keys());
  const isOther = other.has(name) ? `; it is ${key === "image" ? "a package of the agent" : "an image"} there` : "";
  return {
    path: [key],
    message: `images.yaml has no ${kinds[key]} ${name}${isOther}`,
    remedy: meant ? `Did you mean ${meant}?` : "Add it to images.yaml, or name one that is there.",
    severity: "error",
  };
}

/** The same leaf in two files of one appliance. */
function splitProblems(own: readonly Layer[]): readonly Problem[] {
  return own.flatMap((layer, index) =>
    own.slice(0, index).flatMap((earlier) =>
      collisions(earlier.value, layer.value).map((path) => {
        const at = layer.locate(path, "key");
        const first = earlier.locate(path, "key");
        return new Problem("SCHEMA", `is set by ${first?.file}:${first?.line} too`, {
          ...(at && { at }),
          path: formatPath(path),
          remedy: "Of an appliance's files only one may set a value: remove one of the two.",
        });
      }),
    ),
  );
}

/** Nulls that delete nothing: `loop0:` without a value makes no loopback. */
export function nullProblems(below: JsonObject, layer: Layer): readonly Problem[] {
  const idle = idleNulls(below, layer.value).slice(0, maxFindings);
  return idle.map((path) => {
    const at = layer.locate(path, "key");
    return new Problem("ADVICE", "has no value, which deletes what a layer below sets, and none does", {
      ...(at && { at }),
      path: formatPath(path),
      severity: "warning",
      remedy: "Write {} for an empty map, or remove the line.",
    });
  });
}

interface Added {
  readonly value: JsonObject;
  readonly layers: readonly Layer[];
  readonly problems: readonly Problem[];
}

/** Lays the customers over the machine, each of them only where nobody else has set anything. */
function addCustomers(machine: JsonObject, others: readonly Layer[], customers: readonly CustomerFile[]): Added {
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  const all: Record<string, JsonValue> = {};
  for (const { name, document, customer, problems: wrong } of customers) {
    problems.push(...wrong);
    if (!customer) continue;
    const { layer, port } = customerLayer(name, customer, document, machine);
    if (valueAt(machine, port.slice(0, 2)) === undefined) {
      problems.push(noInterface(machine, customer.interface, document.locate(["interface"], "value")));
      continue;
    }
    const portTaken = valueAt(machine, port) !== undefined || valueAt(all, port) !== undefined;
    const taken = portTaken ? [port] : [...collisions(machine, layer.value), ...collisions(all, layer.value)];
    problems.push(
      ...taken.map((path) => {
        const at = portTaken ? document.locate(["vlan"], "value") : layer.locate(path, "key");
        return takenProblem(path, at, locate([...others, ...layers], path, "key"));
      }),
    );
    if (taken.length > 0) continue;
    layers.push(layer);
    addInto(all, layer.value);
  }
  return { value: layers.length > 0 ? mergeOver(machine, all) : machine, layers, problems };
}

function takenProblem(path: Path, at: Position | undefined, first: Position | undefined): Problem {
  return new Problem("SEMANTICS", `is set by ${first?.file}:${first?.line} already`, {
    path: formatPath(path),
    remedy: "A customer has its VLAN, routes and names for itself.",
    ...(at && { at }),
  });
}

function noInterface(machine: JsonObject, name: string, at: Position | undefined): Problem {
  const known = ["interfaces", "bonds"].flatMap((section) => Object.keys(valueAt(machine, [section]) ?? {}));
  const meant = nearest(name, known);
  return new Problem("SEMANTICS", `the appliance has no interface ${name}`, {
    path: "interface",
    remedy: meant ? `Did you mean ${meant}?` : `It has ${known.length > 0 ? known.join(", ") : "none yet"}.`,
    ...(at && { at }),
  });
}
