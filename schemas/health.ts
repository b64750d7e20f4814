/** Health checks: what must hold after a change. Those that follow from the desired state are derived, others declared. */
import { z } from "zod";
import { HostName, InterfaceRef, Ipv4Prefix, Line, Name, Port, Prefix, whole } from "./primitives.ts";
import { UnitName } from "./services.ts";

const seconds = (least: number, most: number, description: string) =>
  z
    .number({ error: `must be seconds: ${least} to ${most}` })
    .min(least, `must be seconds: ${least} to ${most}`)
    .max(most, `must be seconds: ${least} to ${most}`)
    .optional()
    .meta({ description });

/** What every check has. */
const common = {
  required: z
    .boolean()
    .default(true)
    .meta({ description: "false: advisory, reported but never a reason to roll back." }),
  "timeout-seconds": seconds(0.1, 60, "How long one look may take; by default 5, of a command 10."),
  "interval-seconds": seconds(1, 300, "Looks this often; by default every second at FRR, VPP and links, else every 5."),
  "start-seconds": seconds(0, 3600, "Not judged for this long after the change was applied; by default at once."),
  "soak-seconds": seconds(0, 3600, "Must be green for this long, where that is longer than the policy's."),
};

const namespace = z
  .enum(["management", "dataplane"])
  .default("management")
  .meta({ description: "Network namespace that it looks from." });
const count = whole(0, 4_294_967_295, "a number of prefixes");
const family = z.enum(["ipv4", "ipv6"]);
const age = whole(0, 31_536_000, "seconds").optional();
const leastNeighbors = whole(1, 1000, "a number of neighbours").optional();

const bgp = [
  z.strictObject({
    check: z.literal("bgp-session").meta({ description: "The session with this peer is Established." }),
    peer: Name.meta({ description: "Name under routing.bgp.peers." }),
    "min-prefixes": count.optional().meta({ description: "At least as many accepted prefixes, all families." }),
    "min-age-seconds": age.meta({ description: "Established for at least this long." }),
    "max-age-seconds": age.meta({ description: "Established for at most this long: it opened anew." }),
    ...common,
  }),
  z.strictObject({
    check: z
      .literal("bgp-prefixes")
      .meta({ description: "How many prefixes are accepted from this peer, or advertised to it." }),
    peer: Name.meta({ description: "Name under routing.bgp.peers." }),
    direction: z.enum(["accepted", "advertised"]).optional().meta({ description: "By default accepted." }),
    family: family.optional().meta({ description: "By default both." }),
    min: count.optional(),
    max: count.optional(),
    ...common,
  }),
  z.strictObject({
    check: z.literal("bgp-sessions").meta({ description: "So many BGP sessions are Established, whichever." }),
    min: whole(1, 10_000, "a number of sessions"),
    ...common,
  }),
] as const;

const neighbors = [
  z.strictObject({
    check: z.literal("ospf-neighbor").meta({ description: "Full adjacencies on this interface." }),
    interface: InterfaceRef,
    "min-neighbors": leastNeighbors.meta({ description: "At least as many; by default 1." }),
    ...common,
  }),
  z.strictObject({
    check: z.literal("ospf3-neighbor").meta({ description: "Full OSPFv3 adjacencies on this interface." }),
    interface: InterfaceRef,
    "min-neighbors": leastNeighbors.meta({ description: "At least as many; by default 1." }),
    ...common,
  }),
  z.strictObject({
    check: z.literal("bfd-peer").meta({ description: "The BFD session with this peer is up." }),
    peer: Name.meta({ description: "Name under routing.bfd.peers or routing.bgp.peers." }),
    ...common,
  }),
] as const;

