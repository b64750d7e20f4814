import { chosenRoute } from "../../../reconcilers/frr/routes.ts";
import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

/** Whether zebra has chosen a route to a prefix, and the kernel says that it has it. */
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
  return { ok: true, detail: `is chosen by zebra (${chosen}), and the kernel has it` };
}
