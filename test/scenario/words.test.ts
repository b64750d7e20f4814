import { describe, expect, it } from "vitest";
import { openJournal, type OperatorRecord } from "../../controller/journal.ts";
import { emptyLedger, type Ledger } from "../../controller/ledger.ts";
import { Problem } from "../../schemas/problem.ts";
import { committedStory, generation, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const paused = generation(["router bgp 64500"], { policy: { pause: "Not now." } });
/** What policy wants an approval for. */
const approved = generation(["router bgp 64500", "neighbor 192.0.2.1", "snmp-server"], {
  policy: { approval: ["hitless", "flap", "session-reset", "restart"] },
});
const journal = "/persistent/config/imp/journal";

const committed = async (): Promise<Story> => committedStory(base);

async function words(s: Story): Promise<Ledger["words"]> {
  const node = s.sim.files.get(`${journal}/ledger.json`);
  const ledger = { ...emptyLedger, ...(node && "text" in node ? (JSON.parse(node.text) as Ledger) : {}) };
  return ledger.words;
}

/** What operators said by commits and tags. */
async function spoken(s: Story): Promise<readonly Pick<OperatorRecord, "asked" | "details" | "generation">[]> {
  const history = await openJournal(s.sim.start(), journal).history(1000);
  return history.flatMap((record) => ("asked" in record ? [record] : []));
}

const removal = (commit: string) => ({ allowRemoval: { reason: "old site", commit } });

describe("words of commits", () => {
  it("stand in the ledger while the generation waits, over restarts, until it is committed", async () => {
    const s = await committed();
    s.push("two", paused, removal("two"));
    await s.rest();
    expect(await words(s)).toEqual({ allowRemoval: { reason: "old site", commit: "two" } });

    s.start();
    await s.rest();
    expect(await words(s)).toMatchObject({ allowRemoval: { commit: "two" } });

    s.push("three", better);
    await s.sim.until(() => s.status().committed?.commit === "three", "committed");
    await s.rest();
    expect(await words(s)).toEqual({});
  });

  it("do not count for what comes later when there is nothing to do for them here", async () => {
    const s = await committed();
    s.push("two", base, removal("two"));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", desired: { commit: "two" } });
    expect(await words(s)).toEqual({});
  });

  it("do not outlive the deployment that they came during, where they ask for the same", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.push("three", better, removal("three"));
    await s.sim.until(() => s.status().committed?.generation === better.digest, "committed");
    await s.sim.pass(200_000);
    expect(await words(s)).toEqual({});
  });

  it("that are ignored are warned of until a generation is committed", async () => {
    const s = await committed();
    s.push("two", paused, { ignored: ["One is ignored."] });
    await s.rest();
    s.start();
    await s.rest();
    expect(s.status().warnings).toMatchObject([{ severity: "warning", message: "One is ignored." }]);

    s.push("three", better);
    await s.sim.until(() => s.status().committed?.commit === "three", "committed");
    await s.rest();
    expect(s.status().warnings).toEqual([]);
  });

  it("let a generation be tried again once, and say so in the history", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "held", "held");
    const tries = () => s.events.filter((event) => event.type === "deployment-ended").length;
    const before = tries();

    const retries = [
      { generation: worse.digest.slice(0, 12), reason: "peer is back", commit: "three", signer: "nora" },
    ];
    s.push("three", worse, { retries });
    await s.sim.until(() => tries() === before + 1, "tried again");
    await s.rest();
    s.start();
    await s.rest();

    expect(s.status().state).toBe("held");
    expect(tries()).toBe(before + 1);
    expect(await spoken(s)).toMatchObject([
      {
        asked: "retry",
        details: { reason: "peer is back", commit: "three", signer: "nora" },
        generation: worse.digest,
      },
    ]);
  });
});

describe("an approval by a tag", () => {
  const tag = { name: `approve/${approved.digest.slice(0, 12)}`, id: "a".repeat(40), target: "b".repeat(40) };

  it("lets the generation go ahead, and stands in the history with who signed it", async () => {
    const s = await committed();
    s.push("two", approved);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "approval" } });

    s.tags.push({ tag, says: { signer: "nora@example.net", reason: "Agreed with Köln" } });
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");

    expect(await spoken(s)).toMatchObject([
      {
        asked: "approve",
        details: { reason: "Agreed with Köln", tag: tag.name, signer: "nora@example.net" },
        generation: approved.digest,
      },
    ]);
  });

  it("that does not count is warned of, and does not fail the poll", async () => {
    const s = await committed();
    s.push("two", approved);
    s.tags.push({ tag, says: new Problem("TRUST_UNKNOWN_SIGNER", "tag approve/… is signed by a stranger") });
    await s.rest();

    expect(s.status()).toMatchObject({
      state: "waiting",
      warnings: [{ code: "TRUST_UNKNOWN_SIGNER", severity: "warning" }],
    });
    expect(s.status().git.lastError).toBeUndefined();
    s.tags.pop();
    await s.sim.until(() => s.status().warnings.length === 0, "no warning");
  });

  it("counts once: going back to the generation later needs another one", async () => {
    const s = await committed();
    s.push("two", approved);
    s.tags.push({ tag, says: { signer: "nora@example.net", reason: "" } });
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");
    s.push("three", base);
    await s.sim.until(() => s.status().committed?.commit === "three", "committed");

    s.push("four", approved);
    await s.sim.until(() => s.status().desired?.commit === "four", "four");
    await s.sim.pass(300_000);
    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "approval" } });

    s.tags.push({ tag: { ...tag, id: "c".repeat(40) }, says: { signer: "nora@example.net", reason: "" } });
    await s.sim.until(() => s.status().committed?.commit === "four", "committed");
  });
});
