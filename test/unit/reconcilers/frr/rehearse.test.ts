import { describe, expect, it } from "vitest";
import type { Host } from "../../../../reconcilers/core.ts";
import type { FrrObserved } from "../../../../reconcilers/frr/model.ts";
import { rehearsal } from "../../../../reconcilers/frr/rehearse.ts";

const desired = { config: "ip route 192.0.2.0/24 blackhole\n" };
const observed: FrrObserved = { config: "", running: ["zebra", "staticd"], version: "8.4.4", incomplete: [] };
// Nobody asks it anything here.
const host = {} as Host;

describe("a desired state before it is planned", () => {
  it("stays as it is where the scratch FRR fails, and says so", async () => {
    const rehearse = rehearsal(() => ({ take: () => Promise.reject(new Error("zebra does not listen")) }));

    expect(await rehearse(desired, observed, host, new AbortController().signal)).toEqual({
      desired,
      problems: [],
      notes: [expect.stringContaining("no scratch FRR runs here: zebra does not listen")],
    });
  });

  it("is not tried where FRR has printed it", async () => {
    const rehearse = rehearsal(() => ({ take: () => Promise.reject(new Error("nobody is to be asked")) }));
    const signal = new AbortController().signal;
    const printed = { ...desired, printedBy: "8.4.4" };

    expect(await rehearse(printed, observed, host, signal)).toEqual({ desired: printed, problems: [], notes: [] });
    const { notes } = await rehearse({ ...desired, printedBy: "8.3" }, observed, host, signal);
    expect(notes).toEqual([expect.stringContaining("nobody is to be asked")]);
  });

  it("is not tried any more once nobody waits", async () => {
    const rehearse = rehearsal(() => ({ take: () => Promise.reject(new Error("zebra does not listen")) }));

    await expect(rehearse(desired, observed, host, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  });
});
