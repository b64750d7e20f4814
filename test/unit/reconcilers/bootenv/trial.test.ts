import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  nextCommitStep,
  standsAfter,
  trialArguments,
  trialRecord,
  trialWords,
  whyNoTrial,
  type Start,
  type Trial,
} from "../../../../reconcilers/bootenv/trial.ts";
import { shells } from "../../../lab/failsafe-box.ts";
import { addEnvironment, bootPool } from "../../../lab/zfs/boot-pool.ts";
import { makeLoaderBox } from "../../../lab/zfs/loader-box.ts";

const trial: Trial = {
  deployment: "1767614400000-dddddddddddd",
  generation: "d".repeat(64),
  environment: "11",
  from: "10",
  boot: "boot-1",
};
const ours = { generation: trial.generation, deployment: trial.deployment };

describe("a trial after a start", () => {
  const boots = ["boot-1", "boot-2"];
  const environments = ["10", "11", "12"];
  const nexts = ["10", "11", "12", undefined];
  const words = [undefined, ours, { ...ours, deployment: "another" }, { generation: trial.generation }];
  const all: readonly Start[] = boots.flatMap((boot) =>
    environments.flatMap((booted) =>
      nexts.flatMap((next) => words.map((onTrial) => ({ boot, booted, next, onTrial }))),
    ),
  );

  it("stands somewhere, whatever is found: every combination, told in a line", () => {
    const told = new Map<string, Set<string>>();
    for (const start of all) {
      const where = standsAfter(trial, start);
      const key = `booted ${start.booted}, ${start.next === "11" ? "committed" : "not committed"}, ${start.boot === trial.boot ? "same boot" : "another boot"}, ${start.onTrial?.deployment === trial.deployment ? "its own words" : "no words of its own"}`;
      told.set(key, (told.get(key) ?? new Set()).add(where));
    }
    // Nothing else than these decides.
    expect([...told].map(([key, where]) => `${key}: ${[...where].join(" or ")}`).toSorted((a, b) => (a < b ? -1 : 1)))
      .toMatchInlineSnapshot(`
      [
        "booted 10, committed, another boot, its own words: committed",
        "booted 10, committed, another boot, no words of its own: committed",
        "booted 10, committed, same boot, its own words: committed",
        "booted 10, committed, same boot, no words of its own: committed",
        "booted 10, not committed, another boot, its own words: came-back",
        "booted 10, not committed, another boot, no words of its own: came-back",
        "booted 10, not committed, same boot, its own words: leaving",
        "booted 10, not committed, same boot, no words of its own: leaving",
        "booted 11, committed, another boot, its own words: committed",
        "booted 11, committed, another boot, no words of its own: committed",
        "booted 11, committed, same boot, its own words: committed",
        "booted 11, committed, same boot, no words of its own: committed",
        "booted 11, not committed, another boot, its own words: in-trial",
        "booted 11, not committed, another boot, no words of its own: elsewhere",
        "booted 11, not committed, same boot, its own words: in-trial",
        "booted 11, not committed, same boot, no words of its own: elsewhere",
        "booted 12, committed, another boot, its own words: committed",
        "booted 12, committed, another boot, no words of its own: committed",
        "booted 12, committed, same boot, its own words: committed",
        "booted 12, committed, same boot, no words of its own: committed",
        "booted 12, not committed, another boot, its own words: elsewhere",
        "booted 12, not committed, another boot, no words of its own: elsewhere",
        "booted 12, not committed, same boot, its own words: elsewhere",
        "booted 12, not committed, same boot, no words of its own: elsewhere",
      ]
    `);
  });

  it("never counts as failed once bootfs names it, and never as proven before", () => {
    for (const start of all) {
      expect(standsAfter(trial, start) === "committed").toBe(start.next === trial.environment);
    }
  });
});

describe("the commit of a trial", () => {
  it("writes the link first, then bootfs, then the journal, from wherever it was cut", () => {
    let next: string | undefined = trial.from;
    const linked = new Map([[trial.from, "c".repeat(64)]]);
    const done: string[] = [];
    for (let step = nextCommitStep(trial, { next, linked }); ; step = nextCommitStep(trial, { next, linked })) {
      done.push(step);
      if (step === "journal") break;
      if (step === "link") linked.set(trial.environment, trial.generation);
      if (step === "bootfs") next = trial.environment;
      expect([next, linked.has(next)]).toEqual([next, true]);
    }
    expect(done).toEqual(["link", "bootfs", "journal"]);
  });

  it("writes the link of this generation where an older trial left one of another", () => {
    expect(nextCommitStep(trial, { next: trial.from, linked: new Map([[trial.environment, "e".repeat(64)]]) })).toBe(
      "link",
    );
  });
});

