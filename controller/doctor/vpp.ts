/**
 * Whether the definitions of VPP's binary API on the disk are those of the VPP that runs. Its answer to the first message of
 * the socket transport, sockclnt_create, names every message that it knows, with the checksum of its definition.
 */
import type { Host } from "../../reconcilers/core.ts";
import { type Numbering, strangers } from "../../reconcilers/vpp/api/catalogue.ts";
import { askNumbering, installedDefinitions } from "../../reconcilers/vpp/api/open.ts";
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
  const installed = await installedDefinitions(host, vppApi);
  const numbering = await numberingOf(host, socket, signal);
  const startup = `/etc/vpp/startup-${instance}.conf`;
  if (!numbering && (await host.readFile(startup)) !== undefined) {
    const remedy = `systemctl status vpp-${instance}, journalctl -b -u vpp-${instance}; then systemctl restart vpp-${instance}.`;
    return fault(`Nobody answers on ${socket}, although ${startup} is there.`, remedy);
  }
  const count = installed.message.size;
  if (!numbering && count === 0) return skipped(`VPP is not installed (no ${vppApi}).`);
  if (!numbering) return skipped(`Nobody answers on ${socket}: that instance does not run.`);
  const again = "Install VPP's package again, of the same version.";
  if (count === 0) return fault(`${vppApi} has no API definitions (*.api.json).`, again);
  const odd = strangers(numbering, installed);
  const same = [...installed.message.values()].filter(({ name, crc }) => numbering.has(`${name}_${crc}`)).length;
  if (odd.length + same === 0) return fault(`The VPP that runs has no message that ${vppApi} describes.`, again);
  if (odd.length === 0) return ok(`The API definitions are those of the VPP that runs (${same} messages).`);
  return fault(
    `${odd.length} API definitions are not those of the VPP that runs: ${odd.slice(0, 3).join(", ")}${odd.length > 3 ? ", …" : ""}.`,
    "VPP was upgraded without a restart, or its packages are of several versions: `dpkg -l 'vpp*'`, then restart VPP.",
  );
}

/** undefined where nobody answers. */
async function numberingOf(host: Host, socket: string, signal: AbortSignal): Promise<Numbering | undefined> {
  try {
    return await askNumbering(host, { socket, deadlineMs: answerMs }, signal);
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === "VPP_UNREACHABLE") return undefined;
    throw thrown;
  }
}