const box = [
  z.strictObject({
    check: z.literal("routes").meta({ description: "How many routes are installed in the kernel." }),
    family: family.default("ipv4").meta({ description: "ipv4 or ipv6." }),
    protocol: z
      .enum(["connected", "static", "kernel", "bgp", "ospf", "ospf6"])
      .optional()
      .meta({ description: "Of this protocol; by default all." }),
    min: count.optional(),
    max: count.optional(),
    ...common,
  }),
  z.strictObject({
    check: z
      .literal("route")
      .meta({ description: "A route to exactly this prefix is chosen by zebra, and the kernel and VPP have it." }),
    prefix: Prefix,
    ...common,
  }),
  z.strictObject({
    check: z.literal("link").meta({ description: "The interface is up and has a carrier, as Linux sees it." }),
    interface: InterfaceRef,
    ...common,
  }),
  z.strictObject({
    check: z.literal("unit").meta({ description: "The systemd unit is active." }),
    unit: UnitName,
    ...common,
  }),
  z.strictObject({
    check: z.literal("instance").meta({ description: "The instance of Incus runs, and has a global address." }),
    instance: Name.meta({ description: "Name under services." }),
    ...common,
  }),
  z.strictObject({
    check: z.literal("disk").meta({ description: "A file system has room." }),
    path: z
      .string()
      .max(200)
      .regex(/^\/[^\0\r\n]*$/, "must be an absolute path")
      .meta({ description: "Any path on it." }),
    "min-free-percent": whole(1, 99, "percent").optional().meta({ description: "By default 10." }),
    "min-free-mib": whole(1, 1_000_000_000, "MiB").optional(),
    ...common,
  }),
  z.strictObject({
    check: z.literal("pool").meta({ description: "A ZFS pool is ONLINE." }),
    pool: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,100}$/, "must be the name of a pool")
      .optional()
      .meta({ description: "By default every pool." }),
    ...common,
  }),
] as const;

const instance = z.enum(["core", "nat"]).default("core").meta({ description: "Which VPP: core, or nat." });

const vpp = [
  z.strictObject({
    check: z.literal("vpp").meta({ description: "VPP answers, and all of its threads run." }),
    instance,
    ...common,
  }),
  z.strictObject({
    check: z
      .literal("vpp-interface")
      .meta({ description: "An interface of VPP is up and has a carrier; a memif is connected." }),
    on: Line.meta({ description: "As VPP names it: external.25, memif1/0." }),
    instance,
    ...common,
  }),
  z.strictObject({
    check: z.literal("vpp-route").meta({ description: "A route that FRR does not own is in VPP." }),
    prefix: Prefix,
    instance,
    ...common,
  }),
  z.strictObject({
    check: z.literal("det44-mapping").meta({ description: "det44 has this mapping." }),
    inside: Ipv4Prefix,
    outside: Ipv4Prefix,
    ...common,
  }),
  z.strictObject({
    check: z
      .literal("vpp-errors")
      .meta({ description: "VPP drops packets, and counts errors, no faster than before the change." }),
    instance,
    ...common,
  }),
] as const;

const Url = z
  .string()
  .max(2000)
  // No user and password: the repository's plain files hold no secrets.
  .regex(/^https?:\/\/[A-Za-z0-9.:[\]-]+(?:[/?][!#-;=?-Z_a-z~%]*)?$/, "must be http://… or https://…, without user")
  .meta({ description: "http:// or https://." });

const outside = [
  z.strictObject({
    check: z.literal("ping").meta({ description: "An ICMP echo is answered." }),
    address: HostName,
    namespace,
    ...common,
  }),
  z.strictObject({
    check: z.literal("tcp").meta({ description: "A TCP connection opened after the change succeeds." }),
    address: HostName,
    port: Port,
    ...common,
  }),
  z.strictObject({
    check: z.literal("http").meta({ description: "An HTTP or HTTPS request is answered as expected." }),
    url: Url,
    status: whole(100, 599, "an HTTP status").default(200).meta({ description: "Redirects are not followed." }),
    body: Line.optional().meta({ description: "Text that the answer contains." }),
    namespace,
    ...common,
  }),
  z.strictObject({
    check: z.literal("dns").meta({ description: "A DNS query is answered with at least one record." }),
    query: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9.])?$/, "must be a DNS name")
      .meta({ description: "The name that is asked for." }),
    type: z
      .enum(["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"])
      .default("A")
      .meta({ description: "Type of the record." }),
    server: HostName.optional().meta({ description: "Who is asked; by default the resolver of the box." }),
    namespace,
    ...common,
  }),
  z.strictObject({
    check: z.literal("command").meta({
      description: "A command on the box ends with 0. It runs as nobody; 75: it cannot tell.",
    }),
    argv: z
      .array(
        z
          .string()
          .max(1000)
          .regex(/^[^\0\r\n]*$/, "must be one line"),
      )
      .min(1)
      .max(32)
      .refine(([program]) => program?.startsWith("/"), "must begin with an absolute path")
      .meta({ description: "Program, as an absolute path, and arguments. No shell." }),
    namespace,
    ...common,
  }),
] as const;

export const DeclaredCheck = z
  .discriminatedUnion("check", [...bgp, ...neighbors, ...box, ...vpp, ...outside])
  .meta({ description: "Health check." });
export type DeclaredCheck = z.infer<typeof DeclaredCheck>;

