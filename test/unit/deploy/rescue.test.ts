/** imp-rescue on the console, under both shells: with fake programs where the real ones would touch this machine. */
import { readlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { committed, type FailsafeBox, makeBox, shells, tried, usualBlocks } from "../../lab/failsafe-box.ts";

const timeless = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "<when>");
const older = "b".repeat(64);

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-rescue under ${shell.title}`, () => {
    let box: FailsafeBox;
    beforeEach(() => {
      box = makeBox(shell);
      box.fake("findmnt", "echo tank/ROOT/imp-v2");
      box.fake("zfs", "exit 1");
    });
    afterEach(() => box[Symbol.dispose]());

    const calls = (name: string) =>
      box.calls().flatMap((call) => (call.startsWith(`${name} `) ? [call.slice(name.length + 1)] : []));
    const linked = (environment = "default") => readlinkSync(`${box.state}/committed.d/${environment}`);

    /** Three generations were committed, the newest is in effect; the oldest one's files were not kept. */
    function commits(): void {
      const all = [tried, older, committed];
      for (const [index, digest] of all.entries()) {
        const generation = { commit: String(index).repeat(40), digest };
        box.write(`persistent/generations/${digest}/generation.json`, JSON.stringify(generation));
        box.write(`persistent/generations/${digest}/files/frr.conf`, `${digest.slice(0, 4)}\n`);
      }
      for (const digest of [older, committed]) {
        const blocks = usualBlocks(box).map((line) => line.replace(committed, digest));
        box.write(`persistent/generations/${digest}/restore`, `${blocks.join("\n")}\n`);
      }
      box.write("persistent/generations/order.json", JSON.stringify(all));
      box.link("persistent/committed.d/default", `../generations/${committed}`);
      const verdicts = { [committed]: { at: 1, inconclusive: [], reason: "Proven.", verdict: "good" } };
      const approvals = { [committed]: { at: 1, by: "operator", reason: "fine" } };
      box.write("persistent/journal/ledger.json", JSON.stringify({ approvals, verdicts }));
      const to = { at: "idle", since: 1 };
      box.write("persistent/journal/current.json", JSON.stringify({ format: 1, event: {}, from: "proving", to }));
    }

    describe("status", () => {
      it("says what is committed, where the agent stands, whether anything is armed, and what to type", () => {
        commits();
        box.fake("systemctl", "echo active");
        box.failsafe("watch");
        const { exitCode, text } = box.rescue("status");
        expect(exitCode).toBe(0);
        expect(timeless(text)).toBe(`committed  aaaaaaaaaaaa  commit 222222222222  <when>  good
journal    idle
agent      active
failsafe   watches, last heard of 0 s ago
armed      no
next       impctl status
`);
      });

      it("shows what it can of a box where nothing ever ran", () => {
        box.fake("systemctl", "echo inactive; exit 3");
        expect(box.rescue("status")).toEqual({
          exitCode: 0,
          text: `committed  nothing yet
journal    cannot be read
agent      inactive
failsafe   does not run
armed      no
next       systemctl start imp-agent.service; or imp-rescue generations, imp-rescue restore N
`,
        });
      });

      it("counts down while a deployment is armed without an agent", () => {
        box.fake("systemctl", "echo failed; exit 3");
        box.arm();
        const { text } = box.rescue("status");
        expect(text).toContain("deadline   in 10 s, then frr back to generation aaaaaaaaaaaa\n");
        expect(text).toContain("next       wait for the deadline; or imp-rescue restore 1, or imp-rescue disarm\n");
      });
    });

    describe("restore", () => {
      beforeEach(commits);

      it("is offered what was committed, newest first", () => {
        expect(timeless(box.rescue("generations").text))
          .toBe(`1  aaaaaaaaaaaa  commit 222222222222  <when>  good  in effect
