/** Reads an appliance for its machine file; used by `impctl adopt`. What does not answer is left out, and said. */
import type { Host } from "../../reconcilers/core.ts";
import type { BootenvObserved } from "../../reconcilers/bootenv/model.ts";
import { observeBootenv } from "../../reconcilers/bootenv/observe.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { absent, observeIncus } from "../../reconcilers/incus/observe.ts";
import { observeVpp, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { readEtc } from "./etc.ts";
import { type Found, nicsIn } from "./found.ts";

export interface Places extends VppPlaces {
  /** Folder of FRR's vty sockets. */
  readonly vtyDir: string;
  /** Path of what core started with. */
  readonly startup: string;
  /** Path of Incus's socket. */
  readonly incus: string;
}

/** Rejects with USAGE where neither FRR nor VPP answers. */
export async function look(host: Host, places: Places, signal: AbortSignal): Promise<Found> {
  const { vtyDir, sockets, startup: startupPath } = places;
  const unread: string[] = [];
  const [frr, vpp, incus, { odd, ...etc }, startup, environments] = await Promise.all([
    observeFrr(host, vtyDir, signal),
    observeVpp(host, places, signal, (instance, { message }) => unread.push(`vpp ${instance}: not read: ${message}`)),
    observeIncus(host, places.incus, signal),
    readEtc(host),
    host.readFile(startupPath),
    observeBootenv(host, signal).catch((thrown: unknown): BootenvObserved | undefined => {
      signal.throwIfAborted();
      unread.push(`bootenv: not read: ${asProblem(thrown).message}`);
      return undefined;
    }),
  ]);
  if (frr.version === undefined && vpp.core === undefined) {
    throw new Problem(
      "USAGE",
      `Neither FRR (${vtyDir}) nor VPP (${sockets.core}) answers, so there is nothing to adopt.`,
      {
        remedy: "Name the folder of FRR's vty sockets with --vty-dir, and VPP's API socket with --core.",
      },
    );
  }
  if (frr.version === undefined) unread.push(`frr: not read: nobody answers in ${vtyDir}`);
  if (incus.silent !== undefined)
    unread.push(`incus: not read: ${incus.silent === absent ? `there is no ${places.incus}` : incus.silent}`);
  if (vpp.core && startup === undefined)
    unread.push(`vpp core: there is no ${startupPath}, so no NIC has a PCI address here`);
  for (const path of odd) unread.push(`system: ${path} is no plain file, which the agent would refuse to replace`);
  return {
    hostname: /^[a-z0-9][a-z0-9-]{0,62}(?=\.|\s*$)/.exec(etc.files.get("/etc/hostname") ?? "")?.[0],
    frr,
    vpp,
    incus,
    nics: nicsIn(startup ?? ""),
    startup: startup ?? "",
    ...etc,
    environments,
    unread: unread.toSorted(),
  };
}
