/** BFD: profiles, and sessions that no protocol asks for by itself. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Expect } from "./expect.ts";
import { Address, InterfaceRef, Line, Name, whole } from "./primitives.ts";

const interval = whole(10, 60_000, "milliseconds");

export function bfdSchema(d: Defaults) {
  const timing = {
    "detect-multiplier": whole(2, 255)
      .default(d.bfd["detect-multiplier"])
      .meta({ description: "Packets that may be lost before the session is down." }),
    "receive-interval-ms": interval
      .default(d.bfd["receive-interval-ms"])
      .meta({ description: "Takes packets at most this often." }),
    "transmit-interval-ms": interval
      .default(d.bfd["transmit-interval-ms"])
      .meta({ description: "Sends a packet this often." }),
    passive: z.boolean().default(false).meta({ description: "Waits for the other side to start." }),
    "minimum-ttl": whole(1, 254).optional().meta({ description: "Multi-hop: packets with less are dropped." }),
  };
  return z
    .strictObject({
      profiles: z
        .record(Name, z.strictObject(timing))
        .default({})
        .meta({ description: "Timings by name, for peers and interfaces to refer to." }),
      peers: z
        .record(
          Name,
          z.strictObject({
            address: Address,
            description: Line.optional(),
            source: Address.optional().meta({ description: "Local address; needed for multihop." }),
            interface: InterfaceRef.optional(),
            multihop: z
              .boolean()
              .default(false)
              .meta({ description: "The other side is not a direct neighbour (RFC 5883)." }),
            profile: Name.optional(),
            expect: Expect,
          }),
        )
        .default({})
        .meta({ description: "Sessions of their own, by name." }),
    })
    .meta({ description: "BFD." });
}
export type Bfd = z.infer<ReturnType<typeof bfdSchema>>;

/** BFD on a peer or interface: true for FRR's own timings, or the name of a profile. */
export const UseBfd = z
  .union([z.boolean(), Name], { error: "must be true, false or the name of a BFD profile" })
  .meta({ description: "true, or the name of a BFD profile." });
