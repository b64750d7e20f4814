/** The machine file that an adoption makes of FRR's running configuration. */
import { describe, expect, it } from "vitest";
import { parseYaml } from "../../../../schemas/yaml.ts";
import { valueAt } from "../../../../schemas/json.ts";
import { frrWith, type Tried, tryAdoption } from "../../../lab/adopting.ts";

const bgp = (more: string) => `router bgp 64500
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
${more}`;

async function adopt(config: string): Promise<Tried> {
  const tried = await tryAdoption({ hostname: "r1", frr: frrWith(config), vpp: {}, nics: new Map() });
  expect(tried.does).toEqual([]);
  expect(tried.steps).toEqual([]);
  return tried;
}

function read({ text }: Tried, ...path: string[]): unknown {
  return valueAt(parseYaml("r1.yaml", new TextEncoder().encode(text)).document?.value, path);
}

describe("a machine file of a running FRR", () => {
  it("says what FRR does by itself, and says of a neighbour only what is said there", async () => {
    const adopted = await adopt(
      bgp(` neighbor 192.0.2.2 remote-as 64496
 neighbor 192.0.2.2 description Transit A
 neighbor 192.0.2.6 remote-as 64497
 address-family ipv4 unicast
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.2 maximum-prefix 1000
 exit-address-family
 address-family ipv6 unicast
  neighbor 192.0.2.2 activate
 exit-address-family
exit
`),
    );

    expect(read(adopted, "routing", "bgp")).toEqual({
      asn: 64500,
      "router-id": "192.0.2.1",
      "ebgp-requires-policy": true,
      "log-neighbor-changes": false,
      "graceful-restart": "helper",
      peers: {
        "transit-a": {
          address: "192.0.2.2",
          "remote-as": 64496,
          description: "Transit A",
          ipv4: { activate: true, "max-prefix": { limit: 1000 } },
          ipv6: { activate: true },
        },
        "peer-192-0-2-6": { address: "192.0.2.6", "remote-as": 64497, description: "", ipv4: { activate: false } },
      },
    });
    expect(adopted.left).toEqual([]);
    expect(adopted.advice.join("\n")).toContain("No limit of prefixes: peer-192-0-2-6.");
  });

  it("lists what must not stand in a file, and keeps its text to itself", async () => {
    const { left, text } = await adopt(
      bgp(` neighbor 192.0.2.2 remote-as 64496
 neighbor 192.0.2.2 password <secret:0123456789abcdef>
exit
`),
    );

    expect(left).toEqual([
      "frr: router bgp 64500: neighbor 192.0.2.2 password (a secret). It stays as it is; to bring it in: impctl secret set",
    ]);
    expect(text).not.toContain("0123456789abcdef");
  });

  it("fences what it has no word for, each context in a block of its own", async () => {
    const adopted = await adopt(`access-list A seq 5 permit 198.51.100.0/24
route-map M permit 10
 match ip address A
 set metric 5
exit
`);

    expect(read(adopted, "routing", "raw")).toMatchObject({
      lines: { lines: ["access-list A seq 5 permit 198.51.100.0/24"] },
      "route-map-M-permit-10": { context: ["route-map M permit 10"], lines: ["match ip address A"] },
    });
    expect(read(adopted, "routing", "route-maps", "M", "entries", "10", "set")).toEqual({ metric: 5 });
  });

  it("leaves a BGP that carries IPv4 by default whole, and says what would help", async () => {
    const adopted = await adopt(`router bgp 64500
 neighbor 192.0.2.2 remote-as 64496
exit
`);

    expect(read(adopted, "routing", "bgp")).toBeUndefined();
    expect(read(adopted, "routing", "raw", "router-bgp-64500", "lines")).toEqual([
      "neighbor 192.0.2.2 remote-as 64496",
    ]);
    expect(adopted.advice.join("\n")).toContain("no bgp default ipv4-unicast");
  });

  it("keeps a peer-group that FRR carries a family for with its members, which have no line for it", async () => {
    const adopted = await adopt(
      bgp(` neighbor MESH peer-group
 neighbor MESH remote-as 64500
 neighbor 192.0.2.11 peer-group MESH
 address-family ipv4 unicast
  neighbor MESH activate
 exit-address-family
exit
`),
    );

    expect(read(adopted, "routing", "bgp", "peers")).toBeUndefined();
    expect(read(adopted, "routing", "raw", "router-bgp-64500", "lines")).toEqual([
      "neighbor MESH peer-group",
      "neighbor MESH remote-as 64500",
      "neighbor 192.0.2.11 peer-group MESH",
    ]);
  });
});
