/** What somebody gave up waiting for, and Incus went on with: nothing of it stays that nobody wants, or that is no longer what it says. */
import { describe, expect, it } from "vitest";
import { openIncus } from "../../../../reconcilers/incus/api.ts";
import { imageMark, type IncusDesired } from "../../../../reconcilers/incus/model.ts";
import type { MachineInput } from "../../../../schemas/machine.ts";
import { simHost } from "../../../lab/host.ts";
import { busybox, containers, desiredOf, type IncusBox, incusBox, plane, socket } from "../../../lab/incus/box.ts";
import { tooLarge } from "../../../lab/incus/instances.ts";
import type { Held } from "../../../lab/incus/operations.ts";
import { httpConnection } from "../../../lab/incus/socket.ts";

const signal = new AbortController().signal;
const images = { busybox: "0123456789ab", newer: "ba9876543210", huge: tooLarge };
const remotes = {
  ours: { url: "https://incus.example.net", protocol: "incus" },
  theirs: { url: "https://images.example.net" },
} as const;
const moments = ["fetching", "unpacking"] as const satisfies readonly Held[];

function having(services: MachineInput["services"]): IncusDesired {
  return desiredOf({ containers: { ...containers, remotes }, services });
}

const before = having({ unbound: { instance: busybox } });
const after = having({ unbound: { instance: busybox }, kea: { instance: busybox } });
const newer = having({ unbound: { instance: { image: { alias: "newer" } } } });

const gone = "remove instance kea, with its own file system";
const made = [expect.stringMatching(/^add instance kea/), "start instance kea"] as const;

async function settled(): Promise<IncusBox> {
  const box = incusBox({ images });
  await box.bring(before, []);
  box.incus.changes.length = 0;
  return box;
}

/** Begins a plan, and gives up once Incus does something that takes its time. */
async function givenUp(box: IncusBox, desired: IncusDesired, moment: Held): Promise<void> {
  const deadline = new AbortController();
  const begun = box.incus.hold(moment);
  const bringing = box.bring(desired, [before], deadline.signal);
  await begun;
  await new Promise(setImmediate);
  deadline.abort(new Error("the deadline"));
  await expect(bringing).rejects.toThrow("the deadline");
}

async function stepsTo(box: IncusBox, desired: IncusDesired, owned: readonly IncusDesired[]) {
  const { steps } = await box.bring(desired, owned);
  expect((await box.plan(desired, owned)).steps).toEqual([]);
  return steps.map((step) => plane.describe(step));
}

function all({ incus: { state } }: IncusBox) {
  const bases = new Map([...state.images].map(([alias, fingerprint]) => [fingerprint, alias]));
  return [...state.instances.values()].map(({ name, status, config }) => {
    return `${name} ${status} of ${bases.get(config["volatile.base_image"] ?? "")}`;
  });
}

