import { describe, expect, it } from "vitest";
import { failureOf } from "../../../../controller/deploy.ts";
import { unallowed } from "../../../../controller/gate/adopting.ts";
import { openIncus } from "../../../../reconcilers/incus/api.ts";
import { asProblem, Problem } from "../../../../schemas/problem.ts";
import { simHost } from "../../../lab/host.ts";
import { busybox, containers, desiredOf, incusBox, plane, socket } from "../../../lab/incus/box.ts";
import { httpConnection } from "../../../lab/incus/socket.ts";

const signal = new AbortController().signal;
const unbound = {
  instance: { ...busybox, address: "10.234.116.10", data: { conf: { path: "/etc/unbound", size: "1GiB" } } },
};
const one = desiredOf({ containers, services: { unbound } });

describe("a box whose Incus never ran", () => {
  it("gets bridge, storage, profile, data and instance in one plan, and is in sync then", async () => {
    const box = incusBox();
    const { steps } = await box.bring(one, []);

    expect(steps.map((step) => plane.describe(step))).toEqual([
      "add network incusbr0 ipv4.address=10.234.116.1/24 ipv4.nat=false ipv4.routing=false ipv4.dhcp.gateway=10.234.116.5 ipv4.dhcp.ranges=10.234.116.100-10.234.116.254 ipv6.address=none",
      "add pool data dir on /persistent/data/incus",
      "set profile default: taken over, device root added, device eth0 added",
      "add volume data/unbound-conf size=1GiB",
      "add instance unbound container from busybox with default boot.autostart=true eth0=[type=nic name=eth0 network=incusbr0 ipv4.address=10.234.116.10] data-conf=[type=disk pool=data source=unbound-conf path=/etc/unbound] running",
      "start instance unbound",
    ]);
    expect(new Set(steps.map(({ impact }) => impact))).toEqual(new Set(["hitless"]));
    expect(box.incus.state.instances.get("unbound")).toMatchObject({ status: "Running", profiles: ["default"] });
    expect(await box.plan(one, [one])).toEqual({ steps: [], foreign: [], problems: [], notes: [] });
  });

  it("is told in pieces as well as whole", async () => {
    const box = incusBox({ chunked: 7 });
    await box.bring(one, []);
    expect((await box.plan(one, [one])).steps).toEqual([]);
  });
});

describe("another boot environment", () => {
  it("takes over the storage with instances and data, without losing either", async () => {
    const old = incusBox();
    const before = desiredOf({
      containers: { ...containers, profiles: { lan: { config: { "limits.processes": 100 } } } },
      services: { unbound: { instance: { ...unbound.instance, profiles: ["lan"] } } },
    });
    await old.bring(before, []);
    const [instance, volume] = [
      old.incus.state.instances.get("unbound"),
      old.incus.state.volumes.get("data/unbound-conf"),
    ];
    if (instance) instance.data = "cache";
    if (volume) volume.data = "server:";

    old.incus = old.incus.another();
    await old.bring(before, []);

    expect(old.incus.state.volumes.get("data/unbound-conf")).toMatchObject({
      data: "server:",
      config: { size: "1GiB" },
    });
    expect(old.incus.state.instances.get("unbound")).toMatchObject({ data: "cache", made: 1, status: "Running" });
    expect((await old.plan(before, [before])).steps).toEqual([]);
  });

  it("with another image for the service makes its file system anew, and keeps its data", async () => {
    const box = incusBox({ images: { busybox: "0123456789ab", newer: "ba9876543210" } });
    await box.bring(one, []);
    const volume = box.incus.state.volumes.get("data/unbound-conf");
    if (volume) volume.data = "server:";
    const newer = desiredOf({
      containers,
      services: { unbound: { instance: { ...unbound.instance, image: { alias: "newer" } } } },
    });

    box.incus = box.incus.another();
    await box.bring(newer, []);

    expect(box.incus.state.instances.get("unbound")).toMatchObject({ made: 2, status: "Running" });
    expect(box.incus.state.volumes.get("data/unbound-conf")?.data).toBe("server:");
    expect((await box.plan(newer, [newer])).steps).toEqual([]);
  });
});

describe("what another boot environment left in the storage", () => {
  const kea = { instance: { ...busybox, data: { leases: { path: "/var/lib/kea" } } } };
  const more = desiredOf({ containers, services: { unbound, kea } });

  async function back() {
    const box = incusBox();
    await box.bring(one, []);
    const old = box.incus;
    box.incus = old.another();
    await box.bring(more, [one]);
    const [leases, instance] = [box.incus.state.volumes.get("data/kea-leases"), box.incus.state.instances.get("kea")];
    if (leases) leases.data = "192.0.2.7";
    if (instance) instance.data = "cache";
    box.incus = old;
    return box;
  }

  it("is taken over by the one that comes back, once it is asked for the same", async () => {
    const box = await back();

    await box.bring(more, [one]);

    expect(box.incus.state.volumes.get("data/kea-leases")?.data).toBe("192.0.2.7");
    expect(box.incus.state.instances.get("kea")).toMatchObject({ data: "cache", made: 1, status: "Running" });
    expect((await box.plan(more, [more])).steps).toEqual([]);
  });

  it("stays what it is where somebody else made it", async () => {
    const box = await back();
    const stored = box.incus.storage.get("/persistent/data/incus")?.instances.get("kea");
    if (stored) stored.backup = { ...stored.backup, config: {} };

    await expect(box.bring(more, [one])).rejects.toMatchObject({ code: "INCUS_FOREIGN" });
    expect(box.incus.state.instances.get("kea")?.data).toBe("cache");
  });
});