2  bbbbbbbbbbbb  commit 111111111111  <when>
3  cccccccccccc  commit 000000000000  <when>  no files kept
`);
      });

      it("lays the files, restarts the units, switches the link and starts the agent", () => {
        box.arm();
        const { exitCode, text } = box.rescue("restore", "2", "--yes");
        expect(text).toContain(
          "This will: stop the agent, lay the files of generation bbbbbbbbbbbb, restart frr.service, make it the committed one,",
        );
        expect(exitCode).toBe(0);
        expect(calls("systemctl")).toEqual([
          "stop imp-agent.service",
          "reset-failed frr.service",
          "restart frr.service",
          "reset-failed imp-agent.service",
          "start --no-block imp-agent.service",
        ]);
        expect([box.read("etc/frr/frr.conf"), linked()]).toEqual(["bbbb\n", `../generations/${older}`]);
        expect(box.list("persistent/committed.d")).toEqual(["default"]);
        expect(box.list("run/imp")).toEqual([]);
        expect(box.rescue("generations").text).toMatch(/^1 {2}bbbbbbbbbbbb.*in effect\n2 {2}aaaaaaaaaaaa/m);
      });

      it("switches the link of the boot environment that runs, where that ever committed", () => {
        box.link("persistent/committed.d/123456789", `../generations/${committed}`);
        box.fake("zfs", `[ "$*" = "get -H -o value guid tank/ROOT/imp-v2" ] && echo 123456789`);
        expect(box.rescue("restore", "2", "--yes").exitCode).toBe(0);
        expect([linked("123456789"), linked()]).toEqual([`../generations/${older}`, `../generations/${committed}`]);
      });

      it("leaves link and agent alone when a file could not be laid or a unit does not start", () => {
        box.fake("systemctl", '[ "$1" != restart ]');
        const { exitCode, text } = box.rescue("restore", "2", "--yes");
        expect(exitCode).toBe(1);
        expect(text).toContain("frr.service could not be restarted.\n");
        expect(text).toContain("not restored: frr.");
        expect(linked()).toBe(`../generations/${committed}`);
        expect(calls("systemctl")).not.toContain("start --no-block imp-agent.service");
      });

      it.each([
        ["3", 1, "imp-rescue: no files were kept for generation cccccccccccc."],
        ["4", 1, "imp-rescue: there is no generation 4"],
        ["0", 1, "imp-rescue: there is no generation 0"],
        ["last", 64, "usage:"],
        ["1; reboot", 64, "usage:"],
      ])("does nothing with %s", (n, code, said) => {
        const { exitCode, text } = box.rescue("restore", n, "--yes");
        expect([exitCode, text]).toEqual([code, expect.stringMatching(`^${said}`)]);
        expect(calls("systemctl")).toEqual([]);
        expect(box.read("etc/frr/frr.conf")).toBe("tried\n");
      });
    });

    describe("what it asks", () => {
      it.each([
        ["y\n", true],
        ["yes\n", true],
        ["n\n", false],
        ["\n", false],
        ["", false],
        ["Y; true\n", false],
      ])("goes on after %j: %s", (answer, goes) => {
        box.arm();
        box.answer = answer;
        box.env["IMP_ASK"] = "1";
        const { exitCode, text } = box.rescue("disarm");
        expect(text).toContain("Go on? [y/N]");
        expect([exitCode === 0, box.read("run/imp/armed") === undefined]).toEqual([goes, goes]);
      });

      it("does nothing where nobody can answer", () => {
        box.arm();
        box.answer = "y\n";
        const { exitCode, text } = box.rescue("disarm");
        expect([exitCode, text]).toEqual([1, expect.stringContaining("repeat it with --yes")]);
        expect(box.read("run/imp/armed")).toBeDefined();
      });
    });

    it("disarms, and says what that means", () => {
      expect(box.rescue("disarm", "--yes")).toEqual({ exitCode: 1, text: "imp-rescue: nothing is armed.\n" });
      box.arm();
      box.failsafe("watch");
      const { exitCode, text } = box.rescue("--yes", "disarm");
      expect([exitCode, box.list("run/imp")]).toEqual([0, ["failsafe.alive"]]);
      expect(text).toContain("nobody but a running agent will put this deployment back.");
      box.uptime(2000);
      box.failsafe("watch");
      expect(box.read("etc/frr/frr.conf")).toBe("tried\n");
    });

    describe("boot environments", () => {
      beforeEach(() => {
        box.fake(
          "zfs",
          `case "$*" in
"list -H -r -d 1 -o name,used,creation tank/ROOT") printf '%s\\t%s\\t%s\\n' tank/ROOT 3G x tank/ROOT/imp-v1 1G 'Mon Nov 1' tank/ROOT/imp-v2 2G 'Tue Nov 2' ;;
"get -H -o value org.zfsbootmenu:commandline "*) cat '${box.folder}/commandline' ;;
*) exit 1 ;;
esac`,
        );
        box.fake("zpool", '[ "$*" = "get -H -o value bootfs tank" ] && echo tank/ROOT/imp-v2');
        box.fake("kexec", "");
        box.fake("umount", "");
        box.fake(
          "mount",
          `for last; do :; done; mkdir -p "$last/boot"