/** A check of a generation: peers and interfaces are named as FRR and Linux name them. */
export type HealthCheck = DeclaredCheck & {
  /** As its operator calls it; undefined: it follows from the desired state. */
  readonly name?: string;
  /** Of a session: the interface in Linux whose network the peer is in. */
  readonly over?: string;
};

/** The declared ones. */
export const Health = z
  .record(Name, DeclaredCheck)
  .default({})
  .meta({ description: "Health checks by name, beside those that follow from what is declared." });

/** The object of the machine that a check is about, as FRR or Linux names it: a peer, an interface, a unit. */
export function objectOf(check: HealthCheck): string | undefined {
  if ("peer" in check) return check.peer;
  if ("interface" in check) return check.interface;
  return "unit" in check ? check.unit : undefined;
}

/** Stable name of a check, for people too: "bgp-session 192.0.2.1", "ping 192.0.2.53 from management (resolver)". */
export function checkKey(check: HealthCheck): string {
  return `${subjectOf(check)}${check.name === undefined ? "" : ` (${check.name})`}`;
}

/** What it looks at, whatever it is called: the same for all checks that look at the same. */
export function subjectOf(check: HealthCheck): string {
  return `${check.check} ${targetOf(check)}`;
}

function targetOf(check: HealthCheck): string {
  switch (check.check) {
    case "bgp-session":
    case "bfd-peer":
      return check.peer;
    case "bgp-prefixes":
      return [check.peer, check.family, check.direction].filter((word) => word !== undefined).join(" ");
    case "bgp-sessions":
      return "all";
    case "route":
      return check.prefix;
    case "ospf-neighbor":
    case "ospf3-neighbor":
    case "link":
      return check.interface;
    case "routes":
      return check.protocol ? `${check.family} ${check.protocol}` : check.family;
    case "unit":
      return check.unit;
    case "instance":
      return check.instance;
    case "vpp":
    case "vpp-errors":
      return check.instance;
    case "vpp-interface":
      return `${check.instance} ${check.on}`;
    case "vpp-route":
      return `${check.instance} ${check.prefix}`;
    case "det44-mapping":
      return `${check.inside} to ${check.outside}`;
    case "disk":
      return check.path;
    case "pool":
      return check.pool ?? "all";
    case "ping":
      return `${check.address} from ${check.namespace}`;
    case "tcp":
      return `${check.address} port ${check.port}`;
    case "http":
      return check.url;
    case "dns":
      return `${check.query} ${check.type}${check.server === undefined ? "" : ` at ${check.server}`}`;
    case "command":
      return check.argv.join(" ");
    default:
      return check satisfies never;
  }
}

/** How often, how long and from when on a check is looked at, in milliseconds. */
export interface CheckTiming {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly soakMs: number;
}

/** Kinds that each look sees anyhow, because FRR, VPP or the kernel tells of all of their kind at once. */
export type SeenCheck = Extract<
  HealthCheck,
  {
    check:
      | "bgp-session"
      | "bgp-prefixes"
      | "bgp-sessions"
      | "ospf-neighbor"
      | "ospf3-neighbor"
      | "bfd-peer"
      | "link"
      | VppCheckName;
  }
>;
type VppCheckName = "vpp" | "vpp-interface" | "vpp-route" | "det44-mapping" | "vpp-errors";
/** Kinds that VPP tells of. */
export type VppCheck = Extract<HealthCheck, { check: VppCheckName }>;
/** Kinds that are asked one by one, and may take long. */
export type AskedCheck = Exclude<HealthCheck, SeenCheck>;

const seenKinds: ReadonlySet<string> = new Set([
  "bgp-session",
  "bgp-prefixes",
  "bgp-sessions",
  "ospf-neighbor",
  "ospf3-neighbor",
  "bfd-peer",
  "link",
  "vpp",
  "vpp-interface",
  "vpp-route",
  "det44-mapping",
  "vpp-errors",
] satisfies SeenCheck["check"][]);

export function isSeen(check: HealthCheck): check is SeenCheck {
  return seenKinds.has(check.check);
}

export function isVpp(check: HealthCheck): check is VppCheck {
  return check.check === "det44-mapping" || check.check.startsWith("vpp");
}

export function timingOf(check: HealthCheck): CheckTiming {
  return {
    timeoutMs: 1000 * (check["timeout-seconds"] ?? (check.check === "command" ? 10 : 5)),
    intervalMs: 1000 * (check["interval-seconds"] ?? (isSeen(check) ? 1 : 5)),
    startMs: 1000 * (check["start-seconds"] ?? 0),
    soakMs: 1000 * (check["soak-seconds"] ?? 0),
  };
}
