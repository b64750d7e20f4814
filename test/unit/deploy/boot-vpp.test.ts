/** imp-boot's part in VPP: the boot commands of an instance that has just started. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootBox, makeBootBox } from "../../lab/boot-box.ts";
import { shells } from "../../lab/failsafe-box.ts";

const bootId = "0f1e2d3c-0000-4000-8000-000000000001";
const incarnation = `${bootId}: vpp 812@5310`;

/** What vppctl does with a VPP that has no interface "absent", and dies at one: the rest of a file behind what fails is not read. */
const vppctl = `what='set interface state: unknown interface'
case "$3" in
  show) echo "vpp v26.06-release built by root"; exit ;;
  *absent*) printf '%s\\r\\n' "$what"; exit ;;
esac
while read -r line; do
  case $line in
    "exec "*)
      while read -r one; do
        case $one in
          "define imp "*) imp=\${one##* } ;;
          *absent*) printf 'exec: CLI line error: absent up\\r\\n'; break ;;
          *deadly*) exit ;;
        esac
      done <"\${line#exec }" ;;
    "echo @"*) printf '@%s.%s\\r\\n' "$imp" "\${line##*.}" ;;
    quit) exit ;;
  esac
done`;

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-boot vpp under ${shell.title}`, () => {
    let box: BootBox;
    beforeEach(() => {
      box = makeBootBox(shell);
      box.env["MAINPID"] = "812";
      box.env["IMP_VPP"] = "/run/vpp";
      box.write("proc/sys/kernel/random/boot_id", `${bootId}\n`);
      const before = Array.from({ length: 17 }, (_, at) => at);
      box.write("proc/812/stat", `812 (vpp (main) x) S ${before.join(" ")} 17 5310 99 0\n`);
      box.fake("vppctl", vppctl);
    });
    afterEach(() => box[Symbol.dispose]());
    const commands = (...lines: string[]) =>
      box.write("etc/vpp/commands-core.txt", lines.map((line) => `${line}\n`).join(""));
    const memory = () => box.read("run/imp/vpp-core.jsonl");

    it("gives each command of the file to the instance, and writes down whose memory begins", () => {
      commands("# Written by impctl", "", "create loopback interface instance 0", "set acl-plugin acl permit tag a");
      expect(box.boot("vpp", "core")).toEqual({
        exitCode: 0,
        text: "VPP core was given 2 commands, of which 0 failed.\n",
      });
      expect(box.calls()).toContain("vppctl -s /run/vpp/core-cli.sock");
      expect(memory()).toBe(`{"incarnation":"${incarnation}"}\n`);
      expect(box.list("run/imp").filter((name) => /starting|said|batch|outcome/.test(name))).toEqual([]);
      expect(box.boot("status").text).toBe("vpp-core    VPP core was given 2 commands, of which 0 failed.\n");
    });

    it("says which line failed, where a NIC is absent, and goes on with the next", () => {
      commands("set interface state external up", "set interface state absent up", "set interface state internal up");
      const { exitCode, text } = box.boot("vpp", "core");
      expect(exitCode).toBe(0);
      expect(text).toBe(
        'VPP core, line 2, "set interface state absent up": set interface state: unknown interface\n' +
          "VPP core was given 3 commands, of which 1 failed.\n",
      );
      expect(box.banner()).toContain("line 2");
    });

    it("remembers what VPP cannot tell of itself, but for what failed", () => {
      commands(
        "# NAT",
        "det44 plugin enable",
        '#remember {"kind":"det44"}',
        "set policer absent",
        '#remember {"kind":"policer-use","on":"absent"}',
        "nat64 enable",
        '#remember {"kind":"nat64"}',
      );
      box.boot("vpp", "core");
      expect(memory()).toBe(`{"incarnation":"${incarnation}"}\n{"kind":"det44"}\n{"kind":"nat64"}\n`);
    });

    it("gives them once to one run of VPP, and again to the next", () => {
      commands("create loopback interface instance 0");
      box.boot("vpp", "core");
      expect(box.boot("vpp", "core").text).toBe("VPP core was given its commands already.\n");
      box.env["MAINPID"] = "900";
      expect(box.boot("vpp", "core").text).toBe("VPP core was given 1 commands, of which 0 failed.\n");
      expect(memory()).toBe(`{"incarnation":"${bootId}: vpp 900"}\n`);
    });

    it("says that VPP ended, and remembers nothing of it", () => {
      commands(
        "det44 plugin enable",
        '#remember {"kind":"det44"}',
        "deadly",
        '#remember {"kind":"nat64"}',
        "nat64 enable",
      );
      expect(box.boot("vpp", "core")).toEqual({
        exitCode: 1,
        text: `VPP core ended, or said nothing more, somewhere behind line 0 of ${box.etc}/vpp/commands-core.txt.\n`,
      });
      expect(memory()).toBeUndefined();
    });

    it("tells twenty failures, and counts the rest", () => {
      commands(...Array.from({ length: 23 }, () => "set interface state absent up"));
      const lines = box.boot("vpp", "core").text.split("\n");
      expect(lines.slice(-4)).toEqual([
        expect.stringMatching(/^VPP core, line 20, /),
        `… and 3 lines more of ${box.etc}/vpp/commands-core.txt.`,
        "VPP core was given 23 commands, of which 23 failed.",
        "",
      ]);
    });

    it("gives no more after four minutes, and remembers only what was given: the agent has the rest", () => {
      const slow = vppctl.replace('"exec "*)', `"exec "*) echo "$((now += 90)).0 0" >${box.folder}/proc/uptime`);
      box.fake("vppctl", `now=900\n${slow}`);
      const absent = "set interface state absent up";
      const det44 = ["#", "det44 plugin enable", '#remember {"kind":"det44"}'];
      const nat64 = ["nat64 enable", '#remember {"kind":"nat64"}'];
      commands(absent, ...det44, absent, absent, ...nat64, absent, "create loopback interface instance 0");
      box.uptime(900);
      const { exitCode, text } = box.boot("vpp", "core");
      expect([exitCode, text.split("\n").at(-2)]).toEqual([
        0,
        "VPP core was given its commands up to line 6 only, in 240 s; 3 failed: the rest is the agent's.",
      ]);
      expect(memory()).toBe(`{"incarnation":"${incarnation}"}\n{"kind":"det44"}\n`);
      expect(box.banner()).toContain("up to line 6 only");
    });

    it.each([
      ["is not there any more", () => box.remove("proc/812")],
      ["was never there", () => (box.env["MAINPID"] = "0")],
    ])("waits no longer for a VPP that %s, which systemd then starts anew", (_, end) => {
      commands("create loopback interface instance 0");
      box.env["IMP_WAIT"] = "600";
      box.fake("vppctl", "exit 1");
      box.fake("sleep", "exit 1");
      end();
      expect(box.boot("vpp", "core")).toEqual({
        exitCode: 1,
        text: "VPP core ended before it answered: it was given no commands.\n",
      });
      expect(box.calls()).not.toContain("sleep 1");
      expect(memory()).toBeUndefined();
    });

    it("fails where VPP does not answer, and says so where there is no file", () => {
      commands("create loopback interface instance 0");
      box.fake("vppctl", "exit 1");
      expect(box.boot("vpp", "core")).toEqual({
        exitCode: 1,
        text: "VPP core does not answer on /run/vpp/core-cli.sock: it was given no commands.\n",
      });
      expect(memory()).toBeUndefined();
      expect(box.boot("vpp", "nat").text).toContain(
        "commands-nat.txt cannot be read: VPP nat has what it starts with.",
      );
      expect(box.boot("vpp").exitCode).toBe(64);
    });
  });
