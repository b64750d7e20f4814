/**
 * One machine out of its layers: merged, given the shared policies and customers that belong to it, validated, judged.
 * Layers from the most general: policies (only what is referred to), fleet, site, customers, appliance. A customer only
 * adds: what it sets must not stand in any other layer, so their order among the specific ones never decides a value.
 */
import { customerLayer } from "./expand.ts";
import type { CustomerFile } from "./customers.ts";
import { explain } from "./explain.ts";
import { machineFor } from "./fleet.ts";
import type { ImageEntry } from "./images.ts";
import { issueProblems } from "./issues.ts";
import { formatPath, valueAt, type JsonObject, type Path } from "./json.ts";
import type { Machine } from "./machine.ts";
import { collisions, idleNulls, locate, merge, mergeOver, type Layer, type Origin } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { secretUses } from "./secret-uses.ts";
import type { SecretUse } from "./secrets.ts";
import { checkMachine } from "./semantics/check-machine.ts";
import type { Finding } from "./semantics/finding.ts";
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
}

/** What fleet.yaml and site.yaml give to every appliance of a site. */
export interface Base {
  readonly layers: readonly Layer[];
  readonly value: JsonObject;
  readonly defaults: DefaultsNumber;
}

/** Puts one appliance together. `own` are the layers of its own files; of several the first counts as its main one. */
export function assemble(
  name: string,
  base: Base,
  own: readonly Layer[],
  customers: readonly CustomerFile[],
  shared: Shared,
): LoadResult {
  const problems: Problem[] = [...splitProblems(own), ...own.flatMap((layer) => nullProblems(base.value, layer))];
  const specific = own.reduce((below, { value }) => mergeOver(below, value), base.value);
  const added = addCustomers(specific, [...base.layers, ...own], customers);
  problems.push(...added.problems);
  const pulled = pullPolicies(added.value, shared.catalogue);
  const policies = pulled.layer ? [pulled.layer] : [];
  const layers = [...policies, ...base.layers, ...added.layers, ...own.toReversed()];
  const merged = pulled.layer ? merge([pulled.layer.value, added.value]) : added.value;
  const place = (path: Path, part: "key" | "value") => locate(layers, path, part);
  const problem = (finding: Finding, code: "SEMANTICS" | "FLEET"): Problem => findingProblem(finding, code, place);
  for (const { path, policy } of pulled.hiding) {
    problems.push(
      problem(
        {
          path,
          message: `hides the shared one of ${policy.document.file}`,
          remedy: "Rename it if both are meant.",
          severity: "warning",
        },
        "SEMANTICS",
      ),
    );
  }
  const schema = machineFor(base.defaults);
  const result = schema.safeParse(merged);
  if (!result.success) {
    problems.push(...issueProblems(result.error.issues, { schema, value: merged, locate: place }));
    return { loaded: undefined, problems };
  }
  const machine = { ...result.data, hostname: result.data.hostname ?? name.slice(name.indexOf("/") + 1) };
  const image =
    machine.image !== undefined && Object.hasOwn(shared.images, machine.image)
      ? shared.images[machine.image]
      : undefined;
  if (machine.image !== undefined && image === undefined)
    problems.push(problem(noImage(machine.image, shared), "SEMANTICS"));
  const offered = (kind: string) =>
    [...shared.catalogue.policies.values()].filter((policy) => policy.kind === kind).map((policy) => policy.name);
  problems.push(...checkMachine(machine, offered).map((finding) => problem(finding, "SEMANTICS")));
  if (hasError(problems)) return { loaded: undefined, problems };
  const written = { ...merged, defaults: base.defaults };
  const secrets = secretUses(merged, place);
  return {
    loaded: { name, machine, written, image, secrets, explain: (path) => explain(layers, path), problem },
    problems,
  };
}

export function hasError(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}

type Place = (path: Path, part: "key" | "value") => Problem["at"];

function findingProblem(finding: Finding, code: "SEMANTICS" | "FLEET", place: Place): Problem {
  const at = place(finding.path, "value");
  return new Problem(finding.severity === "warning" ? "ADVICE" : code, finding.message, {
    path: formatPath(finding.path),
    remedy: finding.remedy,
    severity: finding.severity,
    ...(at && { at }),
  });
}

function noImage(image: string, shared: Shared): Finding {
  const meant = nearest(image, Object.keys(shared.images));
  return {
    path: ["image"],
    message: `images.yaml has no image ${image}`,
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
  return idleNulls(below, layer.value).map((path) => {
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
  let value = machine;
  for (const { name, document, customer, problems: wrong } of customers) {
    problems.push(...wrong);
    if (!customer) continue;
    const at = (path: Path): Pick<Problem, "at" | "path"> => ({
      at: document.locate(path, "value"),
      path: formatPath(path),
    });
    const { layer, port } = customerLayer(name, customer, document, machine);
    if (valueAt(machine, port.slice(0, 2)) === undefined) {
      problems.push(
        customerProblem(
          at(["interface"]),
          `the appliance has no interface ${customer.interface}`,
          noInterface(machine, customer.interface),
        ),
      );
      continue;
    }
    const taken = valueAt(value, port) === undefined ? collisions(value, layer.value) : [port];
    for (const path of taken) {
      const first = locate([...others, ...layers], path, "key");
      const own = layer.locate(path, "key");
      problems.push(
        customerProblem(
          { at: path === port ? document.locate(["vlan"], "value") : own, path: formatPath(path) },
          `is set by ${first?.file}:${first?.line} already`,
          "A customer has its VLAN, routes and names for itself.",
        ),
      );
    }
    if (taken.length > 0) continue;
    layers.push(layer);
    value = mergeOver(value, layer.value);
  }
  return { value, layers, problems };
}

function customerProblem(where: Pick<Problem, "at" | "path">, message: string, remedy: string): Problem {
  return new Problem("SEMANTICS", message, {
    remedy,
    ...(where.at && { at: where.at }),
    ...(where.path !== undefined && { path: where.path }),
  });
}

function noInterface(machine: JsonObject, name: string): string {
  const known = ["interfaces", "bonds"].flatMap((section) => Object.keys(valueAt(machine, [section]) ?? {}));
  const meant = nearest(name, known);
  return meant ? `Did you mean ${meant}?` : `It has ${known.length > 0 ? known.join(", ") : "none yet"}.`;
}
