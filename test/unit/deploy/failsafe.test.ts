/** What imp-failsafe does and when, under both shells. Records that must not be believed: failsafe-record.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BootFiles } from "../../../controller/boot-files.ts";
import { openFailsafe } from "../../../controller/failsafe.ts";
import { Settings } from "../../../schemas/settings.ts";
import {
  committed,
  established,
  type FailsafeBox,
  makeBox,
  shells,
  tried,
  usualBlocks,
} from "../../lab/failsafe-box.ts";
import { simHost } from "../../lab/host.ts";
import { sampleStates } from "../../lab/machine-samples.ts";

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-failsafe under ${shell.title}`, () => {
    let box: FailsafeBox;
    beforeEach(() => {
      box = makeBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    const acted = () => box.read("persistent/failsafe/acted");
    const frrConf = () => box.read("etc/frr/frr.conf");
    const systemctl = () => box.calls().flatMap((call) => (call.startsWith("systemctl ") ? [call.slice(10)] : []));
    const isArmed = () => box.read("run/imp/armed") !== undefined;
    const restarting = ["stop imp-agent.service", "reset-failed frr.service", "restart frr.service"];
    const startingAgent = ["reset-failed imp-agent.service", "start --no-block imp-agent.service"];

    describe("when it acts", () => {
      it("does nothing but live while nothing is armed, however late it is", () => {
        box.uptime(999_999);
        expect(box.failsafe("watch")).toEqual({ exitCode: 0, text: "" });
        expect(box.calls()).toEqual([]);
        expect(box.read("run/imp/failsafe.alive")).toBe("999999\n");
        expect(frrConf()).toBe("tried\n");
      });

      it("does nothing before the deadline, and remembers the record", () => {
        const record = box.arm();
        box.uptime(999);
        expect(box.failsafe("watch")).toEqual({ exitCode: 0, text: "" });
        expect(box.calls()).toEqual([]);
        expect(box.read("run/imp/failsafe.last")).toBe(record);
        box.failsafe("watch");
        expect(isArmed()).toBe(true);
      });

      it("puts the plane back at the deadline: agent stopped, file laid, unit restarted, agent started", () => {
        box.arm();
        box.uptime(1000);
        expect(box.failsafe("watch").exitCode).toBe(0);
        expect(systemctl()).toEqual([...restarting, ...startingAgent]);
        expect(frrConf()).toBe("committed\n");
        expect(box.failsafe("watch").text).toBe("");
        expect(systemctl()).toEqual([]);
      });

      it("tells the agent, the log, the login banner and the terminals", () => {
        box.arm();
        box.uptime(1003);
        box.failsafe("watch");
        expect(acted()).toMatch(
          new RegExp(`^deployment 1764000000000-cccccccccccc
generation ${tried}
at 1003 0b5e55ed \\d+
why deadline
did frr
ended restored
note back on generation aaaaaaaaaaaa, and all that was well is well
$`),
        );
        expect(box.read("persistent/failsafe/journal")).toContain("did frr\n");
        const said =
          "Generation cccccccccccc was not committed (deadline): back on generation aaaaaaaaaaaa, and all that was well is well.";
        expect(box.calls()).toEqual(
          expect.arrayContaining([
            `logger -t imp-failsafe -p daemon.crit ${said}`,
            `wall ${box.folder}/run/motd.d/imp`,
            "agetty --reload",
          ]),
        );
        const banner = `imp-failsafe: ${said}\nNext: imp-rescue status\n`;
        expect([box.read("run/issue.d/imp.issue"), box.read("run/motd.d/imp")]).toEqual([banner, banner]);
        expect([isArmed(), box.read("run/imp/failsafe.last")]).toEqual([false, undefined]);
      });

      it("counts the time since the boot: the wall clock may say what it likes", () => {
        box.arm();
        for (const wall of ["0", "4102444800", "-1", "garbage"]) {
          box.fake("date", `echo ${wall}`);
          box.uptime(999);
          box.failsafe("watch");
          expect(frrConf()).toBe("tried\n");
        }
        box.fake("date", "echo 0");
        box.uptime(1000);
        box.failsafe("watch");
        expect(frrConf()).toBe("committed\n");
        expect(acted()).toContain("at 1000 0b5e55ed 0\n");
      });

      it("waits for an agent that is slow but says so", () => {
        box.arm({ phase: "rolling-back", deadline: "1060" });
        box.uptime(1059);
        box.failsafe("watch");
        expect(systemctl()).toEqual([]);
        box.uptime(1060);
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, ...startingAgent]);
      });

      it("leaves it to the agent when that asked for more time while it was stopped", () => {
        const later = box.arm({ deadline: "1060" });
        box.write("later", later);
        box.arm();
        box.uptime(1000);
        box.fake("systemctl", `[ "$1" != stop ] || cp '${box.folder}/later' '${box.run}/armed'`);
        expect(box.failsafe("watch").text).toContain("The agent asked for more time meanwhile.");
        expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
        expect([frrConf(), acted(), isArmed()]).toEqual(["tried\n", undefined, true]);
      });

      it("leaves it be when the agent ended the deployment while it was stopped", () => {
        box.arm();
        box.uptime(1000);
        box.fake("systemctl", `[ "$1" != stop ] || rm '${box.run}/armed'`);
        expect(box.failsafe("watch").text).toContain("The agent disarmed meanwhile.");
        expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
        expect([frrConf(), acted()]).toEqual(["tried\n", undefined]);
      });

      it("undoes nothing of what is committed", () => {
        for (const [environment, path] of [
          ["", "default"],
          ["1234567", "1234567"],
        ] as const) {
          box.arm({ environment });
          box.link(`persistent/committed.d/${path}`, `../generations/${tried}`);
          box.uptime(1000);
          expect(box.failsafe("watch").text).toContain("Generation cccccccccccc is committed: nothing is undone.");
          expect([frrConf(), acted(), isArmed()]).toEqual(["tried\n", undefined, false]);
          expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
          box.remove(`persistent/committed.d/${path}`);
        }
      });

      it("puts back what corrected the committed generation, whose link names it all along", () => {
        box.arm({ generation: committed });
        box.link("persistent/committed.d/default", `../generations/${committed}`);
        box.uptime(1000);
        box.failsafe("watch");
        expect(frrConf()).toBe("committed\n");
      });

      it("kills an agent that does not let itself be stopped", () => {
        box.arm();
        box.uptime(1000);
        box.fake("systemctl", '[ "$1" != stop ]');
        box.failsafe("watch");
        expect(systemctl().slice(0, 2)).toEqual(["stop imp-agent.service", "kill -s KILL imp-agent.service"]);
        expect(frrConf()).toBe("committed\n");
      });

      it("acts once where another one acts already", () => {
        box.arm();
        box.uptime(1000);
        box.fake("flock", '[ "$1" = -u ]');
        expect(box.failsafe("watch").text).toContain("Another imp-failsafe acts.");
        expect([frrConf(), systemctl(), isArmed()]).toEqual(["tried\n", [], true]);
      });
    });

    describe("act, which systemd calls when the agent failed for good", () => {
      it("does not wait for the deadline", () => {
        box.arm();
        expect(box.failsafe("act").exitCode).toBe(0);
        expect(frrConf()).toBe("committed\n");
        expect(acted()).toContain("why agent-failed\ndid frr\nended restored\n");
      });

      it("only starts the agent again where nothing is armed", () => {
        expect(box.failsafe("act")).toEqual({ exitCode: 0, text: "Nothing is armed.\n" });
        expect(systemctl()).toEqual(startingAgent);
        expect([frrConf(), acted()]).toEqual(["tried\n", undefined]);
      });
    });

    describe("how far it goes", () => {
      const twoPlanes = () => [
        "plane system",
        `file 0644 ${process.getuid?.()} ${process.getgid?.()} ${box.state}/generations/${committed}/files/net.network ${box.etc}/systemd/network/10-net.network`,
        "unit systemd-networkd.service",
        ...usualBlocks(box),
      ];
      beforeEach(() => {
        box.write(`persistent/generations/${committed}/files/net.network`, "[Match]\n");
        box.uptime(1000);
      });

      it("restarts nothing when all steps were hitless and all that was well is well; it says so and holds", () => {
        box.arm({ impact: "hitless" });
        box.failsafe("watch");
        expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
        expect([frrConf(), isArmed()]).toEqual(["tried\n", false]);
        expect(acted()).toContain("why deadline\nended held\nnote all steps were hitless,");
      });

      it.each([
        ["an anchor is lost", () => box.fake("ping", "exit 1")],
        ["a session is down", () => box.fake("vtysh", established("", "192.0.2.5"))],
        ["bgpd is gone", () => box.fake("vtysh", "exit 1")],
        ["nothing is known to have been well", () => box.arm({ impact: "hitless", anchor: "", session: "" })],
      ])("restarts also after hitless steps when %s", (_, make) => {
        box.arm({ impact: "hitless" });
        make();
        box.failsafe("watch");
        expect(frrConf()).toBe("committed\n");
      });

      it("asks an anchor again before it counts as lost", () => {
        box.arm({ impact: "hitless" });
        box.fake("ping", '[ "$3" != 1 ]');
        box.failsafe("watch");
        expect(acted()).toContain("ended held");
        expect(frrConf()).toBe("tried\n");
      });

      it.each([
        ["holds an anchor that refuses the echo for one that answers", "192.0.2.1", "tried\n"],
        ["takes no refusal of somebody else for an answer", "192.0.2.11", "committed\n"],
      ])("%s", (_, from, stands) => {
        box.arm({ impact: "hitless" });
        box.fake("ping", `echo "PING $6"; echo "From ${from} icmp_seq=1 Destination Port Unreachable"; exit 1`);
        box.failsafe("watch");
        expect(frrConf()).toBe(stands);
      });

      it("stops at the first plane after which all is well", () => {
        box.arm({}, twoPlanes());
        box.failsafe("watch");
        expect(systemctl()).toContain("restart systemd-networkd.service");
        expect(acted()).toContain("did system\nended restored\n");
        expect(frrConf()).toBe("tried\n");
      });

      it("takes the next plane when it is not", () => {
        box.arm({}, twoPlanes());
        box.fake("vtysh", `if grep -q committed '${box.etc}/frr/frr.conf'; then ${established("192.0.2.5")}\nfi`);
        box.failsafe("watch");
        expect(systemctl().filter((call) => /restart |reload/.test(call))).toEqual([
          "daemon-reload",
          "restart systemd-networkd.service",
          "restart frr.service",
        ]);
        expect(acted()).toContain("did system\ndid frr\nended restored\n");
      });

      it("gives sessions time to come back", () => {
        box.arm();
        box.env["IMP_SETTLE"] = "120";
        // Each look at the sessions takes a minute.
        box.write("looks", "0");
        box.fake(
          "vtysh",
          `read -r n <'${box.folder}/looks'; echo $((n + 1)) >'${box.folder}/looks'
echo $((1000 + n * 60)).5 1 >'${box.folder}/proc/uptime'
if [ "$n" -ge 2 ]; then ${established("192.0.2.5")}\nfi`,
        );
        box.failsafe("watch");
        expect(acted()).toContain("ended restored\n");
        expect(box.read("run/imp/failsafe.alive")).not.toBe("1000\n");
      });

      it("restores every plane where nobody knows what was well", () => {
        box.arm({ anchor: "", session: "" }, twoPlanes());
        box.failsafe("watch");
        expect(acted()).toContain(
          "did system\ndid frr\nended restored\nnote back on generation aaaaaaaaaaaa; there was nothing to judge it by\n",
        );
      });

      it("holds, and does not reboot, while one session of several is up: a reboot costs all that still forwards", () => {
        box.arm({}, ["session 192.0.2.9", ...usualBlocks(box)]);
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, ...startingAgent]);
        expect(acted()).toContain(
          "did frr\nended held\nnote restoring generation aaaaaaaaaaaa was not enough: 192.0.2.9; nothing more is touched\n",
        );
      });

      it("reboots when no session is up, remembers it, and leaves the agent stopped", () => {
        box.arm();
        box.fake("vtysh", "");
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, "reboot"]);
        expect(acted()).toContain(
          "did frr\ndid reboot\nended rebooting\nnote all sessions are lost: the box reboots, once\n",
        );
        expect(box.read("persistent/failsafe/rebooted")).toBe("deployment 1764000000000-cccccccccccc\n");
      });

      it("reboots only once for a deployment, then holds", () => {
        box.arm();
        box.write("persistent/failsafe/rebooted", "deployment 1764000000000-cccccccccccc\n");
        box.fake("ping", "exit 1");
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, ...startingAgent]);
        expect(acted()).toContain("did frr\nended held\nnote It was rebooted for this deployment already.\n");
      });

      it("reboots for another deployment", () => {
        box.arm();
        box.write("persistent/failsafe/rebooted", "deployment 1763000000000-bbbbbbbbbbbb\n");
        box.fake("ping", "exit 1");
        box.failsafe("watch");
        expect(systemctl()).toContain("reboot");
      });

      it("does not reboot where it could not remember that", () => {
        box.arm();
        box.write("persistent/failsafe", "a file where the folder should be");
        box.fake("ping", "exit 1");
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, ...startingAgent]);
        const flag = box.read("run/imp/failsafe.acted");
        expect(flag).toContain("ended held\n");
        expect(flag).toContain(`note It is not rebooted: ${box.state}/failsafe/rebooted cannot be written.\n`);
      });

      it("reboots not into a trial that the box was leaving for: neither loaded nor recorded it is left", () => {
        box.arm();
        box.fake("ping", "exit 1");
        for (const name of ["kexec", "zfs"]) box.fake(name, "");
        box.write("sys/kernel/kexec_loaded", "1\n");
        box.write("proc/self/mountinfo", "22 1 0:21 / / rw shared:1 - zfs tank/ROOT/a\\040b rw\n");
        box.failsafe("watch");
        const calls = box.calls().filter((call) => /^(kexec|zfs|systemctl reboot)/.test(call));
        expect(calls).toEqual(["kexec -u", "zfs inherit imp:trial tank/ROOT", "systemctl reboot"]);
      });

      it("reboots although a trial could not be taken back, and says so", () => {
        box.arm();
        box.fake("ping", "exit 1");
        box.fake("zfs", "exit 1");
        box.write("proc/self/mountinfo", "22 1 0:21 / / rw - zfs tank/ROOT/a rw\n");
        expect(box.failsafe("watch").text).toContain("could not be taken back: the reboot may enter it.");
        expect(systemctl()).toContain("reboot");
      });

      it("reboots harder when systemd refuses, and holds when nothing reboots it", () => {
        box.arm();
        box.fake("ping", "exit 1");
        box.fake("systemctl", '[ "$1" != reboot ]');
        box.fake("reboot", "exit 1");
        box.failsafe("watch");
        const calls = box.calls();
        expect(calls.filter((call) => /^(systemctl )?reboot/.test(call))).toEqual([
          "systemctl reboot",
          "systemctl reboot --force",
          "reboot -f",
        ]);
        expect(acted()).toContain("ended held\n");
        expect(calls).toContain("systemctl start --no-block imp-agent.service");
      });

      it("holds when the reboot does not come", () => {
        box.arm();
        box.fake("ping", "exit 1");
        box.fake("systemctl", `[ "$1" != reboot ] || echo 1300.0 1 >'${box.folder}/proc/uptime'`);
        box.env["IMP_ROUNDS"] = "2";
        box.failsafe("watch");
        expect(acted()).toContain("did reboot\nended held\n");
        expect(acted()).toContain("note the reboot did not come; nothing more is touched\n");
        expect(systemctl().slice(-2)).toEqual(startingAgent);
      });

      it("does not go on about a reboot that is under way", () => {
        box.arm();
        box.fake("ping", "exit 1");
        box.env["IMP_ROUNDS"] = "3";
        box.failsafe("watch");
        expect(systemctl()).toEqual([...restarting, "reboot"]);
        expect(acted()).toContain("ended rebooting\n");
      });

      it("touches nothing where nothing was ever committed and all that was well is well", () => {
        box.arm({ committed: "-" }, []);
        box.failsafe("watch");
        expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
        expect(acted()).toContain("ended held\nnote nothing was ever committed to go back to;");
      });

      it("reboots into what was there before the first deployment when all is lost", () => {
        box.arm({ committed: "-" }, []);
        box.fake("ping", "exit 1");
        box.failsafe("watch");
        expect(acted()).toContain("did reboot\nended rebooting\n");
      });

      it("restarts nothing from a file that it could not lay, nor does it reboot into it", () => {
        box.arm(
          {},
          usualBlocks(box).map((line) => line.replace("/frr.conf ", "/absent.conf ")),
        );
        box.fake("ping", "exit 1");
        box.failsafe("watch");
        expect(systemctl()).toEqual(["stop imp-agent.service", ...startingAgent]);
        expect(acted()).toContain("ended held\n");
        expect(acted()).toMatch(/^note .*absent\.conf cannot be read: .*frr\.conf stays as it is\.$/m);
      });

      it("says which unit did not start", () => {
        box.arm();
        box.fake("systemctl", '[ "$1" != restart ]');
        box.fake("vtysh", "");
        box.failsafe("watch");
        expect(acted()).toContain("note frr.service could not be restarted.\n");
        expect(acted()).not.toContain("did frr");
      });
    });

    describe("what the agent asks of it", () => {
      it("understands the record as the agent writes it", async () => {
        const sim = simHost();
        const settings = Settings.parse({
          machine: "fra1/r1",
          repository: { folder: "/sites" },
          paths: { run: box.run, state: box.state },
        });
        const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
        const source = `${box.state}/generations/${committed}/files/frr.conf`;
        const file = { source, target: `${box.etc}/frr/frr.conf`, mode: 0o640, owner };
        const restoring = async () => [{ plane: "frr", files: [file], units: ["frr.service"] }];
        const files = { restoring, added: async () => [] };
        const agent = openFailsafe(sim.start(), settings, files as unknown as BootFiles);
        const { deployment: sample } = sampleStates.armed;
        const deployment = {
          ...sample,
          worstImpact: "flap",
          planes: ["frr"],
          deadline: 90_000,
          from: committed,
        } as const;
        await agent.arm(deployment, { anchors: ["192.0.2.1", "2001:db8::1"], sessions: ["192.0.2.5"] });
        const node = sim.files.get(`${box.run}/armed`);
        box.write("run/imp/armed", node && "text" in node ? node.text : "");
        box.uptime(60);
        box.failsafe("watch");
        expect(box.failsafe("self-test")).toEqual({ exitCode: 0, text: "" });
        expect(box.failsafe("fine")).toEqual({ exitCode: 0, text: "" });
        box.uptime(93);
        box.failsafe("watch");
        expect(acted()).toContain("why deadline\ndid frr\nended restored\n");
      });

      describe("of a file that only the candidate has", () => {
        const network = "systemd/network/10-imp-management.network";
        const gone = (name = network) => [`gone ${box.etc}/${name}`, "unit systemd-networkd.service"];
        beforeEach(() => box.write(`etc/${network}`, "Address=192.0.2.9/24\n"));

        it("removes it, and restarts what read it", () => {
          box.arm({}, ["plane system", ...gone()]);
          box.uptime(1000);
          box.failsafe("watch");
          expect(box.read(`etc/${network}`)).toBeUndefined();
          expect(box.calls()).toContain("systemctl restart systemd-networkd.service");
          expect(acted()).toContain("did system\nended restored\n");
        });

        it("does so also where nothing was ever committed", () => {
          box.arm({ committed: "-" }, ["plane system", ...gone()]);
          box.uptime(1000);
          box.failsafe("watch");
          expect(box.read(`etc/${network}`)).toBeUndefined();
          expect(acted()).toContain("note back to what was there before, and all that was well is well\n");
        });

        it("needs none to be there, and says what it could not remove", () => {
          box.arm({}, ["plane system", ...gone("imp/nics")]);
          expect(box.failsafe("restore", "system")).toEqual({ exitCode: 0, text: "" });
          box.write("etc/vpp/startup-core.conf/inner", "");
          box.arm({}, ["plane system", ...gone("vpp/startup-core.conf")]);
          const { exitCode, text } = box.failsafe("restore", "system");
          expect([exitCode, text]).toEqual([
            1,
            expect.stringContaining("startup-core.conf, which only the generation"),
          ]);
          expect(box.read("etc/vpp/startup-core.conf/inner")).toBe("");
        });

        it("follows no link, neither of the file nor of its folder", () => {
          box.write("elsewhere/kept", "theirs\n");
          box.link("etc/link", `${box.folder}/elsewhere/kept`);
          box.link("etc/folder", `${box.folder}/elsewhere`);
          for (const name of ["link", "folder/kept"]) {
            box.arm({}, ["plane system", ...gone(name)]);
            expect(box.failsafe("restore", "system").exitCode).toBe(1);
          }
          expect(box.read("elsewhere/kept")).toBe("theirs\n");
        });
      });

      it("restores one plane: file with its mode, then the unit", () => {
        box.arm();
        expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 0, text: "" });
        expect(systemctl()).toEqual(["reset-failed frr.service", "restart frr.service"]);
        expect(frrConf()).toBe("committed\n");
        expect(box.mode("etc/frr/frr.conf")).toBe(0o640);
        expect(isArmed()).toBe(true);
      });

      it("says why it could not", () => {
        expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 1, text: "Nothing is armed.\n" });
        box.arm();
        expect(box.failsafe("restore", "vpp")).toEqual({ exitCode: 1, text: "The record has no plane vpp.\n" });
        box.fake("systemctl", '[ "$1" != restart ]');
        expect(box.failsafe("restore", "frr")).toEqual({ exitCode: 1, text: "frr.service could not be restarted.\n" });
      });

      it("tells whether all is fine, and what is not", () => {
        box.arm();
        expect(box.failsafe("fine")).toEqual({ exitCode: 0, text: "" });
        box.fake("ping", "exit 1");
        box.fake("vtysh", established("198.51.100.7", "192.0.2.5"));
        expect(box.failsafe("fine")).toEqual({ exitCode: 1, text: "Not well: 192.0.2.1 192.0.2.5\n" });
        box.arm({ anchor: "", session: "" });
        expect(box.failsafe("fine").exitCode).toBe(0);
      });

      it.each(["192.0.2.5", "2001:db8::5", "external.25"])("finds the session with %s among others", (peer) => {
        box.arm({ session: peer });
        box.fake("vtysh", established(`192.0.2.55 ${peer}`, "192.0.2.50 2001:db8::55"));
        expect(box.failsafe("fine")).toEqual({ exitCode: 0, text: "" });
        box.fake("vtysh", established("192.0.2.55", `192.0.2.50 ${peer} 2001:db8::55`));
        expect(box.failsafe("fine")).toEqual({ exitCode: 1, text: `Not well: ${peer}\n` });
      });

      it("passes its self-test while it watches, and leaves nothing behind", () => {
        box.failsafe("watch");
        box.arm();
        expect(box.failsafe("self-test")).toEqual({ exitCode: 0, text: "" });
        expect(box.list("persistent/failsafe")).toEqual([]);
        expect(box.list("run/imp")).toEqual(["armed", "failsafe.alive"]);
      });

      it.each<[string, () => void, string]>([
        ["nobody watches", () => box.remove("run/imp/failsafe.alive"), "imp-failsafe watch does not run."],
        [
          "it was not heard of for longer than 10 s",
          () => box.uptime(1001),
          "imp-failsafe watch was last heard of at uptime 990, now is 1001.",
        ],
        ["its heartbeat is of another boot", () => box.uptime(3), "last heard of at uptime 990, now is 3."],
        ["the clock cannot be read", () => box.remove("proc/uptime"), "/proc/uptime cannot be read."],
        ["the persistent dataset is not there", () => box.remove("persistent"), "persistent cannot be read."],
        [
          "it could not leave its flag",
          () => {
            box.remove("persistent/failsafe");
            box.write("persistent/failsafe", "a file");
          },
          "persistent/failsafe cannot be written.",
        ],
        ["the record cannot be used", () => box.write("run/imp/armed", "format 2\n"), "armed is not used:"],
        [
          "a file to restore from is missing",
          () => {
            box.arm();
            box.remove(`persistent/generations/${committed}/files/frr.conf`);
          },
          "frr.conf could not be restored.",
        ],
      ])("fails its self-test when %s", (_, make, reason) => {
        box.failsafe("watch");
        expect(box.failsafe("self-test").exitCode).toBe(0);
        make();
        const { exitCode, text } = box.failsafe("self-test");
        expect(text).toContain(reason);
        expect(exitCode).toBe(1);
      });

      it("shows people where it stands", () => {
        expect(box.failsafe("status").text).toBe("failsafe   does not run\narmed      no\n");
        box.failsafe("watch");
        box.arm();
        expect(box.failsafe("status").text).toBe(
          `failsafe   watches, last heard of 0 s ago
armed      for deployment 1764000000000-cccccccccccc, generation cccccccccccc, forward, impact session-reset
deadline   in 10 s, then frr back to generation aaaaaaaaaaaa
`,
        );
        box.uptime(1000);
        box.failsafe("watch");
        expect(box.failsafe("status").text).toContain("acted      and the agent has not read it yet");
      });

      it("knows no other verbs", () => {
        expect(box.failsafe("restart")).toEqual({ exitCode: 64, text: expect.stringContaining("usage: imp-failsafe") });
        expect(box.failsafe().exitCode).toBe(64);
      });
    });
  });
