/** Tries settings that are not written yet: does a remote answer, is its commit believed, is there the machine, is it this box? */
import type { Host } from "../../reconcilers/core.ts";
import { Identity } from "../../schemas/identity.ts";
import { child } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import { ownFiles } from "../../schemas/patch.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { YamlDocument } from "../../schemas/yaml.ts";
import { gitSource } from "../git.ts";
import type { Nic } from "../hardware.ts";
import { checkIdentity, type Box } from "../identity.ts";
import { noOverrides } from "../source.ts";

export interface Examined {
  readonly commit: string;
  readonly remote: string;
  readonly signer: string | undefined;
  /** The machine's own files, the main one first. */
  readonly files: readonly YamlDocument[];
  /** Which box the machine file is for, as it says. */
  readonly identity: Identity | undefined;
  /** Why this is another box; undefined: it fits, or nothing is declared. */
  readonly mismatch: Problem | undefined;
  /** What else is wrong with the machine file: the agent will say the same. */
  readonly problems: readonly Problem[];
  /** Interfaces whose NIC this box does not have. */
  readonly missing: readonly string[];
}

/** Rejects with a GIT_ or TRUST_ Problem, or MACHINE_UNKNOWN. */
export async function examine(
  settings: Settings,
  host: Pick<Host, "run">,
  { box, nics }: { readonly box: Box; readonly nics: readonly Nic[] },
  signal: AbortSignal,
): Promise<Examined> {
  const source = gitSource(settings, host);
  const { commit, remote } = await source.head(signal);
  const tree = await source.accept(commit, undefined, noOverrides, signal);
  const { machine } = settings;
  const { loaded, problems } = await loadMachine(tree, machine);
  const unknown = problems.find(({ code }) => code === "MACHINE_UNKNOWN");
  if (unknown) throw unknown;
  const files = await ownFiles(tree, machine);
  // Also of a machine with an error elsewhere: a secret that cannot be there before this box has a key.
  const declared = files.map(({ value }) => child(value, "identity")).find((one) => one !== undefined);
  const identity = Identity.safeParse(declared).data;
  const interfaces = Object.entries(loaded?.machine.interfaces ?? {});
  const missing = interfaces
    .filter(([, { pci, mac }]) => !nics.some((nic) => has(nic, pci, mac)))
    .map(([name]) => name);
  return {
    commit,
    remote,
    signer: tree.revision?.signedBy,
    files,
    identity,
    mismatch: checkIdentity(machine, identity, box, settings.identity),
    problems,
    missing,
  };
}

/** VPP's NICs show no MAC address, so one that is named by it cannot be missed. */
function has(nic: Nic, pci: string | undefined, mac: string | undefined): boolean {
  if (pci !== undefined) return nic.pci === pci;
  return mac === undefined || nic.mac === mac.toLowerCase() || (nic.mac === undefined && nic.pci !== undefined);
}
