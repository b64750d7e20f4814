/** imp-failsafe where the box has more than one fault: full disks, read-only folders, missing programs, programs that hang. */
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  committed,
  type FailsafeBox,
  fullDisk,
  makeBox,
  readOnlyDisk,
  shells,
  whyNoMounts,
} from "../../lab/failsafe-box.ts";

const noMounts = whyNoMounts();
const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";

it.skipIf(lint !== undefined)(`the programs are clean (${lint ?? "shellcheck is here"})`, () => {
  const argv = ["-s", "sh", "deploy/failsafe/imp-failsafe", "deploy/failsafe/imp-rescue"];
  expect(spawnSync("shellcheck", argv, { encoding: "utf8" }).stdout).toBe("");
});

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-failsafe under ${shell.title}, with more than one fault`, () => {
    let box: FailsafeBox;
    beforeEach(() => {
      box = makeBox(shell);
      box.uptime(1000);
    });
    afterEach(() => box[Symbol.dispose]());

    const acted = () => box.read("persistent/failsafe/acted");

    describe.skipIf(noMounts !== undefined)(
      `where a disk is full or read-only (${noMounts ?? "mounts are possible"})`,
      () => {
        it("keeps its flag in /run when the persistent dataset is full", () => {
          box.arm();
          const { exitCode } = box.failsafeAmong(fullDisk(`${box.state}/failsafe`), "", "watch");
          expect(exitCode).toBe(0);
          expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
          expect(box.read("run/imp/failsafe.acted")).toContain("did frr\nended restored\n");
        });

        it("keeps its flag in /run when the persistent dataset is read-only", () => {
          box.arm();
          box.failsafeAmong(readOnlyDisk(box.state), "", "watch");
          expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
          expect(box.read("run/imp/failsafe.acted")).toContain("did frr\nended restored\n");
        });

        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("restarts from the file that is right already when the disk of /etc is %s", (_, spoil) => {
          box.write("etc/frr/frr.conf", "committed\n");
          box.arm();
          box.failsafeAmong(spoil(`${box.etc}/frr`), "", "watch");
          expect(box.calls()).toContain("systemctl restart frr.service");
          expect(acted()).toContain("did frr\nended restored\n");
        });

        it.each([
          ["full", fullDisk],
          ["read-only", readOnlyDisk],
        ])("leaves a wrong file whole, restarts nothing and says so when the disk of /etc is %s", (_, spoil) => {
          box.write(`persistent/generations/${committed}/files/frr.conf`, "committed\n".repeat(1000));
          box.arm();
          const { text } = box.failsafeAmong(
            spoil(`${box.etc}/frr`),
            `cat ${box.etc}/frr/frr.conf; ls -A ${box.etc}/frr`,
            "watch",
          );
          expect(text).toMatch(/\ntried\n(filler\n)?frr\.conf\n$/);
          expect(box.calls()).not.toContain("systemctl restart frr.service");
          expect(acted()).toContain("frr.conf could not be written: it stays as it is.\n");
        });

        it("lives on when /run is full, and fails its self-test", () => {
          box.failsafe("watch");
          box.uptime(1100);
          const { text } = box.failsafeAmong(fullDisk(box.run), "", "watch");
          expect(text).toContain("cannot be used.");
          expect(box.failsafe("self-test").text).toContain("was last heard of at uptime 1000, now is 1100.");
        });
      },
    );

    it.each([
      ["ping", "note There is no ping: anchors were not asked.\n"],
      ["vtysh", "note There is no vtysh: sessions were not looked at.\n"],
      ["logger", "ended restored\n"],
      ["wall", "ended restored\n"],
      ["agetty", "ended restored\n"],
      ["flock", "ended restored\n"],
      ["timeout", "ended restored\n"],
      ["date", "ended restored\n"],
    ])("restores without %s", (tool, said) => {
      box.arm();
      box.without(tool);
      box.failsafe("watch");
      expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
      expect(acted()).toContain(said);
      expect(acted()).toContain("did frr\n");
    });

    it("takes nothing for well that it cannot look at", () => {
      box.arm({ impact: "hitless" });
      box.without("ping");
      box.without("vtysh");
      expect(box.failsafe("fine").exitCode).toBe(1);
      box.failsafe("watch");
      expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
    });

    it("lays files and says what it could not do without systemctl", () => {
      box.arm();
      box.without("systemctl");
      box.failsafe("watch");
      expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
      expect(acted()).toContain("note imp-agent.service was not stopped.\nnote frr.service could not be restarted.\n");
    });

    it.each(["timeout", "flock", "systemctl", "ping", "vtysh", "cmp", "cp"])(
      "fails its self-test without %s",
      (tool) => {
        box.failsafe("watch");
        box.without(tool);
        const { exitCode, text } = box.failsafe("self-test");
        expect([exitCode, text]).toEqual([1, `There is no ${tool}.\n`]);
      },
    );

    it("gives every program that it calls a time limit", () => {
      box.arm();
      box.fake("timeout", 'shift 3; case "$1" in /*) ;; esac; exec "$@"');
      box.failsafe("watch");
      const calls = box.calls();
      const fakes = calls.filter((call) => /^(systemctl|ping|vtysh|logger|wall|agetty) /.test(call));
      const limited = calls.filter((call) => /^timeout -k 2 \d+ (systemctl|ping|vtysh|logger|wall|agetty) /.test(call));
      expect(fakes.length).toBeGreaterThan(5);
      expect(limited.map((call) => call.replace(/^timeout -k 2 \d+ /, ""))).toEqual(fakes);
    });

    it("goes on when a program does not end", () => {
      box.arm();
      // Its time limit is over at once.
      box.fake(
        "timeout",
        'shift 3; case "$1 ${2-}" in "systemctl restart"|"systemctl stop") exit 124;; esac; exec "$@"',
      );
      box.failsafe("watch");
      expect(acted()).toContain("note imp-agent.service could not be restarted.\n".replace("imp-agent", "frr"));
    });
  });
