/**
 * Upgrades by git push, on a box with a root of OpenZFS and a watchdog: one that proves itself, and those that do not. Each story
 * begins with the same box, whose memory and disk were kept when it had committed and nothing differed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Status } from "../../controller/report/status.ts";
import type { Appliance } from "./appliance.ts";
import { askRoots, committedPoolBox, here, type CommittedBox } from "./pool-box.ts";
import { installed, whyNoPoolImage } from "./pool-image.ts";
import { machine, sites, type Change } from "./sites.ts";
import { bad, next, type Variant } from "./variants.ts";

// Each story takes minutes, and there are many.
const why = process.env["IMP_TEST_TRIALS"] ? whyNoPoolImage() : "for IMP_TEST_TRIALS=1";
const tell = (text: string): void => console.log(`vm: ${text}`);
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;
const there = `tank/ROOT/${next.name}`;
const startFile = "cat /etc/vpp/startup-core.conf";

/** Seconds: long enough to get in before the commit, where it is to be disturbed. */
const soak = 60;

/** Green in all of them but one. */
const check = "health: { well: { check: command, argv: [/usr/local/bin/well] } }\n";

/** Seconds. */
interface Limits {
  readonly deadline?: number;
  /** After which one without a result is tried again. */
  readonly retry?: number;
}

const changeTo = ({ name }: Variant, method: Method, { deadline = 1500, retry = 10 }: Limits = {}): Change => ({
  soakSeconds: soak,
  more: `image: ${name}\n${check}`,
  policy: `deadline-seconds: ${deadline}, retry-after-seconds: ${retry}, max-impact: reboot, trial: { boot-method: ${method}, drain-seconds: 0 }`,
});

/** Where its commit is cut off there is time to look before it is tried again. */
const upgradeBy = (method: Method): Change => changeTo(next, method, { retry: 300 });

type Method = "kexec" | "firmware";
const methods = (process.env["IMP_TEST_BOOT_METHOD"]?.split(",") ?? ["kexec", "firmware"]) as readonly Method[];

interface Moment {
  readonly program: string;
  /** Of its command line, as a pattern of the shell. */
  readonly words: string;
  readonly when: "before" | "after";
  /** Which boot environment it is whole in. */
  readonly ends: string;
}

/** Where the power goes while a proven trial is committed: at which command of the agent, before or after it did its work. */
const momentsOf = (method: Method): readonly Moment[] => [
  { program: "zpool", words: "set bootfs=*", when: "before", ends: here },
  { program: "zpool", words: "set bootfs=*", when: "after", ends: there },
  { program: "zpool", words: "list -H -o bootfs *", when: "before", ends: there },
  // What armed the trial is taken away.
  method === "kexec"
    ? { program: "kexec", words: "-u", when: "before", ends: there }
    : { program: "zfs", words: "inherit imp:trial *", when: "before", ends: there },
  { program: "zfs", words: "set imp:committed=*", when: "after", ends: there },
];

/** Shell: that program waits for ever at that command, and says so. Who asks before `bootfs` is set is somebody else. */
const trap = ({ program, words, when }: Moment): string => `mkdir -p /usr/lib/imp-trap
cp -p /usr/sbin/zpool /usr/lib/imp-trap/
cp -p /usr/sbin/${program} /usr/lib/imp-trap/
cat >/usr/lib/imp-trap/trap <<'END'
#!/bin/sh
case "$*" in ${words.replaceAll(" ", "\\ ")})
  ${words.startsWith("set bootfs") ? "true" : `[ "$(/usr/lib/imp-trap/zpool get -Hp -o value bootfs tank)" = ${there} ]`} && {
    ${when === "after" ? `/usr/lib/imp-trap/${program} "$@"` : ":"}
    : >/run/imp/trapped
    while :; do sleep 1000; done
  } ;;
esac
exec /usr/lib/imp-trap/${program} "$@"
END
chmod 755 /usr/lib/imp-trap/trap
mount --bind /usr/lib/imp-trap/trap /usr/sbin/${program}`;

/**
 * What was let boot next, one after the other: by what the pool writes down together with the change itself. The command it writes down
 * later, so that a power cut may lose it.
 */
