/** Access lists of the dataplane. */
import { z } from "zod";
import { Line, Name, Prefix, Sequence, whole } from "./primitives.ts";

const Ports = z
  .union([z.int().min(0).max(65_535), z.string().regex(/^\d{1,5}-\d{1,5}$/)], {
    error: 'must be a port or a range, as in 443 or "1024-65535"',
  })
  .refine((ports) => {
    if (typeof ports === "number") return true;
    const [from = 0, to = 0] = ports.split("-").map(Number);
    return from <= to && to <= 65_535;
  }, "must be a range from the lower to the higher port, at most 65535")
  .meta({ description: 'Port or range: 443, "1024-65535".' });

const tcpFlags = z.array(z.enum(["fin", "syn", "rst", "psh", "ack", "urg"])).default([]);

const AclRule = z
  .strictObject({
    action: z
      .enum(["permit", "deny", "permit-reflect"])
      .default("permit")
      .meta({ description: "permit-reflect: also what comes back." }),
    description: Line.optional(),
    source: Prefix.optional().meta({ description: "By default any." }),
    destination: Prefix.optional().meta({ description: "By default any." }),
    protocol: z
      .union([z.enum(["any", "tcp", "udp", "icmp", "icmp6"]), z.int().min(1).max(255)], {
        error: "must be any, tcp, udp, icmp, icmp6 or a protocol number",
      })
      .default("any")
      .meta({ description: "any, tcp, udp, icmp, icmp6, or a number." }),
    "source-port": Ports.optional(),
    "destination-port": Ports.optional(),
    "icmp-type": whole(0, 255, "an ICMP type").optional(),
    "icmp-code": whole(0, 255, "an ICMP code").optional(),
    "tcp-flags": z
      .strictObject({
        set: tcpFlags.meta({ description: "Flags that must be set." }),
        clear: tcpFlags.meta({ description: "Flags that must not be set." }),
      })
      .optional()
      .meta({ description: "TCP flags that must be set, and must not be." }),
  })
  .check((ctx) => {
    const rule = ctx.value;
    const problem = (path: string, message: string) =>
      ctx.issues.push({ code: "custom", path: [path], message, input: rule });
    const { protocol, source, destination } = rule;
    if (source !== undefined && destination !== undefined && source.includes(":") !== destination.includes(":")) {
      problem("destination", "is of the other address family than source");
    }
    for (const path of ["source-port", "destination-port"] as const) {
      if (rule[path] !== undefined && protocol !== "tcp" && protocol !== "udp")
        problem(path, "needs protocol tcp or udp");
    }
    for (const path of ["icmp-type", "icmp-code"] as const) {
      if (rule[path] !== undefined && protocol !== "icmp" && protocol !== "icmp6") {
        problem(path, "needs protocol icmp or icmp6");
      }
    }
    if (rule["tcp-flags"] !== undefined && protocol !== "tcp") problem("tcp-flags", "needs protocol tcp");
  })
  .meta({ description: "Rule; what it does not name it does not look at, IPv4 and IPv6 alike." });

export const Acl = z
  .strictObject({
    description: Line.optional(),
    rules: z
      .record(Sequence, AclRule)
      .meta({ description: "By sequence number; the first match decides, what none matches is denied." }),
  })
  .meta({ description: "Access list." });
export type Acl = z.infer<typeof Acl>;

export const Acls = z.record(Name, Acl).default({}).meta({ description: "Access lists by name." });
