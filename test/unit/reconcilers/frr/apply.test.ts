import { describe, expect, it } from "vitest";
import type { Host } from "../../../../reconcilers/core.ts";
import { frr } from "../../../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../../../reconcilers/frr/model.ts";
import { frrHost, testSecrets } from "../../../lab/frr-host.ts";
import { simFrr, type SimFrr } from "../../../lab/frr-sim.ts";

const signal = new AbortController().signal;
const plane = frr({ sockets: "/run/frr" });
const secrets = testSecrets();
const password = secrets.known("hidden");

const desired: FrrDesired = {
  config: `ip prefix-list IN seq 5 permit 203.0.113.0/24
router bgp 64500
 no bgp default ipv4-unicast
 neighbor 192.0.2.1 remote-as 64496
 neighbor 192.0.2.1 password ${password}
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
`,
};

/** Applies; gives the steps that were done before it ended, and how it ended. */
async function apply(sim: SimFrr, known = secrets): Promise<{ done: readonly string[]; thrown: unknown }> {
  const host = frrHost(sim, known);
  const { steps } = plane.plan(desired, await plane.observe(host, signal), []);
  const done: string[] = [];
  try {
    for await (const step of plane.apply(steps, host, signal)) done.push(step.id);
    return { done, thrown: undefined };
  } catch (thrown) {
    return { done, thrown };
  }
}

async function drain(steps: AsyncIterable<unknown>): Promise<void> {
  for await (const step of steps) expect(step).toBeDefined();
}

describe("applying to FRR", () => {
  it("tells each daemon only what it takes, with secrets in clear, between the marks of a batch", async () => {
    const sim = simFrr();
    sim.peers.set("192.0.2.1", { as: 64496, password: "hidden" });
    const { done, thrown } = await apply(sim);

    expect(thrown).toBeUndefined();
    expect(done).toHaveLength(4);
    expect(sim.history.filter(({ daemon }) => daemon === "zebra").map(({ line }) => line)).toEqual([
      "ip prefix-list IN seq 5 permit 203.0.113.0/24",
    ]);
    expect(sim.history.map(({ line }) => line)).toContain("neighbor 192.0.2.1 password hidden");
    expect(sim.sessions()).toMatchObject([{ peer: "192.0.2.1", state: "Established", connectionsEstablished: 1 }]);
  });

  it("names the line that was rejected, sealed, and counts none of its batch as done", async () => {
    const sim = simFrr();
    sim.reject(/password/, "% Bad password hidden");
    const { done, thrown } = await apply(sim);

    expect(done).toEqual([]);
    expect(thrown).toMatchObject({ code: "FRR_REJECTED", transient: false });
    expect(String(thrown)).toContain(`neighbor 192.0.2.1 password ${password}`);
    expect(String(thrown)).not.toContain("hidden");
  });

  it("takes a rejection with a good status for one", async () => {
    const sim = simFrr();
    sim.reject(/prefix-list/, "% Configuration failed.", 0);

    expect((await apply(sim)).thrown).toMatchObject({ code: "FRR_REJECTED" });
  });

  it("sends nothing when a secret was not resolved here, or a daemon is missing, or versions differ", async () => {
    const sim = simFrr();
    expect((await apply(sim, testSecrets())).thrown).toMatchObject({ code: "SECRET_UNREADABLE" });
    expect(sim.history).toEqual([]);

    const other = simFrr();
    const host = frrHost(other, secrets);
    const { steps } = plane.plan(desired, await plane.observe(host, signal), []);
    other.stop("bgpd");
    await expect(drain(plane.apply(steps, host, signal))).rejects.toMatchObject({
      code: "FRR_DAEMON_MISSING",
    });
    other.start("bgpd");
    other.version = "none";
    await expect(drain(plane.apply(steps, host, signal))).rejects.toMatchObject({ code: "FRR_VERSION" });
    expect(other.history).toEqual([]);
  });

  it("gives a version whose daemons it does not know to vtysh, with secrets that stand in no file", async () => {
    const sim = simFrr();
    sim.version = "10.1";
    const asked: { readonly argv: readonly string[]; readonly input: string | undefined }[] = [];
    const host: Host = {
      ...frrHost(sim, secrets),
      run: async (argv, { input }) => {
        asked.push({ argv, input });
        return { exitCode: 0, stdout: "", stderr: "" };
      },
    };
    const { steps } = plane.plan(desired, await plane.observe(host, signal), []);
    for await (const step of plane.apply(steps, host, signal)) expect(step).toBeDefined();

    expect(sim.history).toEqual([]);
    expect(asked.map(({ argv }) => argv.join(" "))).toEqual([
      "vtysh --vty_socket /run/frr -c show running-config no-header",
      expect.stringMatching(/^sh -c .* cat \| vtysh --vty_socket "\$@" -f \/dev\/stdin sh \/run\/frr$/),
    ]);
    expect(asked[1]?.input).toContain("\nneighbor 192.0.2.1 password hidden\n");
  });

  it("reports a daemon that goes away in the middle as something to try again", async () => {
    const sim = simFrr();
    sim.closeAt(/remote-as/);

    expect((await apply(sim)).thrown).toMatchObject({ code: "FRR_UNREACHABLE", transient: true });
  });

  it("is seen through when a line had no effect: the plan after it is not empty", async () => {
    const sim = simFrr();
    sim.ignore(/activate/);
    await apply(sim);
    const again = plane.plan(desired, await plane.observe(frrHost(sim, secrets), signal), [desired]);

    expect(again.steps.map((step) => plane.describe(step))).toEqual([
      "set router bgp 64500/neighbor 192.0.2.1: ipv4 unicast activate (resets 192.0.2.1)",
    ]);
  });

  it("without steps only tells bgpd that nothing is half done", async () => {
    const sim = simFrr();
    for await (const step of plane.apply([], frrHost(sim), signal)) expect(step).toBeUndefined();

    expect(sim.history).toEqual([]);
    expect(sim.requests).toBeGreaterThan(0);
  });
});
