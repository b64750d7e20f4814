/**
 * The last minute before a kernel is entered by kexec: what uses the dataplane stops, then VPP, its NICs are let go of, and everything is
 * on disk. Each has a limit; what fails before the kernel is entered is undone, and the box forwards again.
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { lastLine } from "../images/mounted.ts";
import { outside } from "./outside.ts";

/** In the order of stopping: who uses what comes before it. A socket before what it would start again. */
const units = ["incus.socket", "incus.service", "frr.service", "vpp-nat.service", "vpp-core.service"] as const;

const askMs = 10_000;
/** Containers may take their time. */
const stopMs = 180_000;
const releaseMs = 60_000;
const syncMs = 120_000;

/** By which VPP holds a NIC. */
const drivers = ["vfio-pci", "uio_pci_generic", "igb_uio"] as const;

/** What was done, and so is undone. */
export interface Quiet {
  /** Starts again what was stopped, the last first; VPP takes its NICs by itself. Rejects with the first that does not come. */
  revive(signal: AbortSignal): Promise<void>;
}

/** Makes the box quiet for kexec. When it rejects, what it stopped runs again as far as it could be started. */
export async function quiesce(host: Host, pool: string, signal: AbortSignal): Promise<Quiet> {
  const stopped: string[] = [];
  const quiet: Quiet = { revive: (limited) => start(host, stopped.toReversed(), limited) };
  try {
    for (const unit of units) await stop(host, unit, () => stopped.push(unit), signal);
    await release(host, signal);
    await mustEnd(host, ["sync"], "Files are not on disk", signal);
    await mustEnd(host, ["zpool", "sync", pool], `The pool ${pool} is not on disk`, signal);
    return quiet;
  } catch (thrown) {
    const problem = asProblem(thrown);
    await quiet.revive(AbortSignal.timeout(stopMs * units.length)).catch((second: unknown) => {
      throw new Problem(problem.code, `${problem.message} Then ${asProblem(second).message}`, { cause: problem });
    });
    throw problem;
  }
}

/** Nothing to do where it does not run. `begun` is told before anything is done. */
async function stop(host: Host, unit: string, begun: () => void, signal: AbortSignal): Promise<void> {
  const active = await host.run(["systemctl", "is-active", "--quiet", unit], { timeoutMs: askMs, signal });
  if (active.exitCode !== 0) return;
  begun();
  const { exitCode, stderr } = await host.run(["systemctl", "stop", unit], { timeoutMs: stopMs, signal });
  if (exitCode === 0) return;
  throw new Problem("SYSTEM_UNIT", `${unit} does not stop: ${lastLine(stderr)}.`, {
    remedy: `systemctl status ${unit}; the box stays in the boot environment that runs.`,
  });
}

async function start(host: Host, names: readonly string[], signal: AbortSignal): Promise<void> {
  const failed: string[] = [];
  for (const unit of names) {
    const { exitCode } = await host.run(["systemctl", "start", unit], { timeoutMs: stopMs, signal });
    if (exitCode !== 0) failed.push(unit);
  }
  if (failed.length === 0) return;
  throw new Problem(
    "SYSTEM_UNIT",
    `${failed.join(", ")} was stopped for a reboot that did not come, and does not start.`,
    {
      remedy: `systemctl status ${failed.join(" ")}`,
    },
  );
}

const unbind = `set -e
for address; do
  device=/sys/bus/pci/devices/$address
  printf '\\n' >"$device/driver_override"
  printf '%s' "$address" >"$device/driver/unbind"
  # Whoever drives it without VPP; nobody needs it for what follows.
  printf '%s' "$address" >/sys/bus/pci/drivers_probe || :
done`;

/** NICs that VPP held: a device that still writes into memory would write into the next kernel's. */
async function release(host: Host, signal: AbortSignal): Promise<void> {
  const held = await heldDevices(host);
  if (held.length === 0) return;
  const description = "IMP: let go of the NICs of VPP";
  const argv = ["sh", "-c", unbind, "sh", ...held] as const;
  const { stderr } = await outside(host, argv, { description, timeoutMs: releaseMs, signal });
  const left = await heldDevices(host);
  if (left.length === 0) return;
  throw new Problem("HOST_COMMAND", `${left.join(", ")} cannot be taken from its driver: ${lastLine(stderr)}.`, {
    remedy: "lspci -k says who has it; where NICs do not let go, boot by the firmware: docs/trial-boot.md.",
  });
}

/** PCI addresses. */
async function heldDevices(host: Host): Promise<readonly string[]> {
  const names = await Promise.all(drivers.map((driver) => host.readFolder(`/sys/bus/pci/drivers/${driver}`)));
  return names.flat().filter((name) => /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(name));
}

async function mustEnd(
  host: Host,
  argv: readonly [string, ...string[]],
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await host.run(argv, { timeoutMs: syncMs, signal });
  if (exitCode !== 0) {
    throw new Problem("POOL", `${what}: ${argv.join(" ")} says ${lastLine(stderr)}.`, { remedy: "zpool status." });
  }
}
