/** Rate limits, and where they hold. */
import type { PolicerConfig } from "../api/messages.ts";
import type { Policer, PolicerUse, VppObject } from "../model.ts";
import { dump, type Reader, type Sight, type Target, type Writer, type Writers } from "./kind.ts";
import { none } from "./names.ts";

export const readPolicers: Reader = async (sight) => {
  const found = await dump(sight, "policer_dump_v2", { policer_index: none });
  const uses = await readUses(sight, found.length > 0);
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

/** VPP says whether one holds on an interface, but not which: that is remembered, or else has no name. */
async function readUses(sight: Sight, mayBeSome: boolean): Promise<readonly PolicerUse[]> {
  if (!mayBeSome || !sight.vpp.has("feature_is_enabled")) return [];
  const known = new Map(sight.remembered.all("policer-use").map((one) => [`${one.on} ${one.direction}`, one.policer]));
  const [all, names] = await Promise.all([sight.interfaces, sight.names]);
  const asked = all.flatMap(({ sw_if_index }) => {
    const on = names.nameOf(sw_if_index);
    if (on === undefined) return [];
    return (["in", "out"] as const).map(async (direction): Promise<readonly PolicerUse[]> => {
      const key = `${on} ${direction}`;
      // Where everything is remembered, only that is asked for.
      if (sight.remembered.isWhole && !known.has(key)) return [];
      const { is_enabled } = await sight.vpp.call("feature_is_enabled", { ...arcs[direction], sw_if_index });
      return is_enabled ? [{ kind: "policer-use", on, direction, policer: known.get(key) ?? "" }] : [];
    });
  });
  return (await Promise.all(asked)).flat();
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

/** One that is put on an interface a second time would have to be taken off twice. */
const user: Pick<Writer<PolicerUse>, "add" | "remove"> = {
  add: async (object, to) => {
    const sw_if_index = to.names.interface(object.on);
    const { is_enabled } = await to.vpp.call("feature_is_enabled", { ...arcs[object.direction], sw_if_index });
    await Promise.all([...(is_enabled ? [use(false, object, to)] : []), use(true, object, to)]);
  },
  remove: (object, to) => use(false, object, to),
};

export const policerWriters: Writers<"policer" | "policer-use"> = {
  policer: {
    needs: ["policer_dump_v2", "policer_add_del", "policer_update"],
    add: (object, { vpp }) => vpp.call("policer_add_del", { is_add: true, name: object.name, ...configOf(object) }),
    set: (_, after, to) => update(after, to),
    remove: ({ name }, { vpp }) => vpp.call("policer_add_del", { is_add: false, name }),
  },
  "policer-use": {
    needs: ["policer_input", "policer_output", "feature_is_enabled"],
    ...user,
    set: (_: VppObject, after, to) => user.add(after, to),
  },
};
