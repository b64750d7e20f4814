/** An appliance that boots from a simulated pool, by kexec or through a loader that reads the record of a trial once. */
import { mostTrials, trialWords } from "../../reconcilers/bootenv/trial.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { RunResult } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { bootFile, restartPlane, stateFolder, story, textOf, type Story, type StoryOptions } from "./story.ts";
import { addEnvironment, bootFrom, bootPool, must } from "./zfs/boot-pool.ts";
import type { SimPool } from "./zfs/datasets.ts";

export const imageB = { name: "b", manifest: `sha256:${"b".repeat(64)}` };

export interface TrialBox {
  readonly s: Story;
  readonly pool: SimPool;
  /** What the loader did, and how the box went down, in order: "kexec b", "reboot", "boot a". */
  readonly boots: string[];
  /** What the agent let boot next, in order. */
  readonly next: string[];
  /** What a kernel does that is entered: nothing unless this is set. */
  onBoot: (name: string) => void;
  /** So many orders to reboot fail. */
  refuses: number;
  /** It has a hardware watchdog that systemd holds; what becomes of the box when nobody feeds it. */
  addWatchdog(unfed: Unfed): void;
  /** The box comes up again, as after a reset or a power cut; no agent runs yet. */
  comeUp(options?: { readonly loses?: "unsynced" }): void;
  /** Somebody picks this one in the boot menu. */
  pick(name: string): void;
  running(): string;
  /** Starts an agent, and one after each boot of the box, until nothing is in flight any more. */
  settle(): Promise<void>;
  link(name: string): string | undefined;
  /** What was not committed and yet was to boot next (I1), what changed unprotected (I2), trials beyond what is allowed (I10). */
  faults(): readonly string[];
}

type Unfed =
  | "reset"
  | "nothing"
  | "nothing, and the agent is killed"
  | "cannot be frozen"
  | "cannot be frozen, and the disk is full";

const done: RunResult = { exitCode: 0, stdout: "", stderr: "" };

/** `a` runs, and committed `first`; `b` is in the pool, whole, and committed nothing. */
export async function trialBox(first: Generation, options: StoryOptions = {}): Promise<TrialBox> {
  const box = bareBox(options);
  const { s, pool } = box;
  s.answering.add("192.0.2.1");
  s.push("one", first);
  s.start();
  await s.rest();
  addEnvironment(pool, "b");
  must(pool, `zfs set imp:manifest=${imageB.manifest} tank/ROOT/b`);
  return box;
}

