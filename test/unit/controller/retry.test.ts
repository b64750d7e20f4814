import { describe, expect, it } from "vitest";
import { retryTransient, withDeadline } from "../../../controller/retry.ts";
import { Problem } from "../../../schemas/problem.ts";
import { simHost } from "../../lab/host.ts";

const away = new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
const wrong = new Problem("FRR_REJECTED", "no");

/** Settles a promise on the virtual clock. */
async function settle<T>(sim: ReturnType<typeof simHost>, work: Promise<T>): Promise<PromiseSettledResult<T>> {
  let result: PromiseSettledResult<T> | undefined;
  void Promise.allSettled([work]).then(([one]) => (result = one));
  await sim.until(() => result !== undefined, "settled");
  return (await Promise.allSettled([work]))[0];
}

describe("second tries", () => {
  it("are made of what is transient, with longer and longer pauses", async () => {
    const sim = simHost();
    const host = sim.start();
    const at: number[] = [];
    const begin = sim.uptime();
    const { signal } = new AbortController();

    const result = await settle(
      sim,
      retryTransient(host, { retries: 3, pauseMs: 1000, signal }, async () => {
        at.push(sim.uptime() - begin);
        throw away;
      }),
    );

    expect(result).toMatchObject({ status: "rejected", reason: away });
    expect(at).toEqual([0, 1000, 3000, 7000]);
  });

  it("are not made of anything else", async () => {
    const sim = simHost();
    let tries = 0;
    const { signal } = new AbortController();
    const result = await settle(
      sim,
      retryTransient(sim.start(), { retries: 3, pauseMs: 1000, signal }, async () => {
        tries += 1;
        throw wrong;
      }),
    );
    expect(result).toMatchObject({ status: "rejected", reason: wrong });
    expect(tries).toBe(1);
  });

  it("end when the signal aborts", async () => {
    const sim = simHost();
    const host = sim.start();
    const closing = new AbortController();
    let tries = 0;
    const work = retryTransient(host, { retries: 9, pauseMs: 60_000, signal: closing.signal }, async () => {
      tries += 1;
      throw away;
    });
    await sim.until(() => tries === 1, "the first try");
    closing.abort(new Error("closed"));

    expect(await settle(sim, work)).toMatchObject({ status: "rejected", reason: { message: "closed" } });
    expect(tries).toBe(1);
  });
});

describe("a deadline", () => {
  it("passes on what the work gives, and leaves no timer behind", async () => {
    const sim = simHost();
    const host = sim.start();
    const { signal } = new AbortController();

    expect(await withDeadline(host, 1000, signal, "Work", async () => 42)).toBe(42);
    await expect(sim.pass(5000)).resolves.toBeUndefined();
  });

  it("aborts the work and names what was late", async () => {
    const sim = simHost();
    const host = sim.start();
    const { signal } = new AbortController();
    const begin = sim.uptime();

    const result = await settle(
      sim,
      withDeadline(host, 1000, signal, "Polling", (limited) => host.sleep(9e9, limited)),
    );

    expect(result).toMatchObject({
      status: "rejected",
      reason: { transient: true, message: "Polling took longer than 1 s." },
    });
    expect(sim.uptime() - begin).toBe(1000);
  });

  it("leaves work behind that does not listen", async () => {
    const sim = simHost();
    const { signal } = new AbortController();
    const result = await settle(
      sim,
      withDeadline(sim.start(), 1000, signal, "Polling", () => new Promise<never>(() => undefined)),
    );
    expect(result).toMatchObject({ status: "rejected", reason: { message: "Polling took longer than 1 s." } });
  });

  it("ends at once when the outer signal aborts", async () => {
    const sim = simHost();
    const closing = new AbortController();
    const work = withDeadline(sim.start(), 1000, closing.signal, "Polling", () => new Promise<never>(() => undefined));
    closing.abort(new Error("closed"));
    await expect(work).rejects.toThrow("closed");
  });
});
