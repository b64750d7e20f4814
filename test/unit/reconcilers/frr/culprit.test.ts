import { describe, expect, it } from "vitest";
import { culpritOf } from "../../../../reconcilers/frr/culprit.ts";

const commands = Array.from({ length: 9 }, (_, at) => ({ context: [], line: `line ${at}` }));

describe("the command to blame for a group", () => {
  it.each([0, 4, 8])("is found by halves: number %d", async (bad) => {
    const sent: number[] = [];
    const culprit = await culpritOf(commands, async (some) => {
      sent.push(some.length);
      return some.some(({ line }) => line === `line ${bad}`) ? `no ${bad}` : undefined;
    });

    expect(culprit).toEqual({ command: commands[bad], why: `no ${bad}` });
    expect(sent.length).toBeLessThanOrEqual(5);
  });

  it("is nobody where each is taken by itself", async () => {
    expect(await culpritOf(commands, async (some) => (some.length > 5 ? "too many" : undefined))).toBeUndefined();
    expect(await culpritOf([], async () => "never")).toBeUndefined();
  });
});
