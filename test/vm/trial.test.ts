/**
 * Upgrades by git push, on a box with a root of OpenZFS and a watchdog: one that proves itself, and those that do not. Each story
 * begins with the same box, whose memory and disk were kept when it had committed and nothing differed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Status } from "../../controller/report/status.ts";
import type { Appliance } from "./appliance.ts";
import { askRoots, here, makePoolBox, type PoolBox } from "./pool-box.ts";
import { whyNoPoolImage } from "./pool-image.ts";
import type { Change } from "./sites.ts";
import { bad, next, type Variant } from "./variants.ts";

// Each story takes minutes, and there are many.
const why = process.env["IMP_TEST_TRIALS"] ? whyNoPoolImage() : "for IMP_TEST_TRIALS=1";
const tell = (text: string): void => console.log(`vm: ${text}`);
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;
const there = `tank/ROOT/${next.name}`;
const startFile = "cat /etc/vpp/startup-core.conf";

/** Seconds: long enough to get in before the commit, where it is to be disturbed. */
const soak = 60;
/** Of a whole story, with what a busy machine takes. */
const patience = 2400;

const changeTo = ({ name }: Variant, method: Method, deadline = 1500): Change => ({
  soakSeconds: soak,
  more: `image: ${name}\nhealth: { well: { check: command, argv: [/usr/local/bin/well] } }\n`,
  policy: `deadline-seconds: ${deadline}, max-impact: reboot, trial: { boot-method: ${method}, drain-seconds: 0 }`,
});

type Method = "kexec" | "firmware";
const methods = (process.env["IMP_TEST_BOOT_METHOD"]?.split(",") ?? ["kexec", "firmware"]) as readonly Method[];

/** Where the power goes while a proven trial is committed: at which command of the agent, before or after it did its work. */
const moments = [
  { program: "zpool", words: "set bootfs=*", when: "before", ends: here },
  { program: "zpool", words: "set bootfs=*", when: "after", ends: there },
  { program: "zpool", words: "list -H -o bootfs *", when: "before", ends: there },
  { program: "zfs", words: "inherit imp:trial *", when: "before", ends: there },
  { program: "zfs", words: "set imp:committed=*", when: "after", ends: there },
] as const;

/** Shell: that program waits for ever at that command, and says so. */
const trap = ({ program, words, when }: (typeof moments)[number]): string => `mkdir -p /usr/lib/imp-trap
cp -p /usr/sbin/${program} /usr/lib/imp-trap/${program}
cat >/usr/lib/imp-trap/trap <<'END'
#!/bin/sh
case "$*" in ${words.replaceAll(" ", "\\ ")})
  ${when === "after" ? `/usr/lib/imp-trap/${program} "$@"` : ":"}
  : >/run/imp/trapped
  while :; do sleep 1000; done ;;
esac
exec /usr/lib/imp-trap/${program} "$@"
END
chmod 755 /usr/lib/imp-trap/trap
mount --bind /usr/lib/imp-trap/trap /usr/sbin/${program}`;

describe.skipIf(why !== undefined)(`an upgrade of an appliance (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let lab: PoolBox;
  let box: Appliance;

  beforeAll(async () => {
    lab = await makePoolBox();
    ({ box } = lab);
    await box.switchOn();
    await lab.bootstrap();
    await box.keep("committed");
    tell(`ready after ${seconds(started)}`);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  async function from(kept: string): Promise<void> {
    await box.switchOff();
    await box.goOnFrom(kept);
  }

  /** Waits until the box is back in what it came from, and has judged what it tried. */
  async function judged(): Promise<Status> {
    const since = performance.now();
    const end = since + patience * 1000;
    while (performance.now() < end) {
      await box.booted();
      const back = async () => (await box.run(askRoots)).out === `${here}\n${here}\n`;
      if (!(await back())) continue;
      const status = await lab.until(
        "it goes on, or is over",
        ({ state, verdict }) => verdict === "bad" || state === "trial-booting",
      );
      if (status.verdict === "bad") return status;
    }
    throw new Error(`not judged within ${patience} s`);
  }

  describe.each(methods)("by %s", (method) => {
    it("is booted once, proven and committed, with a start file that the one before would refuse", async () => {
      await from("committed");
      const since = performance.now();
      const commit = lab.push("Upgrade", changeTo(next, method));
      await box.booted();
      tell(`on trial ${seconds(since)} after the push`);
      expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
      expect(await box.sh(startFile)).toContain("  imp-next\n");
      await lab.until("it is proving", ({ state }) => state === "proving");
      await box.keep(`proving-${method}`);
      await lab.until("it committed", (one) => one.committed?.commit === commit && one.state === "idle");
      tell(`committed ${seconds(since)} after the push`);
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
      expect((await lab.roles())[next.name]).toEqual(["running", "next", true]);
      await lab.until("nothing differs", ({ inSync }) => inSync);
    });

    it("leaves the one before as it was, for who picks it in the menu", async () => {
      lab.pick(here);
      await box.run("systemctl reboot");
      await box.booted();
      lab.pick("");
      expect(await box.sh(askRoots)).toBe(`${here}\n${there}\n`);
      expect(await box.sh(startFile)).not.toContain("imp-next");
      await box.until("its VPP runs", "systemctl is-active vpp-core", (out) => out === "active\n");
      expect((await lab.pool()).chosenByHand).toBeDefined();
      await box.run("systemctl reboot");
      await box.booted();
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
      expect(await box.sh(startFile)).toContain("  imp-next\n");
    });

    it.each(moments)("ends whole when the power goes $when $program $words", async (moment) => {
      await from(`proving-${method}`);
      await box.sh(trap(moment));
      await box.until("it is there", "ls /run/imp/trapped", (out) => out === "/run/imp/trapped\n");
      await box.switchOff();
      await box.switchOn();
      expect(await box.sh(askRoots)).toBe(`${moment.ends}\n${moment.ends}\n`);
      if (moment.ends === there) await lab.until("it is committed", ({ state, inSync }) => state === "idle" && inSync);
      else await lab.until("it was judged", ({ verdict }) => verdict !== undefined);
      expect((await box.sh(startFile)).includes("imp-next")).toBe(moment.ends === there);
    });

    it.each([
      ["fails a health check", bad.ill, /well/],
      ["panics", bad.panics, /panic|nobody left a word/],
      ["hangs", bad.hangs, /nobody left a word/],
      ["has no agent", bad.agentless, /its deadline reset it/],
    ] as const)("goes back from one that %s", async (_, variant, reason) => {
      await from("committed");
      const since = performance.now();
      // Long enough for its boot: the deadline is what ends the one without an agent.
      lab.push(`Upgrade to ${variant.name}`, changeTo(variant, method, variant === bad.agentless ? 600 : 1500));
      const { state } = await judged();
      tell(`${variant.name} was judged ${seconds(since)} after the push: ${state}`);
      expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
      expect(await box.sh("impctl history")).toMatch(reason);
    });

    it("goes back from one whose power goes, tries it once more, and commits it", async () => {
      await from("committed");
      const commit = lab.push("Upgrade without luck", changeTo(next, method));
      await box.booted();
      expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
      await box.switchOff();
      await box.switchOn();
      expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
      expect(await box.sh("impctl history")).toMatch(/nobody left a word/);
      await box.booted();
      await lab.until("it committed", (one) => one.committed?.commit === commit && one.state === "idle");
      expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    });
  });
});
