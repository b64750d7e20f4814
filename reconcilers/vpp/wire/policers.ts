/** Rate limits, and where they hold. */
import type { PolicerConfig } from "../api/messages.ts";
import type { Policer, PolicerUse } from "../model.ts";
import { dump, type Reader, type Sight, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";

export const readPolicers: Reader = async (sight) => {
  const [found, uses] = await Promise.all([dump(sight, "policer_dump_v2", { policer_index: none }), readUses(sight)]);
  return [
    ...found.map((one): Policer => ({
      kind: "policer",
      name: one.name,
      rateKbps: one.cir,
      burstBytes: Number(one.cb),
      exceed:
        one.violate_action.type === 2 ? one.violate_action.dscp : one.violate_action.type === 1 ? "transmit" : "drop",
    })),
    ...uses,
  ];
};

const arcs = {
  in: { arc_name: "ip4-unicast", feature_name: "policer-input" },
  out: { arc_name: "ip4-output", feature_name: "policer-output" },
} as const;

/**
 * VPP says whether one holds on an interface, but not which, and says it also of interfaces that no output feature ever reached:
 * only what is remembered is asked for.
 */
async function readUses(sight: Sight): Promise<readonly PolicerUse[]> {
  const remembered = sight.remembered.all("policer-use");
  if (remembered.length === 0 || !sight.vpp.has("feature_is_enabled")) return [];
  const names = await sight.names;
  const held = remembered
    .filter(({ on }) => names.has(on))
    .map(async (use): Promise<readonly PolicerUse[]> => {
      const fields = { ...arcs[use.direction], sw_if_index: names.interface(use.on) };
      return (await sight.vpp.call("feature_is_enabled", fields)).is_enabled ? [use] : [];
    });
  return (await Promise.all(held)).flat();
}

const kbps = 0;
const closest = 0;
const oneRateTwoColours = 0;
const transmit = { type: 1, dscp: 0 };

function configOf({ rateKbps, burstBytes, exceed }: Policer): PolicerConfig {
  const action =
    exceed === "drop" ? { type: 0, dscp: 0 } : exceed === "transmit" ? transmit : { type: 2, dscp: exceed };
  return {
    cir: rateKbps,
    eir: 0,
    cb: BigInt(burstBytes),
    eb: 0n,
    rate_type: kbps,
    round_type: closest,
    type: oneRateTwoColours,
    color_aware: false,
    conform_action: transmit,
    // Of two colours, what is above the rate is the second; VPP calls it either.
    exceed_action: action,
    violate_action: action,
  };
}

/** How many numbers are asked for at once while the one of a policer is looked for. */
const batch = 64;

/** No list says the numbers of policers, but each can be asked for who has it. */
async function update(object: Policer, { vpp }: Target): Promise<void> {
  for (let from = 0; from < 65_536; from += batch) {
    const found = await Promise.all(
      Array.from({ length: batch }, (_, at) => vpp.dump("policer_dump_v2", { policer_index: from + at })),
    );
    const at = found.findIndex((details) => details[0]?.name === object.name);
    if (at === -1) continue;
    await vpp.call("policer_update", { policer_index: from + at, infos: configOf(object) });
    return;
  }
  await vpp.call("policer_add", { name: object.name, infos: configOf(object) });
}

function use(apply: boolean, { on, direction, policer }: PolicerUse, { vpp, names }: Target): Promise<unknown> {
  const fields = { name: policer, sw_if_index: names.interface(on), apply };
  return direction === "in" ? vpp.call("policer_input", fields) : vpp.call("policer_output", fields);
}

export const policerWriters: Writers<"policer" | "policer-use"> = {
  policer: {
    needs: ["policer_dump_v2", "policer_add_del", "policer_update"],
    add: (object, { vpp }) => vpp.call("policer_add_del", { is_add: true, name: object.name, ...configOf(object) }),
    set: (_, after, to) => update(after, to),
    remove: ({ name }, { vpp }) => vpp.call("policer_add_del", { is_add: false, name }),
  },
  "policer-use": {
    needs: ["policer_input", "policer_output", "feature_is_enabled"],
    add: (object, to) => use(true, object, to),
    remove: (object, to) => use(false, object, to),
  },
};
