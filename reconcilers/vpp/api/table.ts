/** Reads messages.def, our table of the messages of VPP's binary API that the product uses. Pure. */

export interface FieldText {
  readonly type: string;
  readonly name: string;
  /** Fixed number of elements, name of the field that counts them, or "rest"; undefined: not an array. */
  readonly length: number | string | undefined;
  /** What to send when nothing is said. */
  readonly byDefault: string | undefined;
}

export type TypeText =
  | { readonly kind: "type"; readonly name: string; readonly fields: readonly FieldText[] }
  | { readonly kind: "union"; readonly name: string; readonly fields: readonly FieldText[] }
  | {
      readonly kind: "enum" | "flags";
      readonly name: string;
      readonly of: string;
      readonly values: readonly (readonly [string, number])[];
    }
  | { readonly kind: "alias"; readonly name: string; readonly of: string; readonly length: number | undefined };

export interface MessageText {
  readonly name: string;
  /** 8 hex digits. */
  readonly crc: string;
  readonly fields: readonly FieldText[];
}

/** What answers a request. */
export interface ServiceText {
  readonly request: string;
  /** Whose it is ("linux_cp"); undefined: VPP's own. */
  readonly plugin: string | undefined;
  /** The one reply, or the one that ends the details of a paged get. */
  readonly reply: string | undefined;
  /** Sent any number of times. */
  readonly details: string | undefined;
  readonly events: readonly string[];
}

export interface MessageTable {
  readonly types: readonly TypeText[];
  readonly services: readonly ServiceText[];
  readonly messages: readonly MessageText[];
}

/** Throws on a line that is not of the table's notation. */
export function readTable(text: string): MessageTable {
  const types: TypeText[] = [];
  const services: ServiceText[] = [];
  const messages: MessageText[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, kind, name = "", extra = "", body = ""] =
      /^(type|union|enum|flags|alias|service|message) (\w+)(?: (\w+))?: ?(.*)$/.exec(line) ?? [];
    if (kind === "type" || kind === "union") types.push({ kind, name, fields: fieldsOf(body) });
    else if (kind === "enum" || kind === "flags") types.push({ kind, name, of: extra, values: valuesOf(body) });
    else if (kind === "alias") types.push(aliasOf(name, body));
    else if (kind === "service") services.push(serviceOf(name, extra, body));
    else if (kind === "message") messages.push({ name, crc: extra, fields: fieldsOf(body) });
    else throw new Error(`messages.def: ${line}`);
  }
  return { types, services, messages };
}

function fieldsOf(body: string): readonly FieldText[] {
  return body === "" ? [] : body.split(", ").map(fieldOf);
}

function fieldOf(text: string): FieldText {
  const match = /^(\w+) (\w+)(?:\[(\w*)\])?(?:=(.+))?$/.exec(text);
  if (!match) throw new Error(`messages.def: ${text}`);
  const [, type = "", name = "", size, byDefault] = match;
  const length = size === undefined ? undefined : size === "" ? "rest" : /^\d+$/.test(size) ? Number(size) : size;
  return { type, name, length, byDefault };
}

function valuesOf(body: string): readonly (readonly [string, number])[] {
  return body.split(", ").map((pair) => {
    const [name = "", value] = pair.split("=");
    return [name, Number(value)] as const;
  });
}

function aliasOf(name: string, body: string): TypeText {
  const [, of = "", length] = /^(\w+)(?:\[(\d+)\])?$/.exec(body) ?? [];
  return { kind: "alias", name, of, length: length === undefined ? undefined : Number(length) };
}

function serviceOf(request: string, plugin: string, body: string): ServiceText {
  const [answer = "", events] = body.split(", events ");
  const [first = "", after] = answer.split(" after ");
  const details = (after ?? first).endsWith("*") ? (after ?? first).slice(0, -1) : undefined;
  const reply = first === "nothing" || first.endsWith("*") ? undefined : first;
  return { request, plugin: plugin === "" ? undefined : plugin, reply, details, events: events?.split(" ") ?? [] };
}
