/** From messages.def: reconcilers/vpp/api/messages.ts, the messages as types, and known.ts, the same for when it runs. */
import { readFileSync } from "node:fs";
import { type FieldText, type MessageTable, readTable } from "../reconcilers/vpp/api/table.ts";

const source = new URL("../reconcilers/vpp/api/messages.def", import.meta.url);

/** Fields of every request that the connection fills in. */
const framing = new Set(["client_index", "context"]);

/** Types that stand for text, however they are made up. */
const textual = new Set([
  "address",
  "ip4_address",
  "ip6_address",
  "prefix",
  "ip4_prefix",
  "ip6_prefix",
  "address_with_prefix",
  "ip4_address_with_prefix",
  "ip6_address_with_prefix",
  "mac_address",
]);

export function vppMessages(): string {
  const table = readTable(readFileSync(source, "utf8"));
  return [
    "/** Generated from messages.def: `npm run generate`. */",
    "",
    ...typesOf(table),
    ...mapOf(table, "Requests", "reply"),
    ...mapOf(table, "Dumps", "details"),
    "/** Fields to send, as many as one likes, at every level. */",
    "export type Fields<T> = { readonly [F in keyof T]?: Part<T[F]> };",
    "type Part<T> = T extends Uint8Array",
    "  ? T",
    "  : T extends readonly (infer E)[]",
    "    ? readonly Part<E>[]",
    "    : T extends object",
    "      ? Fields<T>",
    "      : T;",
    "",
    "export type RequestName = keyof Requests;",
    "export type DumpName = keyof Dumps;",
    "",
  ].join("\n");
}

/** The table without its comments, as a module: the product is one file, with nothing to read beside it. */
export function vppKnown(): string {
  const lines = readFileSync(source, "utf8").split("\n");
  return [
    "/** Generated from messages.def: `npm run generate`. */",
    "",
    "/** For readTable: the messages that the product knows, as it knows them. */",
    "export const knownText = `",
    ...lines.filter((line) => line !== "" && !line.startsWith("#")),
    "`;",
    "",
  ].join("\n");
}

function typesOf({ types }: MessageTable): readonly string[] {
  return types.flatMap((type) => {
    if (textual.has(type.name)) return [];
    const name = pascal(type.name);
    if (type.kind === "alias")
      return type.length === undefined ? [`export type ${name} = ${typeText(type.of)};`, ""] : [];
    if (type.kind === "enum" || type.kind === "flags")
      return [
        `export const ${name} = {`,
        ...type.values.map(([value, number]) => `  ${value}: ${number},`),
        "} as const;",
        `export type ${name} = number;`,
        "",
      ];
    if (type.kind !== "type" && type.kind !== "union") return [];
    const optional = type.kind === "union" ? "?" : "";
    return [
      `export interface ${name} {`,
      ...type.fields.map((field) => `  readonly ${field.name}${optional}: ${fieldText(field)};`),
      "}",
      "",
    ];
  });
}

function mapOf(table: MessageTable, name: string, answer: "reply" | "details"): readonly string[] {
  const fields = (message: string | undefined) =>
    (table.messages.find((one) => one.name === message)?.fields ?? []).filter((field) => !framing.has(field.name));
  const body = (message: string | undefined) =>
    fields(message).map((field) => `      readonly ${field.name}: ${fieldText(field)};`);
  const wanted = table.services.filter(({ reply, details }) =>
    answer === "details" ? details !== undefined : details === undefined && reply !== undefined,
  );
  return [
    `export interface ${name} {`,
    ...wanted.flatMap((service) => [
      `  readonly ${service.request}: {`,
      ...object("request", body(service.request)),
      ...object(answer, body(service[answer])),
      "  };",
    ]),
    "}",
    "",
  ];
}

function object(name: string, body: readonly string[]): readonly string[] {
  return body.length === 0 ? [`    readonly ${name}: object;`] : [`    readonly ${name}: {`, ...body, "    };"];
}

function fieldText({ type, length }: FieldText): string {
  if (length === undefined || type === "string") return typeText(type);
  return type === "u8" ? "Uint8Array" : `readonly ${typeText(type)}[]`;
}

function typeText(type: string): string {
  if (type === "string" || textual.has(type)) return "string";
  if (type === "bool") return "boolean";
  if (type === "u64" || type === "i64") return "bigint";
  return /^([ui](8|16|32)|f64)$/.test(type) ? "number" : pascal(type);
}

function pascal(name: string): string {
  return name
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
