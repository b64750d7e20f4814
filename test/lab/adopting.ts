/** What an adoption is tried by: the file that it writes, loaded and planned by itself against what was there. */
import { type Adopted, adoptFound } from "../../controller/adoption/adopt.ts";
import type { Found } from "../../controller/adoption/found.ts";
import { draftedText } from "../../controller/drafted.ts";
import { loneTree } from "../../controller/lone-tree.ts";
import { derive } from "../../reconcilers/derive.ts";
import { daemons, type FrrObserved } from "../../reconcilers/frr/model.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
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
  /** What the file would do: errors of loading it, and steps. */
  readonly does: readonly string[];
}

export async function tryAdoption(found: Found): Promise<Tried> {
  const adopted = await adoptFound(found);
  const text = draftedText("Adopted.", adopted);
  const { loaded, problems } = await loadMachine(loneTree("x/box", text), "x/box");
  if (!loaded) return { ...adopted, text, does: problems.map(String) };
  const versions = { frr: found.frr.version, vpp: found.vpp.core?.version };
  const { frr, vpp } = derive(loaded.machine, versions, (name) => name);
  const plans = [planFrr(frr, found.frr, []), planVpp(vpp, found.vpp, [])];
  return {
    ...adopted,
    text,
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

/** PCI addresses as VPP's startup.conf has them. */
export function nicsOf({ interfaces }: Machine): Found["nics"] {
  return new Map(Object.entries(interfaces).flatMap(([name, { pci }]) => (pci === undefined ? [] : [[name, pci]])));
}