describe("an instance that nobody waited for", () => {
  it("appears after the roll-back, and goes by the next plan, although nobody is known to have asked for it", async () => {
    const box = await settled();
    await givenUp(box, after, "fetching");

    expect(await stepsTo(box, before, [before, after])).toEqual([]);
    box.incus.release();
    expect(all(box)).toEqual(["unbound Running of busybox", "kea Stopped of busybox"]);
    const { steps, foreign } = await box.plan(before, [before]);
    expect(foreign).toEqual([]);
    expect(steps.every(({ renews }) => renews)).toBe(true);

    expect(await stepsTo(box, before, [before])).toEqual(["remove instance kea, with its own file system"]);
    expect(all(box)).toEqual(["unbound Running of busybox"]);
  });

  it("goes with the roll-back where that finds its record, which waits until Incus is done with it", async () => {
    const box = await settled();
    await givenUp(box, after, "unpacking");
    expect(box.incus.state.instances.get("kea")?.config).toMatchObject({ "boot.autostart": "false" });

    const back = stepsTo(box, before, [before, after]);
    await new Promise(setImmediate);
    expect(box.incus.state.making).toEqual(new Set(["kea"]));
    box.incus.release();

    expect(await back).toEqual(["remove instance kea, with its own file system"]);
    expect(all(box)).toEqual(["unbound Running of busybox"]);
  });

  it.each(moments)("is made anew where it is asked for, as nobody saw it made whole: %s", async (moment) => {
    const box = await settled();
    await givenUp(box, after, moment);
    const again = stepsTo(box, after, [before]);
    await new Promise(setImmediate);
    box.incus.release();
    // Of what is not there yet the plan says that it comes.
    expect(await again).toEqual([...(moment === "fetching" ? [] : [gone]), ...made]);
    const asked = box.incus.changes.filter((change) => / \/1\.0\/instances(\/kea)?$/.test(change));
    expect(asked).toEqual([
      "POST /1.0/instances",
      "DELETE /1.0/instances/kea",
      "POST /1.0/instances",
      "PUT /1.0/instances/kea",
    ]);
    expect(all(box)).toEqual(["unbound Running of busybox", "kea Running of busybox"]);
    expect(box.incus.state.instances.get("kea")?.config).toMatchObject({ "boot.autostart": "true" });
  });

  it("is made where Incus undid it while it was waited for", async () => {
    const box = await settled();
    await givenUp(box, after, "unpacking");
    const backup = { type: "container", description: "", config: {}, devices: {}, profiles: ["default"] };
    const stray = { data: "", made: 1, base: "", backup };
    box.incus.storage.get(containers.storage.source)?.instances.set("kea", stray);

    const again = stepsTo(box, after, [before]);
    await new Promise(setImmediate);
    box.incus.release();

    expect(await again).toEqual([gone, ...made]);
    expect(all(box)).toEqual(["unbound Running of busybox", "kea Running of busybox"]);
  });

  // It takes no change then, and without its volume's record no new file system either.
  it.each([true, false])("goes and comes after a power cut in the middle, its volume on record: %s", async (isOn) => {
    const box = await settled();
    await givenUp(box, after, "unpacking");
    box.incus = box.incus.restarted();
    if (!isOn) box.incus.state.rootless.add("kea");
    expect(box.incus.state.instances.get("kea")?.made).toBe(0);

    expect(await stepsTo(box, after, [before])).toEqual(["start instance unbound", gone, ...made]);
    expect(all(box)).toEqual(["unbound Running of busybox", "kea Running of busybox"]);
  });

  it.each([
    ["goes and comes where it asks for it", after, [gone, ...made]],
    ["goes where it does not", before, [gone]],
  ] as const)("is nothing to be spared in a trial: %s", async (_, desired, steps) => {
    const box = await settled();
    await givenUp(box, after, "unpacking");
    box.incus.release();

    expect(await stepsTo(box, { ...desired, spares: true }, [before])).toEqual(steps);
  });

  it("is nothing to go back to", async () => {
    const box = await settled();
    await givenUp(box, after, "fetching");
    box.incus.release();

    const seen = plane.asDesired?.(await plane.observe(box.host, signal));

    expect(plane.goingBack?.(before, after, seen ?? {})).toEqual(before);
  });
});

describe("a rebuild that nobody waited for", () => {
  it("leaves all as it was where it was given up while its image came", async () => {
    const far = having({ unbound: { instance: { image: { alias: "newer", remote: "ours" } } } });
    const box = incusBox({ images: { ...images, [`${remotes.ours.url} newer`]: "cdef01234567" } });
    await box.bring(before, []);
    const data = "what somebody wrote";
    Object.assign(box.incus.state.instances.get("unbound") ?? {}, { data });
    await givenUp(box, far, "fetching");

    expect(await stepsTo(box, before, [before, far])).toEqual(["start instance unbound"]);
    expect(box.incus.state.instances.get("unbound")).toMatchObject({ data, made: 1, status: "Running" });
    expect(box.incus.state.instances.get("unbound")?.config).toMatchObject({ "boot.autostart": "true" });
  });

  it("is over before anything else is done with the instance, and is done again where it is asked for", async () => {
    const box = await settled();
    await givenUp(box, newer, "fetching");

    const again = stepsTo(box, newer, [before]);
    await new Promise(setImmediate);
    box.incus.release();

    expect(await again).toEqual(["rebuild instance unbound from newer", "start instance unbound"]);
    expect(all(box)).toEqual(["unbound Running of newer"]);
    expect(box.incus.state.instances.get("unbound")?.made).toBe(3);
  });

  it("is made good by taking the image's mark away, where Incus went on with it and the image is to be the old one", async () => {
    const box = await settled();
    await givenUp(box, newer, "fetching");
    box.incus.release();
    await box.bring(before, [before, newer]);
    expect(all(box)).toEqual(["unbound Running of newer"]);

    // incus config unset unbound user.imp.image
    const unbound = box.incus.state.instances.get("unbound");
    const { [imageMark]: _, ...config } = unbound?.config ?? {};
    Object.assign(unbound ?? {}, { config });

    expect(await stepsTo(box, before, [before])).toEqual([
      "rebuild instance unbound from busybox",
      "start instance unbound",
    ]);
    expect(all(box)).toEqual(["unbound Running of busybox"]);
  });
});

