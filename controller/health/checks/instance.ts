import { openIncus } from "../../../reconcilers/incus/api.ts";
import { record } from "../../../reconcilers/incus/http.ts";
import type { HealthCheck } from "../../../schemas/health.ts";
import type { Asking, Finding } from "./finding.ts";

/** An instance of Incus runs, and can be reached: one without any network has nothing to be reached by. */
export async function instance(
  check: Extract<HealthCheck, { check: "instance" }>,
  { host, incus, signal }: Asking,
): Promise<Finding> {
  if (incus === undefined) return { ok: undefined, detail: "Incus is not asked here" };
  const path = `/1.0/instances/${encodeURIComponent(check.instance)}/state`;
  const found = await openIncus(host, incus).get(path, signal);
  if (found === undefined) return { ok: false, detail: "does not exist" };
  const { status, network } = record(found);
  if (status !== "Running") return { ok: false, detail: `is ${String(status)}` };
  const links = Object.entries(record(network)).filter(([name]) => name !== "lo");
  const addresses = links.flatMap(([, link]) => addressesOf(link));
  if (links.length > 0 && addresses.length === 0) return { ok: false, detail: "has no address" };
  return { ok: true, detail: ["is Running", ...addresses.slice(0, 2)].join(", ") };
}

function addressesOf(link: unknown): readonly string[] {
  const { addresses } = record(link);
  return (Array.isArray(addresses) ? addresses.map(record) : []).flatMap(({ scope, address }) =>
    scope === "global" && typeof address === "string" ? [address] : [],
  );
}
