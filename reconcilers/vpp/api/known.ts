/** Generated from messages.def: `npm run generate`. */

/** For readTable: the messages that the product knows, as it knows them. */
export const knownText = `
alias interface_index: u32
type abf_itf_attach: u32 policy_id, interface_index sw_if_index, u32 priority, bool is_ipv6
enum fib_path_type u32: FIB_API_PATH_TYPE_NORMAL=0, FIB_API_PATH_TYPE_LOCAL=1, FIB_API_PATH_TYPE_DROP=2, FIB_API_PATH_TYPE_UDP_ENCAP=3, FIB_API_PATH_TYPE_BIER_IMP=4, FIB_API_PATH_TYPE_ICMP_UNREACH=5, FIB_API_PATH_TYPE_ICMP_PROHIBIT=6, FIB_API_PATH_TYPE_SOURCE_LOOKUP=7, FIB_API_PATH_TYPE_DVR=8, FIB_API_PATH_TYPE_INTERFACE_RX=9, FIB_API_PATH_TYPE_CLASSIFY=10
enum fib_path_flags u32: FIB_API_PATH_FLAG_NONE=0, FIB_API_PATH_FLAG_RESOLVE_VIA_ATTACHED=1, FIB_API_PATH_FLAG_RESOLVE_VIA_HOST=2, FIB_API_PATH_FLAG_POP_PW_CW=4
enum fib_path_nh_proto u32: FIB_API_PATH_NH_PROTO_IP4=0, FIB_API_PATH_NH_PROTO_IP6=1, FIB_API_PATH_NH_PROTO_MPLS=2, FIB_API_PATH_NH_PROTO_ETHERNET=3, FIB_API_PATH_NH_PROTO_BIER=4
alias ip4_address: u8[4]
alias ip6_address: u8[16]
union address_union: ip4_address ip4, ip6_address ip6
type fib_path_nh: address_union address, u32 via_label, u32 obj_id, u32 classify_table_index
type fib_mpls_label: u8 is_uniform, u32 label, u8 ttl, u8 exp
type fib_path: u32 sw_if_index, u32 table_id, u32 rpf_id, u8 weight, u8 preference, fib_path_type type, fib_path_flags flags, fib_path_nh_proto proto, fib_path_nh nh, u8 n_labels, fib_mpls_label label_stack[16]
type abf_policy: u32 policy_id, u32 acl_index, u8 n_paths, fib_path paths[n_paths]
enum acl_action u8: ACL_ACTION_API_DENY=0, ACL_ACTION_API_PERMIT=1, ACL_ACTION_API_PERMIT_REFLECT=2
enum address_family u8: ADDRESS_IP4=0, ADDRESS_IP6=1
type address: address_family af, address_union un
type prefix: address address, u8 len
enum ip_proto u8: IP_API_PROTO_HOPOPT=0, IP_API_PROTO_ICMP=1, IP_API_PROTO_IGMP=2, IP_API_PROTO_TCP=6, IP_API_PROTO_UDP=17, IP_API_PROTO_GRE=47, IP_API_PROTO_ESP=50, IP_API_PROTO_AH=51, IP_API_PROTO_ICMP6=58, IP_API_PROTO_EIGRP=88, IP_API_PROTO_OSPF=89, IP_API_PROTO_SCTP=132, IP_API_PROTO_RESERVED=255
type acl_rule: acl_action is_permit, prefix src_prefix, prefix dst_prefix, ip_proto proto, u16 srcport_or_icmptype_first, u16 srcport_or_icmptype_last, u16 dstport_or_icmpcode_first, u16 dstport_or_icmpcode_last, u8 tcp_flags_mask, u8 tcp_flags_value
alias address_with_prefix: prefix
enum af_packet_flags u32: AF_PACKET_API_FLAG_QDISC_BYPASS=1, AF_PACKET_API_FLAG_CKSUM_GSO=2, AF_PACKET_API_FLAG_VERSION_2=8
enum af_packet_mode u32: AF_PACKET_API_MODE_ETHERNET=1, AF_PACKET_API_MODE_IP=2
enum bd_flags u32: BRIDGE_API_FLAG_NONE=0, BRIDGE_API_FLAG_LEARN=1, BRIDGE_API_FLAG_FWD=2, BRIDGE_API_FLAG_FLOOD=4, BRIDGE_API_FLAG_UU_FLOOD=8, BRIDGE_API_FLAG_ARP_TERM=16, BRIDGE_API_FLAG_ARP_UFWD=32
enum bond_lb_algo u32: BOND_API_LB_ALGO_L2=0, BOND_API_LB_ALGO_L34=1, BOND_API_LB_ALGO_L23=2, BOND_API_LB_ALGO_RR=3, BOND_API_LB_ALGO_BC=4, BOND_API_LB_ALGO_AB=5
enum bond_mode u32: BOND_API_MODE_ROUND_ROBIN=1, BOND_API_MODE_ACTIVE_BACKUP=2, BOND_API_MODE_XOR=3, BOND_API_MODE_BROADCAST=4, BOND_API_MODE_LACP=5
type bridge_domain_sw_if: u32 context, interface_index sw_if_index, u8 shg
enum chassis_id_subtype u32: CHASSIS_ID_SUBTYPE_RESERVED=0, CHASSIS_ID_SUBTYPE_CHASSIS_COMP=1, CHASSIS_ID_SUBTYPE_INTF_ALIAS=2, CHASSIS_ID_SUBTYPE_PORT_COMP=3, CHASSIS_ID_SUBTYPE_MAC_ADDR=4, CHASSIS_ID_SUBTYPE_NET_ADDR=5, CHASSIS_ID_SUBTYPE_INTF_NAME=6, CHASSIS_ID_SUBTYPE_LOCAL=7
enum ip_dscp u8: IP_API_DSCP_CS0=0, IP_API_DSCP_CS1=8, IP_API_DSCP_AF11=10, IP_API_DSCP_AF12=12, IP_API_DSCP_AF13=14, IP_API_DSCP_CS2=16, IP_API_DSCP_AF21=18, IP_API_DSCP_AF22=20, IP_API_DSCP_AF23=22, IP_API_DSCP_CS3=24, IP_API_DSCP_AF31=26, IP_API_DSCP_AF32=28, IP_API_DSCP_AF33=30, IP_API_DSCP_CS4=32, IP_API_DSCP_AF41=34, IP_API_DSCP_AF42=36, IP_API_DSCP_AF43=38, IP_API_DSCP_CS5=40, IP_API_DSCP_EF=46, IP_API_DSCP_CS6=48, IP_API_DSCP_CS7=50
type dhcp_client: interface_index sw_if_index, string hostname[64], u8 id[64], bool want_dhcp_event, bool set_broadcast_flag, ip_dscp dscp, u32 pid
enum dhcp_client_state u32: DHCP_CLIENT_STATE_API_DISCOVER=0, DHCP_CLIENT_STATE_API_REQUEST=1, DHCP_CLIENT_STATE_API_BOUND=2
alias mac_address: u8[6]
type domain_server: address address
type dhcp_lease: interface_index sw_if_index, dhcp_client_state state, bool is_ipv6, string hostname[64], u8 mask_width, address host_address, address router_address, mac_address host_mac, u8 count, domain_server domain_server[count]
type dhcp_server: u32 server_vrf_id, address dhcp_server
enum if_status_flags u32: IF_STATUS_API_FLAG_ADMIN_UP=1, IF_STATUS_API_FLAG_LINK_UP=2
enum if_type u32: IF_API_TYPE_HARDWARE=0, IF_API_TYPE_SUB=1, IF_API_TYPE_P2P=2, IF_API_TYPE_PIPE=3
type ip4_prefix: ip4_address address, u8 len
alias ip4_address_with_prefix: ip4_prefix
type ip6_prefix: ip6_address address, u8 len
alias ip6_address_with_prefix: ip6_prefix
type ip6nd_ra_prefix: prefix prefix, bool onlink_flag, bool autonomous_flag, u32 val_lifetime, u32 pref_lifetime, f64 valid_lifetime_expires, f64 pref_lifetime_expires, bool decrement_lifetime_flag, bool no_advertise
enum ip_neighbor_flags u8: IP_API_NEIGHBOR_FLAG_NONE=0, IP_API_NEIGHBOR_FLAG_STATIC=1, IP_API_NEIGHBOR_FLAG_NO_FIB_ENTRY=2
type ip_neighbor: interface_index sw_if_index, ip_neighbor_flags flags, mac_address mac_address, address ip_address
type ip_route_v2: u32 table_id, u32 stats_index, prefix prefix, u8 n_paths, u8 src, fib_path paths[n_paths]
type ip_table: u32 table_id, bool is_ip6, string name[64]
enum l2_port_type u32: L2_API_PORT_TYPE_NORMAL=0, L2_API_PORT_TYPE_BVI=1, L2_API_PORT_TYPE_UU_FWD=2
enum lcp_itf_host_type u8: LCP_API_ITF_HOST_TAP=0, LCP_API_ITF_HOST_TUN=1
enum link_duplex u32: LINK_DUPLEX_API_UNKNOWN=0, LINK_DUPLEX_API_HALF=1, LINK_DUPLEX_API_FULL=2
enum log_level u32: VPE_API_LOG_LEVEL_EMERG=0, VPE_API_LOG_LEVEL_ALERT=1, VPE_API_LOG_LEVEL_CRIT=2, VPE_API_LOG_LEVEL_ERR=3, VPE_API_LOG_LEVEL_WARNING=4, VPE_API_LOG_LEVEL_NOTICE=5, VPE_API_LOG_LEVEL_INFO=6, VPE_API_LOG_LEVEL_DEBUG=7, VPE_API_LOG_LEVEL_DISABLED=8
type macip_acl_rule: acl_action is_permit, mac_address src_mac, mac_address src_mac_mask, prefix src_prefix
enum memif_mode u32: MEMIF_MODE_API_ETHERNET=0, MEMIF_MODE_API_IP=1, MEMIF_MODE_API_PUNT_INJECT=2
enum memif_role u32: MEMIF_ROLE_API_MASTER=0, MEMIF_ROLE_API_SLAVE=1
type message_table_entry: u16 index, string name[64]
type module_version: u32 major, u32 minor, u32 patch, string name[64]
enum nat44_config_flags u8: NAT44_IS_ENDPOINT_INDEPENDENT=0, NAT44_IS_ENDPOINT_DEPENDENT=1, NAT44_IS_STATIC_MAPPING_ONLY=2, NAT44_IS_CONNECTION_TRACKING=4, NAT44_IS_OUT2IN_DPO=8
enum nat_config_flags u8: NAT_IS_NONE=0, NAT_IS_TWICE_NAT=1, NAT_IS_SELF_TWICE_NAT=2, NAT_IS_OUT2IN_ONLY=4, NAT_IS_ADDR_ONLY=8, NAT_IS_OUTSIDE=16, NAT_IS_INSIDE=32, NAT_IS_STATIC=64, NAT_IS_EXT_HOST_VALID=128
enum nat_log_level u8: NAT_LOG_NONE=0, NAT_LOG_ERROR=1, NAT_LOG_WARNING=2, NAT_LOG_NOTICE=3, NAT_LOG_INFO=4, NAT_LOG_DEBUG=5
type nat_timeouts: u32 udp, u32 tcp_established, u32 tcp_transitory, u32 icmp
enum sse2_qos_rate_type u8: SSE2_QOS_RATE_API_KBPS=0, SSE2_QOS_RATE_API_PPS=1, SSE2_QOS_RATE_API_INVALID=2
enum sse2_qos_round_type u8: SSE2_QOS_ROUND_API_TO_CLOSEST=0, SSE2_QOS_ROUND_API_TO_UP=1, SSE2_QOS_ROUND_API_TO_DOWN=2, SSE2_QOS_ROUND_API_INVALID=3
enum sse2_qos_policer_type u8: SSE2_QOS_POLICER_TYPE_API_1R2C=0, SSE2_QOS_POLICER_TYPE_API_1R3C_RFC_2697=1, SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_2698=2, SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_4115=3, SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_MEF5CF1=4, SSE2_QOS_POLICER_TYPE_API_MAX=5
enum sse2_qos_action_type u8: SSE2_QOS_ACTION_API_DROP=0, SSE2_QOS_ACTION_API_TRANSMIT=1, SSE2_QOS_ACTION_API_MARK_AND_TRANSMIT=2
type sse2_qos_action: sse2_qos_action_type type, u8 dscp
type policer_config: u32 cir, u32 eir, u64 cb, u64 eb, sse2_qos_rate_type rate_type, sse2_qos_round_type round_type, sse2_qos_policer_type type, bool color_aware, sse2_qos_action conform_action, sse2_qos_action exceed_action, sse2_qos_action violate_action
enum port_id_subtype u32: PORT_ID_SUBTYPE_RESERVED=0, PORT_ID_SUBTYPE_INTF_ALIAS=1, PORT_ID_SUBTYPE_PORT_COMP=2, PORT_ID_SUBTYPE_MAC_ADDR=3, PORT_ID_SUBTYPE_NET_ADDR=4, PORT_ID_SUBTYPE_INTF_NAME=5, PORT_ID_SUBTYPE_AGENT_CIRCUIT_ID=6, PORT_ID_SUBTYPE_LOCAL=7
enum rx_mode u32: RX_MODE_API_UNKNOWN=0, RX_MODE_API_POLLING=1, RX_MODE_API_INTERRUPT=2, RX_MODE_API_ADAPTIVE=3, RX_MODE_API_DEFAULT=4
enum sub_if_flags u32: SUB_IF_API_FLAG_NO_TAGS=1, SUB_IF_API_FLAG_ONE_TAG=2, SUB_IF_API_FLAG_TWO_TAGS=4, SUB_IF_API_FLAG_DOT1AD=8, SUB_IF_API_FLAG_EXACT_MATCH=16, SUB_IF_API_FLAG_DEFAULT=32, SUB_IF_API_FLAG_OUTER_VLAN_ID_ANY=64, SUB_IF_API_FLAG_INNER_VLAN_ID_ANY=128, SUB_IF_API_FLAG_MASK_VNET=254, SUB_IF_API_FLAG_DOT1AH=256
enum tap_flags u32: TAP_API_FLAG_GSO=1, TAP_API_FLAG_CSUM_OFFLOAD=2, TAP_API_FLAG_PERSIST=4, TAP_API_FLAG_ATTACH=8, TAP_API_FLAG_TUN=16, TAP_API_FLAG_GRO_COALESCE=32, TAP_API_FLAG_PACKED=64, TAP_API_FLAG_IN_ORDER=128, TAP_API_FLAG_CONSISTENT_QP=256
type thread_data: u32 id, string name[64], string type[64], u32 pid, u32 cpu_id, u32 core, u32 cpu_socket
alias timestamp: f64
enum urpf_mode u8: URPF_API_MODE_OFF=0, URPF_API_MODE_LOOSE=1, URPF_API_MODE_STRICT=2
enum vrrp_vr_flags u32: VRRP_API_VR_PREEMPT=1, VRRP_API_VR_ACCEPT=2, VRRP_API_VR_UNICAST=4, VRRP_API_VR_IPV6=8
type vrrp_vr_conf: interface_index sw_if_index, u8 vr_id, u8 priority, u16 interval, vrrp_vr_flags flags
enum vrrp_vr_state u32: VRRP_API_VR_STATE_INIT=0, VRRP_API_VR_STATE_BACKUP=1, VRRP_API_VR_STATE_MASTER=2, VRRP_API_VR_STATE_INTF_DOWN=3
type vrrp_vr_tracking: u32 interfaces_dec, u8 priority
type vrrp_vr_runtime: vrrp_vr_state state, u16 master_adv_int, u16 skew, u16 master_down_int, mac_address mac, vrrp_vr_tracking tracking
type vrrp_vr_track_if: interface_index sw_if_index, u8 priority
enum vss_type u32: VSS_TYPE_API_ASCII=0, VSS_TYPE_API_VPN_ID=1, VSS_TYPE_API_INVALID=123, VSS_TYPE_API_DEFAULT=255
service abf_itf_attach_add_del abf: abf_itf_attach_add_del_reply
service abf_itf_attach_dump abf: abf_itf_attach_details*
service abf_policy_add_del abf: abf_policy_add_del_reply
service abf_policy_dump abf: abf_policy_details*
service acl_add_replace acl: acl_add_replace_reply
service acl_del acl: acl_del_reply
service acl_dump acl: acl_details*
service acl_interface_list_dump acl: acl_interface_list_details*
service acl_interface_set_acl_list acl: acl_interface_set_acl_list_reply
service af_packet_create_v3 af_packet: af_packet_create_v3_reply
service af_packet_delete af_packet: af_packet_delete_reply
service af_packet_dump af_packet: af_packet_details*
service api_versions: api_versions_reply
service bond_add_member: bond_add_member_reply
service bond_create2: bond_create2_reply
service bond_delete: bond_delete_reply
service bond_detach_member: bond_detach_member_reply
service bridge_domain_add_del_v2: bridge_domain_add_del_v2_reply
service bridge_domain_dump: bridge_domain_details*
service bridge_domain_set_mac_age: bridge_domain_set_mac_age_reply
service bridge_flags: bridge_flags_reply
service bvi_create: bvi_create_reply
service bvi_delete: bvi_delete_reply
service cli_inband: cli_inband_reply
service control_ping: control_ping_reply
service create_loopback_instance: create_loopback_instance_reply
service create_subif: create_subif_reply
service create_vlan_subif: create_vlan_subif_reply
service delete_loopback: delete_loopback_reply
service delete_subif: delete_subif_reply
service det44_add_del_map det44: det44_add_del_map_reply
service det44_get_timeouts det44: det44_get_timeouts_reply
service det44_interface_add_del_feature det44: det44_interface_add_del_feature_reply
service det44_interface_dump det44: det44_interface_details*
service det44_map_dump det44: det44_map_details*
service det44_plugin_enable_disable det44: det44_plugin_enable_disable_reply
service det44_session_dump det44: det44_session_details*
service det44_set_timeouts det44: det44_set_timeouts_reply
service dhcp_client_dump dhcp: dhcp_client_details*
service dhcp_proxy_config dhcp: dhcp_proxy_config_reply
service dhcp_proxy_dump dhcp: dhcp_proxy_details*
service feature_enable_disable: feature_enable_disable_reply
service feature_is_enabled: feature_is_enabled_reply
service get_api_json: get_api_json_reply
service hw_interface_set_mtu: hw_interface_set_mtu_reply
service ip_address_dump: ip_address_details*
service ip_neighbor_add_del: ip_neighbor_add_del_reply
service ip_neighbor_config: ip_neighbor_config_reply
service ip_neighbor_config_get: ip_neighbor_config_get_reply
service ip_neighbor_dump: ip_neighbor_details*
service ip_neighbor_flush: ip_neighbor_flush_reply
service ip_route_add_del_v2: ip_route_add_del_v2_reply
service ip_route_lookup_v2: ip_route_lookup_v2_reply
service ip_route_v2_dump: ip_route_v2_details*
service ip_table_add_del: ip_table_add_del_reply
service ip_table_add_del_v2: ip_table_add_del_v2_reply
service ip_table_dump: ip_table_details*
service ip_unnumbered_dump: ip_unnumbered_details*
service l2_interface_vlan_tag_rewrite: l2_interface_vlan_tag_rewrite_reply
service l2_xconnect_dump: l2_xconnect_details*
service lcp_default_ns_get linux_cp: lcp_default_ns_get_reply
service lcp_default_ns_set linux_cp: lcp_default_ns_set_reply
service lcp_itf_pair_add_del_v2 linux_cp: lcp_itf_pair_add_del_v2_reply
service lcp_itf_pair_add_del_v3 linux_cp: lcp_itf_pair_add_del_v3_reply
service lcp_itf_pair_get linux_cp: lcp_itf_pair_get_reply after lcp_itf_pair_details*
service lldp_config lldp: lldp_config_reply
service lldp_dump lldp: lldp_dump_reply after lldp_details*
service log_dump: log_details*
service macip_acl_dump acl: macip_acl_details*
service macip_acl_interface_list_dump acl: macip_acl_interface_list_details*
service memif_create_v2 memif: memif_create_v2_reply
service memif_delete memif: memif_delete_reply
service memif_dump memif: memif_details*
service memif_socket_filename_add_del_v2 memif: memif_socket_filename_add_del_v2_reply
service memif_socket_filename_dump memif: memif_socket_filename_details*
service nat44_address_dump nat: nat44_address_details*
service nat44_interface_dump nat: nat44_interface_details*
service nat44_show_running_config nat: nat44_show_running_config_reply
service nat64_add_del_interface nat64: nat64_add_del_interface_reply
service nat64_add_del_pool_addr_range nat64: nat64_add_del_pool_addr_range_reply
service nat64_add_del_prefix nat64: nat64_add_del_prefix_reply
service nat64_bib_dump nat64: nat64_bib_details*
service nat64_interface_dump nat64: nat64_interface_details*
service nat64_plugin_enable_disable nat64: nat64_plugin_enable_disable_reply
service nat64_pool_addr_dump nat64: nat64_pool_addr_details*
service nat64_prefix_dump nat64: nat64_prefix_details*
service policer_add policer: policer_add_reply
service policer_add_del policer: policer_add_del_reply
service policer_bind policer: policer_bind_reply
service policer_del policer: policer_del_reply
service policer_dump policer: policer_details*
service policer_dump_v2 policer: policer_details*
service policer_input policer: policer_input_reply
service policer_input_v2 policer: policer_input_v2_reply
service policer_output policer: policer_output_reply
service policer_output_v2 policer: policer_output_v2_reply
service policer_update policer: policer_update_reply
service show_threads: show_threads_reply
service show_version: show_version_reply
service show_vpe_system_time: show_vpe_system_time_reply
service sockclnt_create: sockclnt_create_reply
service sockclnt_delete: sockclnt_delete_reply
service sw_bond_interface_dump: sw_bond_interface_details*
service sw_interface_add_del_address: sw_interface_add_del_address_reply
service sw_interface_dump: sw_interface_details*
service sw_interface_get_mac_address: sw_interface_get_mac_address_reply
service sw_interface_get_table: sw_interface_get_table_reply
service sw_interface_ip6_enable_disable: sw_interface_ip6_enable_disable_reply
service sw_interface_ip6_get_link_local_address: sw_interface_ip6_get_link_local_address_reply
service sw_interface_ip6_set_link_local_address: sw_interface_ip6_set_link_local_address_reply
service sw_interface_ip6nd_ra_config: sw_interface_ip6nd_ra_config_reply
service sw_interface_ip6nd_ra_dump: sw_interface_ip6nd_ra_details*
service sw_interface_ip6nd_ra_prefix: sw_interface_ip6nd_ra_prefix_reply
service sw_interface_rx_placement_dump: sw_interface_rx_placement_details*
service sw_interface_set_bond_weight: sw_interface_set_bond_weight_reply
service sw_interface_set_flags: sw_interface_set_flags_reply
service sw_interface_set_interface_name: sw_interface_set_interface_name_reply
service sw_interface_set_l2_bridge: sw_interface_set_l2_bridge_reply
service sw_interface_set_l2_xconnect: sw_interface_set_l2_xconnect_reply
service sw_interface_set_lldp lldp: sw_interface_set_lldp_reply
service sw_interface_set_mtu: sw_interface_set_mtu_reply
service sw_interface_set_rx_mode: sw_interface_set_rx_mode_reply
service sw_interface_set_rx_placement: sw_interface_set_rx_placement_reply
service sw_interface_set_table: sw_interface_set_table_reply
service sw_interface_set_unnumbered: sw_interface_set_unnumbered_reply
service sw_interface_tag_add_del: sw_interface_tag_add_del_reply
service sw_interface_tap_v2_dump tapv2: sw_interface_tap_v2_details*
service sw_member_interface_dump: sw_member_interface_details*
service tap_create_v3 tapv2: tap_create_v3_reply
service tap_delete_v2 tapv2: tap_delete_v2_reply
service urpf_interface_dump urpf: urpf_interface_details*
service urpf_update urpf: urpf_update_reply
service urpf_update_v2 urpf: urpf_update_v2_reply
service vrrp_vr_add_del vrrp: vrrp_vr_add_del_reply
service vrrp_vr_del vrrp: vrrp_vr_del_reply
service vrrp_vr_dump vrrp: vrrp_vr_details*
service vrrp_vr_peer_dump vrrp: vrrp_vr_peer_details*
service vrrp_vr_set_peers vrrp: vrrp_vr_set_peers_reply
service vrrp_vr_start_stop vrrp: vrrp_vr_start_stop_reply
service vrrp_vr_track_if_add_del vrrp: vrrp_vr_track_if_add_del_reply
service vrrp_vr_track_if_dump vrrp: vrrp_vr_track_if_details*
service vrrp_vr_update vrrp: vrrp_vr_update_reply
service vxlan_add_del_tunnel_v3 vxlan: vxlan_add_del_tunnel_v3_reply
service vxlan_tunnel_v2_dump vxlan: vxlan_tunnel_v2_details*
service want_interface_events: want_interface_events_reply, events sw_interface_event
message abf_itf_attach_add_del 25c8621b: u32 client_index, u32 context, bool is_add, abf_itf_attach attach
message abf_itf_attach_add_del_reply e8d4e804: u32 context, i32 retval
message abf_itf_attach_details 7819523e: u32 context, abf_itf_attach attach
message abf_itf_attach_dump 51077d14: u32 client_index, u32 context
message abf_policy_add_del c6131197: u32 client_index, u32 context, bool is_add, abf_policy policy
message abf_policy_add_del_reply e8d4e804: u32 context, i32 retval
message abf_policy_details b7487fa4: u32 context, abf_policy policy
message abf_policy_dump 51077d14: u32 client_index, u32 context
message acl_add_replace ee5c2f18: u32 client_index, u32 context, u32 acl_index, string tag[64], u32 count, acl_rule r[count]
message acl_add_replace_reply ac407b0c: u32 context, u32 acl_index, i32 retval
message acl_del ef34fea4: u32 client_index, u32 context, u32 acl_index
message acl_del_reply e8d4e804: u32 context, i32 retval
message acl_details 95babae0: u32 context, u32 acl_index, string tag[64], u32 count, acl_rule r[count]
message acl_dump ef34fea4: u32 client_index, u32 context, u32 acl_index
message acl_interface_list_details e695d256: u32 context, interface_index sw_if_index, u8 count, u8 n_input, u32 acls[count]
message acl_interface_list_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index=4294967295
message acl_interface_set_acl_list 473982bd: u32 client_index, u32 context, interface_index sw_if_index, u8 count, u8 n_input, u32 acls[count]
message acl_interface_set_acl_list_reply e8d4e804: u32 context, i32 retval
message af_packet_create_v3 b3a809d4: u32 client_index, u32 context, af_packet_mode mode, mac_address hw_addr, bool use_random_hw_addr, string host_if_name[64], u32 rx_frame_size, u32 tx_frame_size, u32 rx_frames_per_block, u32 tx_frames_per_block, af_packet_flags flags, u16 num_rx_queues=1, u16 num_tx_queues=1
message af_packet_create_v3_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message af_packet_delete 863fa648: u32 client_index, u32 context, string host_if_name[64]
message af_packet_delete_reply e8d4e804: u32 context, i32 retval
message af_packet_details 58c7c042: u32 context, interface_index sw_if_index, string host_if_name[64]
message af_packet_dump 51077d14: u32 client_index, u32 context
message api_versions 51077d14: u32 client_index, u32 context
message api_versions_reply 5f0d99d6: u32 context, i32 retval, u32 count, module_version api_versions[count]
message bond_add_member e7d14948: u32 client_index, u32 context, interface_index sw_if_index, interface_index bond_sw_if_index, bool is_passive, bool is_long_timeout
message bond_add_member_reply e8d4e804: u32 context, i32 retval
message bond_create2 912fda76: u32 client_index, u32 context, bond_mode mode, bond_lb_algo lb, bool numa_only, bool enable_gso, bool use_custom_mac, mac_address mac_address, u32 id=4294967295
message bond_create2_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message bond_delete f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message bond_delete_reply e8d4e804: u32 context, i32 retval
message bond_detach_member f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message bond_detach_member_reply e8d4e804: u32 context, i32 retval
message bridge_domain_add_del_v2 600b7170: u32 client_index, u32 context, u32 bd_id, bool flood, bool uu_flood, bool forward, bool learn, bool arp_term, bool arp_ufwd, u8 mac_age, string bd_tag[64], bool is_add=true
message bridge_domain_add_del_v2_reply fcb1e980: u32 context, i32 retval, u32 bd_id
message bridge_domain_details 0fa506fd: u32 context, u32 bd_id, bool flood, bool uu_flood, bool forward, bool learn, bool arp_term, bool arp_ufwd, u8 mac_age, string bd_tag[64], interface_index bvi_sw_if_index, interface_index uu_fwd_sw_if_index, u32 n_sw_ifs, bridge_domain_sw_if sw_if_details[n_sw_ifs]
message bridge_domain_dump 74396a43: u32 client_index, u32 context, u32 bd_id=4294967295, interface_index sw_if_index=4294967295
message bridge_domain_set_mac_age b537ad7b: u32 client_index, u32 context, u32 bd_id, u8 mac_age
message bridge_domain_set_mac_age_reply e8d4e804: u32 context, i32 retval
message bridge_flags 1b0c5fbd: u32 client_index, u32 context, u32 bd_id, bool is_set, bd_flags flags
message bridge_flags_reply 29b2a2b3: u32 context, i32 retval, u32 resulting_feature_bitmap
message bvi_create f5398559: u32 client_index, u32 context, mac_address mac, u32 user_instance=4294967295
message bvi_create_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message bvi_delete f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message bvi_delete_reply e8d4e804: u32 context, i32 retval
message cli_inband f8377302: u32 client_index, u32 context, string cmd[]
message cli_inband_reply 05879051: u32 context, i32 retval, string reply[]
message control_ping 51077d14: u32 client_index, u32 context
message control_ping_reply f6b0b8ca: u32 context, i32 retval, u32 client_index, u32 vpe_pid
message create_loopback_instance d36a3ee2: u32 client_index, u32 context, mac_address mac_address, bool is_specified, u32 user_instance
message create_loopback_instance_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message create_subif 790ca755: u32 client_index, u32 context, interface_index sw_if_index, u32 sub_id, sub_if_flags sub_if_flags, u16 outer_vlan_id, u16 inner_vlan_id
message create_subif_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message create_vlan_subif af34ac8b: u32 client_index, u32 context, interface_index sw_if_index, u32 vlan_id
message create_vlan_subif_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message delete_loopback f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message delete_loopback_reply e8d4e804: u32 context, i32 retval
message delete_subif f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message delete_subif_reply e8d4e804: u32 context, i32 retval
message det44_add_del_map 1150a190: u32 client_index, u32 context, bool is_add, ip4_address in_addr, u8 in_plen, ip4_address out_addr, u8 out_plen
message det44_add_del_map_reply e8d4e804: u32 context, i32 retval
message det44_get_timeouts 51077d14: u32 client_index, u32 context
message det44_get_timeouts_reply 3c4df4e1: u32 context, i32 retval, u32 udp, u32 tcp_established, u32 tcp_transitory, u32 icmp
message det44_interface_add_del_feature dc17a836: u32 client_index, u32 context, bool is_add, bool is_inside, interface_index sw_if_index
message det44_interface_add_del_feature_reply e8d4e804: u32 context, i32 retval
message det44_interface_details e60cc5be: u32 context, bool is_inside, bool is_outside, interface_index sw_if_index
message det44_interface_dump 51077d14: u32 client_index, u32 context
message det44_map_details ad91dc83: u32 context, ip4_address in_addr, u8 in_plen, ip4_address out_addr, u8 out_plen, u32 sharing_ratio, u16 ports_per_host, u32 ses_num
message det44_map_dump 51077d14: u32 client_index, u32 context
message det44_plugin_enable_disable 617b6bf8: u32 client_index, u32 context, u32 inside_vrf, u32 outside_vrf, bool enable
message det44_plugin_enable_disable_reply e8d4e804: u32 context, i32 retval
message det44_session_details 27f3c171: u32 context, u16 in_port, ip4_address ext_addr, u16 ext_port, u16 out_port, u8 state, u32 expire
message det44_session_dump e45a3af7: u32 client_index, u32 context, ip4_address user_addr
message det44_set_timeouts d4746b16: u32 client_index, u32 context, u32 udp, u32 tcp_established, u32 tcp_transitory, u32 icmp
message det44_set_timeouts_reply e8d4e804: u32 context, i32 retval
message dhcp_client_details 8897b2d8: u32 context, dhcp_client client, dhcp_lease lease
message dhcp_client_dump 51077d14: u32 client_index, u32 context
message dhcp_proxy_config 4058a689: u32 client_index, u32 context, u32 rx_vrf_id, u32 server_vrf_id, bool is_add, address dhcp_server, address dhcp_src_address
message dhcp_proxy_config_reply e8d4e804: u32 context, i32 retval
message dhcp_proxy_details dcbaf540: u32 context, u32 rx_vrf_id, u32 vss_oui, u32 vss_fib_id, vss_type vss_type, bool is_ipv6, string vss_vpn_ascii_id[129], address dhcp_src_address, u8 count, dhcp_server servers[count]
message dhcp_proxy_dump 5c5b063f: u32 client_index, u32 context, bool is_ip6
message feature_enable_disable 7531c862: u32 client_index, u32 context, interface_index sw_if_index, bool enable, string arc_name[64], string feature_name[64]
message feature_enable_disable_reply e8d4e804: u32 context, i32 retval
message feature_is_enabled 55db09e2: u32 client_index, u32 context, string arc_name[64], string feature_name[64], interface_index sw_if_index
message feature_is_enabled_reply 03f284b5: u32 client_index, u32 context, i32 retval, bool is_enabled
message get_api_json 51077d14: u32 client_index, u32 context
message get_api_json_reply ea715b59: u32 context, i32 retval, string json[]
message hw_interface_set_mtu e6746899: u32 client_index, u32 context, interface_index sw_if_index, u16 mtu
message hw_interface_set_mtu_reply e8d4e804: u32 context, i32 retval
message ip_address_details ee29b797: u32 context, interface_index sw_if_index, address_with_prefix prefix
message ip_address_dump 2d033de4: u32 client_index, u32 context, interface_index sw_if_index, bool is_ipv6
message ip_neighbor_add_del 0607c257: u32 client_index, u32 context, bool is_add, ip_neighbor neighbor
message ip_neighbor_add_del_reply 1992deab: u32 context, i32 retval, u32 stats_index
message ip_neighbor_config f4a5cf44: u32 client_index, u32 context, address_family af, u32 max_number, u32 max_age, bool recycle
message ip_neighbor_config_get a5db7bf7: u32 client_index, u32 context, address_family af
message ip_neighbor_config_get_reply 798e6fdd: u32 context, i32 retval, address_family af, u32 max_number, u32 max_age, bool recycle
message ip_neighbor_config_reply e8d4e804: u32 context, i32 retval
message ip_neighbor_details e29d79f0: u32 context, f64 age, ip_neighbor neighbor
message ip_neighbor_dump d817a484: u32 client_index, u32 context, interface_index sw_if_index=4294967295, address_family af
message ip_neighbor_flush 16aa35d2: u32 client_index, u32 context, address_family af, interface_index sw_if_index=4294967295
message ip_neighbor_flush_reply e8d4e804: u32 context, i32 retval
message ip_route_add_del_v2 521ef330: u32 client_index, u32 context, bool is_add=true, bool is_multipath, ip_route_v2 route
message ip_route_add_del_v2_reply 1992deab: u32 context, i32 retval, u32 stats_index
message ip_route_lookup_v2 710d6471: u32 client_index, u32 context, u32 table_id, u8 exact, prefix prefix
message ip_route_lookup_v2_reply 84cc9e03: u32 context, i32 retval, ip_route_v2 route
message ip_route_v2_details b09aa6c0: u32 context, ip_route_v2 route
message ip_route_v2_dump d16f72e6: u32 client_index, u32 context, u8 src, ip_table table
message ip_table_add_del 0ffdaec0: u32 client_index, u32 context, bool is_add=true, ip_table table
message ip_table_add_del_reply e8d4e804: u32 context, i32 retval
message ip_table_add_del_v2 14e5081f: u32 client_index, u32 context, ip_table table, bool create_mfib=true, bool is_add=true
message ip_table_add_del_v2_reply e8d4e804: u32 context, i32 retval
message ip_table_details c79fca0f: u32 context, ip_table table
message ip_table_dump 51077d14: u32 client_index, u32 context
message ip_unnumbered_details cc59bd42: u32 context, interface_index sw_if_index, interface_index ip_sw_if_index
message ip_unnumbered_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index=4294967295
message l2_interface_vlan_tag_rewrite 62cc0bbc: u32 client_index, u32 context, interface_index sw_if_index, u32 vtr_op, u32 push_dot1q, u32 tag1, u32 tag2
message l2_interface_vlan_tag_rewrite_reply e8d4e804: u32 context, i32 retval
message l2_xconnect_details 472b6b67: u32 context, interface_index rx_sw_if_index, interface_index tx_sw_if_index
message l2_xconnect_dump 51077d14: u32 client_index, u32 context
message lcp_default_ns_get 51077d14: u32 client_index, u32 context
message lcp_default_ns_get_reply 5102feee: u32 context, string netns[32]
message lcp_default_ns_set 69749409: u32 client_index, u32 context, string netns[32]
message lcp_default_ns_set_reply e8d4e804: u32 context, i32 retval
message lcp_itf_pair_add_del_v2 40482b80: u32 client_index, u32 context, bool is_add, interface_index sw_if_index, string host_if_name[16], lcp_itf_host_type host_if_type, string netns[32]
message lcp_itf_pair_add_del_v2_reply 39452f52: u32 context, i32 retval, interface_index host_sw_if_index
message lcp_itf_pair_add_del_v3 40482b80: u32 client_index, u32 context, bool is_add, interface_index sw_if_index, string host_if_name[16], lcp_itf_host_type host_if_type, string netns[32]
message lcp_itf_pair_add_del_v3_reply c2502663: u32 context, i32 retval, u32 vif_index, interface_index host_sw_if_index
message lcp_itf_pair_details 8b5481af: u32 context, interface_index phy_sw_if_index, interface_index host_sw_if_index, u32 vif_index, string host_if_name[16], lcp_itf_host_type host_if_type, string netns[32]
message lcp_itf_pair_get f75ba505: u32 client_index, u32 context, u32 cursor
message lcp_itf_pair_get_reply 53b48f5d: u32 context, i32 retval, u32 cursor
message lldp_config c14445df: u32 client_index, u32 context, u32 tx_hold, u32 tx_interval, string system_name[]
message lldp_config_reply e8d4e804: u32 context, i32 retval
message lldp_details c2d226cd: u32 context, interface_index sw_if_index, f64 last_heard, f64 last_sent, u8 chassis_id[64], u8 chassis_id_len, u8 port_id[64], u8 port_id_len, u16 ttl, port_id_subtype port_id_subtype, chassis_id_subtype chassis_id_subtype
message lldp_dump f75ba505: u32 client_index, u32 context, u32 cursor
message lldp_dump_reply 53b48f5d: u32 context, i32 retval, u32 cursor
message log_details 03d61cc0: u32 context, timestamp timestamp, log_level level, string msg_class[32], string message[256]
message log_dump 6ab31753: u32 client_index, u32 context, timestamp start_timestamp
message macip_acl_details 27135b59: u32 context, u32 acl_index, string tag[64], u32 count, macip_acl_rule r[count]
message macip_acl_dump ef34fea4: u32 client_index, u32 context, u32 acl_index=4294967295
message macip_acl_interface_list_details a0c5d56d: u32 context, interface_index sw_if_index, u8 count, u32 acls[count]
message macip_acl_interface_list_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message memif_create_v2 8c7de5f7: u32 client_index, u32 context, memif_role role, memif_mode mode, u8 rx_queues, u8 tx_queues, u32 id, u32 socket_id, u32 ring_size, u16 buffer_size, bool no_zero_copy, bool use_dma, mac_address hw_addr, string secret[24]
message memif_create_v2_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message memif_delete f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message memif_delete_reply e8d4e804: u32 context, i32 retval
message memif_details da34feb9: u32 context, interface_index sw_if_index, mac_address hw_addr, u32 id, memif_role role, memif_mode mode, bool zero_copy, u32 socket_id, u32 ring_size, u16 buffer_size, if_status_flags flags, string if_name[64]
message memif_dump 51077d14: u32 client_index, u32 context
message memif_socket_filename_add_del_v2 34223bdf: u32 client_index, u32 context, bool is_add, u32 socket_id=4294967295, string socket_filename[]
message memif_socket_filename_add_del_v2_reply 9f29bdb9: u32 context, i32 retval, u32 socket_id
message memif_socket_filename_details 7ff326f7: u32 context, u32 socket_id, string socket_filename[108]
message memif_socket_filename_dump 51077d14: u32 client_index, u32 context
message nat44_address_details 0d1beac1: u32 context, ip4_address ip_address, nat_config_flags flags, u32 vrf_id
message nat44_address_dump 51077d14: u32 client_index, u32 context
message nat44_interface_details 5d286289: u32 context, nat_config_flags flags, interface_index sw_if_index
message nat44_interface_dump 51077d14: u32 client_index, u32 context
message nat44_show_running_config 51077d14: u32 client_index, u32 context
message nat44_show_running_config_reply 93d8e267: u32 context, i32 retval, u32 inside_vrf, u32 outside_vrf, u32 users, u32 sessions, u32 user_sessions, u32 user_buckets, u32 translation_buckets, bool forwarding_enabled, bool ipfix_logging_enabled, nat_timeouts timeouts, nat_log_level log_level, nat44_config_flags flags
message nat64_add_del_interface f3699b83: u32 client_index, u32 context, bool is_add, nat_config_flags flags, interface_index sw_if_index
message nat64_add_del_interface_reply e8d4e804: u32 context, i32 retval
message nat64_add_del_pool_addr_range a3b944e3: u32 client_index, u32 context, ip4_address start_addr, ip4_address end_addr, u32 vrf_id, bool is_add
message nat64_add_del_pool_addr_range_reply e8d4e804: u32 context, i32 retval
message nat64_add_del_prefix 727b2f4c: u32 client_index, u32 context, ip6_prefix prefix, u32 vrf_id, bool is_add
message nat64_add_del_prefix_reply e8d4e804: u32 context, i32 retval
message nat64_bib_details 43bc3ddf: u32 context, ip6_address i_addr, ip4_address o_addr, u16 i_port, u16 o_port, u32 vrf_id, u8 proto, nat_config_flags flags, u32 ses_num
message nat64_bib_dump cfcb6b75: u32 client_index, u32 context, u8 proto
message nat64_interface_details 5d286289: u32 context, nat_config_flags flags, interface_index sw_if_index
message nat64_interface_dump 51077d14: u32 client_index, u32 context
message nat64_plugin_enable_disable 45948b90: u32 client_index, u32 context, u32 bib_buckets, u32 bib_memory_size, u32 st_buckets, u32 st_memory_size, bool enable
message nat64_plugin_enable_disable_reply e8d4e804: u32 context, i32 retval
message nat64_pool_addr_details 9bb99cdb: u32 context, ip4_address address, u32 vrf_id
message nat64_pool_addr_dump 51077d14: u32 client_index, u32 context
message nat64_prefix_details 20568de3: u32 context, ip6_prefix prefix, u32 vrf_id
message nat64_prefix_dump 51077d14: u32 client_index, u32 context
message policer_add 4d949e35: u32 client_index, u32 context, string name[64], policer_config infos
message policer_add_del 2b31dd38: u32 client_index, u32 context, bool is_add, string name[64], u32 cir, u32 eir, u64 cb, u64 eb, sse2_qos_rate_type rate_type, sse2_qos_round_type round_type, sse2_qos_policer_type type, bool color_aware, sse2_qos_action conform_action, sse2_qos_action exceed_action, sse2_qos_action violate_action
message policer_add_del_reply a177cef2: u32 context, i32 retval, u32 policer_index
message policer_add_reply a177cef2: u32 context, i32 retval, u32 policer_index
message policer_bind dcf516f9: u32 client_index, u32 context, string name[64], u32 worker_index, bool bind_enable
message policer_bind_reply e8d4e804: u32 context, i32 retval
message policer_del 7ff7912e: u32 client_index, u32 context, u32 policer_index
message policer_del_reply e8d4e804: u32 context, i32 retval
message policer_details 72d0e248: u32 context, string name[64], u32 cir, u32 eir, u64 cb, u64 eb, sse2_qos_rate_type rate_type, sse2_qos_round_type round_type, sse2_qos_policer_type type, sse2_qos_action conform_action, sse2_qos_action exceed_action, sse2_qos_action violate_action, bool single_rate, bool color_aware, u32 scale, u32 cir_tokens_per_period, u32 pir_tokens_per_period, u32 current_limit, u32 current_bucket, u32 extended_limit, u32 extended_bucket, u64 last_update_time
message policer_dump 35f1ae0f: u32 client_index, u32 context, bool match_name_valid, string match_name[64]
message policer_dump_v2 7ff7912e: u32 client_index, u32 context, u32 policer_index
message policer_input 233f0ef5: u32 client_index, u32 context, string name[64], interface_index sw_if_index, bool apply
message policer_input_reply e8d4e804: u32 context, i32 retval
message policer_input_v2 8388eb84: u32 client_index, u32 context, u32 policer_index, interface_index sw_if_index, bool apply
message policer_input_v2_reply e8d4e804: u32 context, i32 retval
message policer_output 233f0ef5: u32 client_index, u32 context, string name[64], interface_index sw_if_index, bool apply
message policer_output_reply e8d4e804: u32 context, i32 retval
message policer_output_v2 8388eb84: u32 client_index, u32 context, u32 policer_index, interface_index sw_if_index, bool apply
message policer_output_v2_reply e8d4e804: u32 context, i32 retval
message policer_update fd039ef0: u32 client_index, u32 context, u32 policer_index, policer_config infos
message policer_update_reply e8d4e804: u32 context, i32 retval
message show_threads 51077d14: u32 client_index, u32 context
message show_threads_reply efd78e83: u32 context, i32 retval, u32 count, thread_data thread_data[count]
message show_version 51077d14: u32 client_index, u32 context
message show_version_reply c919bde1: u32 context, i32 retval, string program[32], string version[32], string build_date[32], string build_directory[256]
message show_vpe_system_time 51077d14: u32 client_index, u32 context
message show_vpe_system_time_reply 7ffd8193: u32 context, i32 retval, timestamp vpe_system_time
message sockclnt_create 455fb9c4: u32 context, string name[64]
message sockclnt_create_reply 35166268: u32 client_index, u32 context, i32 response, u32 index, u16 count, message_table_entry message_table[count]
message sockclnt_delete 8ac76db6: u32 client_index, u32 context, u32 index
message sockclnt_delete_reply 8f38b1ee: u32 context, i32 response
message sw_bond_interface_details 9428a69c: u32 context, interface_index sw_if_index, u32 id, bond_mode mode, bond_lb_algo lb, bool numa_only, u32 active_members, u32 members, string interface_name[64]
message sw_bond_interface_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index=4294967295
message sw_interface_add_del_address 5463d73b: u32 client_index, u32 context, interface_index sw_if_index, bool is_add, bool del_all, address_with_prefix prefix
message sw_interface_add_del_address_reply e8d4e804: u32 context, i32 retval
message sw_interface_details 6c221fc7: u32 context, interface_index sw_if_index, u32 sup_sw_if_index, mac_address l2_address, if_status_flags flags, if_type type, link_duplex link_duplex, u32 link_speed, u16 link_mtu, u32 mtu[4], u32 sub_id, u8 sub_number_of_tags, u16 sub_outer_vlan_id, u16 sub_inner_vlan_id, sub_if_flags sub_if_flags, u32 vtr_op, u32 vtr_push_dot1q, u32 vtr_tag1, u32 vtr_tag2, u16 outer_tag, mac_address b_dmac, mac_address b_smac, u16 b_vlanid, u32 i_sid, string interface_name[64], string interface_dev_type[64], string tag[64]
message sw_interface_dump aa610c27: u32 client_index, u32 context, interface_index sw_if_index=4294967295, bool name_filter_valid, string name_filter[]
message sw_interface_event 2d3d95a7: u32 client_index, u32 pid, interface_index sw_if_index, if_status_flags flags, bool deleted
message sw_interface_get_mac_address f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message sw_interface_get_mac_address_reply 40ef2c08: u32 context, i32 retval, mac_address mac_address
message sw_interface_get_table 2d033de4: u32 client_index, u32 context, interface_index sw_if_index, bool is_ipv6
message sw_interface_get_table_reply a6eb0109: u32 context, i32 retval, u32 vrf_id
message sw_interface_ip6_enable_disable ae6cfcfb: u32 client_index, u32 context, interface_index sw_if_index, bool enable
message sw_interface_ip6_enable_disable_reply e8d4e804: u32 context, i32 retval
message sw_interface_ip6_get_link_local_address f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message sw_interface_ip6_get_link_local_address_reply d16b7130: u32 context, i32 retval, ip6_address ip
message sw_interface_ip6_set_link_local_address 1c10f15f: u32 client_index, u32 context, interface_index sw_if_index, ip6_address ip
message sw_interface_ip6_set_link_local_address_reply e8d4e804: u32 context, i32 retval
message sw_interface_ip6nd_ra_config 3eb00b1c: u32 client_index, u32 context, interface_index sw_if_index, u8 suppress, u8 managed, u8 other, u8 ll_option, u8 send_unicast, u8 cease, bool is_no, u8 default_router, u32 max_interval, u32 min_interval, u32 lifetime, u32 initial_count, u32 initial_interval
message sw_interface_ip6nd_ra_config_reply e8d4e804: u32 context, i32 retval
message sw_interface_ip6nd_ra_details d3198de5: u32 context, interface_index sw_if_index, u8 cur_hop_limit, bool adv_managed_flag, bool adv_other_flag, u16 adv_router_lifetime, u32 adv_neighbor_reachable_time, u32 adv_retransmit_interval, u32 adv_link_mtu, bool send_radv, bool cease_radv, bool send_unicast, bool adv_link_layer_address, f64 max_radv_interval, f64 min_radv_interval, f64 last_radv_time, f64 last_multicast_time, f64 next_multicast_time, u32 initial_adverts_count, f64 initial_adverts_interval, bool initial_adverts_sent, u32 n_advertisements_sent, u32 n_solicitations_rcvd, u32 n_solicitations_dropped, u32 n_prefixes, ip6nd_ra_prefix prefixes[n_prefixes]
message sw_interface_ip6nd_ra_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message sw_interface_ip6nd_ra_prefix 82cc1b28: u32 client_index, u32 context, interface_index sw_if_index, prefix prefix, bool use_default, bool no_advertise, bool off_link, bool no_autoconfig, bool no_onlink, bool is_no, u32 val_lifetime, u32 pref_lifetime
message sw_interface_ip6nd_ra_prefix_reply e8d4e804: u32 context, i32 retval
message sw_interface_rx_placement_details 9e44a7ce: u32 client_index, u32 context, interface_index sw_if_index, u32 queue_id, u32 worker_id, rx_mode mode
message sw_interface_rx_placement_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message sw_interface_set_bond_weight deb510a0: u32 client_index, u32 context, interface_index sw_if_index, u32 weight
message sw_interface_set_bond_weight_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_flags f5aec1b8: u32 client_index, u32 context, interface_index sw_if_index, if_status_flags flags
message sw_interface_set_flags_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_interface_name 45a1d548: u32 client_index, u32 context, interface_index sw_if_index, string name[64]
message sw_interface_set_interface_name_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_l2_bridge d0678b13: u32 client_index, u32 context, interface_index rx_sw_if_index, u32 bd_id, l2_port_type port_type, u8 shg, bool enable=true
message sw_interface_set_l2_bridge_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_l2_xconnect 4fa28a85: u32 client_index, u32 context, interface_index rx_sw_if_index, interface_index tx_sw_if_index, bool enable=true
message sw_interface_set_l2_xconnect_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_lldp 57afbcd4: u32 client_index, u32 context, interface_index sw_if_index, ip4_address mgmt_ip4, ip6_address mgmt_ip6, u8 mgmt_oid[128], bool enable=true, string port_desc[]
message sw_interface_set_lldp_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_mtu 5cbe85e5: u32 client_index, u32 context, interface_index sw_if_index, u32 mtu[4]
message sw_interface_set_mtu_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_rx_mode b04d1cfe: u32 client_index, u32 context, interface_index sw_if_index, bool queue_id_valid, u32 queue_id, rx_mode mode
message sw_interface_set_rx_mode_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_rx_placement db65f3c9: u32 client_index, u32 context, interface_index sw_if_index, u32 queue_id, u32 worker_id, bool is_main
message sw_interface_set_rx_placement_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_table df42a577: u32 client_index, u32 context, interface_index sw_if_index, bool is_ipv6, u32 vrf_id
message sw_interface_set_table_reply e8d4e804: u32 context, i32 retval
message sw_interface_set_unnumbered 154a6439: u32 client_index, u32 context, interface_index sw_if_index, interface_index unnumbered_sw_if_index, bool is_add
message sw_interface_set_unnumbered_reply e8d4e804: u32 context, i32 retval
message sw_interface_tag_add_del 426f8bc1: u32 client_index, u32 context, bool is_add, interface_index sw_if_index, string tag[64]
message sw_interface_tag_add_del_reply e8d4e804: u32 context, i32 retval
message sw_interface_tap_v2_details 1e2b2a47: u32 context, u32 sw_if_index, u32 id, u16 tx_ring_sz, u16 rx_ring_sz, u32 host_mtu_size, mac_address host_mac_addr, ip4_address_with_prefix host_ip4_prefix, ip6_address_with_prefix host_ip6_prefix, tap_flags tap_flags, string dev_name[64], string host_if_name[64], string host_namespace[64], string host_bridge[64]
message sw_interface_tap_v2_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index=4294967295
message sw_member_interface_details 3c4a0e23: u32 context, interface_index sw_if_index, string interface_name[64], bool is_passive, bool is_long_timeout, bool is_local_numa, u32 weight
message sw_member_interface_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message tap_create_v3 3f3fd1df: u32 client_index, u32 context, u32 id=4294967295, bool use_random_mac=true, mac_address mac_address, u16 num_rx_queues=1, u16 num_tx_queues=1, u16 tx_ring_sz=256, u16 rx_ring_sz=256, bool host_mtu_set, u32 host_mtu_size, bool host_mac_addr_set, mac_address host_mac_addr, bool host_ip4_prefix_set, ip4_address_with_prefix host_ip4_prefix, bool host_ip6_prefix_set, ip6_address_with_prefix host_ip6_prefix, bool host_ip4_gw_set, ip4_address host_ip4_gw, bool host_ip6_gw_set, ip6_address host_ip6_gw, tap_flags tap_flags, bool host_namespace_set, string host_namespace[64], bool host_if_name_set, string host_if_name[64], bool host_bridge_set, string host_bridge[64], string tag[]
message tap_create_v3_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message tap_delete_v2 f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message tap_delete_v2_reply e8d4e804: u32 context, i32 retval
message urpf_interface_details f94b5374: u32 context, interface_index sw_if_index, bool is_input, urpf_mode mode, address_family af, u32 table_id
message urpf_interface_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index=4294967295
message urpf_update cc274cd1: u32 client_index, u32 context, bool is_input=true, urpf_mode mode, address_family af, interface_index sw_if_index
message urpf_update_reply e8d4e804: u32 context, i32 retval
message urpf_update_v2 b873d028: u32 client_index, u32 context, bool is_input=true, urpf_mode mode, address_family af, interface_index sw_if_index, u32 table_id=4294967295
message urpf_update_v2_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_add_del c5cf15aa: u32 client_index, u32 context, u8 is_add, interface_index sw_if_index, u8 vr_id, u8 priority, u16 interval, vrrp_vr_flags flags, u8 n_addrs, address addrs[n_addrs]
message vrrp_vr_add_del_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_del 6029baa1: u32 client_index, u32 context, u32 vrrp_index
message vrrp_vr_del_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_details 46edcebd: u32 context, vrrp_vr_conf config, vrrp_vr_runtime runtime, u8 n_addrs, address addrs[n_addrs]
message vrrp_vr_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message vrrp_vr_peer_details 3d99c108: u32 client_index, u32 context, interface_index sw_if_index, u8 vr_id, u8 is_ipv6, u8 n_peer_addrs, address peer_addrs[n_peer_addrs]
message vrrp_vr_peer_dump 6fa3f7c4: u32 client_index, u32 context, interface_index sw_if_index, u8 is_ipv6, u8 vr_id
message vrrp_vr_set_peers 20bec71f: u32 client_index, u32 context, interface_index sw_if_index, u8 vr_id, u8 is_ipv6, u8 n_addrs, address addrs[n_addrs]
message vrrp_vr_set_peers_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_start_stop 0662a3b7: u32 client_index, u32 context, interface_index sw_if_index, u8 vr_id, u8 is_ipv6, u8 is_start
message vrrp_vr_start_stop_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_track_if_add_del d67df299: u32 client_index, u32 context, interface_index sw_if_index, u8 is_ipv6, u8 vr_id, u8 is_add, u8 n_ifs, vrrp_vr_track_if ifs[n_ifs]
message vrrp_vr_track_if_add_del_reply e8d4e804: u32 context, i32 retval
message vrrp_vr_track_if_details 73c36f81: u32 client_index, u32 context, interface_index sw_if_index, u8 vr_id, u8 is_ipv6, u8 n_ifs, vrrp_vr_track_if ifs[n_ifs]
message vrrp_vr_track_if_dump a34dfc6d: u32 client_index, u32 context, interface_index sw_if_index, u8 is_ipv6, u8 vr_id, u8 dump_all
message vrrp_vr_update 0b51e2f4: u32 client_index, u32 context, u32 vrrp_index, interface_index sw_if_index, u8 vr_id, u8 priority, u16 interval, vrrp_vr_flags flags, u8 n_addrs, address addrs[n_addrs]
message vrrp_vr_update_reply 5317d608: u32 context, i32 retval, u32 vrrp_index
message vxlan_add_del_tunnel_v3 0072b037: u32 client_index, u32 context, bool is_add=true, u32 instance=4294967295, address src_address, address dst_address, u16 src_port, u16 dst_port, interface_index mcast_sw_if_index, u32 encap_vrf_id, u32 decap_next_index, u32 vni, bool is_l3=false
message vxlan_add_del_tunnel_v3_reply 5383d31f: u32 context, i32 retval, interface_index sw_if_index
message vxlan_tunnel_v2_details d3bdd4d9: u32 context, interface_index sw_if_index, u32 instance, address src_address, address dst_address, u16 src_port, u16 dst_port, interface_index mcast_sw_if_index, u32 encap_vrf_id, u32 decap_next_index, u32 vni
message vxlan_tunnel_v2_dump f9e6675e: u32 client_index, u32 context, interface_index sw_if_index
message want_interface_events 476f5a08: u32 client_index, u32 context, u32 enable_disable, u32 pid
message want_interface_events_reply e8d4e804: u32 context, i32 retval
`;
