/** Generated from messages.def: `npm run generate`. */

export type InterfaceIndex = number;

export interface AbfItfAttach {
  readonly policy_id: number;
  readonly sw_if_index: InterfaceIndex;
  readonly priority: number;
  readonly is_ipv6: boolean;
}

export const FibPathType = {
  FIB_API_PATH_TYPE_NORMAL: 0,
  FIB_API_PATH_TYPE_LOCAL: 1,
  FIB_API_PATH_TYPE_DROP: 2,
  FIB_API_PATH_TYPE_UDP_ENCAP: 3,
  FIB_API_PATH_TYPE_BIER_IMP: 4,
  FIB_API_PATH_TYPE_ICMP_UNREACH: 5,
  FIB_API_PATH_TYPE_ICMP_PROHIBIT: 6,
  FIB_API_PATH_TYPE_SOURCE_LOOKUP: 7,
  FIB_API_PATH_TYPE_DVR: 8,
  FIB_API_PATH_TYPE_INTERFACE_RX: 9,
  FIB_API_PATH_TYPE_CLASSIFY: 10,
} as const;
export type FibPathType = number;

export const FibPathFlags = {
  FIB_API_PATH_FLAG_NONE: 0,
  FIB_API_PATH_FLAG_RESOLVE_VIA_ATTACHED: 1,
  FIB_API_PATH_FLAG_RESOLVE_VIA_HOST: 2,
  FIB_API_PATH_FLAG_POP_PW_CW: 4,
} as const;
export type FibPathFlags = number;

export const FibPathNhProto = {
  FIB_API_PATH_NH_PROTO_IP4: 0,
  FIB_API_PATH_NH_PROTO_IP6: 1,
  FIB_API_PATH_NH_PROTO_MPLS: 2,
  FIB_API_PATH_NH_PROTO_ETHERNET: 3,
  FIB_API_PATH_NH_PROTO_BIER: 4,
} as const;
export type FibPathNhProto = number;

export interface AddressUnion {
  readonly ip4?: string;
  readonly ip6?: string;
}

export interface FibPathNh {
  readonly address: AddressUnion;
  readonly via_label: number;
  readonly obj_id: number;
  readonly classify_table_index: number;
}

export interface FibMplsLabel {
  readonly is_uniform: number;
  readonly label: number;
  readonly ttl: number;
  readonly exp: number;
}

export interface FibPath {
  readonly sw_if_index: number;
  readonly table_id: number;
  readonly rpf_id: number;
  readonly weight: number;
  readonly preference: number;
  readonly type: FibPathType;
  readonly flags: FibPathFlags;
  readonly proto: FibPathNhProto;
  readonly nh: FibPathNh;
  readonly n_labels: number;
  readonly label_stack: readonly FibMplsLabel[];
}

export interface AbfPolicy {
  readonly policy_id: number;
  readonly acl_index: number;
  readonly n_paths: number;
  readonly paths: readonly FibPath[];
}

export const AclAction = {
  ACL_ACTION_API_DENY: 0,
  ACL_ACTION_API_PERMIT: 1,
  ACL_ACTION_API_PERMIT_REFLECT: 2,
} as const;
export type AclAction = number;

export const AddressFamily = {
  ADDRESS_IP4: 0,
  ADDRESS_IP6: 1,
} as const;
export type AddressFamily = number;

export const IpProto = {
  IP_API_PROTO_HOPOPT: 0,
  IP_API_PROTO_ICMP: 1,
  IP_API_PROTO_IGMP: 2,
  IP_API_PROTO_TCP: 6,
  IP_API_PROTO_UDP: 17,
  IP_API_PROTO_GRE: 47,
  IP_API_PROTO_ESP: 50,
  IP_API_PROTO_AH: 51,
  IP_API_PROTO_ICMP6: 58,
  IP_API_PROTO_EIGRP: 88,
  IP_API_PROTO_OSPF: 89,
  IP_API_PROTO_SCTP: 132,
  IP_API_PROTO_RESERVED: 255,
} as const;
export type IpProto = number;

export interface AclRule {
  readonly is_permit: AclAction;
  readonly src_prefix: string;
  readonly dst_prefix: string;
  readonly proto: IpProto;
  readonly srcport_or_icmptype_first: number;
  readonly srcport_or_icmptype_last: number;
  readonly dstport_or_icmpcode_first: number;
  readonly dstport_or_icmpcode_last: number;
  readonly tcp_flags_mask: number;
  readonly tcp_flags_value: number;
}

export const AfPacketFlags = {
  AF_PACKET_API_FLAG_QDISC_BYPASS: 1,
  AF_PACKET_API_FLAG_CKSUM_GSO: 2,
  AF_PACKET_API_FLAG_VERSION_2: 8,
} as const;
export type AfPacketFlags = number;

export const AfPacketMode = {
  AF_PACKET_API_MODE_ETHERNET: 1,
  AF_PACKET_API_MODE_IP: 2,
} as const;
export type AfPacketMode = number;

export const BdFlags = {
  BRIDGE_API_FLAG_NONE: 0,
  BRIDGE_API_FLAG_LEARN: 1,
  BRIDGE_API_FLAG_FWD: 2,
  BRIDGE_API_FLAG_FLOOD: 4,
  BRIDGE_API_FLAG_UU_FLOOD: 8,
  BRIDGE_API_FLAG_ARP_TERM: 16,
  BRIDGE_API_FLAG_ARP_UFWD: 32,
} as const;
export type BdFlags = number;

export const BondLbAlgo = {
  BOND_API_LB_ALGO_L2: 0,
  BOND_API_LB_ALGO_L34: 1,
  BOND_API_LB_ALGO_L23: 2,
  BOND_API_LB_ALGO_RR: 3,
  BOND_API_LB_ALGO_BC: 4,
  BOND_API_LB_ALGO_AB: 5,
} as const;
export type BondLbAlgo = number;

export const BondMode = {
  BOND_API_MODE_ROUND_ROBIN: 1,
  BOND_API_MODE_ACTIVE_BACKUP: 2,
  BOND_API_MODE_XOR: 3,
  BOND_API_MODE_BROADCAST: 4,
  BOND_API_MODE_LACP: 5,
} as const;
export type BondMode = number;

export interface BridgeDomainSwIf {
  readonly context: number;
  readonly sw_if_index: InterfaceIndex;
  readonly shg: number;
}

