/** docs/agent.md: every key of the agent's settings, from their schema. */
import { isObject, type JsonObject, type JsonValue } from "../schemas/json.ts";
import { jsonSchema } from "../schemas/json-schema.ts";

/** The page as Markdown. */
export function agentPage(): string {
  const schema = jsonSchema("settings");
  return [
    "# The agent's settings",
    "",
    "`/persistent/config/imp/agent.yaml`, or the file that `impctl agent --settings` names: what only the owner of the box",
    "decides, never the repository. Mode 0600; it is refused where it belongs to somebody else than root, or others may write to",
    "it or to its folder: it names a program that runs as root. A change takes effect when no deployment is in flight; of a file",
    "with a mistake all mistakes are shown by `impctl status` until it is well again, and the agent goes on with what it had.",
    "This page is generated: `npm run generate`.",
    "",
    "The agent's unit starts only where that file is. One that stands elsewhere needs a drop-in, `systemctl edit imp-agent`, which",
    "says where to look and to read, and, for `paths` elsewhere, what may be written (docs/package.md has `imp-update`'s):",
    "",
    "```ini",
    "[Unit]",
    "ConditionPathExists=",
    "ConditionPathExists=/srv/imp/agent.yaml",
    "[Service]",
    "ExecStart=",
    "ExecStart=/usr/lib/imp/node --max-semi-space-size=1 --heap-growing-percent=50 /usr/lib/imp/impctl.cjs agent --settings /srv/imp/agent.yaml",
    "ReadWritePaths=/srv/imp",
    "```",
    "",
    "```yaml",
    "machine: fra1/r2",
    "repository:",
    "  remotes:",
    "    - url: https://git.example.net/noc/sites.git",
    "      username: fra1-r2",
    "      token-file: /persistent/config/imp/token",
    "trust: { signatures: required }",
    "mode: observe",
    "```",
    "",
    "| Key | By default | Meaning |",
    "|---|---|---|",
    ...rows(schema, schema, ""),
    "",
  ].join("\n");
}

/** A row for each key that has no keys below it. */
function rows(whole: JsonObject, at: JsonObject, path: string): readonly string[] {
  const { properties, items, required } = at;
  if (isObject(items)) return rows(whole, resolve(whole, items), `${path}[]`);
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([key, value]) => {
    const one = resolve(whole, value);
    const name = path === "" ? key : `${path}.${key}`;
    const below = rows(whole, one, name);
    if (below.length > 0) return below;
    const must = Array.isArray(required) && required.includes(key);
    return [`| \`${name}\` | ${byDefault(one, must)} | ${meaning(one)} |`];
  });
}

function byDefault({ default: value }: JsonObject, must: boolean): string {
  if (value !== undefined) return `\`${text(value)}\``;
  return must ? "*must be set*" : "";
}

function meaning({ description, enum: choices, minimum, maximum }: JsonObject): string {
  const choice = Array.isArray(choices) ? ` One of ${choices.map((one) => `\`${text(one)}\``).join(", ")}.` : "";
  const range = minimum === undefined ? "" : ` ${text(minimum)} to ${text(maximum)}.`;
  return `${text(description)}${choice}${range}`.replaceAll("|", "\\|");
}

/** With what its reference says; what stands beside the reference goes before it. */
function resolve(whole: JsonObject, value: JsonValue | undefined): JsonObject {
  if (!isObject(value)) return {};
  const { $ref: reference, ...own } = value;
  if (typeof reference !== "string") return own;
  const definitions = isObject(whole["$defs"]) ? whole["$defs"] : {};
  return { ...resolve(whole, definitions[reference.replace("#/$defs/", "")]), ...own };
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
