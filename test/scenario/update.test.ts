/** Another version of the agent is wanted: what a whole agent does about it. imp-update's place is taken by the test. */
import { describe, expect, it } from "vitest";
import { historyText } from "../../controller/report/history-text.ts";
import type { Entry } from "../../controller/story.ts";
import type { WantedAgent } from "../../controller/update/update.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { committedStory, generation, type Story, textOf } from "../lab/story.ts";

const base = generation(["router bgp 64500"]);
const next = generation(["router bgp 64500", "vlan 20"]);
const folder = "/persistent/data/imp/update";
const newer: WantedAgent = {
  name: "impctl-2",
  package: "https://packages.example.net/imp_2.deb",
  version: "2.0.0+1",
  digest: `sha256:${"2".repeat(64)}`,
  signature: "",
};

interface Played extends Story {
  /** The version that dpkg has. */
  installed: string | undefined;
  /** What systemd says of imp-update. */
  unit: "inactive" | "active";
  /** How often it was started. */
  starts: number;
  fetched: number;
}

/** A box with version 1 on which `base` is committed. */
async function box(): Promise<Played> {
  const s: Played = Object.assign(await committedStory(base), {
    installed: "1.0.0+1",
    unit: "inactive" as const,
    starts: 0,
    fetched: 0,
  });
  const said = (stdout: string, exitCode = 0) => ({ exitCode, stdout, stderr: "" });
  s.sim.answer((argv) => {
    const words = argv.join(" ");
    if (argv[0] === "dpkg-query") return s.installed === undefined ? said("", 1) : said(`ii ${s.installed}`);
    if (words === "systemctl show --value -p ActiveState imp-update.service") return said(`${s.unit}\n`);
    if (words !== "systemctl start --no-block imp-update.service") return undefined;
    s.starts += 1;
    return said("");
  });
  s.fetchPackage = async () => {
    s.fetched += 1;
  };
  return s;
}

function wish(s: Story, commit: string, agent: WantedAgent = newer, wanted = base): void {
  s.push(commit, { generation: { ...wanted, commit }, problems: [], agent });
}

const order = (s: Story) => textOf(s, `${folder}/order`);

/** What imp-update tells at its end. */
function ended(s: Played, how: string, reason: string): void {
  const lines = ["format 1", `version ${newer.version}`, `sha256 ${"2".repeat(64)}`, "before 1.0.0+1"];
  const text = [...lines, `at ${Math.floor(s.sim.now() / 1000)}`, `ended ${how}`, `reason ${reason}`, ""].join("\n");
  s.sim.files.set(`${folder}/result`, { text, mode: 0o644 });
  s.unit = "inactive";
}

const history = async (s: Story) =>
  historyText(((await ask(s.agent(), "history")) as { readonly entries: readonly Entry[] }).entries)
    .map((line) => line.slice(21))
    .filter((line) => line.includes("agent"));

async function begun(s: Played): Promise<void> {
  await s.sim.until(() => order(s) !== undefined && s.starts > 0, "ordered");
  s.unit = "active";
}

