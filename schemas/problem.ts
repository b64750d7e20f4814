/**
 * The one error class of the product, and the table of its codes. Everything that can go wrong and that an operator is
 * to read is a Problem: what happened to which object, in the operator's words, and what to do next.
 */
import { printable } from "./printable.ts";

/** Code → what it means. Stable: used by `--json`, metrics, exit codes and docs/problems.md (generated from this table). */
export const problemCodes = {
  // --- what an operator wrote
  YAML_SYNTAX: "A file is not well-formed YAML.",
  YAML_HOSTILE:
    "A file is refused before it is parsed whole: too large, too deep, aliases, binary, or a link out of the tree.",
  SCHEMA: "A value does not fit the schema.",
  SEMANTICS: "Values fit the schema one by one, but not together.",
  FLEET: "Two appliances contradict each other.",
  ADVICE: "Valid, but probably not what was meant (a warning).",
  MACHINE_UNKNOWN: "The sites repository has no such appliance.",
  IDENTITY_MISMATCH: "This box is not the one that the machine file names.",
  SECRET_MISSING: "A secret that the machine file names does not exist.",
  SECRET_RECIPIENTS: "A secret is not encrypted to exactly the boxes that use it.",
  SECRET_UNREADABLE: "A secret cannot be decrypted here.",
  // --- the sites repository
  GIT_UNREACHABLE: "No remote of the sites repository answered.",
  GIT_AUTH: "The remote refused the credentials.",
  GIT_CACHE: "The local git cache is damaged; it is made anew.",
  GIT_REF_MISSING: "The branch does not exist on the remote.",
  GIT_REWRITTEN: "The new commit does not descend from the accepted one.",
  GIT_BEHIND: "A remote offers an older commit than the accepted one.",
  TRUST_UNSIGNED: "A commit carries no signature.",
  TRUST_UNKNOWN_SIGNER: "A commit is signed by a key that is not an allowed signer.",
  TRUST_BAD_SIGNATURE: "A commit's signature does not fit its content.",
  TRUST_KEY_EXPIRED: "A commit is signed by a key outside of its validity.",
  TRUST_KEY_REVOKED: "A commit is signed by a revoked key.",
  // --- the appliance
  HOST_COMMAND: "A program on the appliance failed or did not answer in time.",
  PEER: "Another appliance could not be asked for its status, or is not the one that answers.",
  HOST_FILE: "A file on the appliance could not be read or written.",
  FRR_BUSY: "Somebody else is changing this FRR: the agent, or another `impctl frr apply`.",
  FRR_UNREACHABLE: "An FRR daemon's vty socket does not answer.",
  FRR_DAEMON_MISSING: "The configuration needs an FRR daemon that does not run.",
  FRR_VERSION: "The daemons of FRR say no version, or several.",
  FRR_REJECTED: "FRR rejected a line.",
  FRR_FOREIGN: "Something in FRR that is not ours stands in the way.",
  VPP_BUSY: "Somebody else is changing this VPP: the agent, or another `impctl vpp apply`.",
  VPP_UNREACHABLE: "VPP's binary API does not answer.",
  VPP_MESSAGE: "VPP does not know a message of its API as it is needed, or answered with something else.",
  VPP_REFUSED: "VPP refused a request, or it was not sent because VPP would crash of it or leave something behind.",
  VPP_FOREIGN: "Something in VPP that is not ours stands in the way.",
  INCUS_UNREACHABLE: "Incus's API does not answer.",
  INCUS_REFUSED: "Incus refused a request, or did not end an operation in time.",
  INCUS_FOREIGN: "Something in Incus that is not ours stands in the way.",
  INCUS_VERSION: "The Incus that runs is one that may remove data by what is asked of it.",
  SYSTEM_UNIT: "A unit of the appliance does not start with its files, or does not take them.",
  SYSTEM_FILE: "What stands where a file is to be is no file, or could not be put back as it was.",
  UNMET: "A step needs something that is not there, and that no step makes.",
  VPP_INTERFACE: "An interface that is asked for, or that something is to stand on, is not in VPP.",
  POOL: "A command of ZFS failed, or the pool does not hold what was asked for.",
  BOOT_ENVIRONMENT: "A boot environment is not what is asked of it, or must stay.",
  READ_BACK: "What was read back after applying differs from what was wanted.",
  // --- the engine
  HEALTH: "A health check failed, or something got worse than before the change.",
  NOT_ADOPTED: "Nothing was ever committed here, and the box is not empty.",
  STRANDED: "Rolling back did not succeed; the box is left as it forwards.",
  LOCAL: "What an operator changed on this box for a while does not go together with the newest commit.",
  HELD: "This generation was tried here and failed.",
  JOURNAL: "The journal cannot be read or written.",
  FAILSAFE: "The failsafe cannot be relied on, or could not put something back.",
  IMAGE_MANIFEST: "An image's manifest is wrong, or is not the one that images.yaml names.",
  IMAGE_UNREACHABLE: "An image or its manifest cannot be fetched.",
  IMAGE_CORRUPT: "What came of an image is not what its manifest says.",
  IMAGE_REFUSED: "An image is not for this box, or is older than what is committed.",
  IMAGE_ROOM: "The pool has no room for an image, or would have less left than policy wants to be kept free.",
  IMAGE_RECEIVE: "An image could not be received into the pool, or lacks what a boot environment needs.",
  IMAGE_BUILD: "An image could not be built or tried on this machine.",
  UPDATE: "Another version of the agent cannot be had, is not what it is said to be, or did not come up.",
  AGENT_UNREACHABLE: "The agent does not answer on its socket.",
  AGENT_BUSY: "Another agent runs here, or a deployment is in flight.",
  SETTINGS: "The agent's own settings are missing or wrong.",
  USAGE: "The command line is wrong.",
  INTERNAL: "A fault of the product itself.",
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problemCodes;

/** Problems of the sites repository's content, as opposed to those of git, of the box, and of a deployment. */
const ofContent: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "YAML_SYNTAX",
  "YAML_HOSTILE",
  "SCHEMA",
  "SEMANTICS",
  "FLEET",
  "ADVICE",
  "MACHINE_UNKNOWN",
  "IDENTITY_MISMATCH",
  "SECRET_MISSING",
  "SECRET_RECIPIENTS",
  "SECRET_UNREADABLE",
]);