export const ChassisIdSubtype = {
  CHASSIS_ID_SUBTYPE_RESERVED: 0,
  CHASSIS_ID_SUBTYPE_CHASSIS_COMP: 1,
  CHASSIS_ID_SUBTYPE_INTF_ALIAS: 2,
  CHASSIS_ID_SUBTYPE_PORT_COMP: 3,
  CHASSIS_ID_SUBTYPE_MAC_ADDR: 4,
  CHASSIS_ID_SUBTYPE_NET_ADDR: 5,
  CHASSIS_ID_SUBTYPE_INTF_NAME: 6,
  CHASSIS_ID_SUBTYPE_LOCAL: 7,
} as const;
export type ChassisIdSubtype = number;

export const IpDscp = {
  IP_API_DSCP_CS0: 0,
  IP_API_DSCP_CS1: 8,
  IP_API_DSCP_AF11: 10,
  IP_API_DSCP_AF12: 12,
  IP_API_DSCP_AF13: 14,
  IP_API_DSCP_CS2: 16,
  IP_API_DSCP_AF21: 18,
  IP_API_DSCP_AF22: 20,
  IP_API_DSCP_AF23: 22,
  IP_API_DSCP_CS3: 24,
  IP_API_DSCP_AF31: 26,
  IP_API_DSCP_AF32: 28,
  IP_API_DSCP_AF33: 30,
  IP_API_DSCP_CS4: 32,
  IP_API_DSCP_AF41: 34,
  IP_API_DSCP_AF42: 36,
  IP_API_DSCP_AF43: 38,
  IP_API_DSCP_CS5: 40,
  IP_API_DSCP_EF: 46,
  IP_API_DSCP_CS6: 48,
  IP_API_DSCP_CS7: 50,
} as const;
export type IpDscp = number;

export interface DhcpClient {
  readonly sw_if_index: InterfaceIndex;
  readonly hostname: string;
  readonly id: Uint8Array;
  readonly want_dhcp_event: boolean;
  readonly set_broadcast_flag: boolean;
  readonly dscp: IpDscp;
  readonly pid: number;
}

export const DhcpClientState = {
  DHCP_CLIENT_STATE_API_DISCOVER: 0,
  DHCP_CLIENT_STATE_API_REQUEST: 1,
  DHCP_CLIENT_STATE_API_BOUND: 2,
} as const;
export type DhcpClientState = number;

export interface DomainServer {
  readonly address: string;
}

export interface DhcpLease {
  readonly sw_if_index: InterfaceIndex;
  readonly state: DhcpClientState;
  readonly is_ipv6: boolean;
  readonly hostname: string;
  readonly mask_width: number;
  readonly host_address: string;
  readonly router_address: string;
  readonly host_mac: string;
  readonly count: number;
  readonly domain_server: readonly DomainServer[];
}

export interface DhcpServer {
  readonly server_vrf_id: number;
  readonly dhcp_server: string;
}

export const IfStatusFlags = {
  IF_STATUS_API_FLAG_ADMIN_UP: 1,
  IF_STATUS_API_FLAG_LINK_UP: 2,
} as const;
export type IfStatusFlags = number;

export const IfType = {
  IF_API_TYPE_HARDWARE: 0,
  IF_API_TYPE_SUB: 1,
  IF_API_TYPE_P2P: 2,
  IF_API_TYPE_PIPE: 3,
} as const;
export type IfType = number;

export interface Ip6ndRaPrefix {
  readonly prefix: string;
  readonly onlink_flag: boolean;
  readonly autonomous_flag: boolean;
  readonly val_lifetime: number;
  readonly pref_lifetime: number;
  readonly valid_lifetime_expires: number;
  readonly pref_lifetime_expires: number;
  readonly decrement_lifetime_flag: boolean;
  readonly no_advertise: boolean;
}

export const IpNeighborFlags = {
  IP_API_NEIGHBOR_FLAG_NONE: 0,
  IP_API_NEIGHBOR_FLAG_STATIC: 1,
  IP_API_NEIGHBOR_FLAG_NO_FIB_ENTRY: 2,
} as const;
export type IpNeighborFlags = number;

export interface IpNeighbor {
  readonly sw_if_index: InterfaceIndex;
  readonly flags: IpNeighborFlags;
  readonly mac_address: string;
  readonly ip_address: string;
}

export interface IpRouteV2 {
  readonly table_id: number;
  readonly stats_index: number;
  readonly prefix: string;
  readonly n_paths: number;
  readonly src: number;
  readonly paths: readonly FibPath[];
}

export interface IpTable {
  readonly table_id: number;
  readonly is_ip6: boolean;
  readonly name: string;
}

export const L2PortType = {
  L2_API_PORT_TYPE_NORMAL: 0,
  L2_API_PORT_TYPE_BVI: 1,
  L2_API_PORT_TYPE_UU_FWD: 2,
} as const;
export type L2PortType = number;

export const LcpItfHostType = {
  LCP_API_ITF_HOST_TAP: 0,
  LCP_API_ITF_HOST_TUN: 1,
} as const;
export type LcpItfHostType = number;

export const LinkDuplex = {
  LINK_DUPLEX_API_UNKNOWN: 0,
  LINK_DUPLEX_API_HALF: 1,
  LINK_DUPLEX_API_FULL: 2,
} as const;
export type LinkDuplex = number;

export const LogLevel = {
  VPE_API_LOG_LEVEL_EMERG: 0,
  VPE_API_LOG_LEVEL_ALERT: 1,
  VPE_API_LOG_LEVEL_CRIT: 2,
  VPE_API_LOG_LEVEL_ERR: 3,
  VPE_API_LOG_LEVEL_WARNING: 4,
  VPE_API_LOG_LEVEL_NOTICE: 5,
  VPE_API_LOG_LEVEL_INFO: 6,
  VPE_API_LOG_LEVEL_DEBUG: 7,
  VPE_API_LOG_LEVEL_DISABLED: 8,
} as const;
export type LogLevel = number;

export interface MacipAclRule {
  readonly is_permit: AclAction;
  readonly src_mac: string;
  readonly src_mac_mask: string;
  readonly src_prefix: string;
}

export const MemifMode = {
  MEMIF_MODE_API_ETHERNET: 0,
  MEMIF_MODE_API_IP: 1,
  MEMIF_MODE_API_PUNT_INJECT: 2,
} as const;
export type MemifMode = number;

export const MemifRole = {
  MEMIF_ROLE_API_MASTER: 0,
  MEMIF_ROLE_API_SLAVE: 1,
} as const;
export type MemifRole = number;

export interface MessageTableEntry {
  readonly index: number;
  readonly name: string;
}

