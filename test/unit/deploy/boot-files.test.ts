/** What imp-boot lays down at boot, under both shells. What it must not believe stands here too: its input is on a disk. */
import { lstatSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootBox, environment, makeBootBox } from "../../lab/boot-box.ts";
import { committed, shells, tried } from "../../lab/failsafe-box.ts";

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-boot files under ${shell.title}`, () => {
    let box: BootBox;
    beforeEach(() => {
      box = makeBootBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    const frrConf = () => box.read("etc/frr/frr.conf");
    const list = (digest: string) => `persistent/generations/${digest}/restore`;

    it("lays the files of the generation that the booted environment committed, and restarts nothing", () => {
      expect(box.boot("files")).toEqual({
        exitCode: 0,
        text: `Generation aaaaaaaaaaaa, committed by boot environment ${environment}: its files are laid.\n`,
      });
      expect([frrConf(), box.mode("etc/frr/frr.conf")]).toEqual(["committed\n", 0o640]);
      expect(box.calls()).toEqual(["zfs get -H -p -o value guid tank/ROOT/v2"]);
      expect(box.banner()).toBeUndefined();
    });

    it("takes the link default where the root is no ZFS", () => {
      box.mounted("ext4 /dev/vda", false);
      box.generation(tried, "of default\n");
      box.link("persistent/committed.d/default", `../generations/${tried}`);
      box.boot("files");
      expect(frrConf()).toBe("of default\n");
      expect(box.calls()).toEqual([]);
    });

    it("knows a dataset with a blank in its name, and the last of several mounts at /", () => {
      box.fake("zfs", `[ "$7" = 'tank/ROOT/my own' ] && echo ${environment}`);
      box.mounted("rootfs rootfs rw\n23 1 0:22 / / rw - zfs tank/ROOT/my\\040own");
      box.boot("files");
      expect(frrConf()).toBe("committed\n");
    });

    it("lays files of all planes, with owner and mode, in folders that were not there", () => {
      box.generation(committed, "committed\n", [
        "plane system",
        box.file(committed, "nics", "imp/nics", "0644"),
        "unit imp-nics.service",
        "plane frr",
        box.file(committed, "frr.conf", "frr/frr.conf"),
        "unit frr.service",
      ]);
      box.write(`persistent/generations/${committed}/files/nics`, "external - 0000:03:00.0 -\n");
      box.boot("files");
      expect([frrConf(), box.read("etc/imp/nics")]).toEqual(["committed\n", "external - 0000:03:00.0 -\n"]);
      expect([box.mode("etc/imp"), box.mode("etc/imp/nics")]).toEqual([0o755, 0o644]);
    });

    it("puts a file in the place of a link, also of one to the right text", () => {
      box.write("elsewhere", "committed\n");
      box.remove("etc/frr/frr.conf");
      box.link("etc/frr/frr.conf", `${box.folder}/elsewhere`);
      box.boot("files");
      expect(lstatSync(`${box.etc}/frr/frr.conf`).isFile()).toBe(true);
      expect([frrConf(), box.mode("elsewhere")]).toEqual(["committed\n", 0o644]);
    });

    describe("where a folder below /etc belongs to somebody else", () => {
      const shadow = () => [box.read("etc/shadow"), box.mode("etc/shadow")];
      beforeEach(() => box.write("etc/shadow", "secret\n"));

      it.each(["etc/frr/.imp-boot", "etc/frr/.imp-boot.new"])("follows no link at %s", (path) => {
        box.link(path, "../shadow");
        box.boot("files");
        expect([shadow(), frrConf()]).toEqual([["secret\n", 0o644], "committed\n"]);
        expect(lstatSync(`${box.etc}/shadow`).nlink).toBe(1);
        expect(box.list("etc")).toEqual(["frr", "shadow"]);
      });

      it("puts a file in the place of a link to a folder, and nothing into that folder", () => {
        box.remove("etc/frr/frr.conf");
        box.write("etc/cron.d/other", "");
        box.link("etc/frr/frr.conf", "../cron.d");
        box.boot("files");
        expect([frrConf(), box.list("etc/cron.d"), box.list("etc/frr")]).toEqual([
          "committed\n",
          ["other"],
          ["frr.conf"],
        ]);
      });

      it("says so where a folder stands in the place of a file", () => {
        box.remove("etc/frr/frr.conf");
        box.write("etc/frr/frr.conf/inner", "");
        expect(box.boot("files").text).toContain("frr.conf could not be written: it stays as it is.");
        expect([box.list("etc/frr/frr.conf"), box.list("etc")]).toEqual([["inner"], ["frr", "shadow"]]);
      });

      it("lays nothing through a link from one folder of /etc to another", () => {
        box.write("etc/cron.d/other", "");
        box.link("etc/frr/inner", "../cron.d");
        box.generation(committed, "committed\n", ["plane frr", box.file(committed, "frr.conf", "frr/inner/job")]);
        expect(box.boot("files").text).toContain("frr/inner is not below ");
        expect(box.list("etc/cron.d")).toEqual(["other"]);
      });
    });

    it("names the kernel anew when the box is called otherwise than the image, and has systemd read new units", () => {
      box.generation(committed, "committed\n", [
        "plane system",
        box.file(committed, "hostname", "hostname", "0644"),
        box.file(committed, "unit", "systemd/system/vpp-core.service.d/10.conf", "0644"),
      ]);
      box.write(`persistent/generations/${committed}/files/hostname`, "r1\n");
      box.write(`persistent/generations/${committed}/files/unit`, "[Service]\n");
      box.boot("files");
      expect(box.read("proc/sys/kernel/hostname")).toBe("r1\n");
      expect(box.calls()).toContain("systemctl daemon-reload");

      box.write("proc/sys/kernel/hostname", "set by hand\n");
      box.boot("files");
      expect(box.read("proc/sys/kernel/hostname")).toBe("set by hand\n");
      expect(box.calls()).not.toContain("systemctl daemon-reload");
    });

    it("says so where nothing was ever committed, also in the login banner, and touches nothing", () => {
      box.remove(`persistent/committed.d/${environment}`);
      const { exitCode, text } = box.boot("files");
      const said = `Nothing was ever committed by this boot environment (${environment}): only management and SSH.\n`;
      expect([exitCode, text]).toEqual([0, said]);
      expect(box.banner()).toBe(`imp-boot: ${said}Next: imp-boot status\n`);
      expect(box.boot("status").text).toBe(`files       ${said}`);
      expect(frrConf()).toBe("of the image\n");
    });

    it.each([
      ["zfs does not answer", () => box.fake("zfs", "exit 1")],
      ["zfs answers something else", () => box.fake("zfs", "echo 12/../34")],
      ["there is no zfs", () => box.without("zfs")],
      ["mounts cannot be read", () => box.remove("proc/self/mountinfo")],
    ])("leaves what is there where the boot environment is not known: %s", (_, make) => {
      make();
      expect(box.boot("files").text).toContain("Which boot environment this is cannot be found out");
      expect(frrConf()).toBe("of the image\n");
    });

    describe("what only a generation has that was being tried", () => {
      const network = "etc/systemd/network/10-imp-management.network";
      const kept = "persistent/gone";
      const list = (...lines: string[]) => box.write(kept, `${lines.join("\n")}\n`);
      const gone = (name = network) => `gone ${box.folder}/${name}`;
      beforeEach(() => {
        box.write(network, "Address=192.0.2.9/24\n");
        list(`environment ${environment}`, gone());
      });

      it("goes at the next boot, once", () => {
        expect(box.boot("files").text).toContain("10-imp-management.network, which only the generation");
        expect([box.read(network), box.read(kept), frrConf()]).toEqual([undefined, undefined, "committed\n"]);
        box.write(network, "by hand\n");
        box.boot("files");
        expect(box.read(network)).toBe("by hand\n");
      });

      it("goes also where nothing was ever committed", () => {
        box.remove(`persistent/committed.d/${environment}`);
        box.boot("files");
        expect(box.read(network)).toBeUndefined();
      });

      it("stays where it was committed meanwhile", () => {
        box.write(`persistent/generations/${committed}/files/network`, "Address=192.0.2.9/24\n");
        box.generation(committed, "committed\n", ["plane system", box.file(committed, "network", network.slice(4))]);
        box.boot("files");
        expect(box.read(network)).toBe("Address=192.0.2.9/24\n");
      });

      it.each<[string, () => void]>([
        ["in another boot environment", () => list("environment 4711", gone())],
        ["in a trial", () => box.cmdline(`imp.trial=${tried}`)],
        ["where nobody says whose list it is", () => list(gone())],
        ["where what is committed is damaged", () => box.write(`persistent/generations/${committed}/restore`, "x")],
      ])("stays %s", (_, make) => {
        make();
        box.boot("files");
        expect([box.read(network), box.read(kept)]).toEqual(["Address=192.0.2.9/24\n", expect.any(String)]);
      });

      it("is removed neither elsewhere nor through a link", () => {
        box.write("elsewhere/kept", "theirs\n");
        box.link("etc/folder", `${box.folder}/elsewhere`);
        list(
          `environment ${environment}`,
          gone("elsewhere/kept"),
          gone("etc/../elsewhere/kept"),
          gone("etc/folder/kept"),
        );
        const { exitCode, text } = box.boot("files");
        expect([exitCode, box.read("elsewhere/kept")]).toEqual([0, "theirs\n"]);
        expect(text).toContain("gone has an odd line.\n");
        expect(text).toContain(
          "etc/folder/kept, which only the generation that was being tried has, could not be removed",
        );
      });
    });

    describe("in a trial", () => {
      it("lays the files of the generation on the kernel command line; the last one counts", () => {
        box.cmdline(`imp.trial=${committed} quiet imp.trial=${tried}`);
        expect(box.boot("files").text).toBe("Generation cccccccccccc, on trial: its files are laid.\n");
        expect(frrConf()).toBe("tried in a trial\n");
      });

      it("needs neither zfs nor a committed generation", () => {
        box.cmdline(`imp.trial=${tried}`);
        box.without("zfs");
        box.boot("files");
        expect(frrConf()).toBe("tried in a trial\n");
      });

      it.each([
        ["is unknown", `imp.trial=${"b".repeat(64)}`, () => undefined],
        ["is no digest", "imp.trial=../../etc", () => undefined],
        ["is no digest either", "imp.trial=\u001b[31m", () => undefined],
        ["misses a file", `imp.trial=${tried}`, () => box.remove(`persistent/generations/${tried}/files/frr.conf`)],
        ["has a list that is cut off", `imp.trial=${tried}`, () => box.write(list(tried), "plane frr\nunit frr.serv")],
        ["has no list", `imp.trial=${tried}`, () => box.remove(list(tried))],
      ])("lays what is committed where that generation %s, and says so", (_, cmdline, spoil) => {
        box.cmdline(cmdline);
        spoil();
        const { text } = box.boot("files");
        expect(text).toContain("what is committed is laid instead.\n");
        expect(text).not.toContain("\u001b");
        expect([frrConf(), box.banner()]).toEqual(["committed\n", expect.stringContaining("instead.")]);
      });
    });

    describe("does not believe", () => {
      const blocks = (line: string) => box.generation(committed, "committed\n", ["plane frr", line]);
      it.each<[string, () => void]>([
        ["a list that is empty of sense", () => blocks("frobnicate 1")],
        ["a list that is binary", () => box.write(list(committed), "\u0000\u0001\u00ff\n")],
        ["a list that is cut off", () => box.write(list(committed), `plane frr\nunit frr`)],
        ["a file before any plane", () => box.generation(committed, "", [box.file(committed, "frr.conf", "frr.conf")])],
        ["an unknown plane", () => box.generation(committed, "", ["plane moon"])],
        ["a target elsewhere", () => blocks(box.file(committed, "frr.conf", "../shadow"))],
        ["a source elsewhere", () => blocks(box.file(committed, "../../../age.key", "frr/frr.conf"))],
        ["a source of another generation", () => blocks(box.file(tried, "frr.conf", "frr/frr.conf"))],
        [
          "a mode that lets others act for its owner",
          () => blocks(box.file(committed, "frr.conf", "frr.conf", "4755")),
        ],
        ["an owner by name", () => blocks(box.file(committed, "frr.conf", "frr/frr.conf").replace(/\d+ \d+/, "a b"))],
        ["two units in a line", () => blocks("unit a.service b.service")],
      ])("%s: nothing of the generation is laid, and that is said", (_, make) => {
        make();
        const { exitCode, text } = box.boot("files");
        expect([exitCode, text]).toEqual([0, expect.stringMatching(/^Generation aaaaaaaaaaaa is not laid, /)]);
        expect(frrConf()).toBe("of the image\n");
        expect(box.banner()).toContain("is not laid");
      });

      it.each([
        "/etc/passwd",
        `../elsewhere/${committed}`,
        `/${committed}`,
        `../generations/${committed}/../../x`,
        `../generations/${committed.slice(1)}`,
        "-",
      ])("a link to %s", (target) => {
        box.remove(`persistent/committed.d/${environment}`);
        box.link(`persistent/committed.d/${environment}`, target);
        expect(box.boot("files").text).toContain("is damaged");
        expect(frrConf()).toBe("of the image\n");
      });

      it("a file that is a link, or a folder below /etc that leads out of it; the other files are laid", () => {
        box.generation(committed, "committed\n", [
          "plane system",
          box.file(committed, "linked", "linked"),
          box.file(committed, "frr.conf", "out/frr.conf"),
          box.file(committed, "frr.conf", "frr/frr.conf"),
        ]);
        box.link(`persistent/generations/${committed}/files/linked`, "/etc/shadow");
        box.write("elsewhere/frr.conf", "not below /etc\n");
        box.link("etc/out", `${box.folder}/elsewhere`);
        const { text } = box.boot("files");
        expect(text).toContain("files/linked cannot be read");
        expect(text).toContain("/etc/out is not below ");
        expect(box.read("elsewhere/frr.conf")).toBe("not below /etc\n");
        expect([box.read("etc/linked"), frrConf()]).toEqual([undefined, "committed\n"]);
      });
    });
  });