describe("an agent that is to be another version", () => {
  it("orders it once, and does nothing else meanwhile", async () => {
    const s = await box();
    wish(s, "two");
    await begun(s);

    expect(order(s)).toBe(
      `format 1\nversion 2.0.0+1\nsha256 ${"2".repeat(64)}\nbefore 1.0.0+1\nrun /run/imp\nfailsafe required\n`,
    );
    expect(s.status().update).toMatchObject({ name: "impctl-2", version: "2.0.0+1", state: "installing" });
    wish(s, "three", newer, next);
    await s.sim.pass(60_000);
    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: base.digest } });
    expect([s.starts, s.fetched]).toEqual([1, 1]);
  });

  it("takes away what an earlier one left before it orders", async () => {
    const s = await box();
    for (const name of ["phase", "before.deb"]) s.sim.files.set(`${folder}/${name}`, { text: "trying\n", mode: 0o644 });
    wish(s, "c2");
    await begun(s);
    expect(["phase", "before.deb"].filter((name) => s.sim.files.has(`${folder}/${name}`))).toEqual([]);
  });

  it("takes up what came of it as the new version, and goes on", async () => {
    const s = await box();
    wish(s, "two");
    await begun(s);
    wish(s, "three", newer, next);
    s.installed = newer.version;
    s.start();
    await s.sim.pass(5000);
    expect(s.status()).toMatchObject({ update: { state: "installing" }, committed: { generation: base.digest } });

    ended(s, "installed", "It is up.");
    await s.sim.until(() => s.status().committed?.generation === next.digest, "committed");

    expect(s.status().update).toBeUndefined();
    expect([order(s), textOf(s, `${folder}/result`)]).toEqual([undefined, undefined]);
    expect(await history(s)).toEqual(["The agent is version 2.0.0+1 now, and was 1.0.0+1."]);
    expect(s.starts).toBe(1);
  });

  it("does not try again what did not come up, until an operator says so", async () => {
    const s = await box();
    wish(s, "two");
    await begun(s);
    s.start();
    ended(s, "rolled-back", "The agent did not come up within 120 s: it does not answer.");
    await s.sim.until(() => s.status().update?.state === "failed", "failed");
    await s.sim.pass(120_000);

    expect([s.starts, order(s)]).toEqual([1, undefined]);
    expect(s.status().problems).toMatchObject([
      {
        code: "UPDATE",
        message:
          "impctl-2 (2.0.0+1) was tried here, and is not tried again: The agent did not come up within 120 s: it does not answer.",
        remedy: expect.stringContaining("impctl retry --reason"),
      },
    ]);
    expect(await history(s)).toEqual([
      "Version 2.0.0+1 of the agent was tried, and 1.0.0+1 put back. The agent did not come up within 120 s: it does not answer.",
    ]);

    await ask(s.agent(), "retry", { reason: "the settings were wrong" });
    await s.sim.until(() => s.starts === 2, "tried again");
  });

  it("tries three times what ends without a verdict", async () => {
    const s = await box();
    wish(s, "two");
    for (const tries of [1, 2, 3]) {
      await s.sim.until(() => s.starts === tries, `try ${tries}`);
      ended(s, "interrupted", "It was interrupted while it was being installed.");
      await s.sim.until(() => order(s) === undefined, "taken up");
      const state = tries === 3 ? "failed" : "waiting";
      await s.sim.until(() => s.status().update?.state === state, state);
      await s.sim.pass(500_000);
      expect(s.starts).toBe(tries);
    }
    await s.sim.pass(120_000);
    expect(s.starts).toBe(3);
  });

  it("waits while the gate is shut", async () => {
    const s = await box();
    await ask(s.agent(), "pause", { reason: "maintenance", for: "30m" });
    wish(s, "two");
    await s.sim.until(() => s.status().update?.state === "waiting", "waiting");
    expect(s.status().update?.reason).toContain("maintenance");
    expect([s.starts, s.fetched]).toEqual([0, 0]);

    await ask(s.agent(), "resume", {});
    await begun(s);
  });

  it("asks for a package that it cannot have only now and then, and goes on with everything else", async () => {
    const s = await box();
    s.fetchPackage = async () => {
      s.fetched += 1;
      throw new Problem("UPDATE", "It is not what images.yaml names.");
    };
    wish(s, "two");
    await s.sim.until(() => s.status().problems.length > 0, "told");
    wish(s, "three", newer, next);
    await s.sim.pass(300_000);

    expect(s.status()).toMatchObject({
      committed: { generation: next.digest },
      problems: [{ code: "UPDATE", message: "It is not what images.yaml names." }],
    });
    expect([s.fetched, s.starts]).toEqual([1, 0]);
    await s.sim.pass(400_000);
    expect(s.fetched).toBe(2);
  });

  it("starts imp-update again where it ended without a word, and does not wait for it for ever", async () => {
    const s = await box();
    wish(s, "two");
    await s.sim.until(() => s.starts === 1, "started");
    s.fetchPackage = () => Promise.reject(new Problem("UPDATE", "not any more"));
    wish(s, "three", newer, next);

    await s.sim.until(() => s.status().committed?.generation === next.digest, "committed");

    expect([s.starts, order(s)]).toEqual([4, undefined]);
  });

  it("says so where it was not installed as a package", async () => {
    const s = await box();
    s.installed = undefined;
    wish(s, "two");
    await s.sim.until(() => s.status().problems.length > 0, "told");
    expect(s.status().problems[0]?.message).toBe(
      "The agent is to be impctl-2, but this one was not installed as a package.",
    );
    expect(s.status().state).toBe("idle");
  });
});