const askBootfsSet = String.raw`zpool history -i tank | sed -n 's/^[^ ]* \[txg:[0-9]*\] set bootfs=//p' | while read -r id; do
  zfs list -Hp -o objsetid,name -d 1 tank/ROOT | sed -n "s/^$id\t//p"
done`;
const madeWith = `${here}\n`;
const setByCommit = `${there}\n`;
/** What is left of the record that the loader's hook reads. */
const askRecord = "zfs get -Hp -s local -o property all tank/ROOT | grep imp:trial || true";
/** The links of boot environments whose generation is there. */
const askCommitted = `cd /persistent/config/imp/committed.d && for one in *; do
  [ ! -e "$one/generation.json" ] || zfs list -Hp -o name,guid -d 1 tank/ROOT | grep "$one" | cut -f 1
done | sort`;
/** What is said of a trial whose agent said nothing itself, for a pattern. */
const came = ({ name }: Variant, why: string): RegExp =>
  new RegExp(`, trial of ${name} .*, trial: The trial boot of ${name} came back; [^;]+; ${why}`);
const silence = "nobody left a word: a watchdog, or the power";
const trialOfNext = `, trial of ${next.name} `;
const committedThere = new RegExp(`  committed after .*${trialOfNext}`);
const cutOff = new RegExp(
  `trial: The trial boot of ${next.name} came back; it was proven, and its commit was cut off before it counted; ${silence}`,
);

