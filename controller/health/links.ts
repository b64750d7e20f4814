/** The interfaces of the dataplane's namespace, as Linux sees them. */
import type { Host } from "../../reconcilers/core.ts";

/** One interface. */
export interface Link {
  /** Administratively. */
  readonly isEnabled: boolean;
  readonly hasCarrier: boolean;
  /** How often the carrier came or went since the interface was made. */
  readonly carrierChanges: number;
}

const limitMs = 5000;
/** Some thousand interfaces. */
const mostBytes = 16 << 20;

/** By name in Linux; undefined where they cannot be read: there is no such namespace, or no `ip`. */
export async function readLinks(
  host: Host,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Link> | undefined> {
  try {
    // Statistics twice: only then it says how often the carrier came and went.
    const argv = ["ip", "-n", namespace, "-j", "-s", "-s", "link", "show"] as const;
    const { exitCode, stdout } = await host.run(argv, { timeoutMs: limitMs, signal, maxBytes: mostBytes });
    return exitCode === 0 ? linksIn(stdout) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

interface Shown {
  readonly ifname?: unknown;
  readonly flags?: unknown;
  readonly stats64?: { readonly tx?: { readonly carrier_changes?: unknown } };
}

/** Reads `ip -j -s -s link show`; undefined: it is no list. */
export function linksIn(text: string): ReadonlyMap<string, Link> | undefined {
  let shown: unknown;
  try {
    shown = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(shown)) return undefined;
  return new Map(
    shown.flatMap((one: Shown | null): [string, Link][] => {
      const { ifname, flags, stats64 } = one ?? {};
      if (typeof ifname !== "string" || !Array.isArray(flags)) return [];
      const changes = stats64?.tx?.carrier_changes;
      const carrierChanges = typeof changes === "number" ? changes : 0;
      return [[ifname, { isEnabled: flags.includes("UP"), hasCarrier: flags.includes("LOWER_UP"), carrierChanges }]];
    }),
  );
}
