/**
 * A configuration with all of the appliance drained, as `maintenance: drain` renders it, and back: known of what runs, without the
 * repository that it came from. Nothing else of it changes. Used before a reboot.
 */
import { parseConfig, printConfig, type Node } from "./tree.ts";

const gracefully = "bgp graceful-shutdown";
const words = ["ip ospf", "ipv6 ospf6"] as const;
/** OSPF's highest cost: used when there is no other way. */
const highest = 65_535;

/** The same, drained; what is drained already, or has no routing protocol, comes back as it is. */
export function drainedConfig(config: string): string {
  return changed(config, (node) => {
    if (isBgp(node)) return withLine(node, gracefully);
    return words.reduce(
      (link, word) => (takesPart(link, word) ? withCost(link, word, `${word} cost ${highest}`) : link),
      node,
    );
  });
}

/** The same in service again, as `committed` has it: what is drained there stays so. */
export function undrainedConfig(config: string, committed: string): string {
  const before = new Map(parseConfig(committed).map((node) => [node.line, node]));
  return changed(config, (node) => {
    const was = before.get(node.line);
    if (isBgp(node)) return was && hasLine(was, gracefully) ? node : without(node, (line) => line === gracefully);
    return words.reduce((link, word) => {
      if (!hasLine(link, `${word} cost ${highest}`)) return link;
      return withCost(link, word, was?.children.find(({ line }) => line.startsWith(`${word} cost `))?.line);
    }, node);
  });
}

/** What comes back is the very text where nothing changes. */
function changed(config: string, change: (node: Node) => Node): string {
  const nodes = parseConfig(config);
  const after = nodes.map((node) => (isBgp(node) || node.line.startsWith("interface ") ? change(node) : node));
  return after.every((node, index) => node === nodes[index]) ? config : printConfig(after);
}

function isBgp({ line }: Node): boolean {
  return /^router bgp\b/.test(line);
}

function takesPart(node: Node, word: string): boolean {
  const has = (what: string) => node.children.some(({ line }) => line === what || line.startsWith(`${what} `));
  return has(`${word} area`) && !has(`${word} passive`);
}

/** `line`: of the cost; undefined: the usual one. */
function withCost(node: Node, word: string, line: string | undefined): Node {
  if (line !== undefined && hasLine(node, line)) return node;
  const rest = without(node, (one) => one.startsWith(`${word} cost `));
  return line === undefined ? rest : withLine(rest, line);
}

function hasLine(node: Node, line: string): boolean {
  return node.children.some((child) => child.line === line);
}

function withLine(node: Node, line: string): Node {
  if (hasLine(node, line)) return node;
  return { line: node.line, children: [...node.children, { line, children: [] }] };
}

function without(node: Node, isGone: (line: string) => boolean): Node {
  const children = node.children.filter(({ line }) => !isGone(line));
  return children.length === node.children.length ? node : { line: node.line, children };
}