describe("the kernel command line of a trial", () => {
  it("has what it boots with otherwise, and its own words behind that", () => {
    const args = trialArguments(
      "ro quiet panic=0 root=zfs:tank/ROOT/a imp.deadline=9 spl.spl_hostid=0x00bab10c",
      trial,
      1200,
    );
    expect(args).toBe(
      `ro quiet panic=0 spl.spl_hostid=0x00bab10c panic=10 softlockup_panic=1 hardlockup_panic=1 nmi_watchdog=1 imp.trial=${trial.generation} imp.trial-id=${trial.deployment} imp.deadline=1200`,
    );
    expect(trialWords(`root=zfs:tank/ROOT/b ${args}\n`)).toEqual({ ...ours, deadlineSeconds: 1200 });
  });

  it("says of no other boot that it is a trial, and lets the last word count", () => {
    expect(trialWords("root=zfs:tank/ROOT/a ro ximp.trial=1 imp.trial=\n")).toBeUndefined();
    expect(trialWords("imp.trial=a imp.trial=b imp.deadline=soon")).toEqual({ generation: "b" });
  });

  it("is read alike by imp-boot, which lays the files of the generation", () => {
    const args = trialArguments("ro", trial, 900);
    const script = `. /dev/stdin <<'EOF'\n${functionOf("on_trial")}\nEOF\nproc=$1; on_trial`;
    const folder = spawnSync("mktemp", ["-d"], { encoding: "utf8" }).stdout.trim();
    spawnSync("sh", ["-c", `printf '%s\\n' "$2" >"$1/cmdline"`, "sh", folder, `root=zfs:tank/ROOT/b ${args}`]);
    const { stdout } = spawnSync("sh", ["-c", script, "sh", folder], { encoding: "utf8" });
    spawnSync("rm", ["-r", folder]);
    expect(stdout).toBe(trial.generation);
  });
});

/** A function of imp-boot, as it stands there. */
function functionOf(name: string): string {
  const { stdout } = spawnSync("sed", ["-n", `/^${name}() {/,/^}/p`, "deploy/boot/imp-boot"], { encoding: "utf8" });
  return stdout;
}

const [dash] = shells;
const why = dash === undefined || dash.missing ? "needs dash" : existsSync("/usr/bin/curl") ? undefined : "needs curl";

describe("the record of a trial", () => {
  it.skipIf(why)(
    `arms zfsbootmenu's hook with its last property, and not before (${why ?? "dash is here"})`,
    async () => {
      if (!dash) return;
      const pool = bootPool(["a"]);
      addEnvironment(pool, "b");
      const environment = pool.datasets.get("tank/ROOT/b")?.guid ?? "";
      const args = trialArguments("ro", trial, 900);
      const boot = { kernel: "vmlinuz-6.1", initrd: "initrd.img-6.1" };
      const record = trialRecord({ ...trial, environment }, boot, args, 2);
      await using loader = await makeLoaderBox(dash, pool);
      for (const [property, value] of record) {
        expect(await loader.boot()).toMatch(/Nothing is to be tried/);
        pool.datasets.get("tank/ROOT")?.properties.set(property, value);
      }
      await loader.boot();
      expect(loader.entered()).toBe(`tank/ROOT/b: root=zfs:tank/ROOT/b ${args}`);
    },
  );
});

describe("how often there may be a trial", () => {
  const now = Date.parse("2026-01-05T12:00Z");
  const hours = (...ago: readonly number[]) => ago.map((one) => now - one * 3_600_000);

  it.each([
    [0, [], undefined],
    [1, hours(1, 2, 3), undefined],
    [2, [], "It was booted 2 times for a trial, and did not prove itself."],
    [0, hours(1, 2, 3, 23.9), "The agent rebooted this box 4 times within 24 h."],
    [0, hours(1, 2, 3, 24), undefined],
    // The clock was set back.
    [0, hours(-50, -1, 2, 3), "The agent rebooted this box 4 times within 24 h."],
  ])("after %i trials and reboots at %j", (trials, reboots, said) => {
    expect(whyNoTrial(trials, reboots, now)).toBe(said);
  });
});