touch "$last/boot/vmlinuz-6.1.0-9" "$last/boot/vmlinuz-6.1.0-56" "$last/boot/initrd.img-6.1.0-9" "$last/boot/initrd.img-6.1.0-56"`,
        );
        box.write("commandline", "ro quiet\n");
        box.write("proc/cmdline", "root=zfs:tank/ROOT/imp-v2 loglevel=4 spl.spl_hostid=0x00bab10c\n");
      });
      const mounted = () => `${box.run}/rescue/root`;

      it("are listed, with what runs and what is the default", () => {
        expect(box.rescue("boot-environments")).toEqual({
          exitCode: 0,
          text: "imp-v1  1G  Mon Nov 1\nimp-v2  2G  Tue Nov 2, running, default\n",
        });
      });

      it("are booted once by kexec, which leaves bootfs as it is", () => {
        const { exitCode, text } = box.rescue("boot-once", "imp-v1", "--yes");
        expect([exitCode, text]).toEqual([
          0,
          "This will: boot imp-v1 once, now. The default stays tank/ROOT/imp-v2: any reset comes back to it.\n",
        ]);
        const done = box.calls().filter((call) => !/^(zfs|findmnt|zpool get) /.test(call));
        expect(done).toEqual([
          `mount -t zfs -o zfsutil,ro tank/ROOT/imp-v1 ${mounted()}`,
          `kexec -a -l ${mounted()}/boot/vmlinuz-6.1.0-56 --initrd=${mounted()}/boot/initrd.img-6.1.0-56 --command-line=root=zfs:tank/ROOT/imp-v1 ro quiet spl.spl_hostid=0x00bab10c panic=10`,
          `umount ${mounted()}`,
          "systemctl kexec",
        ]);
      });

      it("keep a panic= of their own, and get ZFSBootMenu's words where they have none", () => {
        box.write("commandline", "panic=30\n");
        box.rescue("boot-once", "imp-v1", "--yes");
        expect(calls("kexec")[0]).toMatch(/=root=zfs:tank\/ROOT\/imp-v1 panic=30 spl\.spl_hostid=0x00bab10c$/);
        box.write("commandline", "-\n");
        box.rescue("boot-once", "imp-v1", "--yes");
        expect(calls("kexec")[0]).toContain("=root=zfs:tank/ROOT/imp-v1 quiet loglevel=4 ");
      });

      it.each<[string, () => void, string]>([
        ["there is none of the name", () => undefined, "there is no boot environment imp-v"],
        ["it cannot be mounted", () => box.fake("mount", "exit 1"), "tank/ROOT/imp-v1 cannot be mounted."],
        ["it has no kernel", () => box.fake("mount", ""), "tank/ROOT/imp-v1 has no kernel with its initrd in /boot."],
        [
          "its command line needs ZFSBootMenu",
          () => box.write("commandline", "%{parent} quiet\n"),
          "cannot be expanded here: %{parent} quiet",
        ],
        ["kexec refuses", () => box.fake("kexec", "exit 1"), "kexec could not load the kernel."],
      ])("are not booted when %s", (what, make, said) => {
        make();
        const { exitCode, text } = box.rescue("boot-once", what.includes("none") ? "imp-v" : "imp-v1", "--yes");
        expect([exitCode, text]).toEqual([1, expect.stringContaining(said)]);
        const done = box.calls();
        expect(done).not.toContain("systemctl kexec");
        const staysMounted = done.some((call) => call.startsWith("kexec ")) && !done.includes(`umount ${mounted()}`);
        expect(staysMounted).toBe(false);
      });

      it("that runs is not booted into itself", () => {
        expect(box.rescue("boot-once", "imp-v2", "--yes").text).toContain("imp-v2 is running: systemctl reboot.");
      });

      it.each([["-f"], ["../../x"], ["a b"]])("named %s are not looked for", (name) => {
        expect(box.rescue("boot-once", name, "--yes").exitCode).toBe(64);
      });

      it("are said to be unknown without zfs, and are not booted without kexec", () => {
        box.without("kexec");
        expect(box.rescue("boot-once", "imp-v1", "--yes").text).toContain(
          "there is no kexec here (package kexec-tools)",
        );
        box.without("zfs");
        expect(box.rescue("boot-environments")).toEqual({
          exitCode: 1,
          text: "imp-rescue: there is no zfs here: boot environments cannot be listed.\n",
        });
      });

      it("are unknown on a system that does not run from one", () => {
        box.fake("findmnt", "echo /dev/vda1");
        expect(box.rescue("boot-environments").text).toBe("imp-rescue: / is no boot environment, but /dev/vda1.\n");
      });
    });

    describe("management", () => {
      const file = "run/systemd/network/00-imp-console.network";
      beforeEach(() => {
        box.write("sys/class/net/enp1s0/device/vendor", "");
        box.write("sys/class/net/lo/mtu", "");
        box.write("sys/class/net/incusbr0/mtu", "");
        for (const name of ["networkctl", "ip"]) box.fake(name, "");
      });

      it("is set by systemd-networkd, for the only interface with hardware behind it, until the next boot", () => {
        const { exitCode, text } = box.rescue("management", "static", "192.0.2.10/24", "192.0.2.1", "--yes");
        expect([exitCode, text]).toEqual([
          0,
          `This will: set enp1s0 to 192.0.2.10/24, gateway 192.0.2.1, until the next boot. What it has now is taken off.
