/**
 * The plane on a real Incus that never ran before: IMP_TEST_INCUS is its socket, IMP_TEST_INCUS_POOL an empty folder, and it has an image
 * "busybox". What it made goes again but for its storage.
 */
import { describe, expect, it } from "vitest";
import { instance } from "../../controller/health/checks/instance.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { openIncus } from "../../reconcilers/incus/api.ts";
import { incus } from "../../reconcilers/incus/incus.ts";
import type { IncusDesired } from "../../reconcilers/incus/model.ts";
import type { MachineInput } from "../../schemas/machine.ts";
import { busybox, containers, desiredOf } from "../lab/incus/box.ts";

const { IMP_TEST_INCUS: socket = "", IMP_TEST_INCUS_POOL: source = "/none" } = process.env;
const plane = incus({ socket });
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const signal = new AbortController().signal;

async function bring(desired: IncusDesired, owned: readonly IncusDesired[]): Promise<readonly string[]> {
  const { steps, problems } = plane.plan(desired, await plane.observe(host, signal), owned);
  expect(problems).toEqual([]);
  for await (const step of plane.apply(steps, host, signal)) void step;
  const left = plane.plan(desired, await plane.observe(host, signal), [desired]);
  return left.steps.map((step) => plane.describe(step));
}

describe.skipIf(socket === "")("Incus, the real one (IMP_TEST_INCUS)", () => {
  const storage = { driver: "dir" as const, source };
  const data = { conf: { path: "/etc/unbound" } };
  const one = { ...busybox, address: "10.234.116.10", data };
  const other = { ...one, address: "10.234.116.11", config: { "security.nesting": true } };
  const [first, second] = [one, other].map((unbound) =>
    desiredOf({ containers: { ...containers, storage }, services: { unbound: { instance: unbound } } }),
  );

  it("is what is asked of it after each plan, runs the service, and lets it go", { timeout: 120_000 }, async () => {
    if (!first || !second) throw new Error("no machine");
    expect(await bring(first, [])).toEqual([]);
    const check = { check: "instance", instance: "unbound", required: true } as const;
    const asking = { host, incus: socket, sockets: "", dataplane: "", timeoutMs: 5000, signal };
    await expect
      .poll(() => instance(check, asking), { timeout: 20_000 })
      .toEqual({ ok: true, detail: "is Running, 10.234.116.10" });
    expect(await bring(second, [first])).toEqual([]);
    expect(await bring(desiredOf({}), [second])).toEqual([]);
    const { foreign } = plane.plan(desiredOf({}), await plane.observe(host, signal), []);
    expect(foreign.map(({ text }) => text)).toContain("volume data/unbound-conf, which nobody uses: its data is kept");
  });

  /** Gives up once Incus says that it does this. */
  async function givenUp(desired: IncusDesired, owned: readonly IncusDesired[], doing: string): Promise<void> {
    const deadline = new AbortController();
    const { steps } = plane.plan(desired, await plane.observe(host, signal), owned);
    const applying = (async () => {
      for await (const step of plane.apply(steps, host, deadline.signal)) void step;
    })();
    const ended = applying.catch((thrown: unknown) => thrown);
    const api = openIncus(host, socket);
    const running = async () => {
      const operations = (await api.get("/1.0/operations?recursion=1", signal)) as { readonly running?: unknown };
      return JSON.stringify(operations.running ?? []);
    };
    await expect.poll(running, { timeout: 60_000 }).toContain(doing);
    deadline.abort(new Error("the deadline"));
    expect(await ended).toMatchObject({ message: "the deadline" });
  }

  it("comes back from what nobody waits for any more, and Incus goes on with", { timeout: 120_000 }, async () => {
    const of = (services: MachineInput["services"]) => desiredOf({ containers: { ...containers, storage }, services });
    const before = of({ unbound: { instance: busybox } });
    const after = of({ unbound: { instance: busybox }, kea: { instance: busybox } });
    expect(await bring(before, [])).toEqual([]);
    await givenUp(after, [before], "Creating instance");
    expect(await bring(before, [before, after])).toEqual([]);

    const { images = [] } = await plane.observe(host, signal);
    const fingerprint = images.find((one) => /^[0-9a-f]{64}$/.test(one)) ?? "";
    const other = of({ unbound: { instance: { image: { fingerprint } } } });
    await givenUp(other, [before], "Rebuilding instance");
    expect(await bring(before, [before, other])).toEqual([]);

    const { objects } = await plane.observe(host, signal);
    const instances = objects.filter(({ object }) => object.kind === "instance");
    expect(instances).toMatchObject([{ object: { name: "unbound", running: true } }]);
    expect(instances[0]?.isLater).toBeUndefined();
    expect(await bring(desiredOf({}), [before])).toEqual([]);
  });
});
