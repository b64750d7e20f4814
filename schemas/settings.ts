/** The agent's own settings, /persistent/config/imp/agent.yaml: what only the owner of the box decides, never the repository. */
import { z } from "zod";
import { Notify } from "./notify.ts";
import { Tag } from "./primitives.ts";
import { socketOf } from "./rollout.ts";

const path = z.string().startsWith("/", "must be an absolute path");

/** ssh gets it as a word of a command line. */
const plainPath = z.string().regex(/^\/[A-Za-z0-9._/@+-]+$/, "must be an absolute path of letters, digits and ._/@+-");

const credentials = {
  username: z.string().optional().meta({ description: "For https, beside the token." }),
  "token-file": path.optional().meta({ description: "File with a token or password, mode 0600." }),
  "ca-file": path.optional().meta({ description: "PEM file with the CA to trust beside the system's." }),
};

/** One place to fetch the sites repository from. Tried in order; an older head from a later one is never accepted. */
const Remote = z.strictObject({
  url: z.string().min(1).meta({
    description:
      "https://…, http://… (loopback only makes sense), an absolute path of a bare repository, or ssh://… and user@host:path (through the system's git).",
  }),
  ...credentials,
  "key-file": plainPath
    .optional()
    .meta({ description: "For ssh: the box's private key, mode 0600, instead of root's." }),
  "known-hosts-file": plainPath
    .optional()
    .meta({ description: "For ssh: the server's host keys, as ssh's known_hosts, instead of root's." }),
});

const Mirror = z.strictObject({
  url: z
    .string()
    .regex(/^(https?:\/\/\S+|\/\S+)$/, "must be the URL or the absolute path of a folder")
    .meta({ description: "Folder with the same files, https://… or a path." }),
  ...credentials,
});
export type Mirror = z.infer<typeof Mirror>;

