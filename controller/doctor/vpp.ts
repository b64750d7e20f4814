/**
 * Whether the definitions of VPP's binary API on the disk are those of the VPP that runs. Its answer to the first message of
 * the socket transport, sockclnt_create, names every message that it knows, with the checksum of its definition.
 */
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { fault, ok, skipped } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const vppChecks: readonly Check[] = (["core", "nat"] as const).map((instance) => ({
  code: `vpp-api-${instance}`,
  look: (patient, signal) => api(patient, instance, signal),
}));

const answerMs = 10_000;
/** More than the table of a VPP with all plugins: 85 KB. */
const longestAnswer = 1 << 20;

async function api({ host, vppApi, vppRun }: Patient, instance: string, signal: AbortSignal): Promise<Finding> {
  const socket = `${vppRun}/${instance}-api.sock`;
  const files = await definitionFiles(host, vppApi);
  // One that hangs takes connections, and says nothing.
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const table = await messageTable(host, socket, limited).catch(() => undefined);
  signal.throwIfAborted();
  const startup = `/etc/vpp/startup-${instance}.conf`;
  if (!table && (await host.readFile(startup)) !== undefined) {
    const remedy = `systemctl status vpp-${instance}, journalctl -b -u vpp-${instance}; then systemctl restart vpp-${instance}.`;
    return fault(`Nobody answers on ${socket}, although ${startup} is there.`, remedy);
  }
  if (!table && files.length === 0) return skipped(`VPP is not installed (no ${vppApi}).`);
  if (!table) return skipped(`Nobody answers on ${socket}: that instance does not run.`);
  if (files.length === 0)
    return fault(`${vppApi} has no API definitions (*.api.json).`, "Install VPP's package again, of the same version.");
  const odd = await otherDefinitions(host, files, table);
  if (odd.length === 0) return ok(`The API definitions are those of the VPP that runs (${table.size} messages).`);
  return fault(
    `${odd.length} API definitions are not those of the VPP that runs: ${odd.slice(0, 3).join(", ")}${odd.length > 3 ? ", …" : ""}.`,
    "VPP was upgraded without a restart, or its packages are of several versions: `dpkg -l 'vpp*'`, then restart VPP.",
  );
}

async function definitionFiles(host: Host, top: string): Promise<readonly string[]> {
  const folders = [top, `${top}/core`, `${top}/plugins`];
  const names = await Promise.all(folders.map((folder) => host.readFolder(folder)));
  return folders.flatMap((folder, index) =>
    (names[index] ?? []).filter((name) => name.endsWith(".api.json")).map((name) => `${folder}/${name}`),
  );
}

/** Messages that VPP knows by another definition. Those that it does not know at all are of plugins that are not loaded. */
async function otherDefinitions(
  host: Host,
  files: readonly string[],
  table: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const odd: string[] = [];
  for (const file of files) {
    for (const [name, crc] of definitions((await host.readFile(file)) ?? "", file)) {
      const known = table.get(name);
      if (known !== undefined && known !== crc) odd.push(name);
    }
  }
  return odd;
}

/** Message → checksum, as in "messages": [["show_version", …, {"crc": "0x51077d14", …}], …]. */
function definitions(text: string, file: string): readonly (readonly [string, string])[] {
  const messages = messagesOf(text);
  if (!messages)
    throw new Problem("HOST_FILE", `${file} is no API definition.`, { remedy: "Install VPP's package again." });
  return messages.flatMap((message): (readonly [string, string])[] => {
    const parts: readonly unknown[] = Array.isArray(message) ? message : [];
    const [name, last] = [parts[0], parts.at(-1)];
    if (typeof name !== "string" || typeof last !== "object" || last === null || !("crc" in last)) return [];
    return [[name, String(last.crc).replace(/^0x/, "").padStart(8, "0")]];
  });
}

function messagesOf(text: string): readonly unknown[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== "object" || document === null || !("messages" in document)) return undefined;
    return Array.isArray(document.messages) ? document.messages : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Message → checksum of every message that the VPP on `socket` knows. Frames are 16 bytes of header, of which bytes 8 to 11
 * are the length of the rest, and the message, all big endian (VPP's socket_api.c, memclnt.api).
 */
async function messageTable(host: Host, socket: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const connection = await host.connect(socket, signal);
  try {
    await connection.write(createRequest());
    let bytes = Buffer.alloc(0);
    for (;;) {
      const more = await connection.read(signal);
      if (more === undefined || bytes.length > longestAnswer) break;
      bytes = Buffer.concat([bytes, more]);
      if (bytes.length >= 16 && bytes.length >= 16 + bytes.readUInt32BE(8)) return readTable(bytes.subarray(16));
    }
  } finally {
    connection.close();
  }
  throw new Problem("HOST_COMMAND", `${socket} does not answer as VPP does.`, { transient: true });
}

/** sockclnt_create, whose number is always 15: number u16, context u32, name of 64 bytes. */
function createRequest(): Uint8Array {
  const body = Buffer.alloc(2 + 4 + 64);
  body.writeUInt16BE(15, 0);
  body.write("impctl-doctor", 6);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}

/** Its reply: number u16 (16), client u32, context u32, response i32, index u32, count u16, then id u16 and "name_crc" of 64 bytes each. */
function readTable(body: Buffer): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  const count = body.length < 20 || body.readUInt16BE(0) !== 16 ? 0 : body.readUInt16BE(18);
  for (let at = 20; at + 66 <= body.length && table.size < count; at += 66) {
    const text = body
      .subarray(at + 2, at + 66)
      .toString("latin1")
      .replace(/\0.*$/s, "");
    const cut = text.lastIndexOf("_");
    if (cut > 0) table.set(text.slice(0, cut), text.slice(cut + 1));
  }
  if (table.size === 0) throw new Problem("HOST_COMMAND", "VPP names no messages.", { transient: true });
  return table;
}