export interface ModuleVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly name: string;
}

export const Nat44ConfigFlags = {
  NAT44_IS_ENDPOINT_INDEPENDENT: 0,
  NAT44_IS_ENDPOINT_DEPENDENT: 1,
  NAT44_IS_STATIC_MAPPING_ONLY: 2,
  NAT44_IS_CONNECTION_TRACKING: 4,
  NAT44_IS_OUT2IN_DPO: 8,
} as const;
export type Nat44ConfigFlags = number;

export const NatConfigFlags = {
  NAT_IS_NONE: 0,
  NAT_IS_TWICE_NAT: 1,
  NAT_IS_SELF_TWICE_NAT: 2,
  NAT_IS_OUT2IN_ONLY: 4,
  NAT_IS_ADDR_ONLY: 8,
  NAT_IS_OUTSIDE: 16,
  NAT_IS_INSIDE: 32,
  NAT_IS_STATIC: 64,
  NAT_IS_EXT_HOST_VALID: 128,
} as const;
export type NatConfigFlags = number;

export const NatLogLevel = {
  NAT_LOG_NONE: 0,
  NAT_LOG_ERROR: 1,
  NAT_LOG_WARNING: 2,
  NAT_LOG_NOTICE: 3,
  NAT_LOG_INFO: 4,
  NAT_LOG_DEBUG: 5,
} as const;
export type NatLogLevel = number;

export interface NatTimeouts {
  readonly udp: number;
  readonly tcp_established: number;
  readonly tcp_transitory: number;
  readonly icmp: number;
}

export const Sse2QosRateType = {
  SSE2_QOS_RATE_API_KBPS: 0,
  SSE2_QOS_RATE_API_PPS: 1,
  SSE2_QOS_RATE_API_INVALID: 2,
} as const;
export type Sse2QosRateType = number;

export const Sse2QosRoundType = {
  SSE2_QOS_ROUND_API_TO_CLOSEST: 0,
  SSE2_QOS_ROUND_API_TO_UP: 1,
  SSE2_QOS_ROUND_API_TO_DOWN: 2,
  SSE2_QOS_ROUND_API_INVALID: 3,
} as const;
export type Sse2QosRoundType = number;

export const Sse2QosPolicerType = {
  SSE2_QOS_POLICER_TYPE_API_1R2C: 0,
  SSE2_QOS_POLICER_TYPE_API_1R3C_RFC_2697: 1,
  SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_2698: 2,
  SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_4115: 3,
  SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_MEF5CF1: 4,
  SSE2_QOS_POLICER_TYPE_API_MAX: 5,
} as const;
export type Sse2QosPolicerType = number;

export const Sse2QosActionType = {
  SSE2_QOS_ACTION_API_DROP: 0,
  SSE2_QOS_ACTION_API_TRANSMIT: 1,
  SSE2_QOS_ACTION_API_MARK_AND_TRANSMIT: 2,
} as const;
export type Sse2QosActionType = number;

export interface Sse2QosAction {
  readonly type: Sse2QosActionType;
  readonly dscp: number;
}

export interface PolicerConfig {
  readonly cir: number;
  readonly eir: number;
  readonly cb: bigint;
  readonly eb: bigint;
  readonly rate_type: Sse2QosRateType;
  readonly round_type: Sse2QosRoundType;
  readonly type: Sse2QosPolicerType;
  readonly color_aware: boolean;
  readonly conform_action: Sse2QosAction;
  readonly exceed_action: Sse2QosAction;
  readonly violate_action: Sse2QosAction;
}

export const PortIdSubtype = {
  PORT_ID_SUBTYPE_RESERVED: 0,
  PORT_ID_SUBTYPE_INTF_ALIAS: 1,
  PORT_ID_SUBTYPE_PORT_COMP: 2,
  PORT_ID_SUBTYPE_MAC_ADDR: 3,
  PORT_ID_SUBTYPE_NET_ADDR: 4,
  PORT_ID_SUBTYPE_INTF_NAME: 5,
  PORT_ID_SUBTYPE_AGENT_CIRCUIT_ID: 6,
  PORT_ID_SUBTYPE_LOCAL: 7,
} as const;
export type PortIdSubtype = number;

export const RxMode = {
  RX_MODE_API_UNKNOWN: 0,
  RX_MODE_API_POLLING: 1,
  RX_MODE_API_INTERRUPT: 2,
  RX_MODE_API_ADAPTIVE: 3,
  RX_MODE_API_DEFAULT: 4,
} as const;
export type RxMode = number;

export const SubIfFlags = {
  SUB_IF_API_FLAG_NO_TAGS: 1,
  SUB_IF_API_FLAG_ONE_TAG: 2,
  SUB_IF_API_FLAG_TWO_TAGS: 4,
  SUB_IF_API_FLAG_DOT1AD: 8,
  SUB_IF_API_FLAG_EXACT_MATCH: 16,
  SUB_IF_API_FLAG_DEFAULT: 32,
  SUB_IF_API_FLAG_OUTER_VLAN_ID_ANY: 64,
  SUB_IF_API_FLAG_INNER_VLAN_ID_ANY: 128,
  SUB_IF_API_FLAG_MASK_VNET: 254,
  SUB_IF_API_FLAG_DOT1AH: 256,
} as const;
export type SubIfFlags = number;

export const TapFlags = {
  TAP_API_FLAG_GSO: 1,
  TAP_API_FLAG_CSUM_OFFLOAD: 2,
  TAP_API_FLAG_PERSIST: 4,
  TAP_API_FLAG_ATTACH: 8,
  TAP_API_FLAG_TUN: 16,
  TAP_API_FLAG_GRO_COALESCE: 32,
  TAP_API_FLAG_PACKED: 64,
  TAP_API_FLAG_IN_ORDER: 128,
  TAP_API_FLAG_CONSISTENT_QP: 256,
} as const;
export type TapFlags = number;

export interface ThreadData {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly pid: number;
  readonly cpu_id: number;
  readonly core: number;
  readonly cpu_socket: number;
}

export type Timestamp = number;

export const UrpfMode = {
  URPF_API_MODE_OFF: 0,
  URPF_API_MODE_LOOSE: 1,
  URPF_API_MODE_STRICT: 2,
} as const;
export type UrpfMode = number;

export const VrrpVrFlags = {
  VRRP_API_VR_PREEMPT: 1,
  VRRP_API_VR_ACCEPT: 2,
  VRRP_API_VR_UNICAST: 4,
  VRRP_API_VR_IPV6: 8,
} as const;
export type VrrpVrFlags = number;

