/**
 * The appliance from which this product comes, as its builder set it up by hand before there was an agent: the command files
 * of both VPPs, what a script adds to core, frr.conf, and Incus's bridge. Names and numbers are its own; addresses are not.
 */
import type { IncusObserved } from "../../reconcilers/incus/model.ts";

/** What DPDK gave core. */
export const referenceNics = ["external", "internal"] as const;

export const referenceStartup = `unix {
  nodaemon
  cli-listen /run/vpp/core-cli.sock
  exec /etc/vpp/commands-core.txt
}
cpu {
  main-core 1
  corelist-workers 2-4
}
dpdk {
  dev 0000:04:00.0 {
    name external
    num-rx-queues 2
  }
  dev 0000:04:00.1 {
    name internal
  }
}
`;

/** `run`: where memif's sockets are. */
export function referenceCore(run: string): readonly string[] {
  return [
    "lcp lcp-sync on",
    "lcp create external host-if external",
    "set interface state external up",
    "set interface ip address external 192.0.2.9/31",
    "set interface ip address external 2001:db8:e::101/127",
    "set interface mtu packet 1500 external",
    "lcp create internal host-if internal",
    "set interface state internal up",
    "set interface ip address internal 192.168.20.1/24",
    "set interface ip address internal 2001:db8:10::fffe/64",
    "set interface mtu packet 1500 internal",
    `create memif socket id 1 filename ${run}/memif-nat-int.sock`,
    "create interface memif id 0 socket-id 1 master",
    "set interface state memif1/0 up",
    "set interface ip address memif1/0 169.254.1.4/31",
    `create memif socket id 2 filename ${run}/memif-nat-ext.sock`,
    "create interface memif id 0 socket-id 2 master",
    "lcp create memif2/0 host-if memif2",
    "set interface state memif2/0 up",
    "set interface ip address memif2/0 169.254.1.7/31",
    "set acl-plugin acl deny src 192.168.20.0/24 dst 10.234.116.0/24, deny src 192.168.20.0/24 dst 192.168.37.0/24, deny src 192.168.20.0/24 dst 10.42.0.0/16, permit src 192.168.20.0/24 dst 0.0.0.0/0",
    "abf policy add id 0 acl 0 via 169.254.1.5 memif1/0",
    "abf attach ip4 policy 0 internal",
    "create host-interface name incus-dataplane",
    "set interface mtu packet 1500 host-incus-dataplane",
    "set interface ip address host-incus-dataplane 10.234.116.5/24",
    "set interface state host-incus-dataplane up",
    "set acl-plugin acl deny src 10.234.116.0/24 dst 10.0.0.0/8, deny src 10.234.116.0/24 dst 172.16.0.0/12, deny src 10.234.116.0/24 dst 192.168.0.0/16, permit src 10.234.116.0/24 dst 0.0.0.0/0",
    "abf policy add id 1 acl 1 via 169.254.1.5 memif1/0",
    "abf attach ip4 policy 1 host-incus-dataplane",
    "ip route add 0.0.0.0/0 via 192.0.2.8 external",
    "ip route add ::/0 via 2001:db8:e::100 external",
    "ip route add 203.0.113.96/29 via 169.254.1.6 memif2/0",
  ];
}

/** What a script says 15 s later, when Linux has told VPP of its link-local address behind the tap. */
export const referenceScript: readonly string[] = [
  "ip6 nd internal ra-interval 30 15",
  "ip6 nd internal prefix 2001:db8:10::/64 infinite",
  "ip6 nd internal no ra-suppress",
];

export function referenceNat(run: string): readonly string[] {
  return [
    `create memif socket id 1 filename ${run}/memif-nat-int.sock`,
    "create interface memif id 0 socket-id 1 slave",
    "set interface state memif1/0 up",
    "set interface ip address memif1/0 169.254.1.5/31",
    `create memif socket id 2 filename ${run}/memif-nat-ext.sock`,
    "create interface memif id 0 socket-id 2 slave",
    "set interface state memif2/0 up",
    "set interface ip address memif2/0 169.254.1.6/31",
    "det44 plugin enable",
    "set interface det44 inside memif1/0 outside memif2/0",
    "det44 add in 192.168.20.0/24 out 203.0.113.96/30",
    "det44 add in 10.234.116.0/24 out 203.0.113.100/30",
    "ip route add 0.0.0.0/0 via 169.254.1.7 memif2/0",
    "ip route add 192.168.20.0/24 via 169.254.1.4 memif1/0",
    "ip route add 10.234.116.0/24 via 169.254.1.4 memif1/0",
  ];
}

/** Without the header of FRR's own, which each version writes by itself. */
export const referenceFrr = `ip route 10.234.116.0/24 blackhole
ip route 203.0.113.96/29 169.254.1.6 memif2
ipv6 route 2001:db8:10:1::/64 blackhole
router bgp 65100
 bgp router-id 192.0.2.9
 no bgp default ipv4-unicast
 neighbor 192.0.2.8 remote-as 65100
 neighbor 192.0.2.8 description vyos
 neighbor 192.0.2.8 update-source 192.0.2.9
 neighbor 2001:db8:e::100 remote-as 65100
 neighbor 2001:db8:e::100 description vyos
 neighbor 2001:db8:e::100 update-source 2001:db8:e::101
 address-family ipv4 unicast
  network 10.234.116.0/24
  network 203.0.113.96/29
  redistribute connected route-map ALLOW_OUT
  neighbor 192.0.2.8 activate
  neighbor 192.0.2.8 soft-reconfiguration inbound
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:10:1::/64
  redistribute connected route-map ALLOW_OUT
  neighbor 2001:db8:e::100 activate
  neighbor 2001:db8:e::100 soft-reconfiguration inbound
 exit-address-family
exit
route-map ALLOW_IN permit 10
exit
route-map ALLOW_OUT permit 10
exit
`;

/** As `incus admin init` and a script left it: nothing has a mark of impctl. */
export const referenceIncus: IncusObserved = {
  objects: [
    {
      object: {
        kind: "network",
        name: "incusbr0",
        config: {
          "ipv4.address": "10.234.116.1/24",
          "ipv4.nat": "false",
          "ipv4.dhcp.gateway": "10.234.116.5",
          "ipv4.dhcp.ranges": "10.234.116.100-10.234.116.254",
          "ipv6.address": "none",
        },
      },
      users: ["profile default"],
    },
    { object: { kind: "pool", name: "default", driver: "zfs", source: "tank/incus" }, users: ["profile default"] },
    {
      object: {
        kind: "profile",
        name: "default",
        description: "Default Incus profile",
        config: {},
        devices: {
          root: { type: "disk", path: "/", pool: "default" },
          eth0: { type: "nic", name: "eth0", network: "incusbr0" },
        },
      },
      users: [],
    },
  ],
};

/** What the tool wrote below /etc that the machine file has words for. */
export const referenceFiles: ReadonlyMap<string, string> = new Map([
  ["/etc/vpp/startup-core.conf", referenceStartup],
  [
    "/etc/systemd/network/10-management.network",
    "[Match]\nName=enp1s0\n\n[Network]\nAddress=10.255.0.9/24\nGateway=10.255.0.1\nDNS=10.255.0.53\n",
  ],
  ["/etc/systemd/resolved.conf", "[Resolve]\n#DNS=\nDNS=10.255.0.53 10.255.1.53\n"],
]);
