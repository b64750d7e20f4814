/** The interfaces of a simulated dataplane, as `ip` shows them: carriers come and go as the test says. */
import type { Sim } from "./host.ts";

export interface SimLinks {
  /** Plugs a cable in, or pulls it. */
  carrier(name: string, has: boolean): void;
}

/** Makes these interfaces, with a carrier each. */
export function simLinks(sim: Sim, names: readonly string[]): SimLinks {
  const links = new Map(names.map((name) => [name, { has: true, changes: 1 }]));
  sim.answer((argv) => {
    if (argv.join(" ") !== "ip -n dataplane -j -s -s link show") return undefined;
    const shown = [...links].map(([ifname, { has, changes }]) => ({
      ifname,
      flags: has ? ["BROADCAST", "UP", "LOWER_UP"] : ["NO-CARRIER", "BROADCAST", "UP"],
      stats64: { rx: {}, tx: { carrier_changes: changes } },
    }));
    return { exitCode: 0, stdout: JSON.stringify(shown), stderr: "" };
  });
  return {
    carrier(name, has) {
      const before = links.get(name);
      if (before?.has !== has) links.set(name, { has, changes: (before?.changes ?? 0) + 1 });
    },
  };
}