describe.skipIf(why !== undefined)(`an upgrade of an appliance (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let lab: CommittedBox;
  let box: Appliance;
  /** The commit that every story begins with. */
  let first: string;

  beforeAll(async () => {
    lab = await committedPoolBox({ more: check });
    ({ box, first } = lab);
    tell(`ready after ${seconds(started)}`);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  /** Pushes the upgrade, and waits until it proves itself. So it is kept, and its commit, for the stories that begin there. */
  async function upgrade(method: Method): Promise<string> {
    await lab.from("committed", first);
    const since = performance.now();
    const upgraded = lab.push("Upgrade", upgradeBy(method));
    await box.booted();
    tell(`on trial ${seconds(since)} after the push`);
    expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
    expect(await box.sh(startFile)).toContain("  imp-next\n");
    await lab.until("it is proving", ({ state }) => state === "proving");
    await box.keep(`proving-${method}`);
    lab.around.sites.git("tag", "--force", `proving-${method}`);
    return upgraded;
  }

  /** Begins where the upgrade proves itself, as it was kept in this run or an earlier one. Gives its commit. */
  async function fromProving(method: Method): Promise<string> {
    const git = (...words: string[]): string => lab.around.sites.git(...words);
    const file = `${machine}.yaml`;
    const isKept = git("tag", "--list", `proving-${method}`) !== "";
    const isSame = isKept && git("show", `proving-${method}:${file}`) === sites(upgradeBy(method))[file];
    const upgraded = isSame ? git("rev-parse", `proving-${method}`).trim() : await upgrade(method);
    await lab.from(`proving-${method}`, upgraded);
    return upgraded;
  }

  it("is reset by its hardware watchdog at the end of a drill that is left to that", async () => {
    await lab.from("committed", first);
    const since = performance.now();
    await box.sh("impctl be drill --watchdog --reason 'a new board'");
    await box.booted();
    expect(await box.sh(askRoots)).toBe(`tank/ROOT/imp-drill\n${here}\n`);
    const seen = box.console().length;
    await box.booted();
    tell(`back from the drill ${seconds(since)} after it was ordered`);
    // Whoever reboots in order says so.
    expect(box.console().slice(seen)).not.toContain("reboot: Restarting system");
    expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
    const said = "i6300ESB timer reset the box once systemd did not feed it any more";
    await box.until("it says so", "impctl history", (out) => out.includes(said));
    await lab.until("nothing differs", ({ state, inSync }) => state === "idle" && inSync);
    expect(await box.sh(askBootfsSet)).toBe(madeWith);
    expect(await lab.roles()).toEqual({ [installed]: ["running", "next", true] });
  });

  describe.each(methods)("by %s", (method) => {
    it("is booted once, proven and committed, with a start file that the one before would refuse", async () => {
      const since = performance.now();
      const upgraded = await upgrade(method);
      await lab.until("it committed", (one) => one.committed?.commit === upgraded && one.state === "idle");
      tell(`committed ${seconds(since)} after it began`);
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
      expect((await lab.roles())[next.name]).toEqual(["running", "next", true]);
      await lab.until("nothing differs", ({ inSync }) => inSync);
      expect(await box.sh(askBootfsSet)).toBe(madeWith + setByCommit);
    });

    it("leaves the one before as it was, for who picks it in the menu", async () => {
      lab.pick(here);
      await box.run("systemctl reboot --no-block");
      await box.booted();
      lab.pick("");
      expect(await box.sh(askRoots)).toBe(`${here}\n${there}\n`);
      expect(await box.sh(startFile)).not.toContain("imp-next");
      await box.until("its VPP runs", "systemctl is-active vpp-core", (out) => out === "active\n");
      expect((await lab.pool()).chosenByHand).toEqual({ running: installed, next: next.name });
      await box.run("systemctl reboot --no-block");
      await box.booted();
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
      expect(await box.sh(startFile)).toContain("  imp-next\n");
      await box.until("its VPP runs", "systemctl is-active vpp-core", (out) => out === "active\n");
      expect(await box.sh(askBootfsSet)).toBe(madeWith + setByCommit);
    });

    it.each([
      ["fails a health check", bad.ill, 1, /, health: command .*well.*: ended with 1, and was well before the change/],
      ["panics", bad.panics, 1, came(bad.panics, "its kernel panicked: sysrq triggered crash")],
      ["hangs", bad.hangs, 2, came(bad.hangs, silence)],
      [
        "has no agent",
        bad.agentless,
        2,
        came(bad.agentless, "its deadline reset it 30\\d s after its boot \\(limit 300 s\\)"),
      ],
    ] as const)("goes back from one that %s", async (_, variant, trials, reason) => {
      await lab.from("committed", first);
      const [since, seen] = [performance.now(), box.console().length];
      // The deadline is what ends the one without an agent; in it the slowest boot has room.
      lab.push(
        `Upgrade to ${variant.name}`,
        changeTo(variant, method, variant === bad.agentless ? { deadline: 240 } : {}),
      );
      const status = await lab.judged(here);
      tell(`${variant.name} was judged ${seconds(since)} after the push: ${status.state}`);
      expect(status).toMatchObject({ verdict: "bad", committed: { commit: first } });
      expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
      expect(await box.sh(askBootfsSet)).toBe(madeWith);
      expect(await box.sh(askCommitted)).toBe(`${here}\n`);
      expect(await lab.roles()).toEqual({ [installed]: ["running", "next", true], [variant.name]: [false] });
      expect(await box.sh(startFile)).not.toContain("imp-next");
      const told = (await box.sh("impctl history")).split("\n").filter((line) => line.includes("  rolled back"));
      expect(told).toHaveLength(trials);
      for (const line of told) expect(line).toMatch(reason);
      const hung = box.console().slice(seen).split("it hangs").length - 1;
      expect(hung).toBe(variant === bad.hangs ? trials : 0);
    });

    it("goes back from one whose power goes, tries it once more, and commits it", async () => {
      await lab.from("committed", first);
      const commit = lab.push("Upgrade without luck", changeTo(next, method));
      await box.booted();
      expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
      await box.switchOff();
      await box.switchOn();
      expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
      await box.until("it was harvested", "impctl history", (out) => came(next, silence).test(out));
      await box.booted();
      await lab.until("it committed", (one) => one.committed?.commit === commit && one.state === "idle");
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
      expect(await box.sh(askBootfsSet)).toBe(madeWith + setByCommit);
    });

    it.each(momentsOf(method))("ends whole when the power goes $when $program $words", async (moment) => {
      const upgraded = await fromProving(method);
      await box.sh(trap(moment));
      await box.until("it is there", "ls /run/imp/trapped", (out) => out === "/run/imp/trapped\n");
      await box.switchOff();
      await box.switchOn();
      expect(await box.sh(askRoots)).toBe(`${moment.ends}\n${moment.ends}\n`);
      // Its own link is inert until it boots: it is there in either case.
      expect(await box.sh(askCommitted)).toBe(`${here}\n${there}\n`);
      expect((await box.sh(startFile)).includes("  imp-next\n")).toBe(moment.ends === there);
      const isKept = moment.ends === there;
      const isUpgraded = ({ state, inSync, committed }: Status) =>
        state === "idle" && inSync && committed?.commit === upgraded;
      await lab.until("it goes on", isKept ? isUpgraded : ({ verdict }) => verdict === "inconclusive");
      // Where it went back it is tried once more, and that may have begun.
      const told = (await box.sh("impctl history")).split("\n").filter((line) => line.includes(trialOfNext));
      expect(told[0]).toMatch(isKept ? committedThere : cutOff);
      expect(told.length).toBeLessThanOrEqual(isKept ? 1 : 2);
      const roles = await lab.roles();
      expect(roles[isKept ? next.name : installed]).toEqual(["running", "next", true]);
      const left = isKept ? [roles[installed], await box.sh(askRecord)] : [];
      expect(left).toEqual(isKept ? [["fallback", true], ""] : []);
      expect(await box.sh(askBootfsSet)).toBe(isKept ? madeWith + setByCommit : madeWith);
    });
  });
});
