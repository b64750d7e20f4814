import { describe, expect, it } from "vitest";
import { examineWatchdog, mustBeWatched, type SeenReset } from "../../../../controller/trial/watchdog.ts";
import { simHost } from "../../../lab/host.ts";

const { signal } = new AbortController();

interface Wishes {
  readonly identity?: string;
  readonly state?: string;
  /** Of each look, the last one from then on; undefined: the driver does not tell. */
  readonly left?: readonly number[];
  readonly stop?: string;
  readonly systemd?: Readonly<Record<string, string>>;
  readonly kernel?: string;
}

function box(wishes: Wishes = {}) {
  const { identity = "iTCO_wdt", state = "active", left = [60, 57], stop = "0", kernel = "6.1.0-56-amd64" } = wishes;
  const systemd = {
    RuntimeWatchdogUSec: "1min",
    KExecWatchdogUSec: "10min",
    RebootWatchdogUSec: "10min",
    ...wishes.systemd,
  };
  const sim = simHost();
  const put = (path: string, text: string) => void sim.files.set(path, { text: `${text}\n`, mode: 0o444 });
  const folder = "/sys/class/watchdog/watchdog0";
  if (identity !== "") {
    for (const [name, text] of Object.entries({ identity, state, timeout: "60", nowayout: "0" }))
      put(`${folder}/${name}`, text);
  }
  put("/sys/module/watchdog/parameters/stop_on_reboot", stop);
  put("/sys/class/dmi/id/board_name", "X11");
  put("/proc/sys/kernel/osrelease", kernel);
  sim.answer(() => {
    return {
      exitCode: 0,
      stdout: Object.entries(systemd)
        .map((pair) => `${pair.join("=")}\n`)
        .join(""),
      stderr: "",
    };
  });
  const host = sim.start();
  let looks = 0;
  const shown = left;
  return {
    ...host,
    // Nobody waits for the clock here.
    sleep: async () => undefined,
    readFile: (path: string) => {
      if (!path.endsWith("/timeleft")) return host.readFile(path);
      const value = shown[looks] ?? shown.at(-1);
      looks += 1;
      return Promise.resolve(value === undefined ? undefined : `${value}\n`);
    },
  };
}

const lacking = async (wishes: Wishes) =>
  (await examineWatchdog({ host: box(wishes), method: "kexec" }, signal)).lacks?.reason;

describe("a hardware watchdog", () => {
  it("guards a trial when systemd holds it, it counts, and nobody stops it on the way", async () => {
    const { verified, unverified, lacks } = await examineWatchdog({ host: box(), method: "kexec" }, signal);
    expect(lacks).toBeUndefined();
    expect(verified).toEqual([
      "systemd holds iTCO_wdt (60 s).",
      "iTCO_wdt counts.",
      "The kernel does not stop it when it is left (watchdog.stop_on_reboot=0).",
    ]);
    expect(unverified).toEqual(["Whether the next kernel reaches its systemd in 60 s, and is reset when it hangs."]);
  });

  it("that reset the box in a drill is said to, of the same one on the same way alone", async () => {
    const seen = { identity: "iTCO_wdt", method: "kexec", at: Date.UTC(2026, 10, 30, 12) } as const;
    const said = async (one: Partial<SeenReset>) => {
      const found = await examineWatchdog({ host: box(), method: "kexec", seen: { ...seen, ...one } }, signal);
      return [found.verified.filter((text) => text.includes("drill")), found.unverified];
    };
    const whether = "Whether the next kernel reaches its systemd in 60 s";
    expect(await said({})).toEqual([["iTCO_wdt reset this box in a drill on 2026-11-30."], [`${whether}.`]]);
    const unseen = [[], [`${whether}, and is reset when it hangs.`]];
    expect(await said({ identity: "sp5100_tco" })).toEqual(unseen);
    expect(await said({ method: "firmware" })).toEqual(unseen);
  });

  it.each<[string, Wishes, string]>([
    ["is not there", { identity: "" }, "This box has no hardware watchdog."],
    [
      "is the kernel's own",
      { identity: "Software Watchdog" },
      "This box has only Software Watchdog, a timer of the kernel itself, which does not count.",
    ],
    ["is held by nobody", { state: "inactive" }, "iTCO_wdt is not held by systemd."],
    ["is held by somebody else", { systemd: { RuntimeWatchdogUSec: "0" } }, "iTCO_wdt is not held by systemd."],
    ["does not count", { left: [60, 60, 60, 60] }, "iTCO_wdt does not count."],
    ["is stopped by the kernel", { stop: "1" }, "The kernel stops iTCO_wdt when it is left."],
    [
      "may be stopped by its driver",
      { stop: "-1" },
      "Nobody can tell whether the kernel stops iTCO_wdt when it is left.",
    ],
  ])("guards none when it %s", async (_what, wishes, reason) => {
    expect(await lacking(wishes)).toBe(reason);
  });

  it("that is fed between two looks is looked at once more", async () => {
    expect(await lacking({ left: [40, 60, 57] })).toBeUndefined();
  });

  it("that does not tell whether it counts is said", async () => {
    const finding = await examineWatchdog({ host: box({ left: [] }), method: "kexec" }, signal);
    expect(finding.lacks).toBeUndefined();
    expect(finding.unverified).toContain("iTCO_wdt does not tell whether it counts.");
  });

  it("through the firmware needs systemd's word for reboots, and the loader's is said to be unknown", async () => {
    const where = { host: box({ stop: "1" }), method: "firmware" } as const;
    const { lacks, unverified } = await examineWatchdog(where, signal);
    expect(lacks).toBeUndefined();
    const off = { host: box({ systemd: { RebootWatchdogUSec: "infinity" } }), method: "firmware" } as const;
    expect((await examineWatchdog(off, signal)).lacks?.reason).toBe("systemd stops iTCO_wdt before it reboots.");
    expect(unverified).toContain("Whether it runs from the loader on: imp.watchdog on zfsbootmenu's command line.");
  });
});

describe("a trial that nobody guards", () => {
  it("is refused, with what to do", async () => {
    const where = { host: box({ identity: "" }), method: "kexec" } as const;
    await expect(mustBeWatched(where, false, signal)).rejects.toMatchObject({
      code: "BOOT_ENVIRONMENT",
      message: "This box has no hardware watchdog. A trial that hangs would wait for somebody.",
      remedy: "Load the driver of the one that it has. Or policy.trial.allow-unwatched in the machine file.",
    });
  });

  it("is said where the machine file allows it", async () => {
    const where = { host: box({ identity: "" }), method: "kexec" } as const;
    expect(await mustBeWatched(where, true, signal)).toEqual([
      "This box has no hardware watchdog. The machine file allows that: a kernel that hangs waits for somebody.",
    ]);
  });
});