enp1s0: 192.0.2.10/24, gateway 192.0.2.1. The machine file says what it is after the next boot.
`,
        ]);
        expect(box.read(file)).toBe("[Match]\nName=enp1s0\n\n[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n");
        expect([box.mode(file), box.mode("run/systemd/network")]).toEqual([0o644, 0o755]);
        expect(calls("networkctl")).toEqual(["reload", "reconfigure enp1s0"]);
        box.rescue("management", "dhcp", "--yes");
        expect(box.read(file)).toBe("[Match]\nName=enp1s0\n\n[Network]\nDHCP=yes\n");
      });

      it("goes before what imp-boot fell back to", () => {
        box.fake("sleep", "");
        box.write("etc/systemd/network/10-imp-management.network", "[Network]\nAddress=192.0.2.9/24\n");
        box.write("sys/class/net/enp1s0/type", "1\n");
        box.write("sys/class/net/enp1s0/carrier", "1\n");
        box.write("sys/class/net/enp1s0/ifindex", "2\n");
        const network = `${box.etc}/systemd/network/10-imp-management.network`;
        box.write("run/systemd/netif/links/2", `NETWORK_FILE=${network}\n`);
        box.boot("management");
        box.rescue("management", "static", "192.0.2.10/24", "192.0.2.1", "--yes");
        expect(box.list("run/systemd/network")).toEqual(["00-imp-console.network", "00-imp-fallback.network"]);
      });

      it("is set by ip where systemd-networkd does not run", () => {
        box.fake("systemctl", '[ "$1" != is-active ]');
        expect(box.rescue("management", "static", "2001:db8::10/64", "2001:db8::1", "--yes").exitCode).toBe(0);
        expect(calls("ip")).toEqual([
          "link set enp1s0 up",
          "address flush dev enp1s0 scope global",
          "address add 2001:db8::10/64 dev enp1s0",
          "route replace default via 2001:db8::1 dev enp1s0",
        ]);
        box.fake("dhclient", "");
        expect(box.rescue("management", "dhcp", "enp1s0", "--yes").exitCode).toBe(0);
        expect(calls("dhclient")).toEqual(["-1 enp1s0"]);
      });

      it("asks which interface where there are several, and takes the one that is named", () => {
        box.write("sys/class/net/enp2s0/device/vendor", "");
        expect(box.rescue("management", "dhcp", "--yes")).toEqual({
          exitCode: 1,
          text: "imp-rescue: which one? enp1s0 enp2s0\n",
        });
        expect(box.rescue("management", "dhcp", "enp2s0", "--yes").exitCode).toBe(0);
        expect(box.read(file)).toContain("Name=enp2s0\n");
      });

      it.each([
        [["static"]],
        [["static", "192.0.2.10", "192.0.2.1"]],
        [["static", "192.0.2.10/24"]],
        [["static", "192.0.2.10/24", "gateway"]],
        [["static", "192.0.2.10/24\nDHCP=yes", "192.0.2.1"]],
        [["static", "router/24", "192.0.2.1"]],
        [["dhcp", "--all"]],
        [["dhcp", "enp1s0", "enp2s0"]],
        [["wifi"]],
        [[]],
      ])("does nothing with %j", (words) => {
        expect(box.rescue("management", ...words, "--yes").exitCode).toBe(64);
        expect(box.read(file)).toBeUndefined();
        expect(box.calls()).toEqual([]);
      });

      it("says so when there is no such interface, none at all, or nobody takes it", () => {
        expect(box.rescue("management", "dhcp", "eth9", "--yes").text).toContain("there is no interface eth9");
        box.fake("networkctl", "exit 1");
        expect(box.rescue("management", "dhcp", "--yes")).toEqual({
          exitCode: 1,
          text: expect.stringContaining("systemd-networkd did not take it"),
        });
        box.remove("sys/class/net/enp1s0");
        expect(box.rescue("management", "dhcp", "--yes").text).toContain("there is no interface with hardware");
      });
    });

    it("explains itself", () => {
      expect(box.rescue()).toEqual({ exitCode: 0, text: expect.stringContaining("boot-once NAME") });
      expect(box.rescue("frobnicate").exitCode).toBe(64);
      expect(box.rescue("restore").exitCode).toBe(64);
      expect(box.rescue("status", "now").exitCode).toBe(64);
    });
  });