describe("a trial", () => {
  const images = { busybox: "0123456789ab", newer: "ba9876543210" };
  const kea = { instance: busybox };
  const two = desiredOf({ containers, services: { unbound, kea } });
  const newer = { ...unbound.instance, image: { alias: "newer" } };
  const next = desiredOf({ containers, services: { unbound: { instance: newer } } });
  const there = { ...next, spares: true } as const;

  it.each([true, false])(
    "ends no file system; the old database finds all, be its own the same or not: %s",
    async (isFresh) => {
      const box = incusBox({ images });
      await box.bring(two, []);
      const old = box.incus;
      if (isFresh) box.incus = old.another();

      await box.bring(there, [two, next]);

      expect((await box.plan(there, [two, next])).steps).toEqual([]);
      expect([...box.incus.state.instances.values()].map(({ name, status, made }) => [name, status, made])).toEqual([
        ["unbound", "Running", 1],
        ["kea", "Stopped", 1],
      ]);
      if (isFresh) box.incus = old;
      await box.bring(two, [two, next]);
      expect([...box.incus.state.instances.values()].map(({ name, status, made }) => [name, status, made])).toEqual([
        ["unbound", "Running", 1],
        ["kea", "Running", 1],
      ]);
    },
  );

  it.each([true, false])("leaves the rest to be done once it is committed, by nobody's change: %s", async (isFresh) => {
    const box = incusBox({ images });
    await box.bring(two, []);
    if (isFresh) box.incus = box.incus.another();
    await box.bring(there, [two, next]);

    const { steps } = await box.bring(next, [next]);

    expect(steps.map((step) => plane.describe(step))).toEqual([
      "remove instance kea, with its own file system",
      "rebuild instance unbound from newer",
      "start instance unbound",
    ]);
    expect(steps.every(({ renews }) => renews)).toBe(true);
    expect((await box.plan(next, [next])).steps).toEqual([]);
    expect(box.incus.state.instances.get("unbound")).toMatchObject({ made: 2, status: "Running" });
  });
});

describe("an Incus that undoes by removing", () => {
  it.each(["6.0.0", "6.0.3", "6.10"])("of version %s makes no volume", async (version) => {
    const { problems } = await incusBox({ version }).plan(one, []);
    expect(problems).toMatchObject([{ code: "INCUS_VERSION", transient: false }]);
  });

  it.each(["6.0.4", "6.0.6", "6.11", "7.0.1"])("is not %s", async (version) => {
    expect((await incusBox({ version }).plan(one, [])).problems).toEqual([]);
  });
});

describe("a change", () => {
  it("that counts only at a start comes with a restart, also where it was interrupted before that", async () => {
    const box = incusBox();
    await box.bring(one, []);
    const nested = desiredOf({
      containers,
      services: { unbound: { instance: { ...unbound.instance, config: { "security.nesting": true } } } },
    });
    box.incus.breakAt(1, "done");

    await expect(box.bring(nested, [one])).rejects.toThrow("closed the connection");
    const { steps } = await box.bring(nested, [one]);

    expect(steps.map((step) => plane.describe(step))).toEqual(["restart instance unbound"]);
    expect(box.incus.state.instances.get("unbound")?.startedWith).toMatchObject({ "security.nesting": "true" });
    expect((await box.plan(nested, [nested])).steps).toEqual([]);
  });

  it("stops by force what does not end by itself", async () => {
    const box = incusBox();
    const deaf = { instance: { ...unbound.instance, config: { "user.deaf": true } } };
    const before = desiredOf({ containers, services: { unbound: deaf } });
    await box.bring(before, []);
    const off = desiredOf({ containers, services: { unbound: { ...deaf, enabled: false } } });

    await box.bring(off, [before]);

    expect(box.incus.state.instances.get("unbound")?.status).toBe("Stopped");
    expect((await box.plan(off, [off])).steps).toEqual([]);
  });

  it("that Incus refuses is told in its words", async () => {
    const wrong = desiredOf({
      containers,
      services: { unbound: { instance: { ...busybox, config: { "nope.x": 1 } } } },
    });
    await expect(incusBox().bring(wrong, [])).rejects.toMatchObject({
      code: "INCUS_REFUSED",
      message: "Incus refused POST /1.0/instances: Invalid config: Unknown configuration key: nope.x",
    });
  });
});

