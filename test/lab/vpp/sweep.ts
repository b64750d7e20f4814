/** Takes away all that stories make in a VPP, so that the next one finds it as if it had just been started. */
import type { DumpName, RequestName } from "../../../reconcilers/vpp/api/messages.ts";
import type { RawClient } from "./raw-client.ts";
import { none } from "./state.ts";

/** By device type, in the order in which they can go. */
const removals: Readonly<Record<string, RequestName>> = {
  memif: "memif_delete",
  bond: "bond_delete",
  tap: "tap_delete_v2",
  BVI: "bvi_delete",
  Loopback: "delete_loopback",
};

/** Whether nothing is left; what only a restart clears (det44) it does not see. */
export async function sweep(vpp: RawClient): Promise<boolean> {
  const dumpOf = async <M extends DumpName>(message: M) => (vpp.has(message) ? vpp.dump(message) : []);
  for (const { attach } of await dumpOf("abf_itf_attach_dump")) {
    await vpp.retval("abf_itf_attach_add_del", { is_add: false, attach });
  }
  for (const { policy } of await dumpOf("abf_policy_dump")) {
    await vpp.retval("abf_policy_add_del", { is_add: false, policy });
  }
  await sweepTunnels(vpp);
  await sweepInterfaces(vpp);
  if (vpp.has("acl_dump")) {
    for (const { acl_index } of await vpp.dump("acl_dump", { acl_index: none }))
      await vpp.retval("acl_del", { acl_index });
  }
  for (const { bd_id } of await dumpOf("bridge_domain_dump")) {
    await vpp.retval("bridge_domain_add_del_v2", { bd_id, is_add: false });
  }
  for (const { socket_id, socket_filename } of await dumpOf("memif_socket_filename_dump")) {
    await vpp.retval("memif_socket_filename_add_del_v2", { is_add: false, socket_id, socket_filename });
  }
  await sweepRoutes(vpp);
  for (const { table } of await dumpOf("ip_table_dump")) {
    if (table.table_id !== 0) await vpp.retval("ip_table_add_del_v2", { is_add: false, table });
  }
  return (await vpp.dump("sw_interface_dump")).length === 1;
}

async function sweepTunnels(vpp: RawClient): Promise<void> {
  if (!vpp.has("vxlan_tunnel_v2_dump")) return;
  for (const tunnel of await vpp.dump("vxlan_tunnel_v2_dump", { sw_if_index: none })) {
    const { src_address, dst_address, vni, mcast_sw_if_index, decap_next_index } = tunnel;
    const ends = { src_address, dst_address, vni, mcast_sw_if_index, decap_next_index };
    await vpp.retval("vxlan_add_del_tunnel_v3", { is_add: false, ...ends });
  }
}

async function sweepInterfaces(vpp: RawClient): Promise<void> {
  const found = await vpp.dump("sw_interface_dump");
  for (const { type, sw_if_index } of found) if (type === 1) await vpp.retval("delete_subif", { sw_if_index });
  for (const [device, removal] of Object.entries(removals)) {
    for (const { type, sw_if_index, interface_dev_type } of found) {
      if (type === 0 && interface_dev_type === device) await vpp.retval(removal, { sw_if_index });
    }
  }
}

async function sweepRoutes(vpp: RawClient): Promise<void> {
  for (const is_ip6 of [false, true]) {
    for (const src of [8, 9]) {
      for (const { route } of await vpp.dump("ip_route_v2_dump", { src, table: { table_id: 0, is_ip6, name: "" } })) {
        await vpp.retval("ip_route_add_del_v2", { is_add: false, route: { ...route, src, n_paths: 0, paths: [] } });
      }
    }
  }
}
