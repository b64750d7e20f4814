import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { parseConfig } from "../../reconcilers/frr/tree.ts";
import type { Way } from "../../reconcilers/frr/way.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
const secrets = passingSecrets();
const host = linuxHost(secrets);
const signal = new AbortController().signal;

const whole = `ip prefix-list IN seq 5 permit 203.0.113.0/24
route-map IN permit 10
 match ip address prefix-list IN
exit
ip route 198.51.100.0/24 Null0
router bgp 64500
 no bgp default ipv4-unicast
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 password ${secrets.seal("sekrit")}
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map IN in
 exit-address-family
exit
`;

// That a version chooses its way is the unit test's: here runs one version, and is given both.
describe.skipIf(missing !== undefined)(`both ways to a real FRR (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;

  beforeAll(async () => {
    namespace = makeNamespace("vwy");
    real = await startFrr(namespace, ["zebra", "staticd", "bgpd"]);
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
  });

  beforeEach(() => bring("", "sockets"));

  const observe = (way: Way) => observeFrr(host, real.sockets, signal, { way });

  /** Resolves with what was thrown, if anything. */
  async function bring(config: string, way: Way): Promise<unknown> {
    const before = await observe(way);
    const { steps } = planFrr({ config }, before, [before]);
    try {
      for await (const _ of applyFrr(steps, host, real.sockets, signal, way));
      return undefined;
    } catch (thrown) {
      return thrown;
    }
  }

  it.each(["sockets", "vtysh"] as const)("%s: there, back, and read the same by the other way", async (way) => {
    expect(await bring(whole, way)).toBeUndefined();
    const [one, other] = [await observe("sockets"), await observe("vtysh")];
    for (const seen of [one, other]) expect(planFrr({ config: whole }, seen, [seen]).steps).toEqual([]);
    expect(new Set(parseConfig(other.config).map(({ line }) => line))).toEqual(
      new Set(parseConfig(one.config).map(({ line }) => line)),
    );

    expect(await bring("", way)).toBeUndefined();
    expect((await observe("sockets")).config).toBe("");
  });

  it.each(["sockets", "vtysh"] as const)(
    "%s: names the line of a group that is rejected, of which nothing stays",
    async (way) => {
      const entries = Array.from(
        { length: 40 },
        (_, at) => `ip prefix-list OUT seq ${at + 1} permit 10.${at}.0.0/16\n`,
      );
      const bad = "ip prefix-list OUT seq 77 permit 12.0.0.0/8 ge 30 le 25";
      const thrown = await bring(`${entries.join("")}${bad}\n${whole}`, way);

      expect(thrown).toMatchObject({ code: "FRR_REJECTED", message: expect.stringContaining(`rejected "${bad}": `) });
      expect((await observe("sockets")).config).not.toContain("seq 77");
    },
  );

  it.each(["sockets", "vtysh"] as const)("%s: names a line that is rejected alone, without its secret", async (way) => {
    const bad = `neighbor 192.0.2.9 password ${secrets.seal("hidden")}`;
    const thrown = await bring(`router bgp 64500\n ${bad}\nexit\n`, way);

    expect(thrown).toMatchObject({ code: "FRR_REJECTED", message: expect.stringContaining(`"${bad}"`) });
    expect(String(thrown)).not.toContain("hidden");
  });
});