describe("what an instance is made of", () => {
  const of = (instance: object) => desiredOf({ containers, services: { unbound: { instance } as never } });

  it("is looked for before anything is done, where it is to be here", async () => {
    const box = incusBox();
    await box.bring(one, []);
    const misspelt = of({ ...unbound.instance, image: { alias: "bussybox" } });

    expect((await box.plan(misspelt, [one])).problems).toMatchObject([
      { code: "INCUS_REFUSED", transient: false, message: expect.stringContaining("no image bussybox") },
    ]);
    expect(
      (await box.plan(of({ ...unbound.instance, image: { fingerprint: "0123456789ab" } }), [one])).problems,
    ).toEqual([]);
  });

  it("is the candidate's fault where a server has no such thing, and not where the server does not answer", async () => {
    const remotes = { images: { url: "https://images.example.net" } };
    const far = desiredOf({
      containers: { ...containers, remotes },
      services: { unbound: { instance: { image: { remote: "images", alias: "nope" } } } },
    });
    const why = async (): Promise<Problem> =>
      asProblem(
        await incusBox()
          .bring(far, [])
          .catch((thrown: unknown) => thrown),
      );
    const down = new Problem("INCUS_REFUSED", "dial tcp: lookup images.example.net: no such host", { transient: true });

    expect(failureOf(await why(), false)).toMatchObject({ trigger: "apply", verdict: "bad" });
    expect(failureOf(down, false)).toMatchObject({ verdict: "inconclusive" });
  });

  it("is made an end of as of something that disturbs, also of one that does not run", async () => {
    const box = incusBox({ images: { busybox: "0123456789ab", newer: "ba9876543210" } });
    const off = desiredOf({ containers, services: { unbound: { ...unbound, enabled: false } } });
    await box.bring(off, []);
    const newer = { ...unbound.instance, image: { alias: "newer" } };
    const rebuilt = desiredOf({ containers, services: { unbound: { instance: newer, enabled: false } } });

    for (const next of [rebuilt, desiredOf({ containers })]) {
      const { steps } = await box.plan(next, [off]);
      expect(unallowed(steps, []).map(({ kind }) => kind)).toEqual([next === rebuilt ? "rebuild" : "remove"]);
    }
  });
});

describe("a server of images", () => {
  it.each([
    ['Failed getting remote image info: Get "https://x/": dial tcp: lookup x: no such host', true],
    ['Failed getting remote image info: Get "https://x/": context deadline exceeded', true],
    ["write /var/lib/incus/images/0: no space left on device", true],
    ["Failed getting remote image info: Failed getting image: The requested image couldn't be found", false],
  ])("that says %j passes: %s", async (error, transient) => {
    const sim = simHost();
    sim.listen(socket, () => httpConnection(() => ({ status: 500, body: { type: "error", error } })));
    await expect(
      openIncus(sim.start(), socket).change({ method: "POST", path: "/1.0/instances" }, signal),
    ).rejects.toMatchObject({ code: "INCUS_REFUSED", transient });
  });
});

describe("a box without Incus", () => {
  it("is not asked, and has nothing to do for a bridge alone", async () => {
    const sim = simHost();
    const host = sim.start();
    const observed = await plane.observe(host, signal);

    expect(sim.effects()).toEqual([]);
    expect(plane.plan(desiredOf({ containers }), observed, [])).toEqual({
      steps: [],
      foreign: [],
      problems: [],
      notes: [],
    });
    expect(plane.plan(one, observed, []).problems).toMatchObject([{ code: "INCUS_UNREACHABLE", transient: false }]);
  });

  it("tells of an Incus that does not answer only where something is asked of it", async () => {
    const sim = simHost();
    sim.files.set(socket, { text: "", mode: 0o660 });
    const observed = await plane.observe(sim.start(), signal);

    expect(plane.plan(desiredOf({}), observed, []).problems).toEqual([]);
    expect(plane.plan(desiredOf({ containers }), observed, []).problems).toMatchObject([
      { code: "INCUS_UNREACHABLE", transient: true },
    ]);
  });
});

describe("an operation", () => {
  it("that does not end has an end for us", async () => {
    const sim = simHost();
    sim.listen(socket, () =>
      httpConnection(({ path }) =>
        path.includes("/wait")
          ? { status: 200, body: { type: "sync", metadata: { status_code: 103 } } }
          : { status: 202, body: { type: "async", operation: "/1.0/operations/1" } },
      ),
    );
    const host = sim.start();
    const late = { ...host, uptime: () => sim.uptime() + 1000 * sim.effects().length };

    await expect(
      openIncus(late, socket).change({ method: "POST", path: "/1.0/instances", limitMs: 20_000 }, signal),
    ).rejects.toMatchObject({ code: "INCUS_REFUSED", transient: true });
  });
});
