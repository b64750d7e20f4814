/** det44 and NAT64, and what the schema has no word for. */
import type {
  Det44,
  Det44Mapping,
  Det44Role,
  Det44Timeouts,
  Nat64,
  Nat64Pool,
  Nat64Prefix,
  Nat64Role,
  Raw,
} from "../model.ts";
import type { Impact } from "../../core.ts";
import { interfaceKey, type Rules } from "./rules.ts";

const det44Key = "det44";
const nat64Key = "nat64";

/** VPP 26.06 adds a feature again where it is to take it off, and switching det44 off leaves it there. */
const stuck = "VPP does not let go of det44 on an interface";

export const det44: Rules<Det44> = {
  key: () => "plugin",
  provides: () => [det44Key],
  stuck,
  impact: { remove: "restart" },
  noun: () => "det44",
};

export const det44Timeouts: Rules<Det44Timeouts> = {
  key: () => "all",
  needs: () => [det44Key],
  inPlace: ["udp", "tcpEstablished", "tcpTransitory", "icmp"],
  impact: { remove: "hitless" },
  noun: () => "timeouts of det44",
  details: ({ udp, tcpEstablished, tcpTransitory, icmp }) => [
    `udp ${udp} s`,
    `tcp established ${tcpEstablished} s`,
    `tcp transitory ${tcpTransitory} s`,
    `icmp ${icmp} s`,
  ],
};

export const det44Role: Rules<Det44Role> = {
  key: ({ on }) => on,
  needs: ({ on }) => [interfaceKey(on), det44Key],
  stuck,
  impact: { remove: "restart" },
  noun: ({ on, side }) => `det44 ${side} on ${on}`,
};

export const det44Mapping: Rules<Det44Mapping> = {
  key: ({ inside, outside }) => `${inside} ${outside}`,
  needs: () => [det44Key],
  impact: { remove: "session-reset" },
  noun: ({ inside, outside }) => `det44 mapping of ${inside} to ${outside}`,
};

export const nat64: Rules<Nat64> = {
  key: () => "plugin",
  provides: () => [nat64Key],
  impact: { remove: "session-reset" },
  noun: () => "NAT64",
};

export const nat64Prefix: Rules<Nat64Prefix> = {
  key: ({ prefix }) => prefix,
  needs: () => [nat64Key],
  takes: () => ["nat64-prefix"],
  impact: { remove: "session-reset" },
  noun: ({ prefix }) => `NAT64 prefix ${prefix}`,
};

export const nat64Pool: Rules<Nat64Pool> = {
  key: ({ address }) => address,
  needs: () => [nat64Key],
  impact: { remove: "session-reset" },
  noun: ({ address }) => `NAT64 address ${address}`,
};

export const nat64Role: Rules<Nat64Role> = {
  key: ({ on, side }) => `${on} ${side}`,
  needs: ({ on }) => [interfaceKey(on), nat64Key],
  impact: { remove: "session-reset" },
  noun: ({ on, side }) => `NAT64 ${side} on ${on}`,
};

/** What it disturbs it says itself. */
export const raw: Rules<Raw> = {
  key: ({ name }) => name,
  ignored: ["impact"],
  impact: { remove: "hitless" },
  noun: ({ name }) => `raw commands ${name}`,
  details: ({ commands }) => [commands.join("; ")],
};

/** Of the steps for a raw block, old or new. */
export function rawImpact(object: Raw): Impact {
  return object.impact;
}
