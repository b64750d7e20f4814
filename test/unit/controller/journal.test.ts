import { describe, expect, it } from "vitest";
import { openJournal, type HistoryRecord } from "../../../controller/journal.ts";
import { Problem } from "../../../schemas/problem.ts";
import { simHost } from "../../lab/host.ts";
import { sampleEvents, sampleStates } from "../../lab/machine-samples.ts";

const folder = "/persistent/config/imp/journal";

function record(at: number, to: HistoryRecord["to"] = sampleStates.armed): HistoryRecord {
  return { at, uptime: at, boot: "boot-1", event: sampleEvents.armed, from: "planning", to };
}

/** The state as JSON with one of its values left out, at any depth, by that value's name. */
function withoutOne(value: object): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const { [name]: _left, ...others } = value as Record<string, unknown>;
    const deeper = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? withoutOne(inner) : [];
    return [
      [name, JSON.stringify(others)],
      ...deeper.map(
        ([deep, text]) => [deep, JSON.stringify({ ...others, [name]: JSON.parse(text) as unknown })] as const,
      ),
    ] as const;
  });
}

function text(sim: ReturnType<typeof simHost>, name: string): string {
  const node = sim.files.get(`${folder}/${name}`);
  return node && "text" in node ? node.text : "";
}

describe("the journal", () => {
  it("gives back the state that was recorded last", async () => {
    const sim = simHost();
    const journal = openJournal(sim.start(), folder);
    expect(await journal.read()).toBeUndefined();

    await journal.record(record(1));
    await journal.record(record(2, sampleStates.proving));

    expect(await openJournal(sim.start(), folder).read()).toEqual(sampleStates.proving);
    expect(await openJournal(sim.start(), folder).history(10)).toEqual([record(1), record(2, sampleStates.proving)]);
  });

  it("keeps an operator's word between the transitions, whole, and goes on from the state", async () => {
    const sim = simHost();
    const journal = openJournal(sim.start(), folder);
    const word = { at: 2, uptime: 2, boot: "boot-1", asked: "retry", details: { reason: "mended" } } as const;

    await Promise.all([journal.record(record(1)), journal.note(word), journal.record(record(3))]);

    expect(await openJournal(sim.start(), folder).history(10)).toEqual([record(1), word, record(3)]);
    expect(await openJournal(sim.start(), folder).read()).toEqual(sampleStates.armed);
  });

  it("leaves out a line that a power cut tore, and keeps the one after it", async () => {
    const sim = simHost();
    await openJournal(sim.start(), folder).record(record(1));
    sim.files.set(`${folder}/history.jsonl`, { text: `${text(sim, "history.jsonl")}{"at":2,"upt`, mode: 0o600 });

    const journal = openJournal(sim.start(), folder);
    await journal.record(record(3));

    expect((await journal.history(10)).map((r) => r.at)).toEqual([1, 3]);
  });

  it.each(Object.values(sampleStates))("goes on from every state: $at", async (state) => {
    const sim = simHost();
    await openJournal(sim.start(), folder).record(record(1, state));
    expect(await openJournal(sim.start(), folder).read()).toEqual(JSON.parse(JSON.stringify(state)));
  });

  it.each(Object.values(sampleStates))("refuses a state that lacks anything: $at", async (state) => {
    const recorded = JSON.parse(JSON.stringify(state)) as object;
    const needed = withoutOne(recorded).filter(([name]) => !["from", "worstImpact"].includes(name));
    expect(needed.length).toBeGreaterThan(1);
    for (const [name, text] of needed) {
      const sim = simHost();
      sim.files.set(`${folder}/current.json`, { text: `{"format":1,"to":${text}}`, mode: 0o600 });
      const reading = openJournal(sim.start(), folder).read();
      await expect(reading, `without ${name}`).rejects.toMatchObject({ code: "JOURNAL" });
    }
  });

  it("says what of a damaged one is wrong, and how to see where the box stands", async () => {
    const sim = simHost();
    sim.files.set(`${folder}/current.json`, {
      text: '{"format":1,"to":{"at":"applying","since":1}}',
      mode: 0o600,
    });

    await expect(openJournal(sim.start(), folder).read()).rejects.toMatchObject({
      message: expect.stringContaining("to.deployment: "),
      remedy: expect.stringContaining("`impctl plan --live`"),
    });
  });

  it.each(["", "{", "[]", "null", '{"to":{"at":"nowhere","since":1}}', '{"to":{"at":"toString","since":1}}'])(
    "refuses a damaged current deployment: %j",
    async (damage) => {
      const sim = simHost();
      sim.files.set(`${folder}/current.json`, { text: damage, mode: 0o600 });

      await expect(openJournal(sim.start(), folder).read()).rejects.toMatchObject({ code: "JOURNAL" });
    },
  );

  it("says what is wrong when the disk is full", async () => {
    const sim = simHost();
    sim.fail("write", "current.json", new Problem("HOST_FILE", "ENOSPC: no space left on device"));

    const recording = openJournal(sim.start(), folder).record(record(1));

    await expect(recording).rejects.toMatchObject({ code: "JOURNAL", message: expect.stringContaining("ENOSPC") });
  });

  it("does not let the history grow for ever", async () => {
    const sim = simHost();
    const many = Array.from({ length: 2100 }, (_, i) => `${JSON.stringify(record(i))}\n`).join("");
    sim.files.set(`${folder}/history.jsonl`, { text: many, mode: 0o600 });

    const journal = openJournal(sim.start(), folder);
    await journal.record(record(9999));

    expect(text(sim, "history.jsonl").trimEnd().split("\n")).toHaveLength(1001);
    expect((await journal.history(1))[0]?.at).toBe(9999);
  });

  it("does not let the history of one long run grow for ever", async () => {
    const sim = simHost();
    const journal = openJournal(sim.start(), folder);
    let longest = 0;
    for (let at = 1; at <= 4500; at += 1) {
      await journal.record(record(at));
      if (at % 100 === 0) longest = Math.max(longest, text(sim, "history.jsonl").split("\n").length);
    }

    expect(longest).toBeLessThanOrEqual(2001);
    expect((await journal.history(1))[0]?.at).toBe(4500);
  });

  it("closes a line that a full disk tore, and keeps the one after it", async () => {
    const sim = simHost();
    const journal = openJournal(sim.start(), folder);
    await journal.record(record(1));
    sim.fail("append", "history.jsonl", new Problem("HOST_FILE", "ENOSPC: no space left on device"));
    await expect(journal.record(record(2))).rejects.toMatchObject({ code: "JOURNAL" });
    sim.files.set(`${folder}/history.jsonl`, { text: `${text(sim, "history.jsonl")}{"at":2,"upt`, mode: 0o600 });

    await journal.record(record(3));

    expect((await journal.history(10)).map((r) => r.at)).toEqual([1, 3]);
  });
});
