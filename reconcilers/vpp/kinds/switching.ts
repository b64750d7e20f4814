/** Bridge domains, cross-connects, and the tags that they take off. */
import type { Bridge, BridgePort, CrossConnect, TagRewrite } from "../model.ts";
import { interfaceKey, type Rules } from "./rules.ts";

export const bridge: Rules<Bridge> = {
  key: ({ id }) => `${id}`,
  provides: ({ id }) => [bridgeKey(id)],
  inPlace: ["learn", "flood", "forward", "arpTermination", "macAge"],
  impact: { remove: "flap" },
  noun: ({ id }) => `bridge domain ${id}`,
};

function bridgeKey(id: number): string {
  return `bridge:${id}`;
}

/** The resource that an interface is which is switched. */
function switchedKey(on: string): string {
  return `switched:${on}`;
}

export const bridgePort: Rules<BridgePort> = {
  key: ({ on }) => on,
  provides: ({ on }) => [switchedKey(on)],
  needs: ({ on, bridge }) => [interfaceKey(on), bridgeKey(bridge)],
  takes: ({ on, bridge, isBvi }) => [switchedKey(on), ...(isBvi ? [`bvi-of:${bridge}`] : [])],
  impact: { add: "flap", remove: "flap" },
  noun: ({ on, bridge }) => `port ${on} of bridge domain ${bridge}`,
  details: ({ isBvi }) => (isBvi ? ["as its BVI"] : []),
};

export const tagRewrite: Rules<TagRewrite> = {
  key: ({ on }) => on,
  needs: ({ on }) => [interfaceKey(on), switchedKey(on)],
  inPlace: ["pop"],
  impact: { add: "flap", set: "flap", remove: "flap" },
  noun: ({ on }) => `tag rewrite on ${on}`,
  details: ({ pop }) => [`pop ${pop}`],
};

export const crossConnect: Rules<CrossConnect> = {
  key: ({ on }) => on,
  provides: ({ on }) => [switchedKey(on)],
  needs: ({ on, to }) => [interfaceKey(on), interfaceKey(to)],
  takes: ({ on }) => [switchedKey(on)],
  impact: { add: "flap", remove: "flap" },
  noun: ({ on, to }) => `cross-connect from ${on} to ${to}`,
};
