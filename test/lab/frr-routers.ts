/**
 * Routers as people configure FRR, and edits of them, for pairs of configurations: whoever goes from one to the other must end
 * where an FRR ends that starts with the other. Written as by hand as well as as FRR prints.
 */

const upstream = `ip prefix-list BOGONS seq 5 permit 10.0.0.0/8 le 32
ip prefix-list BOGONS seq 10 permit 192.168.0.0/16 le 32
ip prefix-list OWN seq 5 permit 198.51.100.0/24
ip prefix-list OWN seq 10 permit 203.0.113.0/24 le 28
ipv6 prefix-list OWN6 seq 5 permit 2001:db8::/32 le 48
bgp as-path access-list SHORT seq 5 permit ^[0-9]+$
bgp community-list standard BLACKHOLE seq 5 permit 64500:666
route-map UP-IN deny 5
 match ip address prefix-list BOGONS
exit
route-map UP-IN permit 10
 set local-preference 80
exit
route-map UP-OUT permit 10
 match ip address prefix-list OWN
 set community 64500:100 additive
exit
route-map UP-OUT permit 20
 match ipv6 address prefix-list OWN6
exit
ip route 198.51.100.0/24 blackhole
ip route 203.0.113.0/24 blackhole 250
router bgp 64500
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
 neighbor 192.0.2.2 remote-as 64496
 neighbor 192.0.2.2 description transit-a
 neighbor 192.0.2.2 password s3cret
 neighbor 192.0.2.6 remote-as 64497
 neighbor 192.0.2.6 timers 10 30
 neighbor 2001:db8:f::2 remote-as 64496
 address-family ipv4 unicast
  network 198.51.100.0/24
  network 203.0.113.0/24 route-map UP-OUT
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.2 route-map UP-IN in
  neighbor 192.0.2.2 route-map UP-OUT out
  neighbor 192.0.2.2 maximum-prefix 1000 80 warning-only
  neighbor 192.0.2.6 activate
  neighbor 192.0.2.6 prefix-list OWN out
  neighbor 192.0.2.6 filter-list SHORT in
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8::/32
  neighbor 2001:db8:f::2 activate
  neighbor 2001:db8:f::2 route-map UP-IN in
  neighbor 2001:db8:f::2 route-map UP-OUT out
 exit-address-family
exit
`;

const core = `ip prefix-list LOOPBACKS seq 5 permit 192.0.2.0/24 ge 32
route-map RR-IN permit 10
 match ip address prefix-list LOOPBACKS
 on-match next
exit
route-map RR-IN permit 20
 set metric 20
exit
router bgp 64500
 bgp router-id 192.0.2.1
 bgp cluster-id 192.0.2.1
 no bgp default ipv4-unicast
 timers bgp 5 15
 neighbor IBGP peer-group
 neighbor IBGP remote-as 64500
 neighbor IBGP update-source lo0
 neighbor IBGP bfd
 neighbor CLIENTS peer-group
 neighbor CLIENTS remote-as internal
 neighbor 192.0.2.11 peer-group IBGP
 neighbor 192.0.2.12 peer-group IBGP
 neighbor 192.0.2.12 description second
 neighbor 192.0.2.21 peer-group CLIENTS
 neighbor 192.0.2.22 peer-group CLIENTS
 address-family ipv4 unicast
  redistribute ospf metric 10
  neighbor IBGP activate
  neighbor IBGP next-hop-self
  neighbor CLIENTS activate
  neighbor CLIENTS route-reflector-client
  neighbor CLIENTS route-map RR-IN in
  maximum-paths ibgp 4
 exit-address-family
 address-family ipv6 unicast
  neighbor IBGP activate
 exit-address-family
exit
router ospf
 ospf router-id 192.0.2.1
 log-adjacency-changes
 redistribute connected route-map RR-IN
 area 0.0.0.1 stub no-summary
 area 0.0.0.2 range 198.51.100.0/24
exit
router ospf6
 ospf6 router-id 192.0.2.1
 area 0.0.0.1 stub
exit
interface lo0
 ip ospf area 0.0.0.0
 ip ospf passive
 ipv6 ospf6 area 0.0.0.0
 ipv6 ospf6 passive
exit
interface core0
 ip ospf area 0.0.0.0
 ip ospf bfd
 ip ospf cost 20
 ip ospf network point-to-point
 ip ospf authentication message-digest
 ip ospf message-digest-key 1 md5 ospfkey
 ipv6 ospf6 area 0.0.0.0
 ipv6 ospf6 network point-to-point
exit
interface core1
 ip ospf area 0.0.0.1
 ip ospf dead-interval 20
 ip ospf hello-interval 5
exit
bfd
 profile core
  detect-multiplier 5
  transmit-interval 100
  receive-interval 100
 exit
exit
`;

