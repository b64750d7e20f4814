/**
 * The last minute before a box is left: what uses a database that is kept stops, and before a kernel is entered by kexec what uses the
 * dataplane, then VPP; its NICs are let go of, and everything is on disk. Each has a limit; what fails before the kernel is entered is undone, and the box forwards again.
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { lastLine } from "../images/mounted.ts";
import { outside } from "./outside.ts";
import { running, startUnits, stopUnit, unitMs, usersOfIncus } from "./units.ts";

/** What forwards, in the order of stopping: who uses what comes before it. */
const forwarding = ["frr.service", "vpp-nat.service", "vpp-core.service"];

const releaseMs = 60_000;
const syncMs = 120_000;

/** By which VPP holds a NIC. */
const drivers = ["vfio-pci", "uio_pci_generic", "igb_uio"] as const;

/** The box that is left. */
export interface Left {
  readonly host: Host;
  /** The agent's folder that the next boot does not find any more. */
  readonly run: string;
}

/** How it is left. */
export interface Way {
  readonly pool: string;
  /** By kexec; else firmware and systemd stop what forwards. */
  readonly isKexec: boolean;
  /** Units that use what is kept, in the order of stopping. */
  readonly users: readonly string[];
  /** Keeps it, once they are stopped. */
  readonly keep: (signal: AbortSignal) => Promise<void>;
}

/** What was done, and so is undone. */
export interface Quiet {
  /** Starts again what was stopped; see revive. */
  revive(signal: AbortSignal): Promise<void>;
}

/** Makes the box quiet. When it rejects, what it stopped runs again as far as it could be started. */
export async function quiesce(left: Left, way: Way, signal: AbortSignal): Promise<Quiet> {
  const { host } = left;
  const { pool, isKexec, users, keep } = way;
  const first = [...new Set([...users, ...(isKexec ? usersOfIncus : [])])];
  const stop = async (units: readonly string[], ran: readonly string[]): Promise<void> => {
    for (const unit of units.filter((one) => ran.includes(one)))
      await stopUnit(host, unit, "the box stays in the boot environment that runs.", signal);
  };
  try {
    const ran = await noted(left, isKexec ? [...first, ...forwarding] : first, signal);
    await stop(first, ran);
    await keep(signal);
    if (isKexec) {
      await stop(forwarding, ran);
      await release(host, signal);
      await mustEnd(host, ["sync"], "Files are not on disk", signal);
      await mustEnd(host, ["zpool", "sync", pool], `The pool ${pool} is not on disk`, signal);
    }
    return { revive: (limited) => revive(left, limited) };
  } catch (thrown) {
    const problem = asProblem(thrown);
    await revive(left, AbortSignal.timeout(unitMs * (first.length + forwarding.length))).catch((second: unknown) => {
      throw new Problem(problem.code, `${problem.message} Then ${asProblem(second).message}`, { cause: problem });
    });
    throw problem;
  }
}

/**
 * Starts again what was stopped for a reboot that does not come, the last first, also where the agent was killed since; VPP takes its
 * NICs by itself. Nothing to do where nothing was stopped. Rejects with those that do not come.
 */
export async function revive({ host, run }: Left, signal: AbortSignal): Promise<void> {
  const stopped = await wordsIn(host, run);
  const failed = await startUnits(host, stopped.toReversed(), signal);
  await host.remove(listIn(run));
  if (failed.length === 0) return;
  throw new Problem(
    "SYSTEM_UNIT",
    `${failed.join(", ")} was stopped for a reboot that did not come, and does not start.`,
    {
      remedy: `systemctl status ${failed.join(" ")}`,
    },
  );
}

/** Those that run, written down before the first stops: one that stops takes others along, and an agent may be killed. */
async function noted({ host, run }: Left, units: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const before = await wordsIn(host, run);
  const now = await running(host, units, signal);
  const all = units.filter((unit) => before.includes(unit) || now.includes(unit));
  if (all.length > 0) await host.writeFile(listIn(run), `${all.join("\n")}\n`, { mode: 0o600 });
  return now;
}

function listIn(run: string): string {
  return `${run}/trial-stopped`;
}

async function wordsIn(host: Host, run: string): Promise<readonly string[]> {
  return ((await host.readFile(listIn(run))) ?? "").split("\n").filter((unit) => unit !== "");
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
