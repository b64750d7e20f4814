/** What imp-failsafe makes of records that are damaged, of another format, or written by somebody who means harm. */
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { committed, type FailsafeBox, makeBox, shells, usualBlocks } from "../../lab/failsafe-box.ts";

for (const shell of shells)
  describe.skipIf(shell.missing)(`a record under ${shell.title}`, () => {
    let box: FailsafeBox;
    beforeEach(() => {
      box = makeBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    const systemctl = () => box.calls().filter((call) => call.startsWith("systemctl "));
    const rewritten = (from: string | RegExp, to: string) => {
      const text = box.arm();
      expect(text).toMatch(from);
      box.write("run/imp/armed", text.replace(from, to));
    };
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    const source = () => `${box.state}/generations/${committed}/files/frr.conf`;
    const file = (line: string) => box.arm({}, ["plane frr", line, "unit frr.service"]);

    it.each<[string, () => void, string]>([
      ["is of another format", () => box.arm({ format: "2" }), "it is of another format"],
      ["is empty", () => box.write("run/imp/armed", ""), "it is of another format"],
      ["is half-written", () => rewritten(/\n$/, ""), "its last line has no end"],
      ["ends in the middle of its header", () => rewritten(/impact[^]*/, ""), "the impact is missing"],
      ["is binary", () => box.write("run/imp/armed", "\u0000\u0001\u00ff\n"), ""],
      ["has no deadline", () => box.arm({ deadline: "" }), "a time is missing"],
      ["has a deadline that is no number", () => box.arm({ deadline: "1e3" }), "a time is missing"],
      ["has a deadline beyond all numbers", () => box.arm({ deadline: "9".repeat(40) }), "a time is missing"],
      ["has no deployment", () => box.arm({ deployment: "" }), "a name is missing"],
      ["has a phase that nobody knows", () => box.arm({ phase: "sideways" }), "the phase is missing"],
      ["has an impact that nobody knows", () => box.arm({ impact: "fatal" }), "the impact is missing"],
      ["has a line that nobody knows", () => box.arm({ frobnicate: "1" }), "it has an unknown line"],
      ["says two things in a line", () => box.arm({ anchor: "192.0.2.1 192.0.2.2" }), '"anchor" has an odd value'],
      ["names a plane that nobody knows", () => box.arm({}, ["plane moon"]), "a plane is unknown"],
      ["has a unit of no plane", () => box.arm({}, ["unit frr.service"]), '"unit" belongs to no plane'],
      ["restores although nothing was committed", () => box.arm({ committed: "-" }), "a file is out of place"],
      [
        "restarts although nothing was committed",
        () => box.arm({ committed: "-" }, ["plane frr", "unit frr.service"]),
        "",
      ],
      [
        "removes what is elsewhere",
        () => box.arm({}, ["plane system", "gone /usr/lib/imp/impctl.cjs"]),
        '"gone" has an odd',
      ],
      [
        "removes two in a line",
        () => box.arm({}, ["plane system", `gone ${box.etc}/a ${box.etc}/b`]),
        '"gone" has an odd',
      ],
      [
        "climbs out of /etc to remove",
        () => box.arm({}, ["plane system", `gone ${box.etc}/../a`]),
        '"gone" has an odd',
      ],
      ["removes for no plane", () => box.arm({}, [`gone ${box.etc}/a`]), '"gone" belongs to no plane'],
      [
        "restarts more although nothing was committed",
        () => box.arm({ committed: "-" }, ["plane system", `gone ${box.etc}/a`, "plane frr", "unit frr.service"]),
        "nothing was committed to restore from",
      ],
      ["is from another boot", () => box.arm({ armed: "5000", deadline: "5100" }), "it is from another boot"],
      ["is a folder", () => box.write("run/imp/armed/inner", ""), "it cannot be read"],
      [
        "lays a file elsewhere",
        () => file(`file 0640 0 0 ${source()} /usr/lib/imp/impctl.cjs`),
        "a file is out of place",
      ],
      ["climbs out of /etc", () => file(`file 0640 0 0 ${source()} ${box.etc}/../passwd`), "a file is out of place"],
      ["lays what is no file of the generation", () => file(`file 0640 0 0 /dev/null ${box.etc}/frr/frr.conf`), ""],
      [
        "climbs out of the generation",
        () =>
          file(`file 0640 0 0 ${box.state}/generations/${committed}/files/../../../age.key ${box.etc}/frr/frr.conf`),
        "a file is out of place",
      ],
      [
        "lays another generation's file",
        () => file(`file 0640 0 0 ${source().replace(committed, "b".repeat(64))} ${box.etc}/frr/frr.conf`),
        "a file is out of place",
      ],
      ["gives a file to nobody", () => file(`file 0640 root root ${source()} ${box.etc}/frr/frr.conf`), ""],
      ["has a file without a target", () => file(`file 0640 0 0 ${source()}`), "a file is out of place"],
    ])("is never acted on when it %s, and that is said once", (_, make, wrong) => {
      make();
      box.uptime(4000);
      box.env["IMP_ROUNDS"] = "2";
      const { exitCode, text } = box.failsafe("watch");
      expect(exitCode).toBe(0);
      expect(text.match(/armed is not used: .*/g)).toHaveLength(1);
      expect(text).toContain(wrong);
      expect(systemctl()).toEqual([]);
      expect(box.read("etc/frr/frr.conf")).toBe("tried\n");
    });

    it("that must not be used is reason enough to answer no to whatever is asked", () => {
      box.arm({ format: "2" });
      const no = expect.stringContaining("it is of another format");
      for (const verb of ["restore", "fine", "self-test"]) {
        expect(box.failsafe(verb, "frr")).toEqual({ exitCode: 1, text: no });
      }
      expect(box.read("etc/frr/frr.conf")).toBe("tried\n");
    });

    it("that was good a moment ago is still acted on when it became unreadable", () => {
      box.arm();
      box.failsafe("watch");
      box.write("run/imp/armed", "format 1\ndeploy");
      expect(box.failsafe("watch").text).toContain("armed is not used");
      expect(systemctl()).toEqual([]);
      box.uptime(1000);
      box.failsafe("watch");
      expect(box.read("etc/frr/frr.conf")).toBe("committed\n");
      expect(box.read("persistent/failsafe/acted")).toContain("did frr\nended restored\n");
      expect(box.list("run/imp")).not.toContain("armed");
      expect(box.list("run/imp")).not.toContain("failsafe.last");
    });

    it("that is unreadable does not bring back the one of another deployment", () => {
      box.arm({ deployment: "1763000000000-bbbbbbbbbbbb" });
      box.failsafe("watch");
      box.arm({ format: "2" });
      box.uptime(1000);
      box.failsafe("watch");
      expect(systemctl()).toEqual([]);
    });

    it("that was disarmed is forgotten", () => {
      box.arm();
      box.failsafe("watch");
      box.remove("run/imp/armed");
      box.failsafe("watch");
      box.write("run/imp/armed", "garbage\n");
      box.uptime(1000);
      box.failsafe("watch");
      expect(systemctl()).toEqual([]);
    });

    it.each([
      ["session", "$(touch TRAP)"],
      ["anchor", "-c5"],
      ["anchor", "--help"],
      ["anchor", "192.0.2.1;touch\tTRAP"],
      ["deployment", "`touch\tTRAP`"],
      ["generation", "../../../../x"],
      ["committed", "*"],
      ["phase", "${IFS}touch${IFS}TRAP"],
      ["unit", "frr.service;touch TRAP"],
      ["unit", "--force"],
      ["unit", "a/../b"],
    ])("does no harm with %s %s", (key, value) => {
      const trap = `${box.folder}/trap`;
      const hostile = value.replace("TRAP", trap);
      box.arm(key === "unit" ? {} : { [key]: hostile }, [
        ...usualBlocks(box),
        ...(key === "unit" ? [`unit ${hostile}`] : []),
      ]);
      box.uptime(1000);
      expect(box.failsafe("watch").text).toContain("armed is not used");
      expect(existsSync(trap)).toBe(false);
      expect(box.calls().filter((call) => !/^(logger|wall|agetty) /.test(call))).toEqual([]);
    });

    it.each(["$(touch TRAP)", "a;b", "a'b", 'a"b', "a*", "a\\$x"])("lays nothing at %s", (name) => {
      box.arm({}, [
        "plane frr",
        `file 0640 ${uid} ${gid} ${source()} ${box.etc}/frr/${name.replace("TRAP", `${box.folder}/trap`)}`,
      ]);
      box.uptime(1000);
      box.failsafe("watch");
      expect(existsSync(`${box.folder}/trap`)).toBe(false);
      expect(box.list("etc/frr")).toEqual(["frr.conf"]);
    });

    it("may name a target with blanks, which comes last in its line", () => {
      box.arm({}, ["plane frr", `file 0600 ${uid} ${gid} ${source()} ${box.etc}/frr/frr two.conf`]);
      expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 0, text: "" });
      expect(box.read("etc/frr/frr two.conf")).toBe("committed\n");
    });

    it("leads out of /etc through no link", () => {
      box.link("etc/elsewhere", "../outside");
      box.write("outside/kept", "kept\n");
      box.arm({}, ["plane frr", `file 0600 ${uid} ${gid} ${source()} ${box.etc}/elsewhere/kept`]);
      const { exitCode, text } = box.failsafe("restore", "frr");
      expect([exitCode, box.read("outside/kept")]).toEqual([1, "kept\n"]);
      expect(text).toContain(`elsewhere is not below ${box.etc}`);
    });

    it("replaces a link by the file, and does not write through it", () => {
      box.write("outside/kept", "kept\n");
      box.remove("etc/frr/frr.conf");
      box.link("etc/frr/frr.conf", "../../outside/kept");
      box.arm();
      expect(box.failsafe("restore", "frr").exitCode).toBe(0);
      expect([box.read("outside/kept"), box.read("etc/frr/frr.conf")]).toEqual(["kept\n", "committed\n"]);
    });

    it("does not copy what a link in the generation points to", () => {
      box.write("outside/secret", "secret\n");
      box.remove(`persistent/generations/${committed}/files/frr.conf`);
      box.link(`persistent/generations/${committed}/files/frr.conf`, `${box.folder}/outside/secret`);
      box.arm();
      expect(box.failsafe("restore", "frr").exitCode).toBe(1);
      expect(box.read("etc/frr/frr.conf")).toBe("tried\n");
    });

    it.each([
      ["its own name", ".imp-failsafe", "../shadow", "etc/shadow"],
      ["its other name", ".imp-failsafe.new", "../shadow", "etc/shadow"],
      ["a link to a folder", "frr.conf", "../cron.d", "etc/cron.d/other"],
    ])("follows no link in a folder that belongs to somebody else: %s", (_, name, to, there) => {
      box.write(there, "secret\n");
      if (name === "frr.conf") box.remove("etc/frr/frr.conf");
      box.link(`etc/frr/${name}`, to);
      box.arm();
      expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 0, text: "" });
      expect([box.read(there), box.mode(there), box.read("etc/frr/frr.conf")]).toEqual([
        "secret\n",
        0o644,
        "committed\n",
      ]);
      expect(box.list(there.replace(/\/\w+$/, ""))).toEqual(there === "etc/shadow" ? ["frr", "shadow"] : ["other"]);
    });

    it("names the kernel by the hostname that is restored", () => {
      box.write("proc/sys/kernel/hostname", "tried\n");
      box.write(`persistent/generations/${committed}/files/hostname`, "r1\n");
      const kept = source().replace("frr.conf", "hostname");
      box.arm({}, ["plane system", `file 0644 ${uid} ${gid} ${kept} ${box.etc}/hostname`]);
      expect(box.failsafe("restore", "system")).toEqual({ exitCode: 0, text: "" });
      expect([box.read("etc/hostname"), box.read("proc/sys/kernel/hostname")]).toEqual(["r1\n", "r1\n"]);
    });

    it("makes systemd read its files again when one of them is restored, and makes missing folders", () => {
      box.arm({}, [
        "plane frr",
        `file 0644 ${uid} ${gid} ${source()} ${box.etc}/systemd/system/frr.service.d/imp.conf`,
      ]);
      expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 0, text: "" });
      expect(systemctl()).toEqual(["systemctl daemon-reload"]);
      expect(box.mode("etc/systemd/system/frr.service.d")).toBe(0o755);
    });
  });