describe("what a trial left to be done", () => {
  it("is not to be done any more where it is asked for as it is, and says so no more", async () => {
    const box = await settled();
    await box.bring({ ...newer, spares: true }, [before, newer]);
    expect(box.incus.state.instances.get("unbound")?.config).toHaveProperty(["user.imp.later"]);

    expect(await stepsTo(box, before, [before, newer])).toEqual(["set instance unbound: stays as it is"]);
    expect(box.incus.state.instances.get("unbound")?.config).not.toHaveProperty(["user.imp.later"]);
    expect(box.incus.state.instances.get("unbound")).toMatchObject({ made: 1, status: "Running" });
  });
});

describe("a rebuild that Incus refuses", () => {
  const of = (alias: string) => having({ unbound: { instance: { image: { alias, remote: "theirs" } } } });

  it("costs nobody a file system", async () => {
    const box = await settled();
    const data = "what somebody wrote";
    Object.assign(box.incus.state.instances.get("unbound") ?? {}, { data });

    await expect(box.bring(of("misspelt"), [before])).rejects.toMatchObject({ code: "INCUS_REFUSED" });

    expect(all(box)).toEqual(["unbound Running of busybox"]);
    expect(await stepsTo(box, before, [before])).toEqual([]);
    expect(box.incus.state.instances.get("unbound")).toMatchObject({ data, made: 1, status: "Running" });
    expect(box.incus.state.instances.get("unbound")?.config).toMatchObject({ "boot.autostart": "true" });
  });

  it("starts nothing that did not run", async () => {
    const box = await settled();
    const [stopped, other] = [before, of("misspelt")].map(({ objects = [], ...rest }) => ({
      ...rest,
      objects: objects.map((object) => (object.kind === "instance" ? { ...object, running: false } : object)),
    }));
    await box.bring(stopped ?? {}, [before]);

    await expect(box.bring(other ?? {}, [before])).rejects.toMatchObject({ code: "INCUS_REFUSED" });
    expect(all(box)).toEqual(["unbound Stopped of busybox"]);
  });

  it("says so, whatever becomes of the start after it", async () => {
    const box = await settled();
    // The stop, the rebuild, and the start.
    box.incus.breakAt(3, "before");
    await expect(box.bring(of("misspelt"), [before])).rejects.toMatchObject({
      code: "INCUS_REFUSED",
      message: "Incus refused POST /1.0/instances/unbound/rebuild: Failed getting remote image info",
    });
    expect(all(box)).toEqual(["unbound Stopped of busybox"]);
  });

  it("when the old one is gone already is made good by removing the instance", async () => {
    const box = await settled();
    const huge = having({ unbound: { instance: { image: { alias: "huge" } } } });
    await expect(box.bring(huge, [before])).rejects.toThrow("no space left on device");
    await expect(box.bring(before, [before, huge])).rejects.toMatchObject({ code: "INCUS_REFUSED" });

    const incus = openIncus(box.host, socket);
    await incus.change({ method: "DELETE", path: "/1.0/instances/unbound" }, signal);

    await stepsTo(box, before, [before, huge]);
    expect(all(box)).toEqual(["unbound Running of busybox"]);
  });
});

