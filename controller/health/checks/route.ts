import { chosenRoute } from "../../../reconcilers/frr/routes.ts";
import { noSuchEntry } from "../../../reconcilers/vpp/api/retvals.ts";
import type { Vpp } from "../../../reconcilers/vpp/api/vpp.ts";
import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

/** Whether zebra has chosen a route to a prefix, and the kernel has it, and VPP where it is looked at. */
export async function route({ prefix }: Extract<HealthCheck, { check: "route" }>, asking: Asking): Promise<Finding> {
  const { host, sockets, signal, timeoutMs } = asking;
  const chosen = await chosenRoute(host, sockets, prefix, signal);
  if (chosen === undefined) return { ok: false, detail: "is not known to zebra" };
  const family = prefix.includes(":") ? "-6" : "-4";
  const argv = ["ip", family, "-j", "route", "show", "exact", prefix] as const;
  const { exitCode, stdout, stderr } = await host.run(inside(asking, "dataplane", argv), { timeoutMs, signal });
  if (exitCode !== 0) return { ok: undefined, detail: `the kernel cannot be asked: ${firstLine(stderr)}` };
  const isThere = stdout.includes('"dst"');
  if (!isThere) return { ok: false, detail: `is chosen by zebra (${chosen}), and the kernel does not have it` };
  const both = `is chosen by zebra (${chosen}), and the kernel has it`;
  if (!asking.vpp) return { ok: true, detail: both };
  const vpp = await asking.vpp("core", signal);
  try {
    const isDropped = /"type":"(?:blackhole|unreachable|prohibit)"/.test(stdout);
    const isInVpp = await has(vpp, prefix, isDropped);
    return isInVpp ? { ok: true, detail: `${both}, and VPP too` } : { ok: false, detail: `${both}, and VPP does not` };
  } finally {
    vpp.close();
  }
}

/** FIB_API_PATH_TYPE_DROP. */
const drop = 2;

/** Whether VPP's main table has a route to exactly this prefix, from whomever; linux-cp carries over what the kernel has. */
async function has(vpp: Vpp, prefix: string, isDropped: boolean): Promise<boolean> {
  const asked = { table_id: 0, exact: 1, prefix };
  const { retval, route: found } = await vpp.call("ip_route_lookup_v2", asked, [noSuchEntry]);
  if (retval === noSuchEntry) return false;
  // It has a default route to nowhere from the start.
  return isDropped || !prefix.endsWith("/0") || found.paths.some(({ type }) => type !== drop);
}