export interface VrrpVrConf {
  readonly sw_if_index: InterfaceIndex;
  readonly vr_id: number;
  readonly priority: number;
  readonly interval: number;
  readonly flags: VrrpVrFlags;
}

export const VrrpVrState = {
  VRRP_API_VR_STATE_INIT: 0,
  VRRP_API_VR_STATE_BACKUP: 1,
  VRRP_API_VR_STATE_MASTER: 2,
  VRRP_API_VR_STATE_INTF_DOWN: 3,
} as const;
export type VrrpVrState = number;

export interface VrrpVrTracking {
  readonly interfaces_dec: number;
  readonly priority: number;
}

export interface VrrpVrRuntime {
  readonly state: VrrpVrState;
  readonly master_adv_int: number;
  readonly skew: number;
  readonly master_down_int: number;
  readonly mac: string;
  readonly tracking: VrrpVrTracking;
}

export interface VrrpVrTrackIf {
  readonly sw_if_index: InterfaceIndex;
  readonly priority: number;
}

export const VssType = {
  VSS_TYPE_API_ASCII: 0,
  VSS_TYPE_API_VPN_ID: 1,
  VSS_TYPE_API_INVALID: 123,
  VSS_TYPE_API_DEFAULT: 255,
} as const;
export type VssType = number;

