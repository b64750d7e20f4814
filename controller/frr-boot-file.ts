/**
 * The file from which FRR starts at boot: all that the committed generation desires, and beside it what was never ours:
 * foreign lines as they were live at the commit, and what an earlier file says of FRR itself.
 */
import type { Host } from "../reconcilers/core.ts";
import { sealedSecret } from "../reconcilers/core.ts";
import { isAmbient } from "../reconcilers/frr/grammar.ts";
import { daemons } from "../reconcilers/frr/model.ts";
import { planFrr } from "../reconcilers/frr/plan.ts";
import { sealConfig } from "../reconcilers/frr/seal.ts";
import { filterConfig, parseConfig, printConfig } from "../reconcilers/frr/tree.ts";
import type { Desired } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import type { SecretKeeper } from "./appliance.ts";
import type { BootFile, Owner } from "./boot-files.ts";

/** FRR's file, at `path`. FRR reads it as its own user at the next start, and nobody else may: secrets stand in it. */
export function frrBootFile(host: Host, secrets: Pick<SecretKeeper, "collect">, path: string): BootFile {
  return {
    plane: "frr",
    name: "frr.conf",
    path,
    unit: "frr.service",
    mode: 0o640,
    owner: () => frrUser(host),
    holds: (text, desired) => startsWith(desired, text, host),
    text({ digest }, { frr }, before) {
      const texts = secrets.collect(frr.config);
      return `${mark} generation ${digest.slice(0, 12)}. Foreign lines are kept, others are put right.
${notOfOurDaemons(before ?? "")}!
${revealed(frr.config, texts, digest)}`;
    },
    isOurs: isOurFrrFile,
  };
}

const mark = "! Written by impctl from";

/** Whether a text of FRR was written here. */
export function isOurFrrFile(text: string): boolean {
  return text.startsWith(mark);
}

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
async function frrUser(host: Host): Promise<Owner | undefined> {
  const [, uid, gid] = /^frr:[^:]*:(\d+):(\d+):/m.exec((await host.readFile("/etc/passwd")) ?? "") ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
