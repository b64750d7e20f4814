/** What was read of an appliance that somebody configured by hand: what a machine file is made of. */
import type { FrrObserved } from "../../reconcilers/frr/model.ts";
import type { BootenvObserved } from "../../reconcilers/bootenv/model.ts";
import type { IncusObserved } from "../../reconcilers/incus/model.ts";
import type { SystemFile } from "../../reconcilers/system/model.ts";
import type { VppObserved } from "../../reconcilers/vpp/model.ts";
import type { JsonObject } from "../../schemas/json.ts";

export interface Found {
  /** Its name in the machine file. */
  readonly hostname: string | undefined;
  readonly frr: FrrObserved;
  readonly vpp: VppObserved;
  readonly incus: IncusObserved;
  /** PCI addresses of the NICs that VPP was given, by the names that it gave them. */
  readonly nics: ReadonlyMap<string, string>;
  /** What core started with; "" where that is not known. */
  readonly startup: string;
  /** What stands where the agent's own files would. */
  readonly system: readonly SystemFile[];
  /** By path: those, and what the network, the resolver and the clock are configured by. */
  readonly files: ReadonlyMap<string, string>;
  /** undefined: the root is no ZFS dataset. */
  readonly environments: BootenvObserved | undefined;
  /** What could not be read, or not wholly: a line each. */
  readonly unread: readonly string[];
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

/** What else is known of a NIC: its queues, from the same file, and its other names, from the agent's own list of NICs. */
export function nicWords({ files, startup }: Found, name: string): JsonObject {
  const inside = [...startup.replaceAll(/#.*$/gm, "").matchAll(/\bdev\s+\S+\s*\{([^}]*)\}/g)].map(
    ([, one = ""]) => one,
  );
  const own = inside.find((one) => /\bname\s+(\S+)/.exec(one)?.[1] === name) ?? "";
  const [rx, tx] = ["num-rx-queues", "num-tx-queues"].map((word) => new RegExp(`\\b${word}\\s+(\\d+)`).exec(own)?.[1]);
  const line = (files.get("/etc/imp/nics") ?? "").split("\n").find((one) => one.startsWith(`${name} `));
  const [, kernel = "-", pci = "-", mac = "-"] = line?.split(" ") ?? [];
  return {
    ...(kernel !== "-" && { "kernel-name": kernel }),
    ...(mac !== "-" && pci === "-" && { mac }),
    ...(rx !== undefined && { "rx-queues": Number(rx) }),
    ...(tx !== undefined && { "tx-queues": Number(tx) }),
  };
}
