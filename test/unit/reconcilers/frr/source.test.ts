import { describe, expect, it } from "vitest";
import { outlineOf } from "../../../../reconcilers/frr/outline-text.ts";
import { readMarked, readSource, sourceText } from "../../../../reconcilers/frr/source.ts";
import { tableForm } from "../../../../reconcilers/frr/table-form.ts";
import { parseConfig, printConfig } from "../../../../reconcilers/frr/tree.ts";
import { partSource } from "../../../../reconcilers/frr/units.ts";

/** "3: router bgp 1 / neighbor …" */
function told(text: string): readonly string[] {
  return readSource(text).lines.map(({ at, context, line }) => `${at}: ${[...context, line].join(" / ")}`);
}

describe("a file of FRR's", () => {
  it("is read with the context and the number of every line", () => {
    const text = `frr version 8.4.4
frr defaults datacenter
hostname r1
!
router bgp 64500
 neighbor   192.0.2.1 remote-as 64496
 !
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
 exit-address-family
exit
!
line vty
end
`;
    expect(told(text)).toEqual([
      "5: router bgp 64500",
      "6: router bgp 64500 / neighbor 192.0.2.1 remote-as 64496",
      "8: router bgp 64500 / address-family ipv4 unicast",
      "9: router bgp 64500 / address-family ipv4 unicast / neighbor 192.0.2.1 activate",
    ]);
    expect(readSource(text)).toMatchObject({ doubt: undefined, profile: "datacenter" });
  });

  it("may leave contexts by comments where no line can be meant otherwise", () => {
    const text = `router bgp 64500
 address-family ipv4 unicast
  network 192.0.2.0/24
 address-family ipv6 unicast
  network 2001:db8::/32
!
ip route 192.0.2.0/24 blackhole
route-map A permit 10
route-map A permit 20
 match tag 7
`;
    expect(readSource(text).doubt).toBeUndefined();
    expect(told(text).at(-1)).toBe("10: route-map A permit 20 / match tag 7");
  });

  it.each([
    ["a line that is not indented in its context", "router bgp 64500\nneighbor 192.0.2.1 remote-as 64496\n", 2],
    [
      "a route after a VRF that was not left",
      "vrf red\n ip route 192.0.2.0/24 blackhole\nip route 0.0.0.0/0 blackhole\n",
      3,
    ],
    [
      "policy after a family that was not left",
      "router bgp 1\n address-family ipv4\n  network 192.0.2.0/24\n neighbor 192.0.2.1 route-map A in\n",
      4,
    ],
    ["what stands in no known context", "odd thing\n inside\n", 2],
  ])("is in doubt with %s", (_, text, line) => {
    expect(readSource(text).doubt).toBe(line);
  });

  it("is read as FRR marked it, with the numbers of the file", () => {
    const text = "! c\nrouter bgp 64500\nneighbor 192.0.2.1 remote-as 64496\n\nip route 0.0.0.0/0 blackhole\n";
    const marked =
      "! c\nrouter bgp 64500\nneighbor 192.0.2.1 remote-as 64496\n\nexit\nip route 0.0.0.0/0 blackhole\n\nend\n";
    expect(readMarked(marked, text).lines).toEqual([
      { context: [], line: "router bgp 64500", at: 2 },
      { context: ["router bgp 64500"], line: "neighbor 192.0.2.1 remote-as 64496", at: 3 },
      { context: [], line: "ip route 0.0.0.0/0 blackhole", at: 5 },
    ]);
  });
});

describe("a file that leaves every context by its own words", () => {
  const isExact = (text: string) => outlineOf(text).isExact;

  it("reads as its indentation says", () => {
    const text =
      "vrf red\n ip route 0.0.0.0/0 blackhole\nexit-vrf\n!\nroute-map A permit 10\nexit\nip route 0.0.0.0/0 blackhole\n";
    expect(isExact(text)).toBe(true);
  });

  it.each([
    ["a VRF that is not left", "vrf red\n ip route 0.0.0.0/0 blackhole\n!\nip route 192.0.2.0/24 blackhole\n"],
    ["an empty VRF that is not left", "vrf red\nip route 192.0.2.0/24 blackhole\n"],
    [
      "a family that is not left",
      "router bgp 1\n address-family ipv4\n  network 192.0.2.0/24\n neighbor A activate\nexit\n",
    ],
    [
      "an empty family that is not left",
      "router bgp 1\n address-family ipv4 unicast\n neighbor A activate\n exit-address-family\nexit\n",
    ],
    ["what stands in no known context", "odd thing\n inside\nexit\n"],
    ["a context that is opened twice", "route-map A permit 10\n match tag 7\nexit\nroute-map A permit 10\nexit\n"],
    ["an exit as deep as what it leaves", "router bgp 1\n neighbor A activate\n exit\n odd thing\nexit\n"],
  ])("is none with %s", (_, text) => {
    expect(isExact(text)).toBe(false);
  });
});

