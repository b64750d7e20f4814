/** Address translation and raw commands, as VPP's CLI makes them. */
import type { CommandsOf } from "./filters.ts";

export const natCommands: CommandsOf<
  | "det44"
  | "det44-timeouts"
  | "det44-role"
  | "det44-mapping"
  | "nat64"
  | "nat64-prefix"
  | "nat64-pool"
  | "nat64-role"
  | "raw"
> = {
  det44: () => ["det44 plugin enable"],
  "det44-timeouts": ({ udp, tcpEstablished, tcpTransitory, icmp }) => [
    `set det44 timeouts udp ${udp} tcp established ${tcpEstablished} tcp transitory ${tcpTransitory} icmp ${icmp}`,
  ],
  "det44-role": ({ on, side }) => [`set interface det44 ${side} ${on}`],
  "det44-mapping": ({ inside, outside }) => [`det44 add in ${inside} out ${outside}`],
  nat64: () => ["nat64 plugin enable"],
  "nat64-prefix": ({ prefix }) => [`nat64 add prefix ${prefix}`],
  "nat64-pool": ({ address }) => [`nat64 add pool address ${address}`],
  "nat64-role": ({ on, side }) => [`set interface nat64 ${side === "inside" ? "in" : "out"} ${on}`],
  raw: ({ commands }) => commands,
};
