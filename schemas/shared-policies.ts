/**
 * policies/*.yaml: lists, route-maps and access lists that several machines share. A machine gets those that it refers
 * to, and those that these refer to in turn; what it defines itself under the same name stands instead.
 */
import { child, isObject, type JsonObject, type JsonValue, type Path } from "./json.ts";
import { merge, type Layer } from "./merge.ts";
import { policyPlaces } from "./policies.ts";
import type { YamlDocument } from "./yaml.ts";

type Kind = keyof typeof policyPlaces;
const kinds = Object.keys(policyPlaces) as Kind[];

/** Keys whose value names something of a kind: a name, a list of names, or a map of `in` and `out`. */
const references: Readonly<Record<string, Kind>> = {
  "prefix-list": "prefix-lists",
  "next-hop-prefix-list": "prefix-lists",
  "as-path-list": "as-path-lists",
  "community-list": "community-lists",
  "large-community-list": "community-lists",
  "ext-community-list": "community-lists",
  "delete-community-list": "community-lists",
  "delete-large-community-list": "community-lists",
  "route-map": "route-maps",
  call: "route-maps",
  "default-originate": "route-maps",
  acl: "acls",
  policer: "policers",
};

export interface SharedPolicy {
  readonly kind: Kind;
  readonly name: string;
  readonly value: JsonValue;
  readonly document: YamlDocument;
}

export interface PolicyCatalogue {
  /** By kind and name; of a name that two files define, the first. */
  readonly policies: ReadonlyMap<string, SharedPolicy>;
  /** What is defined again, and by whom first. */
  readonly again: readonly { readonly policy: SharedPolicy; readonly first: SharedPolicy }[];
}

function idOf(kind: Kind, name: string): string {
  return `${kind} ${name}`;
}

export function policyCatalogue(documents: readonly YamlDocument[]): PolicyCatalogue {
  const policies = new Map<string, SharedPolicy>();
  const again: { policy: SharedPolicy; first: SharedPolicy }[] = [];
  for (const document of documents) {
    for (const kind of kinds) {
      const section = child(document.value, kind);
      for (const [name, value] of Object.entries(isObject(section) ? section : {})) {
        const policy = { kind, name, value, document };
        const first = policies.get(idOf(kind, name));
        if (first) again.push({ policy, first });
        else if (value !== null) policies.set(idOf(kind, name), policy);
      }
    }
  }
  return { policies, again };
}

export interface Pulled {
  /** The shared definitions that the machine needs, as its lowest layer; undefined where it needs none. */
  readonly layer: Layer | undefined;
  /** Machine paths of own definitions that hide a shared one of the same name. */
  readonly hiding: readonly { readonly path: Path; readonly policy: SharedPolicy }[];
}

/** What of the catalogue a machine, merged as written, needs. */
export function pullPolicies(machine: JsonObject, { policies }: PolicyCatalogue): Pulled {
  const needed = new Map<string, SharedPolicy>();
  const hiding = new Map<string, { path: Path; policy: SharedPolicy }>();
  const open: JsonValue[] = [machine];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    eachReference(value, (id) => {
      const policy = policies.get(id);
      if (!policy || needed.has(id) || hiding.has(id)) return;
      const path = [...policyPlaces[policy.kind], policy.name];
      if (path.reduce<JsonValue | undefined>((at, part) => child(at, part), machine) !== undefined)
        hiding.set(id, { path, policy });
      else {
        needed.set(id, policy);
        open.push(policy.value);
      }
    });
  }
  const used = [...needed.values()];
  return { layer: used.length > 0 ? policyLayer(used) : undefined, hiding: [...hiding.values()] };
}

function eachReference(value: JsonValue, found: (id: string) => void): void {
  if (Array.isArray(value)) {
    for (const inner of value) eachReference(inner, found);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const kind = Object.hasOwn(references, name) ? references[name] : undefined;
    if (kind) for (const text of strings(inner)) found(idOf(kind, text));
    // Raw lines name lists in FRR's words: any word that is a shared name counts.
    else if (name === "lines" || name === "context")
      for (const text of strings(inner))
        for (const word of text.split(/\s+/)) for (const of of kinds) found(idOf(of, word));
    if (typeof inner === "object") eachReference(inner, found);
  }
}

/** The strings of a name, a list of names, or a map of them. */
function strings(value: JsonValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.filter((one) => typeof one === "string");
  return isObject(value) ? Object.values(value).flatMap((inner) => (isObject(inner) ? [] : strings(inner))) : [];
}

function policyLayer(used: readonly SharedPolicy[]): Layer {
  const value = used.map(({ kind, name, value }) =>
    policyPlaces[kind].reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), { [name]: value }),
  );
  return {
    name: "policies",
    value: merge(value),
    locate(path, part) {
      const inner = path[0] === "routing" ? path.slice(1) : path;
      return used.find(({ kind, name }) => kind === inner[0] && name === inner[1])?.document.locate(inner, part);
    },
  };
}