/** The same before anything happened. `from`: as another one stood. */
function bareBox(options: StoryOptions): TrialBox {
  const s = story(options);
  const pool = bootPool(["a"], 2 ** 34);
  const boots: string[] = [];
  const next: string[] = [];
  const wrong: string[] = [];
  let loaded: { readonly name: string; readonly cmdline: string } | undefined;
  let current = "a";
  let unfed: Unfed = "nothing";
  let starts = 0;

  function up(name: string, cmdline: string): void {
    s.sim.files.set("/proc/cmdline", { text: `${cmdline}\n`, mode: 0o444 });
    if (current !== name) {
      for (const one of pool.datasets.values()) one.mounted = false;
      pool.mount(`tank/ROOT/${name}`);
    }
    current = name;
    bootFrom(s.sim, `tank/ROOT/${name}`);
    lay(name, cmdline);
    restartPlane(s.sim, s.plane, undefined);
    boots.push(`boot ${name}${trialWords(cmdline) ? " on trial" : ""}`);
    starts += 1;
    box.onBoot(name);
  }

  /** imp-boot: the candidate's files in a trial, else what this boot environment committed. */
  function lay(name: string, cmdline: string): void {
    const digest = trialWords(cmdline)?.generation ?? box.link(name);
    const text = digest && textOf(s, `${stateFolder}/generations/${digest}/files/frr.conf`);
    if (text === undefined || text === "") s.sim.files.delete(bootFile);
    else s.sim.files.set(bootFile, { text, mode: 0o640 });
  }

  /** What zfsbootmenu's hook does, then zfsbootmenu. */
  function boot(): void {
    const root = pool.datasets.get("tank/ROOT");
    const value = (property: string) => root?.properties.get(property);
    const tries = Number(value("imp:trial-tries") ?? 0);
    const guid = value("imp:trial");
    const dataset = [...pool.datasets].find(([, one]) => one.guid === guid)?.[0];
    if (dataset !== undefined && tries > 0 && pool.bootfs !== dataset) {
      must(pool, `zfs set imp:trial-tries=${tries - 1} tank/ROOT`);
      return up(dataset.slice("tank/ROOT/".length), `root=zfs:${dataset} ${value("imp:trial-args")}`);
    }
    const name = pool.bootfs?.slice("tank/ROOT/".length) ?? "";
    up(name, `root=zfs:tank/ROOT/${name} ro quiet`);
  }

  /** I2: what the next boot can see changes in this state alone, and while the failsafe is armed. */
  function changes(what: string, at: string): void {
    const journal = textOf(s, `${stateFolder}/journal/current.json`) ?? "";
    if (!journal.includes(`"to":{"at":"${at}"`)) wrong.push(`${what}, and the journal does not say ${at}`);
    if (!s.sim.files.has("/run/imp/armed")) wrong.push(`${what}, and the failsafe is not armed`);
  }

  /** systemd stands still: what a watchdog of three minutes makes of that. */
  function frozen([seconds, how = "", waiting = ""]: readonly string[]): RunResult {
    if (unfed === "cannot be frozen, and the disk is full") {
      s.sim.fail("write", waiting, new Problem("HOST_FILE", "ENOSPC: no space left on device"), 1000);
    }
    if (unfed.startsWith("cannot be frozen"))
      return { ...done, exitCode: 2, stderr: "sh: cannot create: No such file" };
    boots.push(`unfed for up to ${seconds} s`);
    if (unfed === "reset") box.comeUp();
    else {
      s.sim.files.delete(waiting);
      s.sim.files.set(how, { text: "over\n", mode: 0o600 });
    }
    if (unfed === "nothing, and the agent is killed") s.sim.kill();
    return done;
  }

  const box: TrialBox = {
    s,
    pool,
    boots,
    next,
    onBoot: () => undefined,
    refuses: 0,
    addWatchdog(what) {
      unfed = what;
      for (const [file, text] of Object.entries({ identity: "iTCO_wdt", state: "active", timeout: "180" }))
        s.sim.files.set(`/sys/class/watchdog/watchdog0/${file}`, { text: `${text}\n`, mode: 0o444 });
    },
    comeUp(how) {
      loaded = undefined;
      s.sim.reboot(how);
      boot();
    },
    pick(name) {
      s.sim.reboot();
      up(name, `root=zfs:tank/ROOT/${name} ro quiet`);
    },
    running: () => current,
    async settle() {
      for (;;) {
        const before = starts;
        s.start();
        await s.rest();
        if (starts === before) return;
      }
    },
    faults: () => {
      const trials = boots.filter((one) => one.endsWith(" on trial")).length;
      return [...wrong, ...(trials > mostTrials ? [`it was booted ${trials} times for a trial`] : [])];
    },
    link: (name) => {
      const guid = pool.datasets.get(`tank/ROOT/${name}`)?.guid;
      const node = s.sim.files.get(`${stateFolder}/committed.d/${guid}`);
      return node && "target" in node ? node.target.split("/").at(-1) : undefined;
    },
  };

  s.sim.answer((argv) => {
    if (argv.join(" ").startsWith("zfs set imp:trial")) changes("the record is written", "trial-booting");
    if (argv.join(" ").startsWith("zpool set bootfs=")) {
      changes("bootfs is set", "committing");
      const name = argv[2]?.slice("bootfs=tank/ROOT/".length) ?? "";
      next.push(name);
      if (box.link(name) === undefined) wrong.push(`bootfs is set to ${name}, which committed nothing`);
    }
    return pool.run(argv);
  });
  bootFrom(s.sim, "tank/ROOT/a");
  // imp-deadline: resets the box unless what runs is what boots next.
  s.sim.attend({
    nextAt() {
      const seconds = trialWords(textOf(s, "/proc/cmdline") ?? "")?.deadlineSeconds;
      if (seconds === undefined || pool.bootfs === `tank/ROOT/${current}`) return undefined;
      return 1000 * seconds;
    },
    act() {
      const digest = trialWords(textOf(s, "/proc/cmdline") ?? "")?.generation;
      const text = `trial ${digest}\nended at ${s.sim.uptime() / 1000} s of ${s.sim.uptime() / 1000} s: not committed\n`;
      s.sim.files.set(`${stateFolder}/trial-ended`, { text, mode: 0o600 });
      boots.push("deadline");
      box.comeUp();
    },
  });
  s.sim.answer((argv) => {
    const line = argv.join(" ");
    if (line.startsWith("systemctl reboot") && box.refuses > 0) {
      box.refuses -= 1;
      return { ...done, exitCode: 1, stderr: "Failed to talk to init daemon." };
    }
    if (line.startsWith("systemctl reboot")) {
      boots.push("reboot");
      box.comeUp();
      return done;
    }
    if (argv[0] !== "systemd-run") return undefined;
    const [program, ...words] = argv.slice(argv.indexOf("--") + 1);
    if (program === "sh" && words[1]?.includes("kexec -a -l")) {
      const name = words[3]?.slice("tank/ROOT/".length) ?? "";
      changes("a kernel is loaded", "trial-booting");
      loaded = { name, cmdline: words[7] ?? "" };
      return done;
    }
    if (program === "sh" && words[1]?.includes("cgroup.freeze")) return frozen(words.slice(3));
    if (program !== "kexec") return undefined;
    if (words[0] === "-u") loaded = undefined;
    if (words[0] !== "-e" || !loaded) return done;
    const { name, cmdline } = loaded;
    loaded = undefined;
    boots.push(`kexec ${name}`);
    s.sim.reboot();
    up(name, cmdline);
    return done;
  });
  return box;
}
