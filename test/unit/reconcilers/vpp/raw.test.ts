/** Raw commands: what becomes of a block that fails, or that nobody came back from. */
import { describe, expect, it } from "vitest";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import type { Raw, VppDesired } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

const signal = new AbortController().signal;
const [make, remove] = ["create interface memif id 7 socket-id 0 slave", "delete interface memif memif0/7"];

function block(commands: readonly string[], undo: readonly string[]): VppDesired {
  const raw: Raw = { kind: "raw", name: "x", commands, undo, impact: "hitless" };
  return { core: { objects: [raw] } };
}

const nothing: VppDesired = { core: { objects: [] } };

async function carriedOut(steps: AsyncIterable<unknown>): Promise<void> {
  const all = steps[Symbol.asyncIterator]();
  while ((await all.next()).done !== true);
}

function plane() {
  const made = vppHost();
  const plan = async (desired: VppDesired, ...owned: VppDesired[]) =>
    planVpp(desired, await observeVpp(made.host, places, signal), owned).steps;
  const apply = async (desired: VppDesired, ...owned: VppDesired[]) => {
    await carriedOut(applyVpp(await plan(desired, ...owned), made.host, places, signal));
    return (await plan(desired, ...owned)).map(describeStep);
  };
  return { ...made, plan, apply };
}

describe("a block of raw commands", () => {
  it("of which VPP refuses a line leaves what its undo leaves, and is not there", async () => {
    const { apply, plan, sims } = plane();
    const bad = block([make, "nonsense"], [remove, "more nonsense"]);

    await expect(apply(bad)).rejects.toThrow(/VPP refused "nonsense".* Of its undo VPP refused "more nonsense"\.$/);
    expect(sims.core.state.byName("memif0/7")).toBeUndefined();
    expect((await plan(bad, bad)).map(describeStep)).toEqual([`core: add raw commands x: ${make}; nonsense`]);
    expect((await plan(nothing, bad)).map(describeStep)).toEqual([]);
  });

  it("goes although a line of its undo is refused, and the rest of it is done", async () => {
    const { apply, sims } = plane();
    const one = block([make], ["nonsense", remove]);
    await apply(one);

    expect(await apply(nothing, one)).toEqual([]);
    expect(sims.core.state.byName("memif0/7")).toBeUndefined();
  });

  it("that nobody came back from is undone and run again, once", async () => {
    const { apply, files, host, plan, sims } = plane();
    const one = block([make, "set interface state memif0/7 up"], [remove]);
    const steps = await plan(one);
    sims.core.dropAt(/^cli_inband$/, true);
    await expect(carriedOut(applyVpp(steps, host, places, signal))).rejects.toThrow("VPP");
    expect(files.get("/run/imp/vpp-core.jsonl")).toContain('"isBegun":true');

    expect((await plan(one, one)).map(describeStep)).toEqual([
      "core: remove raw commands x (made anew: whoever ran it did not come to its end)",
      `core: add raw commands x: ${make}; set interface state memif0/7 up (anew)`,
    ]);
    expect(await apply(one, one)).toEqual([]);
    expect([...sims.core.state.interfaces.values()].map(({ name }) => name)).toEqual(["local0", "memif0/7"]);
  });

  it("is written down as done before the next step is sent", async () => {
    const { files, host, plan } = plane();
    const one = block([make], [remove]);
    const loop = { kind: "raw", name: "y", commands: ["create loopback interface instance 8"], undo: [] } as const;
    const both = { core: { objects: [...(one.core?.objects ?? []), { ...loop, impact: "hitless" } as const] } };
    const seen: (string | undefined)[] = [];
    for await (const step of applyVpp(await plan(both), host, places, signal)) {
      void step;
      seen.push(files.get("/run/imp/vpp-core.jsonl"));
    }
    expect(seen[0]).toContain(`"name":"x","commands":["${make}"],"undo":["${remove}"],"impact":"hitless"}`);
  });
});
