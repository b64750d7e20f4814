/** DHCP relay, LLDP, policers and reverse path checks of the simulated VPP. */
import type { PolicerConfig } from "../../../reconcilers/vpp/api/messages.ts";
import type { Calls, DumpsOf } from "./handlers.ts";
import { countFeature } from "./interfaces.ts";
import { Died, type Interface, none, retval, type State } from "./state.ts";
import { isIpv6 } from "./text.ts";

const valueExists = -81;

export function limit(vpp: State, name: string, on: number, direction: "in" | "out", isOn: boolean): number {
  const itf = vpp.interfaces.get(on);
  if (![...vpp.policers.values()].some((policer) => policer.name === name)) return retval.noSuchEntry;
  if (!itf) return retval.invalidInterface;
  if (isOn) vpp.policed[direction] = Math.max(vpp.policed[direction], on);
  else if (vpp.policed[direction] === -1) throw new Died(`policer_${direction}put taken off, and none was ever put on`);
  const arc = direction === "in" ? "unicast" : "output";
  const features = [4, 6].map((family) => `ip${family}-${arc}/policer-${direction}put`);
  for (const feature of features) {
    if (isOn) itf.features.set(feature, 1);
    else itf.features.delete(feature);
  }
  return 0;
}

export function relay(vpp: State, server: string, from: string, isAdd: boolean): number {
  const relays = vpp.relays[isIpv6(server) ? 6 : 4];
  // The first server's source is that of all; a second time, and one that is not there, are no errors.
  if (!isAdd) relays.delete(server);
  else if (!relays.has(server)) relays.set(server, [...relays.values()][0] ?? from);
  return 0;
}

export function setReversePath(vpp: State, on: number, isV6: boolean, isInput: boolean, mode: number): number {
  const itf = vpp.interfaces.get(on);
  if (!itf) return retval.invalidInterface;
  const key = `${on} ${isV6 ? 6 : 4} ${isInput ? "in" : "out"}`;
  const standing = vpp.reversePaths.get(key) ?? 0;
  if (mode === 0) vpp.reversePaths.delete(key);
  else vpp.reversePaths.set(key, mode);
  // What an interface that went had blocks the next with its number: nothing changes for VPP.
  if (standing === mode) return 0;
  const family = isV6 ? "ip6" : "ip4";
  const name = (of: number): string =>
    `${family}-${isInput ? "unicast" : "output"}/${family}-${isInput ? "rx" : "tx"}-urpf-${of === 2 ? "strict" : "loose"}`;
  if (standing !== 0) countFeature(itf, name(standing), -1);
  if (mode !== 0) countFeature(itf, name(mode), 1);
  return 0;
}

/** Interfaces that are no sub-interfaces, in the order in which they came: VPP numbers them apart. */
export function devicesOf(vpp: State): readonly Interface[] {
  return [...vpp.interfaces.values()].filter((itf) => itf.parent === undefined);
}

function addPolicer(vpp: State, name: string, config: PolicerConfig): number | { readonly policer_index: number } {
  if ([...vpp.policers.values()].some((policer) => policer.name === name)) return valueExists;
  const policer_index = vpp.pools.policer.take();
  vpp.policers.set(policer_index, { name, config });
  return { policer_index };
}

function dropPolicer(vpp: State, index: number): number {
  if (!vpp.policers.delete(index)) return retval.noSuchEntry;
  vpp.pools.policer.give(index);
  return 0;
}

export const limitCalls = {
  dhcp_proxy_config: (vpp, { is_add, dhcp_server, dhcp_src_address }) =>
    relay(vpp, dhcp_server, dhcp_src_address, is_add),
  lldp_config(vpp, { tx_hold, tx_interval, system_name }) {
    // What is not given stays; an empty name is none given.
    Object.assign(vpp.lldp, {
      ...(tx_hold !== 0 && { hold: tx_hold }),
      ...(tx_interval !== 0 && { interval: tx_interval }),
      ...(system_name !== "" && { name: system_name }),
    });
    return 0;
  },
  /** The number is that of a device, whatever the field is called; one that is to go is looked for under that of its interface. */
  sw_interface_set_lldp(vpp, { sw_if_index, enable, port_desc }) {
    if (!vpp.interfaces.has(sw_if_index)) return retval.invalidInterface;
    const itf = devicesOf(vpp)[sw_if_index];
    if (!itf) return retval.invalidValue;
    const kept = devicesOf(vpp)[itf.index];
    if (!enable && kept) vpp.lldp.ports.delete(kept.index);
    if (!enable) return 0;
    if (!vpp.lldp.ports.has(itf.index)) vpp.lldp.ports.set(itf.index, port_desc);
    return 0;
  },
  policer_add_del(vpp, { is_add, name, cir, eir, cb, eb, rate_type, round_type, type, color_aware, ...actions }) {
    const { conform_action, exceed_action, violate_action } = actions;
    const rates = { cir, eir, cb, eb, rate_type, round_type, type, color_aware };
    if (is_add) return addPolicer(vpp, name, { ...rates, conform_action, exceed_action, violate_action });
    const index = [...vpp.policers].find(([, policer]) => policer.name === name)?.[0];
    return index === undefined ? retval.noSuchEntry : dropPolicer(vpp, index);
  },
  policer_add: (vpp, { name, infos }) => addPolicer(vpp, name, infos),
  policer_update(vpp, { policer_index, infos }) {
    const policer = vpp.policers.get(policer_index);
    if (!policer) return retval.noSuchEntry;
    policer.config = infos;
    return 0;
  },
  policer_del: (vpp, { policer_index }) => dropPolicer(vpp, policer_index),
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
      if (!vpp.interfaces.has(Number(on))) continue;
      if (sw_if_index !== none && sw_if_index !== Number(on)) continue;
      yield { sw_if_index: Number(on), is_input: direction === "in", mode, af: family === "6" ? 1 : 0, table_id: 0 };
    }
  },
} satisfies DumpsOf;
