/** VRFs without a device in Linux: FRR takes what is said of them, and does nothing of it until there is one. */
import type { FrrDesired, FrrObserved } from "./model.ts";

/** What a plan says of the VRFs that it configures; none where zebra did not tell which there are. */
export function idleVrfs({ config }: FrrDesired, { vrfs }: FrrObserved): readonly string[] {
  if (vrfs === undefined) return [];
  const named = [...config.matchAll(/^(?:vrf|router \S+ (?:\d+ )?vrf) (\S+)$/gm)].map(([, name = ""]) => name);
  return [...new Set(named)]
    .filter((name) => !vrfs.includes(name))
    .map(
      (name) =>
        `The VRF ${name} has no device in Linux, and what FRR has of it is of no effect until one is made in the namespace of FRR: ` +
        `ip link add ${name} type vrf table NUMBER.`,
    );
}
