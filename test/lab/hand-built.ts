/** Core as somebody sets it up by hand on VPP's CLI: what the machine file has words for, and what it has none for. */

/** Devices of Linux that it stands on. */
export const handBuiltDevices = ["hb-wan", "hb-lan", "hb-a", "hb-b"] as const;

export const handBuilt: readonly string[] = [
  ...(
    [
      ["wan", 1],
      ["lan", 2],
      ["a", 3],
      ["b", 4],
    ] as const
  ).flatMap(([name, number]) => [
    `create host-interface name hb-${name} hw-addr 02:00:00:aa:00:0${number}`,
    `set interface name host-hb-${name} ${name}`,
    `set interface mtu packet 1500 ${name}`,
    `set interface state ${name} up`,
  ]),
  "lcp create wan host-if wan0",
  "lcp create lan host-if lan",
  "create loopback interface instance 0",
  "set interface state loop0 up",
  "lcp create loop0 host-if lo0",
  "set interface ip address loop0 192.0.2.1/32",
  "set interface ip address wan 198.51.100.2/30",
  "set interface ip address wan 2001:db8:1::2/64",
  "create sub-interfaces lan 10",
  "set interface mtu packet 1500 lan.10",
  "set interface state lan.10 up",
  "lcp create lan.10 host-if lan.10",
  "set interface ip address lan.10 10.0.10.1/24",
  // Without an MTU of its own: it has its parent's.
  "create sub-interfaces lan 20 dot1q 200 exact-match",
  "set interface state lan.20 up",
  // A bridge of two VLANs, with the router in it.
  "create bridge-domain 7 learn 1 forward 1 uu-flood 1 flood 1 arp-term 0",
  "create sub-interfaces a 7",
  "set interface mtu packet 1500 a.7",
  "set interface state a.7 up",
  "set interface l2 tag-rewrite a.7 pop 1",
  "set interface l2 bridge a.7 7",
  "bvi create instance 7",
  "set interface state bvi7 up",
  "set interface l2 bridge bvi7 7 bvi",
  "set interface ip address bvi7 10.0.7.1/24",
  // A VLAN that is passed on.
  "create sub-interfaces a 30",
  "create sub-interfaces b 30",
  "set interface state a.30 up",
  "set interface state b.30 up",
  "set interface l2 xconnect a.30 b.30",
  "set interface l2 xconnect b.30 a.30",
  "set acl-plugin acl permit src 10.0.10.0/24 dst 0.0.0.0/0 proto 6 dport 80-443, deny src 10.0.10.0/24 tag outgoing",
  "set acl-plugin interface lan.10 input acl 0",
  // No words for these: an ACL of its own for steering by number, and a route that is not FRR's.
  "abf policy add id 5 acl 0 via 198.51.100.1 wan",
  "abf attach ip4 policy 5 priority 10 lan.20",
  "ip route add 203.0.113.0/24 via 198.51.100.1 wan",
];
