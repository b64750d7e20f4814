/** Switching: bridge domains with a BVI, and cross-connects (VLAN pass-through). */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { layer3 } from "./layer3.ts";
import { InterfaceRef, Line, Mac, Name, VlanId, whole } from "./primitives.ts";

export function bridgesSchema(d: Defaults) {
  const Bridge = z
    .strictObject({
      id: whole(1, 16_777_215, "a bridge domain number").meta({ description: "VPP's number; its BVI is bvi<id>." }),
      description: Line.optional(),
      members: z
        .array(InterfaceRef)
        .default([])
        .meta({ description: "Interfaces and sub-interfaces, without addresses." }),
      bvi: z
        .strictObject({ mac: Mac.optional(), ...layer3(d) })
        .optional()
        .meta({ description: "The router's own interface in the bridge: bvi<id>." }),
      learn: z.boolean().default(d.bridge.learn).meta({ description: "Learns which address is behind which member." }),
      flood: z
        .boolean()
        .default(d.bridge.flood)
        .meta({ description: "Floods broadcast, multicast and unknown unicast." }),
      forward: z.boolean().default(d.bridge.forward).meta({ description: "Forwards between members." }),
      "arp-termination": z
        .boolean()
        .default(d.bridge["arp-termination"])
        .meta({ description: "Answers ARP for hosts that it knows." }),
      "mac-age-minutes": whole(0, 255, "minutes")
        .default(d.bridge["mac-age-minutes"])
        .meta({ description: "Forgets unused addresses after this; 0: never." }),
    })
    .meta({ description: "Bridge domain." });
  return z.record(Name, Bridge).default({}).meta({ description: "Bridge domains by name." });
}
export type Bridge = z.infer<ReturnType<typeof bridgesSchema>>[string];

const CrossConnect = z
  .strictObject({
    description: Line.optional(),
    from: InterfaceRef,
    to: InterfaceRef,
    vlan: VlanId.optional().meta({
      description: "Passes this VLAN between the two; without it the interfaces themselves are connected.",
    }),
    "inner-vlan": VlanId.optional().meta({ description: "QinQ: only this VLAN inside." }),
    encapsulation: z.enum(["dot1q", "dot1ad"]).default("dot1q").meta({ description: "Tag type of the outer VLAN." }),
  })
  .check((ctx) => {
    const { from, to, vlan, "inner-vlan": inner } = ctx.value;
    const problem = (path: string, message: string) =>
      ctx.issues.push({ code: "custom", path: [path], message, input: ctx.value });
    if (from === to) problem("to", "must be another interface than from");
    if (inner !== undefined && vlan === undefined) problem("inner-vlan", "needs vlan");
  })
  .meta({ description: "Cross-connect (VLAN pass-through)." });

export const CrossConnects = z.record(Name, CrossConnect).default({}).meta({ description: "Cross-connects by name." });
export type CrossConnect = z.infer<typeof CrossConnect>;
