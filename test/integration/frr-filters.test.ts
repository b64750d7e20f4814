import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost } from "../lab/frr-host.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
const host = frrHost();
const signal = new AbortController().signal;

describe.skipIf(missing !== undefined)(`filters while a real FRR changes (${missing ?? "8.4"})`, () => {
  let appliance: Namespace;
  let real: RealFrr;
  let plane: ReturnType<typeof frr>;

  beforeAll(async () => {
    appliance = makeNamespace("flt");
    real = await startFrr(appliance);
    plane = frr({ sockets: real.sockets });
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    appliance?.[Symbol.dispose]();
  });

  afterEach(async () => {
    await converge({ config: "" }, [{ config: (await plane.observe(host, signal)).config }]);
  });

  async function converge(to: FrrDesired, owned: readonly FrrDesired[]): Promise<void> {
    const { steps } = plane.plan(to, await plane.observe(host, signal), owned);
    for await (const step of plane.apply(steps, host, signal)) expect(steps).toContain(step);
    const again = plane.plan(to, await plane.observe(host, signal), [...owned, to]);
    expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
  }

  /** The prefixes of 10.0.0.0/8 in bgpd's table. */
  async function table(): Promise<readonly string[]> {
    const vty = await openVty(host, real.sockets, "bgpd", signal);
    try {
      const { text } = await vty.ask("show bgp ipv4 unicast json", signal);
      const { routes } = JSON.parse(text) as { routes?: object };
      return Object.keys(routes ?? {}).filter((prefix) => prefix.startsWith("10."));
    } finally {
      vty.close();
    }
  }

  async function until(prefixes: readonly string[]): Promise<void> {
    for (let tries = 0; (await table()).toString() !== prefixes.toString(); tries += 1) {
      if (tries === 200) throw new Error(`bgpd has ${(await table()).toString()}`);
      await pause(50);
    }
  }

  /** Goes to another configuration; gives every prefix that was seen on the way, until bgpd has done all it put off. */
  async function seenOnTheWay(to: FrrDesired, from: FrrDesired, then: readonly string[]): Promise<readonly string[]> {
    const seen = new Set<string>();
    const look = async () => {
      for (const prefix of await table()) seen.add(prefix);
    };
    const done = new AbortController();
    const watching = (async () => {
      while (!done.signal.aborted) {
        await look();
        await pause(20);
      }
    })();
    await converge(to, [from]);
    await until(then);
    await pause(500);
    done.abort();
    await watching;
    return [...seen].toSorted();
  }

  it("never lets a new route through a filter that is tightened with it", async () => {
    const from = config({ list: ["10.0.0.0/8 le 16"], map: "M", routes: ["10.1.0.0/16"] });
    const to = config({ list: ["10.1.0.0/16"], map: "M", routes: ["10.1.0.0/16", "10.66.0.0/16"] });
    await converge(from, []);
    await until(["10.1.0.0/16"]);

    expect(await seenOnTheWay(to, from, ["10.1.0.0/16"])).toEqual(["10.1.0.0/16"]);
  });

  it("never lets a new route through the filter that another takes the place of", async () => {
    const from = config({ list: ["10.0.0.0/8 le 16"], map: "OLD", routes: ["10.1.0.0/16"] });
    const to = config({ list: ["10.1.0.0/16"], map: "NEW", routes: ["10.1.0.0/16", "10.66.0.0/16"] });
    await converge(from, []);
    await until(["10.1.0.0/16"]);

    expect(await seenOnTheWay(to, from, ["10.1.0.0/16"])).toEqual(["10.1.0.0/16"]);
  });

  it("takes a route away before the filter that keeps it in opens", async () => {
    const from = config({ list: ["10.1.0.0/16"], map: "M", routes: ["10.1.0.0/16", "10.66.0.0/16"] });
    const to = config({ list: ["10.0.0.0/8 le 16"], map: "M", routes: ["10.1.0.0/16", "10.2.0.0/16"] });
    await converge(from, []);
    await until(["10.1.0.0/16"]);

    const seen = await seenOnTheWay(to, from, ["10.1.0.0/16", "10.2.0.0/16"]);
    expect(seen).toEqual(["10.1.0.0/16", "10.2.0.0/16"]);
  });

  it("takes a route away before the filter that keeps it in is not referred to any more", async () => {
    const from = config({ list: ["10.1.0.0/16"], map: "M", routes: ["10.1.0.0/16", "10.66.0.0/16"] });
    const to = config({ list: ["10.1.0.0/16"], routes: ["10.1.0.0/16"] });
    await converge(from, []);
    await until(["10.1.0.0/16"]);

    expect(await seenOnTheWay(to, from, ["10.1.0.0/16"])).toEqual(["10.1.0.0/16"]);
  });
});

/** Static routes that BGP takes in through a route-map. */
function config(parts: { list: readonly string[]; map?: string; routes: readonly string[] }): FrrDesired {
  const name = parts.map ?? "M";
  // Long enough that a daemon that is told last is late.
  const bulk = Array.from(
    { length: 150 },
    (_, at) =>
      `ip prefix-list BULK-${parts.list.join("-").replaceAll(/[^0-9-]/g, "")} seq ${at + 1} permit 172.${at % 256}.${at >> 8}.0/24`,
  );
  const text = `
${bulk.join("\n")}
${parts.list.map((prefix, at) => `ip prefix-list ${name} seq ${at + 5} permit ${prefix}`).join("\n")}
route-map ${name} permit 10
 match ip address prefix-list ${name}
${parts.routes.map((prefix) => `ip route ${prefix} blackhole`).join("\n")}
router bgp 64500
 bgp router-id 192.0.2.2
 no bgp default ipv4-unicast
 address-family ipv4 unicast
  redistribute static${parts.map === undefined ? "" : ` route-map ${name}`}
`;
  return { config: printConfig(mergeConfigs([text])) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
