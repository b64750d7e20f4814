/** Switching: bridge domains and their ports, tag rewrites, cross-connects. */
import type { Bridge, BridgePort, CrossConnect, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";

export const readBridges: Reader = async (sight) => {
  const found = await dump(sight, "bridge_domain_dump", { bd_id: none, sw_if_index: none });
  const names = await sight.names;
  return found
    .filter(({ bd_id }) => bd_id !== 0)
    .flatMap((details): VppObject[] => {
      const { bd_id: bridge, bvi_sw_if_index: bvi } = details;
      const ports = new Set(details.sw_if_details.map((port) => port.sw_if_index));
      if (bvi !== none) ports.add(bvi);
      return [
        {
          kind: "bridge",
          id: bridge,
          learn: details.learn,
          flood: details.flood,
          forward: details.forward,
          arpTermination: details.arp_term,
          macAge: details.mac_age,
        },
        ...[...ports].flatMap((index): BridgePort[] => {
          const on = names.nameOf(index);
          return on === undefined ? [] : [{ kind: "bridge-port", on, bridge, isBvi: index === bvi }];
        }),
      ];
    });
};

/** Take one tag off, or two. */
const pops = { 1: 3, 2: 4 } as const;

export const readRewrites: Reader = async (sight) => {
  const [all, names] = await Promise.all([sight.interfaces, sight.names]);
  return all.flatMap(({ sw_if_index, vtr_op }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    const pop = vtr_op === pops[1] ? 1 : vtr_op === pops[2] ? 2 : undefined;
    return on === undefined || pop === undefined ? [] : [{ kind: "tag-rewrite", on, pop }];
  });
};

export const readCrossConnects: Reader = async (sight) => {
  const found = await dump(sight, "l2_xconnect_dump");
  const names = await sight.names;
  return found.flatMap(({ rx_sw_if_index, tx_sw_if_index }): VppObject[] => {
    const [on, to] = [names.nameOf(rx_sw_if_index), names.nameOf(tx_sw_if_index)];
    return on === undefined || to === undefined ? [] : [{ kind: "cross-connect", on, to }];
  });
};

/** Learns, forwards, floods (also what nobody knows), answers ARP. */
function flagsOf({ learn, forward, flood, arpTermination }: Bridge): number {
  return (learn ? 1 : 0) | (forward ? 2 : 0) | (flood ? 4 | 8 : 0) | (arpTermination ? 16 : 0);
}

function changeBridge(before: Bridge, after: Bridge, { vpp }: Target): Promise<unknown> {
  const { id: bd_id, macAge: mac_age } = after;
  const [had, has] = [flagsOf(before), flagsOf(after)];
  const sent: Promise<unknown>[] = [];
  if ((has & ~had) !== 0) sent.push(vpp.call("bridge_flags", { bd_id, is_set: true, flags: has & ~had }));
  if ((had & ~has) !== 0) sent.push(vpp.call("bridge_flags", { bd_id, is_set: false, flags: had & ~has }));
  if (before.macAge !== mac_age) sent.push(vpp.call("bridge_domain_set_mac_age", { bd_id, mac_age }));
  return Promise.all(sent);
}

function port(enable: boolean, { on, bridge, isBvi }: BridgePort, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_l2_bridge", {
    rx_sw_if_index: names.interface(on),
    bd_id: bridge,
    port_type: isBvi ? 1 : 0,
    enable,
  });
}

function rewrite(on: string, vtr_op: number, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("l2_interface_vlan_tag_rewrite", { sw_if_index: names.interface(on), vtr_op });
}

function connect(enable: boolean, { on, to: other }: CrossConnect, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_l2_xconnect", {
    rx_sw_if_index: names.interface(on),
    tx_sw_if_index: names.interface(other),
    enable,
  });
}

export const l2Writers: Writers<"bridge" | "bridge-port" | "tag-rewrite" | "cross-connect"> = {
  bridge: {
    needs: ["bridge_domain_dump", "bridge_domain_add_del_v2", "bridge_flags", "bridge_domain_set_mac_age"],
    add: ({ id: bd_id, learn, flood, forward, arpTermination: arp_term, macAge: mac_age }, { vpp }) =>
      vpp.call("bridge_domain_add_del_v2", {
        bd_id,
        learn,
        flood,
        uu_flood: flood,
        forward,
        arp_term,
        mac_age,
        is_add: true,
      }),
    set: changeBridge,
    remove: ({ id: bd_id }, { vpp }) => vpp.call("bridge_domain_add_del_v2", { bd_id, is_add: false }),
  },
  "bridge-port": {
    needs: ["bridge_domain_dump", "sw_interface_set_l2_bridge"],
    add: (object, to) => port(true, object, to),
    set: (before, after, to) => Promise.all([port(false, before, to), port(true, after, to)]),
    remove: (object, to) => port(false, object, to),
  },
  "tag-rewrite": {
    needs: ["l2_interface_vlan_tag_rewrite"],
    add: ({ on, pop }, to) => rewrite(on, pops[pop], to),
    set: (_, { on, pop }, to) => rewrite(on, pops[pop], to),
    remove: ({ on }, to) => rewrite(on, 0, to),
  },
  "cross-connect": {
    needs: ["l2_xconnect_dump", "sw_interface_set_l2_xconnect"],
    add: (object, to) => connect(true, object, to),
    set: (_, after, to) => connect(true, after, to),
    remove: (object, to) => connect(false, object, to),
  },
};