/** As written years ago: nothing indented, no numbers, defaults spelled out. */
const old = `hostname old
ip prefix-list ANY permit any
ip prefix-list CUST permit 198.51.100.77/24 le 32 ge 25
ip prefix-list CUST deny any
route-map CUST-IN permit 10
match ip address prefix-list CUST
set local-preference 200
router bgp 64500
no bgp ebgp-requires-policy
timers bgp 60 180
neighbor 192.0.2.2 remote-as 64501
neighbor 192.0.2.2 route-map CUST-IN in
neighbor 192.0.2.9 remote-as 64502
neighbor 192.0.2.9 ebgp-multihop
neighbor 192.0.2.9 default-originate
network 198.51.100.0/24
redistribute static
router ospf
network 192.0.2.0/24 area 0
network 198.51.100.0/24 area 1
area 1 stub
passive-interface default
ip route 0.0.0.0/0 192.0.2.254
ip route 203.0.113.0 255.255.255.0 null0
line vty
`;

const vrfs = `vrf red
 ip route 10.1.0.0/16 10.0.0.1
 ip route 10.2.0.0/16 blackhole tag 7
exit-vrf
vrf blue
 ip route 10.3.0.0/16 10.0.0.1 50
exit-vrf
ip prefix-list RED seq 5 permit 10.1.0.0/16 le 24
route-map RED permit 10
 match ip address prefix-list RED
 set tag 9
exit
router bgp 64500
 bgp router-id 192.0.2.1
 neighbor 192.0.2.2 remote-as 64496
exit
router bgp 64500 vrf red
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 neighbor 10.0.0.2 remote-as 65001
 neighbor 10.0.0.2 description customer
 address-family ipv4 unicast
  redistribute static route-map RED
  neighbor 10.0.0.2 route-map RED out
  neighbor 10.0.0.2 allowas-in 2
 exit-address-family
exit
router bgp 64510 vrf blue
 neighbor 10.0.1.2 remote-as 65002
 address-family ipv4 unicast
  import vrf red
 exit-address-family
exit
router ospf vrf red
 redistribute bgp
 network 10.0.0.0/24 area 0.0.0.0
exit
`;

