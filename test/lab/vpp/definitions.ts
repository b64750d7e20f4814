/** messages.def as the documents that VPP's get_api_json serves: one module with all of it. */
import type { FieldText, MessageTable } from "../../../reconcilers/vpp/api/table.ts";

/** JSON text: an array of documents. */
export function apiJson(table: MessageTable): string {
  const named = (kind: string): readonly string[] =>
    table.types.filter((type) => type.kind === kind).map(({ name }) => name);
  const known = new Set(table.types.map(({ name }) => name));
  const field = (of: FieldText): readonly unknown[] => fieldJson(of, known);
  const structs = (kind: "type" | "union"): unknown =>
    table.types.flatMap((type) =>
      type.kind === kind && "fields" in type ? [[type.name, ...type.fields.map(field)]] : [],
    );
  const enums = (kind: "enum" | "flags"): unknown =>
    table.types.flatMap((type) =>
      type.kind === kind && "values" in type ? [[type.name, ...type.values, { enumtype: type.of }]] : [],
    );
  const document = {
    module: "simulated",
    types: structs("type"),
    messages: table.messages.map(({ name, crc, fields }) => [
      name,
      ["u16", "_vl_msg_id"],
      ...fields.map(field),
      { crc: `0x${crc}`, options: {}, comment: "" },
    ]),
    unions: structs("union"),
    enums: enums("enum"),
    enumflags: enums("flags"),
    services: Object.fromEntries(table.services.map((service) => [service.request, serviceJson(service)])),
    options: { version: "1.0.0" },
    aliases: Object.fromEntries(
      named("alias").map((name) => {
        const alias = table.types.find((type) => type.name === name);
        if (alias?.kind !== "alias") throw new Error(name);
        const type = known.has(alias.of) ? `vl_api_${alias.of}_t` : alias.of;
        return [name, alias.length === undefined ? { type } : { type, length: alias.length }];
      }),
    ),
    vl_api_version: "0x00000000",
    imports: [],
    counters: [],
    paths: [],
  };
  return JSON.stringify([document]);
}

function fieldJson({ type, name, length, byDefault }: FieldText, known: ReadonlySet<string>): readonly unknown[] {
  const spelled = known.has(type) ? `vl_api_${type}_t` : type;
  const size =
    length === undefined ? [] : typeof length === "number" ? [length] : length === "rest" ? [0] : [0, length];
  return [spelled, name, ...size, ...(byDefault === undefined ? [] : [{ default: JSON.parse(byDefault) as unknown }])];
}

function serviceJson(service: MessageTable["services"][number]): unknown {
  const events = service.events.length > 0 ? { events: service.events } : {};
  if (service.details === undefined) return { reply: service.reply, ...events };
  if (service.reply === undefined) return { reply: service.details, stream: true, ...events };
  return { reply: service.reply, stream: true, stream_msg: service.details, ...events };
}
