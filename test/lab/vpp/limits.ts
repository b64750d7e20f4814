/** DHCP relay, LLDP, policers and reverse path checks of the simulated VPP. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { none, retval, type State } from "./state.ts";
import { isIpv6 } from "./text.ts";

const valueExists = -81;

export function limit(vpp: State, name: string, on: number, direction: "in" | "out", isOn: boolean): number {
  const itf = vpp.interfaces.get(on);
  if (![...vpp.policers.values()].some((policer) => policer.name === name)) return retval.noSuchEntry;
  if (!itf) return retval.invalidInterface;
  const features =
    direction === "in" ? ["device-input/policer-input"] : ["ip4-output/policer-output", "ip6-output/policer-output"];
  for (const feature of features) {
    if (isOn) itf.features.set(feature, 1);
    else itf.features.delete(feature);
  }
  return 0;
}

export function relay(vpp: State, server: string, from: string, isAdd: boolean): number {
  const relays = vpp.relays[isIpv6(server) ? 6 : 4];
  if (!isAdd) return relays.delete(server) ? 0 : retval.noSuchEntry;
  relays.set(server, from);
  return 0;
}

export function setReversePath(vpp: State, on: number, isV6: boolean, isInput: boolean, mode: number): number {
  if (!vpp.interfaces.has(on)) return retval.invalidInterface;
  const key = `${on} ${isV6 ? 6 : 4} ${isInput ? "in" : "out"}`;
  if (mode === 0) vpp.reversePaths.delete(key);
  else vpp.reversePaths.set(key, mode);
  return 0;
}

export const limitCalls = {
  dhcp_proxy_config: (vpp, { is_add, dhcp_server, dhcp_src_address }) =>
    relay(vpp, dhcp_server, dhcp_src_address, is_add),
  lldp_config(vpp, { tx_hold, tx_interval, system_name }) {
    Object.assign(vpp.lldp, { hold: tx_hold || 4, interval: tx_interval || 30, name: system_name });
    return 0;
  },
  sw_interface_set_lldp(vpp, { sw_if_index, enable, port_desc }) {
    const itf = vpp.interfaces.get(sw_if_index);
    if (!itf || itf.parent) return retval.invalidInterface;
    if (enable) vpp.lldp.ports.set(sw_if_index, port_desc);
    else vpp.lldp.ports.delete(sw_if_index);
    return 0;
  },
  policer_add(vpp, { name, infos }) {
    if ([...vpp.policers.values()].some((policer) => policer.name === name)) return valueExists;
    const policer_index = vpp.pools.policer.take();
    vpp.policers.set(policer_index, { name, config: infos });
    return { policer_index };
  },
  policer_update(vpp, { policer_index, infos }) {
    const policer = vpp.policers.get(policer_index);
    if (!policer) return retval.noSuchEntry;
    policer.config = infos;
    return 0;
  },
  policer_del(vpp, { policer_index }) {
    if (!vpp.policers.delete(policer_index)) return retval.noSuchEntry;
    vpp.pools.policer.give(policer_index);
    return 0;
  },
  policer_input: (vpp, { name, sw_if_index, apply }) => limit(vpp, name, sw_if_index, "in", apply),
  policer_output: (vpp, { name, sw_if_index, apply }) => limit(vpp, name, sw_if_index, "out", apply),
  policer_input_v2: (vpp, { policer_index, sw_if_index, apply }) =>
    limit(vpp, vpp.policers.get(policer_index)?.name ?? "", sw_if_index, "in", apply),
  policer_output_v2: (vpp, { policer_index, sw_if_index, apply }) =>
    limit(vpp, vpp.policers.get(policer_index)?.name ?? "", sw_if_index, "out", apply),
  urpf_update: (vpp, { is_input, mode, af, sw_if_index }) => setReversePath(vpp, sw_if_index, af === 1, is_input, mode),
  urpf_update_v2: (vpp, { is_input, mode, af, sw_if_index }) =>
    setReversePath(vpp, sw_if_index, af === 1, is_input, mode),
} satisfies Calls;

export const limitDumps = {
  *dhcp_proxy_dump(vpp, { is_ip6 }) {
    const relays = [...vpp.relays[is_ip6 ? 6 : 4]];
    const [first] = relays;
    if (!first) return;
    const servers = relays.map(([dhcp_server]) => ({ server_vrf_id: 0, dhcp_server }));
    yield { rx_vrf_id: 0, is_ipv6: is_ip6, vss_type: 255, dhcp_src_address: first[1], servers };
  },
  *dhcp_client_dump() {},
  *policer_dump(vpp, { match_name_valid, match_name }) {
    for (const { name, config } of vpp.policers.values()) {
      if (!match_name_valid || name === match_name) yield { name, ...config, single_rate: true };
    }
  },
  *policer_dump_v2(vpp, { policer_index }) {
    for (const [index, { name, config }] of vpp.policers) {
      if (policer_index === none || policer_index === index) yield { name, ...config, single_rate: true };
    }
  },
  *urpf_interface_dump(vpp, { sw_if_index }) {
    for (const [key, mode] of vpp.reversePaths) {
      const [on, family, direction] = key.split(" ");
      if (sw_if_index !== none && sw_if_index !== Number(on)) continue;
      yield { sw_if_index: Number(on), is_input: direction === "in", mode, af: family === "6" ? 1 : 0, table_id: 0 };
    }
  },
} satisfies DumpsOf;