const exchange = `bgp large-community-list standard L seq 5 permit 64500:1:1
bgp extcommunity-list standard E seq 5 permit rt 64500:1
bgp community-list expanded X seq 5 permit 64500:[0-9]+
ipv6 prefix-list P6 seq 5 permit 2001:db8::/32 ge 33 le 48
access-list A4 seq 5 permit 198.51.100.0/24
route-map IX permit 10
 match large-community L
 set large-community 64500:2:2 additive
 set as-path prepend 64500 64500
exit
route-map IX permit 20
 match extcommunity E
 call SUB
exit
route-map IX deny 30
exit
route-map SUB permit 10
 match community X
 set metric 5
exit
router bgp 64500
 bgp router-id 192.0.2.7
 bgp bestpath as-path multipath-relax
 bgp bestpath compare-routerid
 bgp graceful-restart restart-time 100
 bgp graceful-restart
 no bgp default ipv4-unicast
 neighbor RS peer-group
 neighbor RS remote-as 64555
 neighbor RS ttl-security hops 1
 neighbor 192.0.2.51 peer-group RS
 neighbor 192.0.2.52 peer-group RS
 neighbor 192.0.2.52 shutdown
 neighbor 192.0.2.60 remote-as 64560
 neighbor 192.0.2.60 local-as 64511 no-prepend replace-as
 neighbor 192.0.2.61 remote-as 64561
 neighbor 192.0.2.61 ebgp-multihop 3
 neighbor ix0 interface v6only remote-as external
 address-family ipv4 unicast
  aggregate-address 198.51.100.0/22 summary-only
  neighbor RS activate
  neighbor RS route-map IX in
  neighbor RS route-map IX out
  neighbor 192.0.2.60 activate
  neighbor 192.0.2.60 soft-reconfiguration inbound
  neighbor 192.0.2.60 distribute-list A4 in
  neighbor 192.0.2.61 activate
  neighbor 192.0.2.61 addpath-tx-all-paths
  no neighbor 192.0.2.61 send-community extended
 exit-address-family
 address-family ipv6 unicast
  neighbor ix0 activate
  neighbor ix0 prefix-list P6 in
 exit-address-family
exit
bfd
 peer 192.0.2.51
  detect-multiplier 4
 exit
 profile slow
  passive-mode
  receive-interval 1000
 exit
exit
`;

const statics = `ip route 0.0.0.0/0 192.0.2.1
ip route 0.0.0.0/0 192.0.2.5 10
ip route 10.0.0.0/8 192.0.2.1 tag 210 250
ip route 10.1.0.0/16 eth0
ip route 10.2.0.0/16 192.0.2.9 eth0 onlink
ip route 10.3.0.0/16 Null0
ip route 10.4.0.0/16 reject
ipv6 route ::/0 2001:db8::1
ipv6 route 2001:db8:1::/48 blackhole 254
ipv6 route 2001:db8:2::/48 fe80::1 eth0
vrf red
 ip route 10.9.0.0/16 192.0.2.77 nexthop-vrf blue
exit-vrf
`;

export const routers: Readonly<Record<string, string>> = {
  upstream,
  core,
  old,
  vrfs,
  exchange,
  statics,
  vpn: vrfs.replace("import vrf red", "rd vpn export 64510:1\n  rt vpn both 64510:1\n  import vpn\n  export vpn"),
  nothing: "! a router before it is configured\n",
  otherAs: upstream.replaceAll("64500", "64999").replace("192.0.2.1\n", "192.0.2.3\n"),
  implicit: upstream.replace(" no bgp default ipv4-unicast\n", ""),
};

