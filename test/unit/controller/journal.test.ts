import { describe, expect, it } from "vitest";
import { openJournal, type HistoryRecord } from "../../../controller/journal.ts";
import { Problem } from "../../../schemas/problem.ts";
import { simHost } from "../../lab/host.ts";
import { sampleEvents, sampleStates } from "../../lab/machine-samples.ts";

const folder = "/persistent/config/imp/journal";

function record(at: number, to: HistoryRecord["to"] = sampleStates.armed): HistoryRecord {
  return { at, uptime: at, boot: "boot-1", event: sampleEvents.armed, from: "planning", to };
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

  it("leaves out a line that a power cut tore, and keeps the one after it", async () => {
    const sim = simHost();
    await openJournal(sim.start(), folder).record(record(1));
    sim.files.set(`${folder}/history.jsonl`, { text: `${text(sim, "history.jsonl")}{"at":2,"upt`, mode: 0o600 });

    const journal = openJournal(sim.start(), folder);
    await journal.record(record(3));

    expect((await journal.history(10)).map((r) => r.at)).toEqual([1, 3]);
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
});