describe("who gives up waiting", () => {
  it.each([
    ["ours", ["POST /1.0/instances", "DELETE /1.0/operations/…"]],
    // What is cancelled there goes on, and is listed no more.
    ["theirs", ["POST /1.0/instances"]],
  ] as const)("has Incus end what it can end: an image of %s", async (remote, changes) => {
    const box = incusBox({ images: { ...images, [`${remotes[remote].url} busybox`]: "cdef01234567" } });
    await box.bring(before, []);
    box.incus.changes.length = 0;
    const far = having({ unbound: { instance: busybox }, kea: { instance: { image: { alias: "busybox", remote } } } });

    await givenUp(box, far, "fetching");
    const asked = box.incus.changes.map((change) => change.replace(/op-\d+/, "…"));
    expect(asked.filter((change) => !change.includes("recover"))).toEqual(changes);
    box.incus.release();

    expect(box.incus.state.instances.has("kea")).toBe(remote === "theirs");
    await stepsTo(box, before, [before]);
    expect(all(box)).toEqual(["unbound Running of busybox"]);
  });
});

describe("an operation", () => {
  /** Incus as it answers one after the other about an operation; the last one again and again. */
  function asking(answers: readonly (readonly [status: number, body: object])[]) {
    const sim = simHost();
    const left = [...answers];
    sim.listen(socket, () =>
      httpConnection(({ method }) => {
        if (method === "POST") return { status: 202, body: { type: "async", operation: "/1.0/operations/1" } };
        const [status, body] = (left.length > 1 ? left.shift() : left[0]) ?? [404, {}];
        return { status, body };
      }),
    );
    return openIncus(sim.start(), socket);
  }
  const timeUp = [200, { type: "error", error: "context deadline exceeded" }] as const;
  const goesOn = [200, { type: "sync", metadata: { status_code: 103, err: "" } }] as const;
  const request = { method: "POST", path: "/1.0/instances" } as const;

  it("goes on where Incus says only that its time to answer is over", async () => {
    const done = [200, { type: "sync", metadata: { status_code: 200, metadata: "what came of it" } }] as const;
    expect(await asking([timeUp, goesOn, timeUp, goesOn, done]).change(request, signal)).toBe("what came of it");
  });

  it("that failed says why, whatever the wait for it said", async () => {
    const failed = [200, { type: "sync", metadata: { status_code: 400, err: "no such alias" } }] as const;
    await expect(asking([timeUp, failed]).change(request, signal)).rejects.toMatchObject({
      code: "INCUS_REFUSED",
      message: "Incus refused POST /1.0/instances: no such alias",
      transient: false,
    });
  });

  it("of which Incus knows nothing any more was not refused", async () => {
    const unknown = [404, { type: "error", error: "Operation not found" }] as const;
    await expect(asking([unknown]).attempt(request, signal)).rejects.toMatchObject({
      code: "INCUS_UNREACHABLE",
      transient: true,
    });
  });

  it("of somebody's own with an instance is not waited for", async () => {
    const resources = { instances: ["/1.0/instances/unbound?project=default"] };
    const shell = { id: "1", description: "Executing command", status_code: 103, resources };
    const other = { id: "2", description: "Creating instance", status_code: 103, resources: { instances: ["/1.0/x"] } };
    const past = { id: "3", description: "Rebuilding instance", status_code: 200, resources };
    const listed = [200, { type: "sync", metadata: { running: [shell, other], success: [past] } }] as const;
    await expect(asking([listed, [500, {}]]).quiet("/1.0/instances/unbound", false, signal)).resolves.toBeUndefined();
  });

  it.each(["Stopping", "Starting", "Restarting"])("is not waited for by who is to stop it: %s", async (doing) => {
    const resources = { instances: ["/1.0/instances/unbound"] };
    const hangs = { id: "1", description: `${doing} instance`, status_code: 103, resources };
    const listed = [200, { type: "sync", metadata: { running: [hangs] } }] as const;
    const of = "/1.0/instances/unbound";
    await expect(asking([listed, [500, {}]]).quiet(of, true, signal)).resolves.toBeUndefined();
    await expect(asking([listed, [500, {}]]).quiet(of, false, signal)).rejects.toMatchObject({
      code: "INCUS_UNREACHABLE",
    });
  });
});
