/** Three agents and one commit: who goes first, who waits for whom, and what becomes of the others when the first one fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fleetStory, type FleetStory } from "../lab/fleet-story.ts";
import { hasOpenssl } from "../lab/openssl.ts";

const names = ["fra1/r1", "fra1/r2", "ber1/r1"] as const;
type Name = (typeof names)[number];
const waves = 'waves: [[fra1/r1], [fra1/*], ["*"]]';

describe.skipIf(!hasOpenssl())("three appliances in waves (needs openssl)", () => {
  let folder: string;
  let fleet: FleetStory;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-rollout-"));
    fleet = await fleetStory(names, folder);
    await fleet.push("one", files({}));
    await fleet.until(() => names.every((name) => well(name, "one")), "one is everywhere");
  });
  afterEach(async () => {
    await fleet[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A repository in which appliances have these routes; `more` is said of an appliance instead of where it is asked. */
  function files(
    routes: Partial<Record<Name, string>>,
    more: Partial<Record<Name, string>> = {},
  ): Record<string, string> {
    const static_ = (name: Name) =>
      routes[name] ? `routing: { static: { ${routes[name]}: { discard: blackhole } } }\n` : "";
    return {
      "fleet.yaml": `defaults: 1\nrollout: { ${waves} }\n`,
      "fra1/site.yaml": "",
      "ber1/site.yaml": "",
      ...Object.fromEntries(
        names.map((name) => [`${name}.yaml`, `${more[name] ?? fleet.status(name)}${static_(name)}`]),
      ),
    };
  }
  const everywhere = { "fra1/r1": "203.0.113.0/24", "fra1/r2": "203.0.113.0/24", "ber1/r1": "203.0.113.0/24" };

  const status = (name: Name) => fleet.appliance(name).status();
  const well = (name: Name, commit: string) =>
    status(name).desired?.commit === commit && status(name).good?.soaked === true;
  const waits = (name: Name) => status(name).waiting?.why === "rollout";
  const changes = (name: Name) => fleet.appliance(name).plane.changes;

  /** Breaks an appliance's session while this route is configured. */
  function breaks(name: Name, route: string): void {
    const { plane, answering } = fleet.appliance(name);
    plane.changing = (line) => {
      if (line !== `ip route ${route}`) return;
      if (plane.live.has(line)) answering.add("192.0.2.1");
      else answering.delete("192.0.2.1");
    };
  }

  it("takes a good commit one after the other, each once those before it are well with it for their soak time", async () => {
    const began: { readonly name: string; readonly others: readonly string[] }[] = [];
    const seen = new Set<string>();
    await fleet.push("two", files(everywhere));
    await fleet.until(() => {
      for (const name of names) {
        if (seen.has(name) || fleet.appliance(name).states.at(-1) === "waiting" || changes(name) <= 2) continue;
        seen.add(name);
        began.push({ name, others: names.filter((other) => well(other, "two")) });
      }
      return names.every((name) => well(name, "two"));
    }, "two is everywhere");

    expect(began).toEqual([
      { name: "fra1/r1", others: [] },
      { name: "fra1/r2", others: ["fra1/r1"] },
      { name: "ber1/r1", others: ["fra1/r1", "fra1/r2"] },
    ]);
  });

  it("leaves the others untouched when the first fails, until a commit mends it", async () => {
    breaks("fra1/r1", "203.0.113.0/24");
    const before = [changes("fra1/r2"), changes("ber1/r1")];
    await fleet.push("two", files(everywhere));
    await fleet.until(() => status("fra1/r1").state === "held", "held");
    await fleet.pass(600_000);

    expect([changes("fra1/r2"), changes("ber1/r1")]).toEqual(before);
    for (const name of ["fra1/r2", "ber1/r1"] as const) {
      expect(status(name)).toMatchObject({
        state: "waiting",
        waiting: { why: "rollout", unblock: "Push a commit that mends it, or `impctl retry` there." },
      });
      expect(status(name).reason).toMatch(
        /^It goes after fra1\/r1, which found it bad: The BGP session with 192\.0\.2\.1 .*before the change \(since Mon 2026-01-05 12:\d\d UTC\)\./,
      );
      expect(status(name).rollout?.[0]).toMatchObject({ machine: "fra1/r1", why: "bad" });
    }

    await fleet.push("three", files({ ...everywhere, "fra1/r1": "203.0.113.128/25" }));
    await fleet.until(() => names.every((name) => well(name, "three")), "three is everywhere");
  });

  it("waits while the first cannot be asked, says so and since when, and goes on when it answers", async () => {
    await fleet.answer("fra1/r1", "not at all");
    await fleet.push("two", files(everywhere));
    await fleet.until(() => well("fra1/r1", "two"), "the first has it");
    await fleet.pass(600_000);

    expect(waits("fra1/r2") && waits("ber1/r1")).toBe(true);
    expect(status("fra1/r2").reason).toMatch(
      /^It goes after fra1\/r1, which cannot be asked: 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
    );
    const [awaited] = status("fra1/r2").rollout ?? [];
    expect(awaited?.since).toBeLessThan(fleet.appliance("fra1/r2").sim.now() - 500_000);

    fleet.appliance("fra1/r2").start();
    await fleet.pass(60_000);
    expect(waits("fra1/r2")).toBe(true);

    await fleet.answer("fra1/r1", "well");
    await fleet.until(() => names.every((name) => well(name, "two")), "two is everywhere");
  });

  it("waits when another key answers than the repository says", async () => {
    const wrong = fleet.status("fra1/r1").replace(/SHA256:.{43}/, `SHA256:${"A".repeat(43)}`);
    await fleet.push("two", files(everywhere, { "fra1/r1": wrong }));
    await fleet.until(() => well("fra1/r1", "two"), "the first has it");
    await fleet.pass(300_000);

    expect(waits("fra1/r2") && waits("ber1/r1")).toBe(true);
    expect(status("fra1/r2").reason).toMatch(/has the key SHA256:\S{43}, and the repository says SHA256:A{43} \(since/);

    // A corrected pin is no other generation: nothing is done anew where it is applied already.
    const before = changes("fra1/r1");
    await fleet.push("three", files(everywhere));
    await fleet.until(() => names.every((name) => well(name, "three")), "three is everywhere");
    expect(changes("fra1/r1")).toBe(before);
  });

  it("does not wait for those that the commit leaves as they are, whether they answer or not", async () => {
    await fleet.answer("fra1/r1", "not at all");
    await fleet.answer("fra1/r2", "not at all");
    const { states } = fleet.appliance("ber1/r1");
    states.length = 0;
    await fleet.push("two", files({ "ber1/r1": "203.0.113.0/24" }));
    await fleet.until(() => well("ber1/r1", "two"), "it is there");

    expect(states).not.toContain("waiting");
  });

  it("tells what a commit changes from the last one, also when that one left the appliance as it was", async () => {
    breaks("fra1/r1", "203.0.113.0/24");
    await fleet.push("two", files({ "fra1/r1": "203.0.113.0/24" }));
    await fleet.until(() => status("fra1/r1").state === "held" && status("ber1/r1").desired?.commit === "two", "held");
    fleet.appliance("ber1/r1").start();
    const { states } = fleet.appliance("ber1/r1");
    states.length = 0;

    await fleet.push("three", files({ "fra1/r1": "203.0.113.0/24", "ber1/r1": "203.0.113.0/24" }));
    await fleet.until(() => well("ber1/r1", "three"), "it is there");

    expect(states).not.toContain("waiting");
  });

  describe("with a session between the first two", () => {
    /** Each end's password, by the name of the secret. */
    const linked = (one: string, other: string): Record<string, string> => {
      const end = (name: Name, own: string, peer: string, secret: string) => ({
        [`${name}.yaml`]: `${fleet.status(name)}interfaces: { a: { pci: "0000:03:00.0", addresses: [${own}/31] } }
routing: { bgp: { asn: 64500, peers: { other: { address: ${peer}, remote-as: 64500, password: { secret: ${secret} } } } } }
`,
      });
      const secrets = { "secrets/old.yaml": "local: true\n", "secrets/new.yaml": "local: true\n" };
      return {
        ...files({}),
        ...secrets,
        ...end("fra1/r1", "10.0.0.0", "10.0.0.1", one),
        ...end("fra1/r2", "10.0.0.1", "10.0.0.0", other),
      };
    };
    const has = (name: Name, line: string) => fleet.appliance(name).plane.live.has(line);
    /** Up while both ends have the same password. */
    const isUp = () =>
      ["old", "new"].some(
        (secret) =>
          has("fra1/r1", `password ${secret} of 10.0.0.1`) && has("fra1/r2", `password ${secret} of 10.0.0.0`),
      );

    beforeEach(async () => {
      for (const name of ["fra1/r1", "fra1/r2"] as const) {
        fleet.appliance(name).answering.has = (peer) => peer === "192.0.2.1" || isUp();
      }
      await fleet.push("linked", linked("old", "old"));
      await fleet.until(() => names.every((name) => well(name, "linked")) && isUp(), "the session is up");
    });

    it("lets the first end wait for the second, which must bring it up", async () => {
      await fleet.push("both", linked("new", "new"));
      await fleet.until(() => status("fra1/r1").committed?.commit === "both", "the first end has it");
      expect(isUp()).toBe(false);

      await fleet.until(() => names.every((name) => well(name, "both")), "both have it");
      expect(isUp()).toBe(true);
    });

    it("takes back what one end alone changes", async () => {
      await fleet.push("one", linked("new", "old"));
      await fleet.until(() => status("fra1/r1").state === "held", "held");

      expect(status("fra1/r1").held?.reason).toMatch(/^The BGP session with 10\.0\.0\.1 not Established/);
      expect(isUp()).toBe(true);
    });

    it("takes back on the second end what does not bring it up again", async () => {
      await fleet.push("both", linked("new", "new"));
      await fleet.until(() => status("fra1/r1").committed?.commit === "both", "the first end has it");
      fleet.appliance("fra1/r2").answering.has = (peer) => peer === "192.0.2.1";
      await fleet.until(() => status("fra1/r2").state === "held", "held");

      expect(status("fra1/r2").held?.reason).toMatch(
        /^Not healthy at the deadline: The BGP session with 10\.0\.0\.0 not/,
      );
      expect(has("fra1/r2", "password old of 10.0.0.0")).toBe(true);
    });

    it("holds nothing against the second end while it waits, and what was down before may stay down", async () => {
      await fleet.push("both", linked("new", "new"));
      await fleet.until(() => status("fra1/r1").committed?.commit === "both", "the first end has it");
      await fleet.answer("fra1/r1", "not at all");
      await fleet.pass(300_000);
      expect(status("fra1/r2")).toMatchObject({
        waiting: { why: "rollout" },
        probation: { watched: 2 },
      });
      expect(status("fra1/r2").probation?.regressed).toBeUndefined();
      await fleet.answer("fra1/r1", "well");
      await fleet.until(() => names.every((name) => well(name, "both")), "both have it");

      for (const name of ["fra1/r1", "fra1/r2"] as const)
        fleet.appliance(name).answering.has = (peer) => peer === "192.0.2.1";
      await fleet.pass(120_000);
      await fleet.push("again", linked("old", "old"));
      await fleet.until(() => names.every((name) => well(name, "again")), "both have it again");
    });
  });

  it("waits while a file of one that goes first has an error", async () => {
    const broken = { ...files(everywhere), "fra1/r1.yaml": "hostname: NO\n" };
    await fleet.push("two", broken);
    await fleet.until(() => waits("fra1/r2") && waits("ber1/r1"), "they wait");

    expect(status("ber1/r1").reason).toMatch(/^It goes after fra1\/r1, which has an error in its files/);
  });
});
