import { describe, expect, it } from "vitest";
import { openMemory, withCorrection } from "../../../controller/ledger.ts";
import { Problem } from "../../../schemas/problem.ts";
import { simHost } from "../../lab/host.ts";

const path = "/persistent/config/imp/journal/ledger.json";

describe("the ledger", () => {
  it("remembers across restarts", async () => {
    const sim = simHost();
    const memory = await openMemory(sim.start(), path);

    await memory.remember((ledger) => ({ ...ledger, accepted: "a".repeat(40), adopted: true }));

    const again = await openMemory(sim.start(), path);
    expect(again.ledger()).toMatchObject({ accepted: "a".repeat(40), adopted: true });
  });

  it("keeps both of two changes that are made at once", async () => {
    const memory = await openMemory(simHost().start(), path);

    await Promise.all([
      memory.remember((ledger) => ({ ...ledger, adopted: true })),
      memory.remember((ledger) => ({ ...ledger, accepted: "b".repeat(40) })),
    ]);

    expect(memory.ledger()).toMatchObject({ adopted: true, accepted: "b".repeat(40) });
  });

  it("stands as it was when it cannot be written, and goes on", async () => {
    const sim = simHost();
    const memory = await openMemory(sim.start(), path);
    sim.fail("write", "ledger.json", new Problem("HOST_FILE", "ENOSPC"));

    await expect(memory.remember((ledger) => ({ ...ledger, adopted: true }))).rejects.toMatchObject({
      code: "HOST_FILE",
    });
    expect(memory.ledger().adopted).toBe(false);

    await memory.remember((ledger) => ({ ...ledger, adopted: true }));
    expect(memory.ledger().adopted).toBe(true);
  });

  it.each([
    "",
    "null",
    '{"format":2}',
    '{"format":1,"overrides":null}',
    '{"format":1,"overrides":{"rewrite":true}}',
    '{"format":1,"accepted":5}',
    '{"format":1,"adopted":"yes"}',
    '{"format":1,"verdicts":{"g":{"verdict":"bad"}}}',
    '{"format":1,"verdicts":[]}',
    '{"format":1,"corrections":{"boot":"b","at":5}}',
    '{"format":1,"committed":"g"}',
    '{"format":1,"lastDeployment":[]}',
    '{"format":1,"lastSuccessAt":"now"}',
  ])("refuses a damaged one: %j", async (damage) => {
    const sim = simHost();
    sim.files.set(path, { text: damage, mode: 0o600 });
    await expect(openMemory(sim.start(), path)).rejects.toMatchObject({ code: "JOURNAL" });
  });

  it("says what of a damaged one is wrong", async () => {
    const sim = simHost();
    sim.files.set(path, { text: '{"format":1,"overrides":null}', mode: 0o600 });
    await expect(openMemory(sim.start(), path)).rejects.toMatchObject({
      message: expect.stringMatching(/ledger\.json is damaged \(overrides: /),
    });
  });

  it("takes one that an older agent wrote, and keeps what it does not know", async () => {
    const sim = simHost();
    sim.files.set(path, { text: '{"format":1,"adopted":true,"later":{"a":1}}', mode: 0o600 });
    const memory = await openMemory(sim.start(), path);
    expect(memory.ledger()).toMatchObject({ adopted: true, overrides: { rewrite: false }, later: { a: 1 } });
  });

  it("allows three corrections an hour, and forgets those of another boot", async () => {
    const hour = 3_600_000;
    let ledger = (await openMemory(simHost().start(), path)).ledger();
    for (const at of [1, 2, 3]) ledger = withCorrection(ledger, "boot-1", at) ?? ledger;

    expect(withCorrection(ledger, "boot-1", hour)).toBeUndefined();
    expect(withCorrection(ledger, "boot-1", hour + 1)?.corrections.at).toEqual([2, 3, hour + 1]);
    expect(withCorrection(ledger, "boot-2", 5)?.corrections).toEqual({ boot: "boot-2", at: [5] });
  });
});
