/** `impctl explain`: where a value of a machine comes from, and what it overrides. */
import type { Command } from "commander";
import { formatPath, isObject, parsePath, valueAt } from "../../schemas/json.ts";
import type { JsonObject, Path } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import type { Loaded } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { hygieneLines } from "../../schemas/semantics/hygiene.ts";
import { sessionOf } from "../../schemas/semantics/session.ts";
import { folderTree } from "../folder.ts";
import { examples } from "./help.ts";
import { findSites, relocate } from "./sites.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly sites?: string;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("<machine>", '"<site>/<appliance>"')
    .argument("<path>", 'keys joined by dots: "routing.bgp.peers.upstream-a.remote-as"')
    .option("-s, --sites <folder>", "the sites repository (default: the current folder, or its sites/)")
    .option("--json", "write JSON")
    .action(async (machine: string, path: string, options: Options) => explain(machine, path, options, terminal));
  examples(
    command,
    ["impctl explain fra1/r1 interfaces.external.mtu", "impctl explain fra1/r1 policy --json"],
    "The first place wins; those below it are overridden. A value that nobody wrote is a built-in default.",
  );
}

async function explain(machine: string, path: string, options: Options, terminal: Terminal): Promise<void> {
  const sites = await findSites(options.sites, terminal.folder);
  const { loaded, problems } = await loadMachine(folderTree(sites.path), machine);
  if (!loaded)
    throw new AggregateError(
      problems.map((problem) => relocate(problem, sites.prefix)),
      `${machine} is not valid`,
    );
  const root = loaded.machine as unknown as JsonObject;
  const value = valueAt(root, parsePath(path, [root]));
  const origins = loaded.explain(path).map((origin) => ({
    layer: origin.layer,
    file: `${sites.prefix}${origin.at.file}`,
    line: origin.at.line,
    column: origin.at.column,
    value: origin.value,
  }));
  const hygiene = hygieneAt(loaded.machine, parsePath(path, [root]));
  if (value === undefined && origins.length === 0 && hygiene.length === 0) throw unknownPath(loaded, path);
  const found = { machine, path, value, origins, ...(hygiene.length > 0 && { hygiene }) };
  if (options.json) terminal.out(printableJson(JSON.stringify(found, undefined, 2)));
  else
    terminal.out(
      [explanation(path, value, origins, terminal), ...hygiene.map((line) => `  ${printable(line)}`)].join("\n"),
    );
}

/** What is refused from the BGP peer that a path leads to, or by one rule: by its kind, whoever decides it. */
function hygieneAt({ routing: { bgp } }: Machine, path: Path): readonly string[] {
  const [, , section, name, part, rule] = path;
  const peer = section === "peers" && typeof name === "string" ? bgp?.peers[name] : undefined;
  const isAbout =
    formatPath(path.slice(0, 3)) === "routing.bgp.peers" &&
    (part === undefined || part === "hygiene" || part === "kind");
  if (!bgp || !peer || !isAbout) return [];
  const lines = hygieneLines(bgp, sessionOf(bgp, peer));
  return rule === undefined ? lines : lines.filter((line) => line.startsWith(`hygiene ${rule}:`));
}

interface ShownOrigin {
  readonly layer: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly value: unknown;
}

function explanation(path: string, value: unknown, origins: readonly ShownOrigin[], terminal: Terminal): string {
  const lines = [`${terminal.style("bold", printable(path))} = ${short(value)}`];
  if (origins.length === 0) lines.push("  a built-in default");
  for (const [index, origin] of origins.entries()) {
    const place = `${printable(origin.file)}:${origin.line}:${origin.column}`;
    const text = `  ${index === 0 ? "from     " : "overrides"} ${place} (${origin.layer}) ${short(origin.value)}`;
    lines.push(index === 0 ? text : terminal.style("dim", text));
  }
  return lines.join("\n");
}

function short(value: unknown): string {
  const text = value === undefined ? "(nothing)" : printableJson(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Names what there is at the deepest level that exists, so that a typing mistake is seen at once. */
function unknownPath(loaded: Loaded, path: string): Problem {
  const root = loaded.machine as unknown as JsonObject;
  const keys = parsePath(path, [root]);
  const depth = keys.findLastIndex((_, length) => isObject(valueAt(root, keys.slice(0, length))));
  const parent = valueAt(root, keys.slice(0, depth));
  const known = isObject(parent) ? Object.keys(parent) : [];
  return new Problem("USAGE", `${loaded.name} has nothing at ${path}.`, {
    remedy: `${depth > 0 ? formatPath(keys.slice(0, depth)) : "It"} has ${known.length > 0 ? known.join(", ") : "no keys"}.`,
  });
}
