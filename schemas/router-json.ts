/**
 * `router.json`: what the seed platform's configuration tool keeps of a router (github.com/justindthomas/imp). Only its
 * shape is judged here; addresses and names are judged in the machine file that is made of it.
 */
import { z } from "zod";
import { issueProblems } from "./issues.ts";
import { formatPath, type JsonObject, type JsonValue, type Path } from "./json.ts";
import type { Problem } from "./problem.ts";
import { parseYaml } from "./yaml.ts";

const text = z.string().optional();
const number = z.number().optional();
/** An area as FRR takes it: a number, or written as an address. */
const area = z.union([z.int(), z.string()]).optional();
const list = <T extends z.ZodType>(of: T) => z.array(of).optional();

const protocols = {
  ospf_area: area,
  ospf_passive: z.boolean().optional(),
  ospf6_area: area,
  ospf6_passive: z.boolean().optional(),
  ipv6_ra_enabled: z.boolean().optional(),
  ipv6_ra_interval_max: number,
  ipv6_ra_interval_min: number,
  ipv6_ra_suppress: z.boolean().optional(),
  ipv6_ra_prefixes: list(z.string()),
};
const single = {
  ipv4: text,
  ipv4_prefix: number,
  ipv6: text,
  ipv6_prefix: number,
  create_lcp: z.boolean().optional(),
  ...protocols,
};
const addresses = list(z.strictObject({ address: z.string(), prefix: z.int() }));

const SubInterface = z.strictObject({ vlan_id: z.int(), ...single });
const Interface = z.strictObject({
  name: z.string(),
  iface: text,
  pci: text,
  ipv4: addresses,
  ipv6: addresses,
  mtu: number,
  subinterfaces: list(SubInterface),
  ...protocols,
});
const Loopback = z.strictObject({ instance: z.int(), name: text, ...single });
const Bvi = z.strictObject({
  bridge_id: z.int(),
  name: text,
  members: list(z.strictObject({ interface: z.string(), vlan_id: number })),
  ...single,
});
const Passthrough = z.strictObject({
  vlan_id: z.int(),
  from_interface: z.string(),
  to_interface: z.string(),
  vlan_type: z.enum(["dot1q", "dot1ad"]).optional(),
  inner_vlan: number,
});
const Nat = z.strictObject({
  bgp_prefix: text,
  source_interfaces: list(z.union([z.string(), z.strictObject({ interface: z.string() })])),
  mappings: list(z.strictObject({ source_network: z.string(), nat_pool: z.string() })),
  bypass_pairs: list(z.strictObject({ source: z.string(), destination: z.string() })),
});
const Nat64 = z.strictObject({ prefix: text, pool: text });
const Module = z.union([
  z.strictObject({ name: z.literal("nat"), enabled: z.boolean().optional(), config: Nat.optional() }),
  z.strictObject({ name: z.literal("nat64"), enabled: z.boolean().optional(), config: Nat64.optional() }),
  z.looseObject({ name: z.string().regex(/^(?!nat(64)?$)/), enabled: z.boolean().optional() }),
]);
const Bgp = z.strictObject({
  enabled: z.boolean().optional(),
  asn: number,
  router_id: text,
  announced_prefixes: list(z.string()),
  peers: list(
    z.strictObject({
      name: text,
      peer_ip: z.string(),
      peer_asn: z.int(),
      description: text,
      update_source: text,
    }),
  ),
});
const Ospf = z.strictObject({
  enabled: z.boolean().optional(),
  router_id: text,
  default_originate: z.boolean().optional(),
});
const Container = z.strictObject({
  network: z.string(),
  gateway: z.string(),
  prefix: number,
  bridge_ip: z.string(),
  dhcp_start: text,
  dhcp_end: text,
  ipv6: text,
  ipv6_prefix: number,
  ipv6_ra_prefix: text,
  bridge_ipv6: text,
});

const RouterJson = z.strictObject({
  hostname: text,
  management: z
    .strictObject({
      iface: z.string(),
      mode: z.enum(["dhcp", "static"]).optional(),
      ipv4: text,
      ipv4_prefix: number,
      ipv4_gateway: text,
    })
    .optional(),
  interfaces: list(Interface),
  routes: list(z.strictObject({ destination: z.string(), via: z.string(), interface: text })),
  bgp: Bgp.optional(),
  ospf: Ospf.optional(),
  ospf6: Ospf.optional(),
  nat: Nat.optional(),
  container: Container.optional(),
  /** Worked out anew by that tool for every box: never read. */
  cpu: z.unknown().optional(),
  vlan_passthrough: list(Passthrough),
  loopbacks: list(Loopback),
  bvi_domains: list(Bvi),
  modules: list(Module),
});
export type RouterJson = z.infer<typeof RouterJson>;
export type RouterNat = z.infer<typeof Nat>;
export type RouterProtocols = Pick<z.infer<typeof SubInterface>, keyof typeof protocols>;
export type RouterSingle = Pick<z.infer<typeof SubInterface>, keyof typeof single>;

export interface RouterJsonResult {
  /** undefined if and only if there are problems. */
  readonly router: RouterJson | undefined;
  /** Keys that nobody here knows, as "interfaces[0].speed": left out of `router`. */
  readonly unknown: readonly string[];
  readonly problems: readonly Problem[];
}

/** Reads the file; what is wrong in it is told by line and column, as of any file. JSON is YAML as far as it goes here. */
export function readRouterJson(file: string, bytes: Uint8Array): RouterJsonResult {
  const { document, problems } = parseYaml(file, bytes);
  if (!document) return { router: undefined, unknown: [], problems };
  const unknown: string[] = [];
  let value = withoutNulls(document.value) as JsonObject;
  for (;;) {
    const { success, data, error } = RouterJson.safeParse(value);
    if (success) return { router: data, unknown, problems: [] };
    const extra = error.issues.flatMap((issue) => unrecognized(issue, []));
    if (extra.length === 0) {
      const locate = document.locate.bind(document);
      const wrong = issueProblems(error.issues, { schema: RouterJson, value: document.value, locate });
      return { router: undefined, unknown, problems: wrong };
    }
    unknown.push(...extra.map(formatPath));
    value = extra.reduce<JsonObject>((whole, path) => without(whole, path) as JsonObject, value);
  }
}

/** The keys that an issue calls unknown; within a union those of the alternative that is else right. */
function unrecognized(issue: z.core.$ZodIssue, above: Path): readonly Path[] {
  const path = [...above, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [...path, key]);
  if (issue.code !== "invalid_union") return [];
  const alternative = issue.errors.find(
    (errors) => errors.length > 0 && errors.every(({ code }) => code === "unrecognized_keys"),
  );
  return (alternative ?? []).flatMap((inner) => unrecognized(inner, path));
}

/** null stands for what is not set. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== "object") return value;
  const set = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(set.map(([key, one]) => [key, withoutNulls(one)]));
}

function without(value: JsonValue | undefined, [key, ...rest]: Path): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((one, at) => (at === key ? (without(one, rest) ?? null) : one));
  if (value === null || typeof value !== "object" || key === undefined) return value;
  const entries = Object.entries(value).filter(([name]) => rest.length > 0 || name !== key);
  return Object.fromEntries(entries.map(([name, one]) => [name, name === key ? (without(one, rest) ?? null) : one]));
}
