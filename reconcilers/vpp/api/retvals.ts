/** Return values of VPP's binary API: VPP's names for them (vnet/error.h; the definitions do not have them), and what they mean. */

export const noSuchFib = -3;
export const noSuchEntry = -6;

const names: Readonly<Record<number, string>> = {
  [-1]: "UNSPECIFIED",
  [-2]: "INVALID_SW_IF_INDEX",
  [-3]: "NO_SUCH_FIB",
  [-4]: "NO_SUCH_INNER_FIB",
  [-5]: "NO_SUCH_LABEL",
  [-6]: "NO_SUCH_ENTRY",
  [-7]: "INVALID_VALUE",
  [-8]: "INVALID_VALUE_2",
  [-9]: "UNIMPLEMENTED",
  [-10]: "INVALID_SW_IF_INDEX_2",
  [-30]: "FEATURE_DISABLED",
  [-31]: "INVALID_REGISTRATION",
  [-52]: "NO_PATHS_IN_ROUTE",
  [-54]: "NO_MATCHING_INTERFACE",
  [-55]: "INVALID_VLAN",
  [-56]: "VLAN_ALREADY_EXISTS",
  [-57]: "INVALID_SRC_ADDRESS",
  [-58]: "INVALID_DST_ADDRESS",
  [-59]: "ADDRESS_LENGTH_MISMATCH",
  [-60]: "ADDRESS_NOT_FOUND_FOR_INTERFACE",
  [-61]: "ADDRESS_NOT_DELETABLE",
  [-62]: "IP6_NOT_ENABLED",
  [-65]: "NO_SUCH_TABLE",
  [-68]: "SUBIF_ALREADY_EXISTS",
  [-69]: "SUBIF_CREATE_FAILED",
  [-71]: "INVALID_INTERFACE",
  [-72]: "INVALID_VLAN_TAG_COUNT",
  [-73]: "INVALID_ARGUMENT",
  [-74]: "UNEXPECTED_INTF_STATE",
  [-75]: "TUNNEL_EXIST",
  [-76]: "INVALID_DECAP_NEXT",
  [-79]: "IF_ALREADY_EXISTS",
  [-80]: "BOND_SLAVE_NOT_ALLOWED",
  [-81]: "VALUE_EXIST",
  [-82]: "SAME_SRC_DST",
  [-88]: "IP_PREFIX_INVALID",
  [-89]: "INVALID_WORKER",
  [-97]: "INVALID_ADDRESS_FAMILY",
  [-98]: "INVALID_SUB_SW_IF_INDEX",
  [-100]: "CANNOT_ENABLE_DISABLE_FEATURE",
  [-101]: "BFD_EEXIST",
  [-102]: "BFD_ENOENT",
  [-103]: "BFD_EINUSE",
  [-105]: "ADDRESS_IN_USE",
  [-106]: "ADDRESS_NOT_IN_USE",
  [-107]: "QUEUE_FULL",
  [-114]: "ADDRESS_FOUND_FOR_INTERFACE",
  [-116]: "ENTRY_ALREADY_EXISTS",
  [-119]: "BD_ALREADY_EXISTS",
  [-120]: "BD_IN_USE",
  [-121]: "BD_NOT_MODIFIABLE",
  [-122]: "BD_ID_EXCEED_MAX",
  [-123]: "SUBIF_DOESNT_EXIST",
  [-125]: "INVALID_QUEUE",
  [-126]: "UNSUPPORTED",
  [-127]: "DUPLICATE_IF_ADDRESS",
  [-142]: "ACL_IN_USE_INBOUND",
  [-143]: "ACL_IN_USE_OUTBOUND",
  [-144]: "INIT_FAILED",
  [-145]: "NETLINK_ERROR",
  [-147]: "INSTANCE_IN_USE",
  [-149]: "ACL_IN_USE_BY_LOOKUP_CONTEXT",
  [-150]: "INVALID_VALUE_3",
  [-151]: "NON_ETHERNET",
  [-152]: "BD_ALREADY_HAS_BVI",
  [-155]: "RSRC_IN_USE",
  [-160]: "NO_CHANGE",
  [-162]: "LIMIT_EXCEEDED",
  [-165]: "EAGAIN",
  [-166]: "INVALID_VALUE_4",
  [-167]: "BUSY",
  [-168]: "BUG",
  [-169]: "FEATURE_ALREADY_DISABLED",
  [-170]: "FEATURE_ALREADY_ENABLED",
  [-171]: "INVALID_PREFIX_LENGTH",
};

/** There is more to get: send the request again with the cursor that came. */
export const again = -165;

/** "VLAN_ALREADY_EXISTS (-56)"; "-999" where VPP has a number that nobody named. */
export function retvalName(retval: number): string {
  const name = retval <= -11 && retval >= -20 ? `SYSCALL_ERROR_${-10 - retval}` : names[retval];
  return name === undefined ? String(retval) : `${name} (${retval})`;
}

