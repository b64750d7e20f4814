/**
 * The file from which FRR starts at boot, without the agent: all that the committed generation desires, and beside it what
 * was never ours: foreign lines as they were live at the commit, and what an earlier file says of FRR itself.
 */
import type { Host } from "../reconcilers/core.ts";
import { sealedSecret } from "../reconcilers/core.ts";
import { isAmbient } from "../reconcilers/frr/grammar.ts";
import { daemons } from "../reconcilers/frr/model.ts";
import { planFrr } from "../reconcilers/frr/plan.ts";
import { sealConfig } from "../reconcilers/frr/seal.ts";
import { filterConfig, parseConfig, printConfig } from "../reconcilers/frr/tree.ts";
import type { Desired, Generation } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import type { SecretKeeper } from "./appliance.ts";

/** The files from which the planes start at boot. */
export interface BootFiles {
  /** Whether the planes would start with all that the generation desires; foreign lines beside it are nobody's business. */
  hold(generation: Generation): Promise<boolean>;
  /** Writes them, where they differ: `seen` is what the planes were when nothing was left to do for the generation. */
  lay(generation: Generation, seen: Desired): Promise<void>;
}

/** FRR's file, at `path`. What stood there before the first write is kept beside it, as `<path>.before-impctl`. */
export function frrBootFile(host: Host, secrets: Pick<SecretKeeper, "collect">, path: string): BootFiles {
  let held: { readonly digest: string; readonly text: string } | undefined;

  return {
    async hold({ digest, desired }) {
      const text = await host.readFile(path);
      if (text === undefined) return false;
      if (held?.digest === digest && held.text === text) return true;
      if (!startsWith(desired, text, host)) return false;
      held = { digest, text };
      return true;
    },
    async lay({ digest }, { frr }) {
      const before = await host.readFile(path);
      const texts = secrets.collect(frr.config);
      const text = `${mark} generation ${digest.slice(0, 12)}. Foreign lines are kept, others are put right.
${notOfOurDaemons(before ?? "")}!
${revealed(frr.config, texts, digest)}`;
      if (text === before) return;
      // FRR reads it as its own user at the next start, and nobody else may: secrets stand in it.
      const closed = { mode: 0o640, owner: (await frrUser(host)) ?? "as-before" } as const;
      const kept = `${path}.before-impctl`;
      if (before !== undefined && !before.startsWith(mark) && (await host.readFile(kept)) === undefined) {
        await host.writeFile(kept, before, closed);
      }
      await host.writeFile(path, text, closed);
    },
  };
}

const mark = "! Written by impctl from";

/** Whether FRR, started from this text, would hold what is desired. */
function startsWith({ frr }: Desired, text: string, host: Host): boolean {
  const sealed = sealConfig(text, (secret) => host.secrets.seal(secret));
  const config = printConfig(filterConfig(parseConfig(sealed), (path, line) => !isOfOthers(path, line)));
  const observed = { version: assumedVersion, running: daemons, config, incomplete: [] };
  return planFrr(frr, observed, [frr]).steps.length === 0;
}

/** Which steps there are does not depend on it. */
const assumedVersion = "8.4.4";

/** What only the file knows: FRR's words of itself (log, vty, agentx), and lines of daemons that the agent does not ask. */
function notOfOurDaemons(before: string): string {
  const nodes = parseConfig(before);
  const others = nodes.flatMap((node) => {
    if (isOfOthers([], node.line)) return [node];
    const children = node.children.filter((child) => isOfOthers([node.line], child.line));
    return children.length > 0 ? [{ line: node.line, children }] : [];
  });
  const hasDefaults = others.some(({ line }) => line.startsWith("frr defaults "));
  return `${hasDefaults ? "" : "frr defaults traditional\n"}${printConfig(others)}`;
}

/** Contexts and lines of RIP, IS-IS, EIGRP, Babel, PIM, LDP, PBR, NHRP, VRRP and their like. */
const otherContext =
  /^(?:router (?:rip|ripng|isis|eigrp|babel|openfabric|pim6?)\b|ip(?:v6)? (?:pim|igmp|mld|msdp|ssmpingd)\b|mpls ldp\b|l2vpn |pbr-map |nexthop-group |key chain |nhrp |vrrp |segment-routing\b|pseudowire )/;
const otherLine =
  /^(?:no )?(?:ip(?:v6)? (?:router (?:isis|openfabric)|rip|ripng|pim|igmp|mld|mroute|nhrp|eigrp)\b|(?:isis|openfabric|babel|vrrp|pbr-policy|tunnel)\b)/;

function isOfOthers(path: readonly string[], line: string): boolean {
  const [root] = path;
  if (root === undefined) return isKept(line) || otherContext.test(line);
  return root.startsWith("interface ") ? otherLine.test(line) : isAmbient([], root) || otherContext.test(root);
}

/** What running-config says in front is no command. */
function isKept(line: string): boolean {
  return isAmbient([], line) && !/^(?:Building|Current) configuration/.test(line);
}

function revealed(config: string, texts: Readonly<Record<string, string>>, digest: string): string {
  const text = config.replace(sealedSecret, (sealed) => {
    const secret = texts[sealed];
    if (secret !== undefined) return secret;
    throw new Problem("SECRET_UNREADABLE", `A secret of generation ${digest.slice(0, 12)} is not known any more.`, {
      remedy: "Put it back, or commit a change of it.",
    });
  });
  return text.replace(/\n*$/, "\n");
}

/** Debian's FRR runs as a user of its own. */
async function frrUser(host: Host): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const [, uid, gid] = /^frr:[^:]*:(\d+):(\d+):/m.exec((await host.readFile("/etc/passwd")) ?? "") ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
