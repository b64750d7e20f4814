/** What an adoption is tried by: the file that it writes, loaded and planned by itself against what was there. */
import { type Adopted, adoptFound } from "../../controller/adoption/adopt.ts";
import { adoptedText } from "../../controller/adoption/adopted-text.ts";
import type { Found } from "../../controller/adoption/found.ts";
import { loneTree } from "../../controller/lone-tree.ts";
import type { Plan } from "../../reconcilers/core.ts";
import { derive } from "../../reconcilers/derive.ts";
import { daemons, type FrrObserved } from "../../reconcilers/frr/model.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { type IncusDesired, type IncusObserved } from "../../reconcilers/incus/model.ts";
import { planIncus } from "../../reconcilers/incus/plan.ts";
import type { SystemDesired } from "../../reconcilers/system/model.ts";
import {
  type InstanceDesired,
  type InstanceObserved,
  instances,
  type VppDesired,
} from "../../reconcilers/vpp/model.ts";
import type { VppObserved } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { loadMachine } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";

export interface Tried extends Adopted {
  /** As it stands in the file. */
  readonly text: string;
  /** Paths of the files below /etc that it would write. */
  readonly writes: readonly string[];
  /** What the file would do beside that: errors of loading it, and steps. */
  readonly does: readonly string[];
}

const nothing: Found = {
  hostname: "box",
  frr: frrWith(""),
  vpp: {},
  incus: { objects: [] },
  nics: new Map(),
  system: [],
  files: new Map(),
  startup: "",
  environments: undefined,
  unread: [],
};

/** Of what is not given there is nothing. */
export async function tryAdoption(given: { readonly [K in keyof Found]?: Found[K] }): Promise<Tried> {
  const startup = given.files?.get("/etc/vpp/startup-core.conf") ?? "";
  const found: Found = { ...nothing, startup, ...given };
  const adopted = await adoptFound(found);
  const text = adoptedText(adopted);
  const { loaded, problems } = await loadMachine(loneTree("x/box", text), "x/box");
  if (!loaded) return { ...adopted, text, writes: [], does: problems.map(String) };
  const versions = { frr: found.frr.version, vpp: found.vpp.core?.version };
  const { frr, vpp, incus, system } = derive(loaded.machine, versions, (name) => name);
  const plans: readonly Plan[] = [
    planFrr(frr, found.frr, []),
    planVpp(vpp, found.vpp, []),
    planIncus(incus, found.incus, []),
  ];
  return {
    ...adopted,
    text,
    writes: system.files.flatMap((file) => {
      const there = found.system.find(({ path }) => path === file.path);
      return there?.text === file.text ? [] : [file.path];
    }),
    does: plans.flatMap((plan) => [...plan.steps.map(({ id }) => id), ...plan.problems.map(String)]),
  };
}

/** An FRR that runs this. */
export function frrWith(config: string): FrrObserved {
  return { version: "8.4.4", running: daemons, config, incomplete: [] };
}

/** A VPP that has just what is desired of it, and that everything is known of. */
export function vppWith(desired: VppDesired): VppObserved {
  const as = ({ objects }: InstanceDesired): InstanceObserved => ({
    objects,
    version: "26.06-release",
    unknown: [],
    missing: {},
  });
  return Object.fromEntries(instances.flatMap((name) => (desired[name] ? [[name, as(desired[name])]] : [])));
}

/** The files of a box that has just what is desired. */
export function filesOf({ files }: SystemDesired): Pick<Found, "system" | "files"> {
  return { system: files, files: new Map(files.map(({ path, text }) => [path, text])) };
}

/** An Incus that has just what is desired of it. */
export function incusWith({ objects = [] }: IncusDesired): IncusObserved {
  return { objects: objects.map((object) => ({ object, users: [] })) };
}

/** PCI addresses as VPP's startup.conf has them. */
export function nicsOf({ interfaces }: Machine): Found["nics"] {
  return new Map(Object.entries(interfaces).flatMap(([name, { pci }]) => (pci === undefined ? [] : [[name, pci]])));
}
