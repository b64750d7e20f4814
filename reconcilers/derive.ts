/** From a machine to what every plane is to be: computed once, here, for all of them. Pure. */
import type { Machine } from "../schemas/machine.ts";
import type { ProgramVersions } from "../schemas/when.ts";
import { renderFrr } from "./frr/render/render.ts";
import type { Desired } from "./generation.ts";
import { unsaid as incusUnsaid } from "./incus/model.ts";
import { renderIncus } from "./incus/render.ts";
import { undescribed } from "./system/model.ts";
import { type BootCommands, renderSystem } from "./system/render/render.ts";
import { renderBootCommands } from "./vpp/boot-commands.ts";
import { instances, unsaid, type VppDesired } from "./vpp/model.ts";
import { renderVpp } from "./vpp/render/render.ts";

/** Versions of the programs in the image: what `when:` asks for. From the image's manifest, never from the running box. */
export type Versions = ProgramVersions;

/** What the agent of a box leaves to others. */
export interface LeftOut {
  readonly system: boolean;
  readonly vpp: boolean;
  readonly incus: boolean;
}

const nothing: LeftOut = { system: false, vpp: false, incus: false };

/** `seal` gives the sealed form of a secret, by its name. */
export function derive(
  machine: Machine,
  versions: Versions,
  seal: (secret: string) => string,
  leftOut: LeftOut = nothing,
): Desired {
  const vpp = leftOut.vpp ? unsaid : renderVpp(machine, versions);
  return {
    system: leftOut.system ? undescribed : renderSystem(machine, bootCommandsOf(vpp)),
    vpp,
    frr: renderFrr(machine, versions, seal),
    incus: leftOut.incus ? incusUnsaid : renderIncus(machine, versions),
  };
}

/** VPP forwards before any agent runs: it is given the same objects when it starts. */
function bootCommandsOf(vpp: VppDesired): BootCommands {
  return Object.fromEntries(
    instances.flatMap((instance) => {
      const desired = vpp[instance];
      return desired === undefined ? [] : [[instance, renderBootCommands(instance, desired)]];
    }),
  );
}

/** Sections that the system plane carries out. */
const ofSystem: ReadonlySet<string> = new Set(["hostname", "management", "cpu", "sysctl"]);

/** Sections that VPP's plane carries out; NICs and what VPP starts with are the system plane's part of them. */
const ofVpp: ReadonlySet<string> = new Set([
  "interfaces",
  "bonds",
  "loopbacks",
  "taps",
  "vxlan",
  "bridges",
  "cross-connects",
  "acls",
  "abf",
  "vrfs",
  "vrrp",
  "policers",
  "lldp",
  "dhcp-relay",
  "nat",
  "containers",
  "raw-vpp",
]);

/** Sections that are carried out, or that are about the agent itself. */
const managed: ReadonlySet<string> = new Set([
  "routing",
  "health",
  "policy",
  "identity",
  "age-key",
  "maintenance",
  "after",
  "status",
]);

/** The sections of the machine file that are used and that nobody carries out yet, in the order of the file. */
export function notManaged(machine: Machine, leftOut: LeftOut = nothing): readonly string[] {
  return Object.entries(machine).flatMap(([section, value]) => {
    if (managed.has(section) || isEmpty(value)) return [];
    if (section === "services" && !leftOut.incus && isAllInstances(machine)) return [];
    const isCarriedOut = (ofSystem.has(section) && !leftOut.system) || (ofVpp.has(section) && !leftOut.vpp);
    return isCarriedOut ? [] : [section];
  });
}

/** Units of systemd are nobody's yet, instances of Incus are its plane's. */
function isAllInstances({ services }: Machine): boolean {
  return Object.values(services).every(({ instance }) => instance !== undefined);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