export interface Requests {
  readonly abf_itf_attach_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly attach: AbfItfAttach;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly abf_policy_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly policy: AbfPolicy;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly acl_add_replace: {
    readonly request: {
      readonly acl_index: number;
      readonly tag: string;
      readonly count: number;
      readonly r: readonly AclRule[];
    };
    readonly reply: {
      readonly acl_index: number;
      readonly retval: number;
    };
  };
  readonly acl_del: {
    readonly request: {
      readonly acl_index: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly acl_interface_set_acl_list: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly count: number;
      readonly n_input: number;
      readonly acls: readonly number[];
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly af_packet_create_v3: {
    readonly request: {
      readonly mode: AfPacketMode;
      readonly hw_addr: string;
      readonly use_random_hw_addr: boolean;
      readonly host_if_name: string;
      readonly rx_frame_size: number;
      readonly tx_frame_size: number;
      readonly rx_frames_per_block: number;
      readonly tx_frames_per_block: number;
      readonly flags: AfPacketFlags;
      readonly num_rx_queues: number;
      readonly num_tx_queues: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly af_packet_delete: {
    readonly request: {
      readonly host_if_name: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly api_versions: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly count: number;
      readonly api_versions: readonly ModuleVersion[];
    };
  };
  readonly bond_add_member: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly bond_sw_if_index: InterfaceIndex;
      readonly is_passive: boolean;
      readonly is_long_timeout: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly bond_create2: {
    readonly request: {
      readonly mode: BondMode;
      readonly lb: BondLbAlgo;
      readonly numa_only: boolean;
      readonly enable_gso: boolean;
      readonly use_custom_mac: boolean;
      readonly mac_address: string;
      readonly id: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly bond_delete: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly bond_detach_member: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly bridge_domain_add_del_v2: {
    readonly request: {
      readonly bd_id: number;
      readonly flood: boolean;
      readonly uu_flood: boolean;
      readonly forward: boolean;
      readonly learn: boolean;
      readonly arp_term: boolean;
      readonly arp_ufwd: boolean;
      readonly mac_age: number;
      readonly bd_tag: string;
      readonly is_add: boolean;
    };
    readonly reply: {
      readonly retval: number;
      readonly bd_id: number;
    };
  };
  readonly bridge_domain_set_mac_age: {
    readonly request: {
      readonly bd_id: number;
      readonly mac_age: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly bridge_flags: {
    readonly request: {
      readonly bd_id: number;
      readonly is_set: boolean;
      readonly flags: BdFlags;
    };
    readonly reply: {
      readonly retval: number;
      readonly resulting_feature_bitmap: number;
    };
  };
  readonly bvi_create: {
    readonly request: {
      readonly mac: string;
      readonly user_instance: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly bvi_delete: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly cli_inband: {
    readonly request: {
      readonly cmd: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly reply: string;
    };
  };
  readonly control_ping: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly vpe_pid: number;
    };
  };
  readonly create_loopback_instance: {
    readonly request: {
      readonly mac_address: string;
      readonly is_specified: boolean;
      readonly user_instance: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly create_subif: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly sub_id: number;
      readonly sub_if_flags: SubIfFlags;
      readonly outer_vlan_id: number;
      readonly inner_vlan_id: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly create_vlan_subif: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly vlan_id: number;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly delete_loopback: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly delete_subif: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly det44_add_del_map: {
    readonly request: {
      readonly is_add: boolean;
      readonly in_addr: string;
      readonly in_plen: number;
      readonly out_addr: string;
      readonly out_plen: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly det44_get_timeouts: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly udp: number;
      readonly tcp_established: number;
      readonly tcp_transitory: number;
      readonly icmp: number;
    };
  };
  readonly det44_interface_add_del_feature: {
    readonly request: {
      readonly is_add: boolean;
      readonly is_inside: boolean;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly det44_plugin_enable_disable: {
    readonly request: {
      readonly inside_vrf: number;
      readonly outside_vrf: number;
      readonly enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly det44_set_timeouts: {
    readonly request: {
      readonly udp: number;
      readonly tcp_established: number;
      readonly tcp_transitory: number;
      readonly icmp: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly dhcp_proxy_config: {
    readonly request: {
      readonly rx_vrf_id: number;
      readonly server_vrf_id: number;
      readonly is_add: boolean;
      readonly dhcp_server: string;
      readonly dhcp_src_address: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly feature_enable_disable: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly enable: boolean;
      readonly arc_name: string;
      readonly feature_name: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly feature_is_enabled: {
    readonly request: {
      readonly arc_name: string;
      readonly feature_name: string;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
      readonly is_enabled: boolean;
    };
  };
  readonly get_api_json: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly json: string;
    };
  };
  readonly hw_interface_set_mtu: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly mtu: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly ip_neighbor_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly neighbor: IpNeighbor;
    };
    readonly reply: {
      readonly retval: number;
      readonly stats_index: number;
    };
  };
  readonly ip_neighbor_config: {
    readonly request: {
      readonly af: AddressFamily;
      readonly max_number: number;
      readonly max_age: number;
      readonly recycle: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly ip_neighbor_config_get: {
    readonly request: {
      readonly af: AddressFamily;
    };
    readonly reply: {
      readonly retval: number;
      readonly af: AddressFamily;
      readonly max_number: number;
      readonly max_age: number;
      readonly recycle: boolean;
    };
  };
  readonly ip_neighbor_flush: {
    readonly request: {
      readonly af: AddressFamily;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly ip_route_add_del_v2: {
    readonly request: {
      readonly is_add: boolean;
      readonly is_multipath: boolean;
      readonly route: IpRouteV2;
    };
    readonly reply: {
      readonly retval: number;
      readonly stats_index: number;
    };
  };
  readonly ip_route_lookup_v2: {
    readonly request: {
      readonly table_id: number;
      readonly exact: number;
      readonly prefix: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly route: IpRouteV2;
    };
  };
  readonly ip_table_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly table: IpTable;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly ip_table_add_del_v2: {
    readonly request: {
      readonly table: IpTable;
      readonly create_mfib: boolean;
      readonly is_add: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly l2_interface_vlan_tag_rewrite: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly vtr_op: number;
      readonly push_dot1q: number;
      readonly tag1: number;
      readonly tag2: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly lcp_default_ns_get: {
    readonly request: object;
    readonly reply: {
      readonly netns: string;
    };
  };
  readonly lcp_default_ns_set: {
    readonly request: {
      readonly netns: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly lcp_itf_pair_add_del_v2: {
    readonly request: {
      readonly is_add: boolean;
      readonly sw_if_index: InterfaceIndex;
      readonly host_if_name: string;
      readonly host_if_type: LcpItfHostType;
      readonly netns: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly host_sw_if_index: InterfaceIndex;
    };
  };
  readonly lcp_itf_pair_add_del_v3: {
    readonly request: {
      readonly is_add: boolean;
      readonly sw_if_index: InterfaceIndex;
      readonly host_if_name: string;
      readonly host_if_type: LcpItfHostType;
      readonly netns: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly vif_index: number;
      readonly host_sw_if_index: InterfaceIndex;
    };
  };
  readonly lldp_config: {
    readonly request: {
      readonly tx_hold: number;
      readonly tx_interval: number;
      readonly system_name: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly memif_create_v2: {
    readonly request: {
      readonly role: MemifRole;
      readonly mode: MemifMode;
      readonly rx_queues: number;
      readonly tx_queues: number;
      readonly id: number;
      readonly socket_id: number;
      readonly ring_size: number;
      readonly buffer_size: number;
      readonly no_zero_copy: boolean;
      readonly use_dma: boolean;
      readonly hw_addr: string;
      readonly secret: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly memif_delete: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly memif_socket_filename_add_del_v2: {
    readonly request: {
      readonly is_add: boolean;
      readonly socket_id: number;
      readonly socket_filename: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly socket_id: number;
    };
  };
  readonly nat44_show_running_config: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly inside_vrf: number;
      readonly outside_vrf: number;
      readonly users: number;
      readonly sessions: number;
      readonly user_sessions: number;
      readonly user_buckets: number;
      readonly translation_buckets: number;
      readonly forwarding_enabled: boolean;
      readonly ipfix_logging_enabled: boolean;
      readonly timeouts: NatTimeouts;
      readonly log_level: NatLogLevel;
      readonly flags: Nat44ConfigFlags;
    };
  };
  readonly nat64_add_del_interface: {
    readonly request: {
      readonly is_add: boolean;
      readonly flags: NatConfigFlags;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly nat64_add_del_pool_addr_range: {
    readonly request: {
      readonly start_addr: string;
      readonly end_addr: string;
      readonly vrf_id: number;
      readonly is_add: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly nat64_add_del_prefix: {
    readonly request: {
      readonly prefix: string;
      readonly vrf_id: number;
      readonly is_add: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly nat64_plugin_enable_disable: {
    readonly request: {
      readonly bib_buckets: number;
      readonly bib_memory_size: number;
      readonly st_buckets: number;
      readonly st_memory_size: number;
      readonly enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_add: {
    readonly request: {
      readonly name: string;
      readonly infos: PolicerConfig;
    };
    readonly reply: {
      readonly retval: number;
      readonly policer_index: number;
    };
  };
  readonly policer_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly name: string;
      readonly cir: number;
      readonly eir: number;
      readonly cb: bigint;
      readonly eb: bigint;
      readonly rate_type: Sse2QosRateType;
      readonly round_type: Sse2QosRoundType;
      readonly type: Sse2QosPolicerType;
      readonly color_aware: boolean;
      readonly conform_action: Sse2QosAction;
      readonly exceed_action: Sse2QosAction;
      readonly violate_action: Sse2QosAction;
    };
    readonly reply: {
      readonly retval: number;
      readonly policer_index: number;
    };
  };
  readonly policer_bind: {
    readonly request: {
      readonly name: string;
      readonly worker_index: number;
      readonly bind_enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_del: {
    readonly request: {
      readonly policer_index: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_input: {
    readonly request: {
      readonly name: string;
      readonly sw_if_index: InterfaceIndex;
      readonly apply: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_input_v2: {
    readonly request: {
      readonly policer_index: number;
      readonly sw_if_index: InterfaceIndex;
      readonly apply: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_output: {
    readonly request: {
      readonly name: string;
      readonly sw_if_index: InterfaceIndex;
      readonly apply: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_output_v2: {
    readonly request: {
      readonly policer_index: number;
      readonly sw_if_index: InterfaceIndex;
      readonly apply: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly policer_update: {
    readonly request: {
      readonly policer_index: number;
      readonly infos: PolicerConfig;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly show_threads: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly count: number;
      readonly thread_data: readonly ThreadData[];
    };
  };
  readonly show_version: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly program: string;
      readonly version: string;
      readonly build_date: string;
      readonly build_directory: string;
    };
  };
  readonly show_vpe_system_time: {
    readonly request: object;
    readonly reply: {
      readonly retval: number;
      readonly vpe_system_time: Timestamp;
    };
  };
  readonly sockclnt_create: {
    readonly request: {
      readonly name: string;
    };
    readonly reply: {
      readonly response: number;
      readonly index: number;
      readonly count: number;
      readonly message_table: readonly MessageTableEntry[];
    };
  };
  readonly sockclnt_delete: {
    readonly request: {
      readonly index: number;
    };
    readonly reply: {
      readonly response: number;
    };
  };
  readonly sw_interface_add_del_address: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_add: boolean;
      readonly del_all: boolean;
      readonly prefix: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_get_mac_address: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
      readonly mac_address: string;
    };
  };
  readonly sw_interface_get_table: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: boolean;
    };
    readonly reply: {
      readonly retval: number;
      readonly vrf_id: number;
    };
  };
  readonly sw_interface_ip6_enable_disable: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_ip6_get_link_local_address: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
      readonly ip: string;
    };
  };
  readonly sw_interface_ip6_set_link_local_address: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly ip: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_ip6nd_ra_config: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly suppress: number;
      readonly managed: number;
      readonly other: number;
      readonly ll_option: number;
      readonly send_unicast: number;
      readonly cease: number;
      readonly is_no: boolean;
      readonly default_router: number;
      readonly max_interval: number;
      readonly min_interval: number;
      readonly lifetime: number;
      readonly initial_count: number;
      readonly initial_interval: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_ip6nd_ra_prefix: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly prefix: string;
      readonly use_default: boolean;
      readonly no_advertise: boolean;
      readonly off_link: boolean;
      readonly no_autoconfig: boolean;
      readonly no_onlink: boolean;
      readonly is_no: boolean;
      readonly val_lifetime: number;
      readonly pref_lifetime: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_bond_weight: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly weight: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_flags: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly flags: IfStatusFlags;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_interface_name: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly name: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_l2_bridge: {
    readonly request: {
      readonly rx_sw_if_index: InterfaceIndex;
      readonly bd_id: number;
      readonly port_type: L2PortType;
      readonly shg: number;
      readonly enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_l2_xconnect: {
    readonly request: {
      readonly rx_sw_if_index: InterfaceIndex;
      readonly tx_sw_if_index: InterfaceIndex;
      readonly enable: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_lldp: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly mgmt_ip4: string;
      readonly mgmt_ip6: string;
      readonly mgmt_oid: Uint8Array;
      readonly enable: boolean;
      readonly port_desc: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_mtu: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly mtu: readonly number[];
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_rx_mode: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly queue_id_valid: boolean;
      readonly queue_id: number;
      readonly mode: RxMode;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_rx_placement: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly queue_id: number;
      readonly worker_id: number;
      readonly is_main: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_table: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: boolean;
      readonly vrf_id: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_set_unnumbered: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly unnumbered_sw_if_index: InterfaceIndex;
      readonly is_add: boolean;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly sw_interface_tag_add_del: {
    readonly request: {
      readonly is_add: boolean;
      readonly sw_if_index: InterfaceIndex;
      readonly tag: string;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly tap_create_v3: {
    readonly request: {
      readonly id: number;
      readonly use_random_mac: boolean;
      readonly mac_address: string;
      readonly num_rx_queues: number;
      readonly num_tx_queues: number;
      readonly tx_ring_sz: number;
      readonly rx_ring_sz: number;
      readonly host_mtu_set: boolean;
      readonly host_mtu_size: number;
      readonly host_mac_addr_set: boolean;
      readonly host_mac_addr: string;
      readonly host_ip4_prefix_set: boolean;
      readonly host_ip4_prefix: string;
      readonly host_ip6_prefix_set: boolean;
      readonly host_ip6_prefix: string;
      readonly host_ip4_gw_set: boolean;
      readonly host_ip4_gw: string;
      readonly host_ip6_gw_set: boolean;
      readonly host_ip6_gw: string;
      readonly tap_flags: TapFlags;
      readonly host_namespace_set: boolean;
      readonly host_namespace: string;
      readonly host_if_name_set: boolean;
      readonly host_if_name: string;
      readonly host_bridge_set: boolean;
      readonly host_bridge: string;
      readonly tag: string;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly tap_delete_v2: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly urpf_update: {
    readonly request: {
      readonly is_input: boolean;
      readonly mode: UrpfMode;
      readonly af: AddressFamily;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly urpf_update_v2: {
    readonly request: {
      readonly is_input: boolean;
      readonly mode: UrpfMode;
      readonly af: AddressFamily;
      readonly sw_if_index: InterfaceIndex;
      readonly table_id: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_add_del: {
    readonly request: {
      readonly is_add: number;
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly priority: number;
      readonly interval: number;
      readonly flags: VrrpVrFlags;
      readonly n_addrs: number;
      readonly addrs: readonly string[];
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_del: {
    readonly request: {
      readonly vrrp_index: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_set_peers: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly is_ipv6: number;
      readonly n_addrs: number;
      readonly addrs: readonly string[];
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_start_stop: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly is_ipv6: number;
      readonly is_start: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_track_if_add_del: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: number;
      readonly vr_id: number;
      readonly is_add: number;
      readonly n_ifs: number;
      readonly ifs: readonly VrrpVrTrackIf[];
    };
    readonly reply: {
      readonly retval: number;
    };
  };
  readonly vrrp_vr_update: {
    readonly request: {
      readonly vrrp_index: number;
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly priority: number;
      readonly interval: number;
      readonly flags: VrrpVrFlags;
      readonly n_addrs: number;
      readonly addrs: readonly string[];
    };
    readonly reply: {
      readonly retval: number;
      readonly vrrp_index: number;
    };
  };
  readonly vxlan_add_del_tunnel_v3: {
    readonly request: {
      readonly is_add: boolean;
      readonly instance: number;
      readonly src_address: string;
      readonly dst_address: string;
      readonly src_port: number;
      readonly dst_port: number;
      readonly mcast_sw_if_index: InterfaceIndex;
      readonly encap_vrf_id: number;
      readonly decap_next_index: number;
      readonly vni: number;
      readonly is_l3: boolean;
    };
    readonly reply: {
      readonly retval: number;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly want_interface_events: {
    readonly request: {
      readonly enable_disable: number;
      readonly pid: number;
    };
    readonly reply: {
      readonly retval: number;
    };
  };
}

export interface Dumps {
  readonly abf_itf_attach_dump: {
    readonly request: object;
    readonly details: {
      readonly attach: AbfItfAttach;
    };
  };
  readonly abf_policy_dump: {
    readonly request: object;
    readonly details: {
      readonly policy: AbfPolicy;
    };
  };
  readonly acl_dump: {
    readonly request: {
      readonly acl_index: number;
    };
    readonly details: {
      readonly acl_index: number;
      readonly tag: string;
      readonly count: number;
      readonly r: readonly AclRule[];
    };
  };
  readonly acl_interface_list_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly count: number;
      readonly n_input: number;
      readonly acls: readonly number[];
    };
  };
  readonly af_packet_dump: {
    readonly request: object;
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly host_if_name: string;
    };
  };
  readonly bridge_domain_dump: {
    readonly request: {
      readonly bd_id: number;
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly bd_id: number;
      readonly flood: boolean;
      readonly uu_flood: boolean;
      readonly forward: boolean;
      readonly learn: boolean;
      readonly arp_term: boolean;
      readonly arp_ufwd: boolean;
      readonly mac_age: number;
      readonly bd_tag: string;
      readonly bvi_sw_if_index: InterfaceIndex;
      readonly uu_fwd_sw_if_index: InterfaceIndex;
      readonly n_sw_ifs: number;
      readonly sw_if_details: readonly BridgeDomainSwIf[];
    };
  };
  readonly det44_interface_dump: {
    readonly request: object;
    readonly details: {
      readonly is_inside: boolean;
      readonly is_outside: boolean;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly det44_map_dump: {
    readonly request: object;
    readonly details: {
      readonly in_addr: string;
      readonly in_plen: number;
      readonly out_addr: string;
      readonly out_plen: number;
      readonly sharing_ratio: number;
      readonly ports_per_host: number;
      readonly ses_num: number;
    };
  };
  readonly det44_session_dump: {
    readonly request: {
      readonly user_addr: string;
    };
    readonly details: {
      readonly in_port: number;
      readonly ext_addr: string;
      readonly ext_port: number;
      readonly out_port: number;
      readonly state: number;
      readonly expire: number;
    };
  };
  readonly dhcp_client_dump: {
    readonly request: object;
    readonly details: {
      readonly client: DhcpClient;
      readonly lease: DhcpLease;
    };
  };
  readonly dhcp_proxy_dump: {
    readonly request: {
      readonly is_ip6: boolean;
    };
    readonly details: {
      readonly rx_vrf_id: number;
      readonly vss_oui: number;
      readonly vss_fib_id: number;
      readonly vss_type: VssType;
      readonly is_ipv6: boolean;
      readonly vss_vpn_ascii_id: string;
      readonly dhcp_src_address: string;
      readonly count: number;
      readonly servers: readonly DhcpServer[];
    };
  };
  readonly ip_address_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: boolean;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly prefix: string;
    };
  };
  readonly ip_neighbor_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly af: AddressFamily;
    };
    readonly details: {
      readonly age: number;
      readonly neighbor: IpNeighbor;
    };
  };
  readonly ip_route_v2_dump: {
    readonly request: {
      readonly src: number;
      readonly table: IpTable;
    };
    readonly details: {
      readonly route: IpRouteV2;
    };
  };
  readonly ip_table_dump: {
    readonly request: object;
    readonly details: {
      readonly table: IpTable;
    };
  };
  readonly ip_unnumbered_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly ip_sw_if_index: InterfaceIndex;
    };
  };
  readonly l2_xconnect_dump: {
    readonly request: object;
    readonly details: {
      readonly rx_sw_if_index: InterfaceIndex;
      readonly tx_sw_if_index: InterfaceIndex;
    };
  };
  readonly lcp_itf_pair_get: {
    readonly request: {
      readonly cursor: number;
    };
    readonly details: {
      readonly phy_sw_if_index: InterfaceIndex;
      readonly host_sw_if_index: InterfaceIndex;
      readonly vif_index: number;
      readonly host_if_name: string;
      readonly host_if_type: LcpItfHostType;
      readonly netns: string;
    };
  };
  readonly lldp_dump: {
    readonly request: {
      readonly cursor: number;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly last_heard: number;
      readonly last_sent: number;
      readonly chassis_id: Uint8Array;
      readonly chassis_id_len: number;
      readonly port_id: Uint8Array;
      readonly port_id_len: number;
      readonly ttl: number;
      readonly port_id_subtype: PortIdSubtype;
      readonly chassis_id_subtype: ChassisIdSubtype;
    };
  };
  readonly log_dump: {
    readonly request: {
      readonly start_timestamp: Timestamp;
    };
    readonly details: {
      readonly timestamp: Timestamp;
      readonly level: LogLevel;
      readonly msg_class: string;
      readonly message: string;
    };
  };
  readonly macip_acl_dump: {
    readonly request: {
      readonly acl_index: number;
    };
    readonly details: {
      readonly acl_index: number;
      readonly tag: string;
      readonly count: number;
      readonly r: readonly MacipAclRule[];
    };
  };
  readonly macip_acl_interface_list_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly count: number;
      readonly acls: readonly number[];
    };
  };
  readonly memif_dump: {
    readonly request: object;
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly hw_addr: string;
      readonly id: number;
      readonly role: MemifRole;
      readonly mode: MemifMode;
      readonly zero_copy: boolean;
      readonly socket_id: number;
      readonly ring_size: number;
      readonly buffer_size: number;
      readonly flags: IfStatusFlags;
      readonly if_name: string;
    };
  };
  readonly memif_socket_filename_dump: {
    readonly request: object;
    readonly details: {
      readonly socket_id: number;
      readonly socket_filename: string;
    };
  };
  readonly nat44_address_dump: {
    readonly request: object;
    readonly details: {
      readonly ip_address: string;
      readonly flags: NatConfigFlags;
      readonly vrf_id: number;
    };
  };
  readonly nat44_interface_dump: {
    readonly request: object;
    readonly details: {
      readonly flags: NatConfigFlags;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly nat64_bib_dump: {
    readonly request: {
      readonly proto: number;
    };
    readonly details: {
      readonly i_addr: string;
      readonly o_addr: string;
      readonly i_port: number;
      readonly o_port: number;
      readonly vrf_id: number;
      readonly proto: number;
      readonly flags: NatConfigFlags;
      readonly ses_num: number;
    };
  };
  readonly nat64_interface_dump: {
    readonly request: object;
    readonly details: {
      readonly flags: NatConfigFlags;
      readonly sw_if_index: InterfaceIndex;
    };
  };
  readonly nat64_pool_addr_dump: {
    readonly request: object;
    readonly details: {
      readonly address: string;
      readonly vrf_id: number;
    };
  };
  readonly nat64_prefix_dump: {
    readonly request: object;
    readonly details: {
      readonly prefix: string;
      readonly vrf_id: number;
    };
  };
  readonly policer_dump: {
    readonly request: {
      readonly match_name_valid: boolean;
      readonly match_name: string;
    };
    readonly details: {
      readonly name: string;
      readonly cir: number;
      readonly eir: number;
      readonly cb: bigint;
      readonly eb: bigint;
      readonly rate_type: Sse2QosRateType;
      readonly round_type: Sse2QosRoundType;
      readonly type: Sse2QosPolicerType;
      readonly conform_action: Sse2QosAction;
      readonly exceed_action: Sse2QosAction;
      readonly violate_action: Sse2QosAction;
      readonly single_rate: boolean;
      readonly color_aware: boolean;
      readonly scale: number;
      readonly cir_tokens_per_period: number;
      readonly pir_tokens_per_period: number;
      readonly current_limit: number;
      readonly current_bucket: number;
      readonly extended_limit: number;
      readonly extended_bucket: number;
      readonly last_update_time: bigint;
    };
  };
  readonly policer_dump_v2: {
    readonly request: {
      readonly policer_index: number;
    };
    readonly details: {
      readonly name: string;
      readonly cir: number;
      readonly eir: number;
      readonly cb: bigint;
      readonly eb: bigint;
      readonly rate_type: Sse2QosRateType;
      readonly round_type: Sse2QosRoundType;
      readonly type: Sse2QosPolicerType;
      readonly conform_action: Sse2QosAction;
      readonly exceed_action: Sse2QosAction;
      readonly violate_action: Sse2QosAction;
      readonly single_rate: boolean;
      readonly color_aware: boolean;
      readonly scale: number;
      readonly cir_tokens_per_period: number;
      readonly pir_tokens_per_period: number;
      readonly current_limit: number;
      readonly current_bucket: number;
      readonly extended_limit: number;
      readonly extended_bucket: number;
      readonly last_update_time: bigint;
    };
  };
  readonly sw_bond_interface_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly id: number;
      readonly mode: BondMode;
      readonly lb: BondLbAlgo;
      readonly numa_only: boolean;
      readonly active_members: number;
      readonly members: number;
      readonly interface_name: string;
    };
  };
  readonly sw_interface_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly name_filter_valid: boolean;
      readonly name_filter: string;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly sup_sw_if_index: number;
      readonly l2_address: string;
      readonly flags: IfStatusFlags;
      readonly type: IfType;
      readonly link_duplex: LinkDuplex;
      readonly link_speed: number;
      readonly link_mtu: number;
      readonly mtu: readonly number[];
      readonly sub_id: number;
      readonly sub_number_of_tags: number;
      readonly sub_outer_vlan_id: number;
      readonly sub_inner_vlan_id: number;
      readonly sub_if_flags: SubIfFlags;
      readonly vtr_op: number;
      readonly vtr_push_dot1q: number;
      readonly vtr_tag1: number;
      readonly vtr_tag2: number;
      readonly outer_tag: number;
      readonly b_dmac: string;
      readonly b_smac: string;
      readonly b_vlanid: number;
      readonly i_sid: number;
      readonly interface_name: string;
      readonly interface_dev_type: string;
      readonly tag: string;
    };
  };
  readonly sw_interface_ip6nd_ra_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly cur_hop_limit: number;
      readonly adv_managed_flag: boolean;
      readonly adv_other_flag: boolean;
      readonly adv_router_lifetime: number;
      readonly adv_neighbor_reachable_time: number;
      readonly adv_retransmit_interval: number;
      readonly adv_link_mtu: number;
      readonly send_radv: boolean;
      readonly cease_radv: boolean;
      readonly send_unicast: boolean;
      readonly adv_link_layer_address: boolean;
      readonly max_radv_interval: number;
      readonly min_radv_interval: number;
      readonly last_radv_time: number;
      readonly last_multicast_time: number;
      readonly next_multicast_time: number;
      readonly initial_adverts_count: number;
      readonly initial_adverts_interval: number;
      readonly initial_adverts_sent: boolean;
      readonly n_advertisements_sent: number;
      readonly n_solicitations_rcvd: number;
      readonly n_solicitations_dropped: number;
      readonly n_prefixes: number;
      readonly prefixes: readonly Ip6ndRaPrefix[];
    };
  };
  readonly sw_interface_rx_placement_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly queue_id: number;
      readonly worker_id: number;
      readonly mode: RxMode;
    };
  };
  readonly sw_interface_tap_v2_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: number;
      readonly id: number;
      readonly tx_ring_sz: number;
      readonly rx_ring_sz: number;
      readonly host_mtu_size: number;
      readonly host_mac_addr: string;
      readonly host_ip4_prefix: string;
      readonly host_ip6_prefix: string;
      readonly tap_flags: TapFlags;
      readonly dev_name: string;
      readonly host_if_name: string;
      readonly host_namespace: string;
      readonly host_bridge: string;
    };
  };
  readonly sw_member_interface_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly interface_name: string;
      readonly is_passive: boolean;
      readonly is_long_timeout: boolean;
      readonly is_local_numa: boolean;
      readonly weight: number;
    };
  };
  readonly urpf_interface_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_input: boolean;
      readonly mode: UrpfMode;
      readonly af: AddressFamily;
      readonly table_id: number;
    };
  };
  readonly vrrp_vr_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly config: VrrpVrConf;
      readonly runtime: VrrpVrRuntime;
      readonly n_addrs: number;
      readonly addrs: readonly string[];
    };
  };
  readonly vrrp_vr_peer_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: number;
      readonly vr_id: number;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly is_ipv6: number;
      readonly n_peer_addrs: number;
      readonly peer_addrs: readonly string[];
    };
  };
  readonly vrrp_vr_track_if_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
      readonly is_ipv6: number;
      readonly vr_id: number;
      readonly dump_all: number;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly vr_id: number;
      readonly is_ipv6: number;
      readonly n_ifs: number;
      readonly ifs: readonly VrrpVrTrackIf[];
    };
  };
  readonly vxlan_tunnel_v2_dump: {
    readonly request: {
      readonly sw_if_index: InterfaceIndex;
    };
    readonly details: {
      readonly sw_if_index: InterfaceIndex;
      readonly instance: number;
      readonly src_address: string;
      readonly dst_address: string;
      readonly src_port: number;
      readonly dst_port: number;
      readonly mcast_sw_if_index: InterfaceIndex;
      readonly encap_vrf_id: number;
      readonly decap_next_index: number;
      readonly vni: number;
    };
  };
}

/** Fields to send, as many as one likes, at every level. */
export type Fields<T> = { readonly [F in keyof T]?: Part<T[F]> };
type Part<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Part<E>[]
    : T extends object
      ? Fields<T>
      : T;

export type RequestName = keyof Requests;
export type DumpName = keyof Dumps;
