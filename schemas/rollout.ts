/** In which order appliances take a commit: `rollout` of fleet.yaml, `after` and `status` of a machine. docs/rollout.md. */
import { z } from "zod";
import { parseAddress } from "./primitives.ts";

const name = "[a-z0-9][a-z0-9._-]{0,62}";
const appliance = new RegExp(`^${name}/${name}$`);
const several = new RegExp(`^(\\*|${name}/(\\*|${name}))$`);

/** One appliance, all of a site, or all that there are. */
const Several = z
  .string()
  .regex(several, 'must be "<site>/<appliance>", "<site>/*" or "*"')
  .meta({ description: 'An appliance, "<site>/*" or "*".', examples: ["fra1/r1", "ber1/*", "*"] });

/** `rollout:` of fleet.yaml. */
export const Rollout = z
  .strictObject({
    waves: z.array(z.array(Several).min(1)).min(1).optional().meta({
      description:
        "Each wave goes after all that stand in the waves before it. An appliance belongs to the first wave that names it; what none names goes last.",
    }),
    canary: z.string().regex(appliance, 'must be "<site>/<appliance>"').optional().meta({
      description:
        "Who takes a new image first. By default, of the appliances that ask for the image, the first in order, then by name.",
    }),
  })
  .meta({ description: "In which order appliances take a commit that is about several of them." });
export type Rollout = z.infer<typeof Rollout>;

/** `after:` of a machine. */
export const After = z
  .array(Several)
  .min(1)
  .optional()
  .meta({ description: "Goes after these: it waits until what a commit changes of them has proven itself there." });

/** `status:` of a machine: where the others ask it, and how they know that it is the one that answers. */
export const StatusPlace = z
  .strictObject({
    address: z
      .string()
      .refine(isSocket, 'must be "<address>:<port>", IPv6 in brackets')
      .meta({ description: "Where its agent answers over TLS (listen-tls).", examples: ["10.255.0.11:9710"] }),
    fingerprint: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "must be what `impctl fingerprint` prints there: SHA256:…")
      .meta({ description: "Of its public key, as `impctl fingerprint` prints it there." }),
  })
  .meta({ description: "Where and by which key appliances that go after this one ask for its status." });
export type StatusPlace = z.infer<typeof StatusPlace>;

/** The host and port of "<address>:<port>"; undefined when it is none. */
export function socketOf(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  const parsed = parseAddress(host);
  const port = Number(digits);
  if ("error" in parsed || (parsed.family === "ipv6") !== (bracketed !== undefined)) return undefined;
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function isSocket(text: string): boolean {
  return socketOf(text) !== undefined;
}

/** The appliances that an entry means. */
export function meantBy(entry: string, names: ReadonlySet<string>): readonly string[] {
  if (entry === "*") return [...names];
  if (entry.endsWith("/*")) return [...names].filter((name) => name.startsWith(entry.slice(0, -1)));
  return names.has(entry) ? [entry] : [];
}
