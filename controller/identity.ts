/** The guard against a wrong disk in a wrong box: compares what the machine file names with what this box is. */
import type { Host } from "../reconcilers/core.ts";
import type { Identity } from "../schemas/identity.ts";
import { Problem } from "../schemas/problem.ts";

/** What a box is, as far as it does not travel with a disk. Lower case. */
export interface Box {
  /** undefined where the firmware has none, or only root may read it. */
  readonly uuid: string | undefined;
  readonly macs: ReadonlySet<string>;
}

const uuidFile = "/sys/class/dmi/id/product_uuid";
const nicFolder = "/sys/class/net";

/** Reads this box's identity. A port of a bond shows the bond's address; its own stands beside it. */
export async function readBox(host: Pick<Host, "readFile" | "readFolder">): Promise<Box> {
  const read = async (path: string) => (await host.readFile(path).catch(() => undefined))?.trim().toLowerCase();
  const macs = new Set<string>();
  for (const nic of await host.readFolder(nicFolder)) {
    const own =
      (await read(`${nicFolder}/${nic}/bonding_slave/perm_hwaddr`)) ?? (await read(`${nicFolder}/${nic}/address`));
    if (own) macs.add(own);
  }
  return { uuid: await read(uuidFile), macs };
}

/** What `readBox` reads of a box that is known already. */
export function boxHost({ uuid, macs }: Box): Pick<Host, "readFile" | "readFolder"> {
  const files = new Map([...macs].map((mac) => [`${nicFolder}/${mac}/address`, mac]));
  if (uuid !== undefined) files.set(uuidFile, uuid);
  return {
    readFile: async (path) => files.get(path),
    readFolder: async (path) => (path === nicFolder ? [...macs] : []),
  };
}

/** Why this box is not the one that `machine` is for, or undefined. The box that is being replaced passes too. */
export function checkIdentity(
  machine: string,
  identity: Identity | undefined,
  box: Box,
  mode: "required" | "if-declared",
): Problem | undefined {
  if (!identity) {
    if (mode === "if-declared") return undefined;
    return new Problem("IDENTITY_MISMATCH", `${machine} does not say which box it is for.`, {
      path: "identity",
      remedy: `Add identity: { ${describe(box)} } to its file, or set "identity: if-declared" in the agent's settings.`,
    });
  }
  if (fits(identity, box) || (identity.replaces && fits(identity.replaces, box))) return undefined;
  return new Problem("IDENTITY_MISMATCH", `This box is not the one that ${machine} is for: it has ${describe(box)}.`, {
    path: "identity",
    remedy: 'Check "machine" in the agent\'s settings; after a swap of hardware, change identity in the machine file.',
  });
}

type Hardware = Pick<Identity, "dmi-uuid" | "macs">;

/** Everything that is named must be so. */
function fits(hardware: Hardware, box: Box): boolean {
  const uuid = hardware["dmi-uuid"];
  if (uuid !== undefined && uuid.toLowerCase() !== box.uuid) return false;
  return (hardware.macs ?? []).every((mac) => box.macs.has(mac.toLowerCase()));
}

function describe(box: Box): string {
  const macs = [...box.macs].filter((mac) => mac !== "00:00:00:00:00:00");
  return [
    ...(box.uuid === undefined ? [] : [`dmi-uuid: ${box.uuid}`]),
    ...(macs.length === 0 ? [] : [`macs: [${macs.slice(0, 8).join(", ")}]`]),
  ].join(", ");
}