/** Edits of a few lines: whose, what, by what. Each is a pair in both directions. */
export const edits: readonly (readonly [router: string, from: string | RegExp, to: string])[] = [
  ["upstream", "description transit-a", "description Transit A, port 7"],
  ["upstream", "password s3cret", "password other"],
  ["upstream", " neighbor 192.0.2.2 password s3cret\n", ""],
  ["upstream", "remote-as 64497", "remote-as 64498"],
  ["upstream", "timers 10 30", "timers 20 60"],
  ["upstream", " neighbor 192.0.2.6 timers 10 30\n", ""],
  ["upstream", "router-id 192.0.2.1", "router-id 192.0.2.99"],
  ["upstream", "seq 10 permit 203.0.113.0/24 le 28", "seq 10 permit 203.0.113.0/24"],
  ["upstream", "seq 5 permit 198.51.100.0/24", "seq 5 permit 198.51.100.0/25"],
  ["upstream", "ip prefix-list OWN seq 10 permit 203.0.113.0/24 le 28\n", ""],
  ["upstream", "ip prefix-list OWN seq 5", "ip prefix-list OWN seq 7"],
  ["upstream", /ip prefix-list BOGONS.*\n/g, ""],
  ["upstream", /BOGONS/g, "MARTIANS"],
  ["upstream", /UP-OUT/g, "NEW-OUT"],
  ["upstream", "route-map UP-IN permit 10", "route-map UP-IN deny 10"],
  ["upstream", "set local-preference 80", "set local-preference 90\n set weight 5"],
  ["upstream", "set community 64500:100 additive", "set community 64500:200"],
  [
    "upstream",
    "route-map UP-OUT out\n  neighbor 192.0.2.2 maximum",
    "prefix-list OWN out\n  neighbor 192.0.2.2 maximum",
  ],
  ["upstream", "prefix-list OWN out", "distribute-list OWN out"],
  ["upstream", "maximum-prefix 1000 80 warning-only", "maximum-prefix 2000 restart 5"],
  ["upstream", "network 203.0.113.0/24 route-map UP-OUT", "network 203.0.113.0/24"],
  ["upstream", "blackhole 250", "blackhole tag 3 200"],
  ["upstream", "203.0.113.0/24 blackhole 250", "203.0.113.0/24 Null0 250"],
  ["upstream", /.*192\.0\.2\.6.*\n/g, ""],
  ["upstream", /.*2001:db8:f::2.*\n/g, ""],
  ["upstream", " neighbor 2001:db8:f::2", " bgp graceful-shutdown\n neighbor 2001:db8:f::2"],
  ["upstream", " neighbor 192.0.2.6 timers", " neighbor 192.0.2.6 shutdown\n neighbor 192.0.2.6 timers"],
  ["upstream", "permit ^[0-9]+$", "permit ^[0-9]+ [0-9]+$"],
  ["upstream", "standard BLACKHOLE seq 5", "expanded BLACKHOLE seq 5"],
  ["upstream", "  neighbor 192.0.2.6 activate\n", "  neighbor 192.0.2.6 activate\n  neighbor 192.0.2.6 weight 9\n"],
  ["core", "timers bgp 5 15", "timers bgp 3 9"],
  ["core", " timers bgp 5 15\n", ""],
  ["core", "neighbor IBGP update-source lo0", "neighbor IBGP update-source core0"],
  ["core", " neighbor IBGP bfd\n", ""],
  ["core", "neighbor 192.0.2.12 peer-group IBGP", "neighbor 192.0.2.12 peer-group CLIENTS"],
  ["core", /.*192\.0\.2\.2[12].*\n|.*CLIENTS.*\n/g, ""],
  ["core", /IBGP/g, "MESH"],
  ["core", "neighbor IBGP remote-as 64500", "neighbor IBGP remote-as 64501"],
  ["core", " neighbor 192.0.2.11 peer-group IBGP\n", " neighbor 192.0.2.11 remote-as 64500\n"],
  ["core", "bgp cluster-id 192.0.2.1", "bgp cluster-id 192.0.2.2"],
  ["core", "redistribute ospf metric 10", "redistribute ospf route-map RR-IN"],
  ["core", " on-match next\n", " on-match goto 30\n"],
  ["core", "area 0.0.0.1 stub no-summary", "area 0.0.0.1 nssa"],
  ["core", " area 0.0.0.2 range 198.51.100.0/24\n", " area 0.0.0.2 range 198.51.100.0/24 not-advertise\n"],
  ["core", "ip ospf cost 20", "ip ospf cost 30"],
  ["core", /ip ospf area 0\.0\.0\.0/g, "ip ospf area 0.0.0.5"],
  ["core", "md5 ospfkey", "md5 newkey"],
  ["core", "message-digest-key 1", "message-digest-key 2"],
  ["core", " ip ospf hello-interval 5\n", ""],
  ["core", " ip ospf bfd\n", " ip ospf bfd\n ip ospf bfd profile core\n"],
  ["core", "detect-multiplier 5", "detect-multiplier 3"],
  ["core", / profile core[^]*? exit\n/, ""],
  ["core", /router ospf6[^]*?exit\n/, ""],
  ["core", "ospf router-id 192.0.2.1", "ospf router-id 192.0.2.9"],
  ["core", /interface core1[^]*?exit\n/, ""],
  ["old", "timers bgp 60 180", "timers bgp 60 181"],
  ["old", "neighbor 192.0.2.9 ebgp-multihop\n", "neighbor 192.0.2.9 ebgp-multihop 5\n"],
  ["old", "area 1 stub", "area 1 stub no-summary"],
  ["old", "network 192.0.2.0/24 area 0", "network 192.0.2.0/25 area 0"],
  ["old", "ip prefix-list ANY permit any\n", ""],
  ["old", "redistribute static", "redistribute static route-map CUST-IN"],
  ["vrfs", "tag 7", "tag 8"],
  ["vrfs", "10.0.0.1 50", "10.0.0.1 60"],
  ["vrfs", / ip route 10\.[12].*\n/g, ""],
  ["vrfs", "remote-as 65001", "remote-as 65003"],
  ["vrfs", "import vrf red", "import vrf default"],
  ["vrfs", /router bgp 64510 vrf blue[^]*?\nexit\n/, ""],
  ["vrfs", /router ospf vrf red[^]*?\nexit\n/, ""],
  ["vrfs", "allowas-in 2", "allowas-in 3"],
  ["vrfs", "router bgp 64500\n", "router bgp 64999\n"],
  ["vrfs", "router bgp 64500 vrf red", "router bgp 64999 vrf red"],
  ["vrfs", /router bgp 64500\n[^]*?\nexit\n/, ""],
  ["vrfs", "import vrf red", "import vrf red\n  import vrf default"],
  ["exchange", "ttl-security hops 1", "ttl-security hops 2"],
  ["exchange", "ttl-security hops 1", "ebgp-multihop 2"],
  ["exchange", " neighbor 192.0.2.52 shutdown\n", ""],
  ["exchange", "local-as 64511 no-prepend replace-as", "local-as 64512"],
  ["exchange", "ebgp-multihop 3", "ttl-security hops 3"],
  ["exchange", "interface v6only remote-as external", "interface remote-as external"],
  ["exchange", "as-path prepend 64500 64500", "as-path prepend 64500"],
  ["exchange", " call SUB\n", ""],
  ["exchange", "summary-only", "as-set summary-only"],
  ["exchange", "send-community extended", "send-community all"],
  ["exchange", "addpath-tx-all-paths", "addpath-tx-bestpath-per-AS"],
  ["exchange", "bgp graceful-restart restart-time 100\n", "bgp graceful-restart restart-time 120\n"],
  ["exchange", "detect-multiplier 4", "detect-multiplier 6"],
  ["exchange", "set large-community 64500:2:2 additive", "set large-community 64500:3:3"],
  ["statics", "192.0.2.5 10", "192.0.2.5 20"],
  ["statics", "tag 210 250", "tag 211 251"],
  ["statics", "10.3.0.0/16 Null0", "10.3.0.0/16 reject"],
  ["statics", "192.0.2.9 eth0 onlink", "192.0.2.9 eth1"],
  ["statics", "nexthop-vrf blue", "nexthop-vrf green"],
  ["statics", "blackhole 254", "blackhole"],
];

export interface Pair {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Rewrites of one router into another, all of them, and every edit. */
export function pairs(): readonly Pair[] {
  const names = Object.keys(routers);
  const rewrites = names.flatMap((from) =>
    names
      .filter((to) => to !== from)
      .map((to) => ({ name: `${from} to ${to}`, from: routers[from] ?? "", to: routers[to] ?? "" })),
  );
  const edited = edits.map(([router, from, to]) => {
    const text = routers[router] ?? "";
    const other = text.replace(from, to);
    if (other === text) throw new Error(`${router} has no ${from.toString()}`);
    return { name: `${router}: ${from.toString().trim()} to ${to.trim() || "nothing"}`, from: text, to: other };
  });
  return [...rewrites, ...edited];
}
