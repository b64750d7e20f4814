/**
 * Whether the definitions of VPP's binary API on the disk are those of the VPP that runs. Its answer to the first message of
 * the socket transport, sockclnt_create, names every message that it knows, with the checksum of its definition.
 */
import type { Host } from "../../reconcilers/core.ts";
import { askNumbering } from "../../reconcilers/vpp/api/open.ts";
import { Problem } from "../../schemas/problem.ts";
import { fault, ok, skipped } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const vppChecks: readonly Check[] = (["core", "nat"] as const).map((instance) => ({
  code: `vpp-api-${instance}`,
  look: (patient, signal) => api(patient, instance, signal),
}));

/** One that hangs takes connections, and says nothing. */
const answerMs = 10_000;

async function api({ host, vppApi, vppRun }: Patient, instance: string, signal: AbortSignal): Promise<Finding> {
  const socket = `${vppRun}/${instance}-api.sock`;
  const files = await definitionFiles(host, vppApi);
  const table = await messageTable(host, socket, signal).catch(() => undefined);
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

/** Message → checksum of every message that the VPP on `socket` knows. */
async function messageTable(host: Host, socket: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const numbering = await askNumbering(host, { socket, deadlineMs: answerMs }, signal);
  const names = [...numbering.keys()].map((name) => [name, name.lastIndexOf("_")] as const);
  return new Map(names.map(([name, cut]) => [name.slice(0, cut), name.slice(cut + 1)]));
}