export const Settings = z.strictObject({
  machine: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9._-]*$/, 'must be "<site>/<appliance>"')
    .meta({ description: "Which appliance of the sites repository this box is." }),
  repository: z
    .strictObject({
      remotes: z
        .array(Remote)
        .min(1)
        .optional()
        .meta({ description: "Where the sites repository is; the first that answers is asked." }),
      branch: z.string().default("main").meta({ description: "The branch that this box follows." }),
      folder: path.optional().meta({ description: "Development: follow this local folder instead of a repository." }),
      "poll-seconds": z
        .number()
        .min(0.2)
        .max(3600)
        .optional()
        .meta({ description: "Overrides the fleet's poll interval." }),
    })
    .refine((r) => (r.remotes === undefined) !== (r.folder === undefined), "needs either remotes or folder")
    .meta({ description: "The sites repository: either remotes or a folder." }),
  trust: z
    .strictObject({
      signatures: z
        .enum(["required", "off"])
        .default("off")
        .meta({ description: "Whether every commit must be signed by an allowed signer: docs/git.md." }),
      "allowed-signers": path
        .default("/persistent/config/imp/allowed_signers")
        .meta({ description: "Who may sign, as ssh-keygen's ALLOWED SIGNERS." }),
      "revoked-keys": path.optional().meta({ description: "KRL or list of public keys, as ssh-keygen -r takes it." }),
      namespace: z.string().default("git").meta({ description: "What signatures must be made for; git's own is git." }),
    })
    .prefault({})
    .meta({ description: "Whom to believe." }),
  mode: z.enum(["apply", "observe"]).default("apply").meta({ description: "observe: plan and report, never arm." }),
  failsafe: z
    .strictObject({
      mode: z.enum(["required", "off"]).default("required").meta({
        description: "required: nothing is armed unless the failsafe watches. off: for trials, never on a router.",
      }),
      program: path.default("/usr/lib/imp/imp-failsafe").meta({ description: "Where it is." }),
    })
    .prefault({})
    .meta({ description: "What puts the box back when the agent cannot: docs/failsafe.md." }),
  system: z
    .strictObject({
      mode: z.enum(["apply", "off"]).default("apply").meta({
        description:
          "off: files below /etc and units are somebody else's, and what the machine file says of them is not managed.",
      }),
    })
    .prefault({})
    .meta({ description: "Files below /etc, and the units that read them: docs/system.md." }),
  vpp: z
    .strictObject({
      mode: z.enum(["apply", "off"]).default("apply").meta({
        description: "off: VPP is somebody else's, and what the machine file says of the dataplane is not managed.",
      }),
      "api-folder": path.default("/usr/share/vpp/api").meta({
        description: "Definitions of VPP's binary API, for a VPP before 24.06, which cannot tell them itself.",
      }),
    })
    .prefault({})
    .meta({ description: "VPP's objects: docs/vpp.md." }),
  incus: z
    .strictObject({
      mode: z.enum(["apply", "off"]).default("apply").meta({
        description: "off: Incus is somebody else's, and the instances in the machine file are not managed.",
      }),
    })
    .prefault({})
    .meta({ description: "The containers' bridge, and instances of Incus: docs/services.md." }),
  images: z
    .strictObject({
      mirrors: z
        .array(Mirror)
        .default([])
        .meta({ description: "Asked in this order, before the address in images.yaml." }),
      "ca-file": path
        .optional()
        .meta({ description: "PEM file with the CA to trust for addresses in images.yaml, beside the system's." }),
      "bytes-per-second": z
        .int()
        .min(16_384)
        .optional()
        .meta({ description: "No image is fetched faster; left out: as fast as it comes." }),
      hardware: z
        .array(Tag)
        .default([])
        .meta({ description: "What this box is, beside its architecture (amd64, arm64): an image may ask for it." }),
    })
    .prefault({})
    .meta({ description: "Where images come from: docs/images.md." }),
  identity: z
    .enum(["required", "if-declared"])
    .default("if-declared")
    .meta({ description: "required: a machine file without identity is refused here." }),
  dataplane: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be the name of a network namespace")
    .default("dataplane")
    .meta({ description: "Network namespace of the dataplane: health checks look there." }),
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[0-9.]+):\d+$/, 'must be "<address>:<port>"')
    .default("127.0.0.1:9709")
    .meta({ description: "/metrics, /healthz and /status. Read-only." }),
  "listen-tls": z
    .string()
    .refine((text) => socketOf(text) !== undefined, 'must be "<address>:<port>"')
    .optional()
    .meta({
      description: "The same over TLS, with a key of this box's own, for appliances that go after it: docs/rollout.md.",
    }),
  "operators-group": z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "must be the name of a group of this box")
    .optional()
    .meta({ description: "Its members may look (`impctl status`, `plan`, `history`, …) without being root." }),
  notify: Notify,
  secrets: z
    .strictObject({
      "age-key": path
        .default("/persistent/config/imp/age.key")
        .meta({ description: "This box's private key, for secrets of the repository: docs/secrets.md." }),
      folder: path
        .default("/persistent/config/imp/secrets")
        .meta({ description: "Root-only folder: one file a secret." }),
      "seal-key": path
        .default("/persistent/config/imp/seal.key")
        .meta({ description: "Made at first start, 32 random bytes in hex." }),
    })
    .prefault({})
    .meta({ description: "Where this box finds secrets." }),
  paths: z
    .strictObject({
      state: path
        .default("/persistent/config/imp")
        .meta({ description: "Generations, journal and evidence; survives upgrades." }),
      cache: path.default("/persistent/data/imp").meta({ description: "The git cache; may be deleted at any time." }),
      run: path.default("/run/imp").meta({ description: "The sockets on which the agent can be asked." }),
      "frr-sockets": path.default("/var/run/frr").meta({ description: "Where FRR's daemons have their vty sockets." }),
      "vpp-sockets": path
        .default("/run/vpp")
        .meta({ description: "Where VPP's instances have their sockets: core-api.sock, nat-api.sock." }),
      "incus-socket": path.default("/var/lib/incus/unix.socket").meta({ description: "Where Incus's API is asked." }),
      "frr-config": path
        .default("/etc/frr/frr.conf")
        .meta({ description: "Written after a deployment was proven, read by FRR at its start." }),
    })
    .prefault({})
    .meta({ description: "Where things are on this box." }),
});

export type Settings = z.infer<typeof Settings>;