/** By request, then by return value: what VPP means by it there, as one clause. */
const meanings: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  abf_itf_attach_add_del: {
    [-116]: "the policy is attached to this interface already",
    [-6]: "nothing of this policy is attached there",
  },
  abf_policy_add_del: { [-7]: "it has no paths, or the policy stands with another ACL" },
  acl_add_replace: {
    [-6]: "there is no ACL of that number to be replaced",
    [-57]: "the source of a rule has host bits, or another family than its destination",
    [-58]: "the destination of a rule has host bits",
    [-8]: "a rule has its first port behind its last",
  },
  acl_del: {
    [-142]: "an interface filters with it what comes in",
    [-143]: "an interface filters with it what leaves",
    [-149]: "something else (ABF) matches with it",
  },
  acl_interface_set_acl_list: {
    [-6]: "there is no such ACL",
    1: "an ACL stands twice in the list: the lists may be half changed now",
  },
  af_packet_create_v3: { [-71]: "Linux has no such interface in VPP's namespace", [-79]: "VPP has it already" },
  af_packet_delete: { [-11]: "VPP has no interface on it" },
  bond_add_member: { [-81]: "it is a member already", [-71]: "that is no bond" },
  bond_create2: { [-147]: "there is a bond of this number" },
  bridge_domain_add_del_v2: { [-119]: "it is there already", [-120]: "it still has members", [-6]: "there is none" },
  create_loopback_instance: { [-31]: "there is a loopback of this number" },
  create_subif: {
    [-1]: "another sub-interface has these tags",
    [-55]: "the VLAN is not within 1 and 4095",
    [-56]: "the parent has a sub-interface of this number",
  },
  det44_add_del_map: { [-81]: "the mapping is there already", [-6]: "there is no such mapping" },
  det44_interface_add_del_feature: {
    [-7]: "the interface has a role already, or an earlier one of its number left one behind",
  },
  det44_plugin_enable_disable: { 1: "it is so already" },
  hw_interface_set_mtu: { [-126]: "this interface has no MTU of its own" },
  ip_route_add_del_v2: {
    [-3]: "there is no such table",
    [-52]: "the route has no paths",
    [-54]: "there is no such interface",
  },
  lcp_itf_pair_add_del_v2: {
    [-2]: "there is no such interface, or its parent has no pair",
    [-12]: "there is no such network namespace",
    [-73]: "its tags are not exact, or the outer one has no pair",
    [-81]: "it has a pair already",
  },
  memif_create_v2: {
    [-68]: "the socket has an interface of this number, or one of the other role",
    [-73]: "there is no such socket, or the ring's size is no power of two",
    [-14]: "the socket's file is in use",
  },
  memif_socket_filename_add_del_v2: {
    [-116]: "the socket has another file",
    [-73]: "there is none",
    [-74]: "interfaces use it",
  },
  nat64_plugin_enable_disable: { 1: "it is so already" },
  sw_interface_add_del_address: {
    [-60]: "the interface does not have it",
    [-105]: "it overlaps an address of this or another interface",
    [-126]: "the interface takes no addresses: it has no exact tags, or is VPP's own",
    [-127]: "the interface has it already",
    [-59]: "the length does not fit a link-local address",
  },
  sw_interface_set_flags: { [-1]: "its parent is down" },
  sw_interface_set_l2_bridge: { [-152]: "the bridge has a BVI" },
  sw_interface_set_table: { [-114]: "the interface still has addresses", [-3]: "there is no such table" },
  sw_interface_ip6nd_ra_config: { [-62]: "the interface has no IPv6", [-7]: "the intervals do not fit each other" },
  sw_interface_ip6nd_ra_prefix: { [-62]: "the interface has no IPv6", [-7]: "there is no such prefix" },
  tap_create_v3: { [-71]: "there is a tap of this number" },
  vxlan_add_del_tunnel_v3: {
    [-75]: "there is such a tunnel",
    [-147]: "there is a tunnel of this number",
    [-6]: "there is no such tunnel",
  },
};
const like: Readonly<Record<string, string>> = {
  create_vlan_subif: "create_subif",
  lcp_itf_pair_add_del_v3: "lcp_itf_pair_add_del_v2",
};

/** Where no request has a meaning of its own. */
const common: Readonly<Record<number, string>> = {
  [-2]: "there is no such interface",
  [-6]: "there is no such thing",
  [-9]: "this VPP cannot do that",
  [-71]: "there is no such interface",
  [-81]: "it is there already",
  [-116]: "it is there already",
  [-126]: "this interface or plugin cannot do that, or is not enabled",
  [-145]: "Linux refused it",
  1: "it is so already",
};

/** What a return value means for this request, as one clause; undefined where only VPP's log says. */
export function meaningOf(request: string, retval: number): string | undefined {
  return meanings[like[request] ?? request]?.[retval] ?? common[retval];
}