describe("what of a file is shown to a scratch FRR", () => {
  const live = `ip prefix-list A seq 5 permit 192.0.2.0/24
ip prefix-list B seq 5 permit 192.0.2.0/24
router bgp 64500
 no bgp default ipv4-unicast
 neighbor G peer-group
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.2 peer-group G
 neighbor 192.0.2.3 peer-group G
 address-family ipv4 unicast
  network 192.0.2.0/24
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.2 activate
 exit-address-family
exit
router ospf
 area 0.0.0.1 stub
exit
`;
  const fed = (file: string) =>
    sourceText(partSource(readSource(file).lines, parseConfig(live)).fed)
      .trim()
      .split("\n");

  it("is nothing where the file is word for word what is live, in whatever order", () => {
    const other = live.replace(/^.*\n/, "").replace("exit\nrouter ospf", `exit\n${live.split("\n")[0]}\nrouter ospf`);
    expect(partSource(readSource(other).lines, parseConfig(live))).toMatchObject({ fed: [], isSame: true });
  });

  it("is nothing where only whole objects go", () => {
    const without = live.replace(/ip prefix-list B.*\n/, "");
    expect(partSource(readSource(without).lines, parseConfig(live))).toMatchObject({ fed: [], isSame: false });
  });

  it("is the list that differs, whole", () => {
    const more = live.replace("router bgp", "ip prefix-list B seq 10 deny any\nrouter bgp");
    expect(fed(more)).toEqual(["ip prefix-list B seq 5 permit 192.0.2.0/24", "ip prefix-list B seq 10 deny any"]);
  });

  it("is the whole route-map of which something is taken away, or the instance that is", () => {
    const map = "route-map M permit 10\n match tag 7\nexit\nroute-map M permit 20\nexit\n";
    for (const line of ["no route-map M", "no route-map M permit 20"]) {
      const { fed } = partSource(readSource(`${map}${line}\n`).lines, parseConfig(map));
      expect(fed.map((one) => one.line)).toEqual([
        "route-map M permit 10",
        "match tag 7",
        "route-map M permit 20",
        line,
      ]);
    }
    expect(fed(`${live}no router bgp 64500\n`)).toHaveLength(11);
  });

  it("is the peer that differs, with its group and its instance, and no other peer", () => {
    expect(fed(live.replace("neighbor 192.0.2.2 activate", "neighbor 192.0.2.2 next-hop-self"))).toEqual([
      "router bgp 64500",
      " no bgp default ipv4-unicast",
      " neighbor G peer-group",
      " neighbor 192.0.2.2 peer-group G",
      " address-family ipv4 unicast",
      "  neighbor 192.0.2.2 next-hop-self",
    ]);
  });

  it("is all of an instance whose own lines differ, and all members of a group that does", () => {
    expect(fed(live.replace(" no bgp default ipv4-unicast\n", ""))).toHaveLength(9);
    const grouped = fed(live.replace("neighbor G peer-group", "neighbor G peer-group\n neighbor G timers 3 9"));
    expect(grouped).toContain(" neighbor 192.0.2.3 peer-group G");
    expect(grouped).not.toContain(" neighbor 192.0.2.1 remote-as 64496");
  });
});

describe("the table for where no scratch FRR runs", () => {
  it("leaves out what FRR does not print, and spells as FRR does", () => {
    const file = `ip prefix-list A permit 192.0.2.77/24 le 32 ge 25
ip prefix-list A permit any
ip route 203.0.113.9/24 null0
ip route 203.0.113.0/24 192.0.2.1 vrf red
router bgp 64500
 timers bgp 60 180
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 route-map A in
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
 exit-address-family
exit
router ospf
 area 1 stub
exit
`;
    expect(printConfig(parseConfig(tableForm(readSource(file).lines)))).toEqual(
      printConfig(
        parseConfig(`ip prefix-list A seq 5 permit 192.0.2.0/24 ge 25 le 32
ip prefix-list A seq 10 permit any
ip route 203.0.113.0/24 Null0
vrf red
 ip route 203.0.113.0/24 192.0.2.1
router bgp 64500
 neighbor 192.0.2.1 remote-as 64496
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map A in
router ospf
 area 0.0.0.1 stub
`),
      ),
    );
  });
});
