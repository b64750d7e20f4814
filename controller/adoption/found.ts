/** What was read of an appliance that somebody configured by hand: what a machine file is made of. */
import type { FrrObserved } from "../../reconcilers/frr/model.ts";
import type { IncusObserved } from "../../reconcilers/incus/model.ts";
import type { VppObserved } from "../../reconcilers/vpp/model.ts";

export interface Found {
  /** Its name in the machine file. */
  readonly hostname: string | undefined;
  readonly frr: FrrObserved;
  readonly vpp: VppObserved;
  readonly incus: IncusObserved;
  /** PCI addresses of the NICs that VPP was given, by the names that it gave them. */
  readonly nics: ReadonlyMap<string, string>;
}

/** Of a startup.conf of VPP: `dpdk { dev 0000:05:00.0 { name external } }`. */
export function nicsIn(startup: string): ReadonlyMap<string, string> {
  const text = startup.replaceAll(/#.*$/gm, "");
  const devices = text.matchAll(/\bdev\s+((?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\s*\{([^}]*)\}/g);
  return new Map(
    [...devices].flatMap(([, pci = "", inside = ""]) => {
      const name = /\bname\s+(\S+)/.exec(inside)?.[1];
      const whole = pci.length > 7 ? pci : `0000:${pci}`;
      return name === undefined ? [] : [[name, whole.toLowerCase()] as const];
    }),
  );
}