/** Whether somebody has to correct a file of the sites repository. */
export function isOfContent(code: ProblemCode): boolean {
  return ofContent.has(code);
}

/** Where in a file something stands. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * "file:line:column" for people, printable. A file whose name begins as a runner's workflow command does ("::", "##") is
 * named from the current folder, so that no line of a log begins with one.
 */
export function placeText({ file, line, column }: Position): string {
  return `${/^(?:::|##)/.test(file) ? "./" : ""}${printable(file)}:${line}:${column}`;
}

export interface ProblemDetails {
  /** The next command or edit, as a sentence. */
  readonly remedy?: string;
  /** True: trying again without changing anything may help (network, lock, a daemon that restarts). */
  readonly transient?: boolean;
  readonly cause?: unknown;
  readonly at?: Position;
  /** The path of the value inside its document: "routing.bgp.peers.upstream-a.remote-as". */
  readonly path?: string;
  /** A warning does not make a tree invalid. */
  readonly severity?: "error" | "warning";
}

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly remedy: string | undefined;
  readonly transient: boolean;
  readonly at: Position | undefined;
  readonly path: string | undefined;
  readonly severity: "error" | "warning";

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Problem";
    this.code = code;
    this.remedy = details.remedy;
    this.transient = details.transient ?? false;
    this.at = details.at;
    this.path = details.path;
    this.severity = details.severity ?? "error";
  }

  /** `file:line:column: path: what is wrong. remedy`, one printable line, leaving out what is not known. */
  override toString(): string {
    const where = this.at ? `${placeText(this.at)}: ` : "";
    const path = this.path ? `${this.path}: ` : "";
    const message = /[.!?]$/.test(this.message) || !this.remedy ? this.message : `${this.message}.`;
    const line = `${where}${this.severity === "warning" ? "warning: " : ""}${path}${message}${this.remedy ? ` ${this.remedy}` : ""}`;
    return printable(line);
  }

  /** What `--json`, the journal and the status show. */
  toJSON(): ProblemReport {
    return {
      code: this.code,
      severity: this.severity,
      message: this.message,
      ...(this.remedy !== undefined && { remedy: this.remedy }),
      ...(this.path !== undefined && { path: this.path }),
      ...(this.at !== undefined && { file: this.at.file, line: this.at.line, column: this.at.column }),
      transient: this.transient,
    };
  }
}

export interface ProblemReport {
  readonly code: ProblemCode;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly remedy?: string;
  readonly path?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly transient: boolean;
}

/** Whatever was thrown, as a Problem: a fault that nobody foresaw becomes INTERNAL with its cause kept. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem("INTERNAL", message, { cause: thrown });
}

/** A problem again out of its report. The writer may be newer and know codes that are not in the table here. */
export function reviveProblem(report: ProblemReport): Problem {
  const { code, message, severity, transient, remedy, path, file, line, column } = report;
  return new Problem(Object.hasOwn(problemCodes, code) ? code : "INTERNAL", message, {
    ...(remedy !== undefined && { remedy }),
    ...(path !== undefined && { path }),
    ...(file !== undefined && line !== undefined && column !== undefined && { at: { file, line, column } }),
    severity,
    transient,
  });
}
