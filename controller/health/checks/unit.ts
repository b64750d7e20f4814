import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine } from "./finding.ts";

/** A systemd unit is active. */
export async function unit(
  check: Extract<HealthCheck, { check: "unit" }>,
  { host, timeoutMs, signal }: Asking,
): Promise<Finding> {
  const argv = ["systemctl", "show", "--property=ActiveState,SubState,LoadState", "--", check.unit] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs, signal, maxBytes: 65_536 });
  // Where systemd does not run, nobody can tell.
  if (exitCode !== 0) return { ok: undefined, detail: firstLine(stderr) };
  const shown = (property: string) => new RegExp(`^${property}=(.*)$`, "m").exec(stdout)?.[1];
  const state = shown("ActiveState");
  if (shown("LoadState") === "not-found") return { ok: false, detail: "does not exist" };
  return { ok: state === "active" || state === "reloading", detail: `is ${state} (${shown("SubState")})` };
}
