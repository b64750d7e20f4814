/** VRF tables: what has to leave one before its interface may, and who stands in the way. */
import { describe, expect, it } from "vitest";
import { renderBootCommands } from "../../../../reconcilers/vpp/boot-commands.ts";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { VppDesired, VppObject } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;
const families = ["ipv4", "ipv6"] as const;
const nic: VppObject = { kind: "physical", name: "external" };
const vlan: VppObject = {
  kind: "vlan",
  name: "external.25",
  parent: "external",
  number: 25,
  encapsulation: "dot1q",
  outer: 25,
};
const settings = ["external", "external.25"].map((on): VppObject => ({ kind: "settings", on, up: true, mtu: 1500 }));
const base = [nic, vlan, ...settings];
const address: VppObject = { kind: "address", on: "external.25", address: "192.0.2.1/24" };
const apart: readonly VppObject[] = [
  ...families.map((family): VppObject => ({ kind: "vrf", table: 100, family })),
  ...families.map((family): VppObject => ({ kind: "vrf-member", on: "external.25", family, table: 100 })),
  { ...address, table: 100 },
  { kind: "route", table: 100, prefix: "0.0.0.0/0", paths: [{ via: "192.0.2.9" }] },
];

function plane(boot: readonly string[] = []) {
  const { host, sims } = vppHost({ nics: ["external"], boot: { core: boot } });
  const planOf = async (objects: readonly VppObject[], owned: readonly VppObject[], prune?: "all") => {
    const desired: VppDesired = { core: { objects }, ...(prune && { prune }) };
    return planVpp(desired, await observeVpp(host, places, signal), [{ core: { objects: owned } }]);
  };
  /** The steps that were carried out, after which there are none. */
  const reconcile = async (objects: readonly VppObject[], owned: readonly VppObject[] = [], prune?: "all") => {
    const { steps, problems } = await planOf(objects, owned, prune);
    expect(problems).toEqual([]);
    for await (const _ of applyVpp(steps, host, places, signal));
    expect((await planOf(objects, owned, prune)).steps.map(describeStep)).toEqual([]);
    return steps.map((step) => `${step.impact}: ${describeStep(step)}`);
  };
  const cli = async (cmd: string) => {
    const raw: VppObject = { kind: "raw", name: cmd, commands: [cmd], undo: [], impact: "hitless" };
    const id = `vpp/core/raw/${cmd}`;
    const step = { id, kind: "add", instance: "core", after: raw, impact: "hitless" } as const;
    for await (const _ of applyVpp([{ ...step, needs: [], provides: [], releases: [] }], host, places, signal));
  };
  return { host, sims, planOf, reconcile, cli };
}

