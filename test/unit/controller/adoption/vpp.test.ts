/** The machine file that an adoption makes of a VPP that somebody set up on its CLI, simulated. */
import { describe, expect, it } from "vitest";
import { nicsIn } from "../../../../controller/adoption/found.ts";
import { observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { VppObserved } from "../../../../reconcilers/vpp/model.ts";
import { frrWith, type Tried, tryAdoption } from "../../../lab/adopting.ts";
import { handBuilt } from "../../../lab/hand-built.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;

async function observed(commands: readonly string[], nics: readonly string[] = []): Promise<VppObserved> {
  const { host } = vppHost({ nics, boot: { core: commands } });
  const { core } = await observeVpp(host, places, signal);
  return core ? { core } : {};
}

async function adopt(vpp: VppObserved, config = "", nics: ReadonlyMap<string, string> = new Map()): Promise<Tried> {
  const tried = await tryAdoption({ hostname: "r1", frr: frrWith(config), vpp, nics });
  expect(tried.does).toEqual([]);
  return tried;
}

describe("a machine file of a VPP that was set up by hand", () => {
  it("has all that there are words for, and lists the rest line by line", async () => {
    const { machine, left } = await adopt(await observed(handBuilt));

    expect(machine).toMatchSnapshot("machine");
    expect(left).toMatchSnapshot("left");
  });

  it("knows interfaces in FRR by what they are called here", async () => {
    const { machine, left } = await adopt(
      await observed(handBuilt),
      `interface wan0
 ip ospf area 0.0.0.0
 ip ospf cost 7
exit
interface lan.10
 ip ospf passive
 ip ospf area 0.0.0.0
exit
router ospf
 ospf router-id 192.0.2.1
exit
router bgp 64500
 no bgp default ipv4-unicast
 neighbor wan0 interface remote-as external
 address-family ipv4 unicast
  neighbor wan0 activate
 exit-address-family
exit
`,
    );

    expect(machine["routing"]).toEqual({
      bgp: {
        asn: 64500,
        "ebgp-requires-policy": true,
        "log-neighbor-changes": false,
        "graceful-restart": "helper",
        peers: {
          "peer-wan0": {
            interface: "wan",
            "remote-as": "external",
            description: "",
            ipv4: { activate: true },
            ipv6: { activate: false },
          },
        },
      },
      ospf: {
        "reference-bandwidth": 100_000,
        "log-adjacency-changes": false,
        "router-id": "192.0.2.1",
        interfaces: { wan: { area: "0.0.0.0", cost: 7 }, "lan.10": { area: "0.0.0.0", passive: true } },
      },
    });
    expect(left.filter((line) => line.startsWith("frr"))).toEqual([]);
  });

  it("finds a NIC's PCI address where VPP was told its name", async () => {
    const startup = `dpdk {
      dev 0000:05:00.0 { name external  num-rx-queues 2 }
      # dev 0000:06:00.0 { name off }
      dev 07:00.1
      {
        name internal
      }
      dev 0000:08:00.0
    }`;
    const nics = nicsIn(startup);
    expect([...nics]).toEqual([
      ["external", "0000:05:00.0"],
      ["internal", "0000:07:00.1"],
    ]);

    const vpp = await observed(["set interface state external up"], ["external", "unnamed"]);
    const { machine, left } = await adopt(vpp, "", nics);

    expect(machine["interfaces"]).toMatchObject({ external: { pci: "0000:05:00.0" } });
    expect(left.join("\n")).toContain("unnamed");
  });
});
