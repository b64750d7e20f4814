/** What an instance of VPP has: one pass of dumps, in two round trips, which changes nothing. */
import type { InstanceObserved, Kind, VppObject } from "./model.ts";
import type { Vpp } from "./api/vpp.ts";
import type { Remembered } from "./memory.ts";
import { advertisements, readAdvertisements } from "./wire/advertisements.ts";
import { readMembers } from "./wire/bonds.ts";
import { readAbf, readAcls, readInterfaceAcls } from "./wire/filters.ts";
import { readInterfaces } from "./wire/interfaces.ts";
import { dump, type Reader, type Sight } from "./wire/kind.ts";
import { readBridges, readCrossConnects, readRewrites } from "./wire/l2.ts";
import { readAddresses, readLinkLocal, readUnicastRpf, readUnnumbered } from "./wire/layer3.ts";
import { readSockets } from "./wire/memif.ts";
import { listInterfaces, namesOf, none, visible } from "./wire/names.ts";
import { readDet44, readNat64 } from "./wire/nat.ts";
import { readPolicers } from "./wire/policers.ts";
import { readDhcpRelays, readLldp } from "./wire/protocols.ts";
import { readRaw } from "./wire/raw.ts";
import { readNeighbors, readRoutes } from "./wire/routes.ts";
import { readPairs, readSettings } from "./wire/settings.ts";
import { readMemberships, readTables, readVrfs } from "./wire/vrfs.ts";
import { readVrrp } from "./wire/vrrp.ts";
import { writers } from "./wire/writers.ts";

/** In the order in which their objects are listed. */
const readers: readonly Reader[] = [
  readVrfs,
  readInterfaces,
  readSockets,
  readSettings,
  readMembers,
  readPairs,
  readAddresses,
  readLinkLocal,
  readUnnumbered,
  readAdvertisements,
  readUnicastRpf,
  readAcls,
  readInterfaceAcls,
  readAbf,
  readPolicers,
  readBridges,
  readRewrites,
  readCrossConnects,
  readRoutes,
  readNeighbors,
  readVrrp,
  readDhcpRelays,
  readLldp,
  readDet44,
  readNat64,
  readRaw,
];

/** Rejects with a Problem as the connection's calls do. */
export async function observeInstance(vpp: Vpp, remembered: Remembered): Promise<InstanceObserved> {
  const pairs = dump({ vpp }, "lcp_itf_pair_get");
  const acls = dump({ vpp }, "acl_dump", { acl_index: none });
  const tables = readTables({ vpp });
  const listed = listInterfaces(vpp);
  const interfaces = Promise.all([listed, pairs]).then((both) => visible(...both));
  const names = Promise.all([interfaces, acls]).then((both) => namesOf(...both));
  const memberships = Promise.all([interfaces, tables]).then((both) => readMemberships(vpp, ...both));
  const sight: Sight = {
    vpp,
    names,
    interfaces,
    pairs,
    advertisements: advertisements({ vpp }),
    tables,
    memberships,
    acls,
    remembered,
  };
  const objects = (await Promise.all(readers.map((read) => read(sight)))).flat();
  return { objects, version: vpp.version, unknown: unknownOf(objects, remembered), missing: missingOf(vpp) };
}

/** Of what may have been switched on or run before anybody remembered it. An instance without anything had nothing of it. */
function unknownOf(objects: readonly VppObject[], remembered: Remembered): readonly Kind[] {
  if (remembered.isWhole) return [];
  const kinds = new Set(objects.map((object) => object.kind));
  const signs = {
    det44: ["det44-role", "det44-mapping", "det44-timeouts"],
    nat64: ["nat64-role", "nat64-pool", "nat64-prefix"],
  } as const;
  const unknown = (["det44", "nat64"] as const).filter(
    (kind) => !kinds.has(kind) && signs[kind].some((sign) => kinds.has(sign)),
  );
  const isBlank = objects.every(({ kind }) => kind === "physical" || kind === "settings");
  return isBlank ? unknown : [...unknown, "raw"];
}

function missingOf(vpp: Vpp): InstanceObserved["missing"] {
  const missing: Partial<Record<Kind, string>> = {};
  for (const kind of Object.keys(writers) as Kind[]) {
    const lacking = writers[kind].needs.filter((message) => !vpp.has(message));
    if (lacking.length > 0) missing[kind] = lacking.join(", ");
  }
  return missing;
}
