/** Interfaces of the dataplane: physical ones, bonds, their VLAN sub-interfaces, and loopbacks; taps and tunnels are in tunnels.ts. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { layer3 } from "./layer3.ts";
import { InterfaceName, LinuxName, Mac, Mtu, Pci, VlanId, whole } from "./primitives.ts";

/** VPP's sub-interface number, the part behind the dot. */
const SubInterfaceNumber = z
  .string()
  .regex(/^[1-9]\d{0,7}$/, "must be the number of a sub-interface: 1 to 99999999")
  .meta({ description: "Number behind the dot; the VLAN, unless vlan says otherwise." });

/** VLANs on a physical interface, a bond or a tunnel. */
export function subInterfaces(d: Defaults) {
  const SubInterface = z.strictObject({
    vlan: VlanId.optional().meta({ description: "Outer VLAN; by default the sub-interface's number." }),
    "inner-vlan": VlanId.optional().meta({ description: "QinQ: the VLAN inside." }),
    encapsulation: z.enum(["dot1q", "dot1ad"]).default("dot1q").meta({ description: "Tag type of the outer VLAN." }),
    ...layer3(d),
  });
  return z
    .record(SubInterfaceNumber, SubInterface)
    .check((ctx) => {
      for (const [number, { vlan }] of Object.entries(ctx.value)) {
        if (vlan !== undefined || Number(number) <= 4094) continue;
        ctx.issues.push({
          code: "custom",
          path: [number],
          message: "needs vlan: its number is no VLAN",
          input: ctx.value,
        });
      }
    })
    .transform((all) =>
      Object.fromEntries(
        Object.entries(all).map(([number, one]) => [number, { ...one, vlan: one.vlan ?? Number(number) }]),
      ),
    )
    .default({})
    .meta({ description: "VLAN sub-interfaces by number: 25 of external is external.25." });
}

export function interfacesSchema(d: Defaults) {
  const Interface = z
    .strictObject({
      pci: Pci.optional(),
      mac: Mac.optional().meta({
        description: "With driver af-packet: the NIC's own MAC address, which VPP's interface has then too.",
      }),
      "kernel-name": LinuxName.optional().meta({
        description:
          "Name of the kernel's netdev, which is moved to the dataplane; needed where VPP uses the kernel's driver.",
      }),
      driver: z
        .enum(["dpdk", "af-packet"])
        .default("dpdk")
        .meta({ description: "dpdk: VPP owns the NIC; af-packet: through the kernel (virtual machines, labs)." }),
      "rx-queues": whole(1, 64, "receive queues").optional(),
      "tx-queues": whole(1, 64, "transmit queues").optional(),
      "rx-mode": z
        .enum(["polling", "interrupt", "adaptive"])
        .optional()
        .meta({ description: "How VPP takes packets from it; by default as its driver does." }),
      ...layer3(d),
      mtu: Mtu.default(d.interface.mtu),
      "sub-interfaces": subInterfaces(d),
    })
    .check((ctx) => {
      const { pci, mac, driver, "kernel-name": netdev } = ctx.value;
      const message =
        pci !== undefined && mac !== undefined
          ? "has both pci and mac: keep one"
          : pci === undefined && mac === undefined && netdev === undefined
            ? "needs pci, mac or kernel-name"
            : driver === "af-packet" && netdev === undefined
              ? "needs kernel-name: driver af-packet works on a netdev"
              : undefined;
      if (message) ctx.issues.push({ code: "custom", message, input: ctx.value });
    })
    .meta({ description: "Physical interface." });
  return z.record(InterfaceName, Interface).default({}).meta({ description: "Physical interfaces by name." });
}
export type Interface = z.infer<ReturnType<typeof interfacesSchema>>[string];
export type SubInterface = Interface["sub-interfaces"][string];

export function bondsSchema(d: Defaults) {
  const Bond = z
    .strictObject({
      id: whole(0, 254).optional().meta({ description: "VPP's number of the bond; by default in order of names." }),
      mode: z
        .enum(["lacp", "active-backup", "round-robin", "xor", "broadcast"])
        .default(d.bond.mode)
        .meta({ description: "lacp: IEEE 802.3ad." }),
      "load-balance": z
        .enum(["l2", "l23", "l34"])
        .default(d.bond["load-balance"])
        .meta({ description: "What of a packet decides its member: l34: addresses and ports." }),
      members: z
        .array(InterfaceName)
        .min(1)
        .meta({ description: "Physical interfaces, which then carry nothing else." }),
      mac: Mac.optional().meta({ description: "Own MAC address instead of the first member's." }),
      ...layer3(d),
      mtu: Mtu.default(d.interface.mtu),
      "sub-interfaces": subInterfaces(d),
    })
    .meta({ description: "Bond (link aggregation)." });
  return z.record(InterfaceName, Bond).default({}).meta({ description: "Bonds by name." });
}
export type Bond = z.infer<ReturnType<typeof bondsSchema>>[string];

export function loopbacksSchema(d: Defaults) {
  const LoopbackName = z
    .string()
    .regex(/^loop(0|[1-9]\d{0,3})$/, "must be loop0 to loop9999")
    .meta({ description: "loop0, loop1, …; their linux-cp names are lo0, lo1, … unless given." });
  return z
    .record(LoopbackName, z.strictObject({ mac: Mac.optional(), ...layer3(d) }))
    .default({})
    .meta({ description: "Loopbacks by name." });
}
export type Loopback = z.infer<ReturnType<typeof loopbacksSchema>>[string];