describe("an interface and its VRF table", () => {
  it("are brought together without addresses, which leave before and come after", async () => {
    const { reconcile } = plane();
    await reconcile([...base, address]);

    expect(await reconcile([...base, ...apart], [...base, address])).toEqual([
      "flap: core: remove address 192.0.2.1/24 on external.25 (made anew: table cannot be changed)",
      "hitless: core: add VRF table 100 for ipv4",
      "hitless: core: add VRF table 100 for ipv6",
      "flap: core: add membership of external.25 in VRF table 100 for ipv4",
      "flap: core: add membership of external.25 in VRF table 100 for ipv6",
      "hitless: core: add address 192.0.2.1/24 on external.25: in VRF table 100 (anew)",
      "hitless: core: add route 0.0.0.0/0 of VRF table 100: via 192.0.2.9",
    ]);
    expect(await reconcile([...base, address], [...base, ...apart])).toEqual([
      "flap: core: remove route 0.0.0.0/0 of VRF table 100",
      "flap: core: remove address 192.0.2.1/24 on external.25 (made anew: table cannot be changed)",
      "flap: core: remove membership of external.25 in VRF table 100 for ipv6",
      "flap: core: remove membership of external.25 in VRF table 100 for ipv4",
      "hitless: core: remove VRF table 100 for ipv6",
      "hitless: core: remove VRF table 100 for ipv4",
      "hitless: core: add address 192.0.2.1/24 on external.25 (anew)",
    ]);
  });

  it("cost a new interface nothing", async () => {
    const impacts = (await plane().reconcile([...base, ...apart])).filter((step) => !step.startsWith("hitless"));

    expect(impacts).toEqual([]);
  });

  it("are as the machine file says whoever moved it", async () => {
    const { reconcile, cli } = plane();
    await reconcile([...base, ...apart]);
    await cli("set interface ip address del external.25 192.0.2.1/24");
    await cli("set interface ip table external.25 0");
    await reconcile([...base, ...apart], [...base, ...apart]);
    const { reconcile: again, cli: byHand } = plane();
    await again(base);
    await byHand("ip table add 7");
    await byHand("set interface ip table external.25 7");

    expect(await again([...base, address], base)).toEqual([
      "flap: core: remove membership of external.25 in VRF table 7 for ipv4",
      "hitless: core: add address 192.0.2.1/24 on external.25",
    ]);
  });

  it("leave no address behind that somebody else gave it: it stands in the way", async () => {
    const { reconcile, planOf, cli } = plane();
    await reconcile(base);
    await cli("set interface ip address external.25 203.0.113.1/24");
    const { problems } = await planOf([...base, ...apart], base);

    expect(problems.map(({ message }) => message)).toEqual([
      "core: address 203.0.113.1/24 on external.25, which is not ours, stands in the way of membership of external.25 in VRF table 100 for ipv4",
    ]);
  });
});

describe("VPP's boot commands", () => {
  it("leave nothing to do of VRFs, and what they made can go", async () => {
    const boot = renderBootCommands("core", { objects: [...base, ...apart] }).split("\n");
    const { reconcile, sims } = plane(boot);

    expect(sims.core.failedCommands).toEqual([]);
    expect(await reconcile([...base, ...apart], [...base, ...apart])).toEqual([]);
    await reconcile(base, [...base, ...apart]);
    expect([...sims.core.state.tables.keys()]).toEqual(["0/4", "0/6"]);
  });
});

describe("a VRF table", () => {
  it("that the boot commands made goes as well as the API's", async () => {
    const { reconcile, cli, sims } = plane();
    await reconcile(base);
    await cli("ip table add 100");
    await cli("ip6 table add 100");
    await reconcile([...base, ...apart]);
    await reconcile(base, [...base, ...apart]);

    expect([...sims.core.state.tables.keys()]).toEqual(["0/4", "0/6"]);
  });

  it("that linux-cp holds is none of anybody's configuration, also where all is pruned", async () => {
    const { reconcile, sims } = plane();
    await reconcile(base);
    sims.core.state.tables.set("9/4", { name: "ipv4-VRF:9", holders: new Set(["lcp-rt"]) });

    expect(await reconcile(base, base, "all")).toEqual([]);
    sims.core.state.tables.get("9/4")?.holders.add("CLI");
    expect(await reconcile(base, base, "all")).toEqual(["hitless: core: remove VRF table 9 for ipv4"]);
  });

  it("goes only once VPP has let go of every route in it", async () => {
    const { reconcile, planOf, sims, host } = plane();
    await reconcile([...base, ...apart]);
    const { steps } = await planOf(base, [...base, ...apart]);
    sims.core.refuse(/^ip_route_add_del_v2$/, -1, 2);
    const carriedOut = async () => {
      for await (const _ of applyVpp(steps, host, places, signal));
    };

    await expect(carriedOut()).rejects.toThrow("route 0.0.0.0/0 of VRF table 100");
    expect(sims.core.deaths).toEqual([]);
    await reconcile(base, [...base, ...apart]);
  });

  it("stays while routes of somebody else are in it", async () => {
    const { reconcile, planOf, cli } = plane();
    await reconcile([...base, ...apart]);
    await cli("ip route add 198.51.100.0/24 table 100 via drop");
    const { problems } = await planOf(base, [...base, ...apart]);

    expect(problems.map(({ message }) => message)).toEqual([
      "core: route 198.51.100.0/24 of VRF table 100, which is not ours, needs vrf 100 ipv4, which is to go",
    ]);
  });
});
