import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { shells, type Shell } from "../../lab/failsafe-box.ts";

const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";
it.skipIf(lint !== undefined)(`imp-deadline is clean (${lint ?? "shellcheck is here"})`, () => {
  const { stdout } = spawnSync("shellcheck", ["-s", "sh", "deploy/boot/imp-deadline"], { encoding: "utf8" });
  expect(stdout).toBe("");
});

const digest = "d".repeat(64);

/**
 * A box whose clock goes on by what is slept. A long sleep is over only once something hangs; a program that `hangs` names is not
 * waited for within any time, as one that waits for a disk that never answers: no signal ends it, so timeout waits on.
 */
function trialBox(shell: Shell, cmdline = `root=zfs:tank/ROOT/b imp.trial=${digest} imp.deadline=60`) {
  const folder = mkdtempSync(join(tmpdir(), "imp-deadline-"));
  const at = (path: string) => join(folder, path);
  for (const path of ["bin", "proc/self", "proc/sys/kernel", "state"]) mkdirSync(at(path), { recursive: true });
  const fake = (name: string, body: string): void =>
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >>${at("calls")}\n${body}\n`, { mode: 0o755 });
  writeFileSync(at("proc/cmdline"), `${cmdline}\n`);
  writeFileSync(at("proc/self/mountinfo"), "22 1 0:21 / / rw shared:1 - zfs tank/ROOT/b rw\n");
  writeFileSync(at("proc/uptime"), "30.50 100.00\n");
  writeFileSync(at("bootfs"), "tank/ROOT/a\n");
  fake("zpool", `cat ${at("bootfs")}`);
  const advance = `read -r now rest <${at("proc/uptime")}\necho "$((\${now%%.*} + $1)).50 1.00" >${at("proc/uptime")}`;
  const waitWhile = (condition: string): string =>
    `while [ -d ${folder} ] && ${condition}; do /usr/bin/sleep 0.05; done\n[ -d ${folder} ] || exit 1`;
  fake("sleep", `[ "$1" -le 10 ] || { ${waitWhile(`[ ! -e ${at("hung")} ]`)}; }\n${advance}`);
  for (const name of ["systemctl", "reboot", "sync"]) fake(name, "exit 0");
  const env = {
    PATH: `${at("bin")}:/usr/bin:/bin`,
    IMP_PROC: at("proc"),
    IMP_STATE: at("state"),
    IMP_KMSG: at("kmsg"),
  };
  writeFileSync(at("kmsg"), "");
  const [first, ...rest] = [...shell.argv, "deploy/boot/imp-deadline"];
  return {
    folder,
    fake,
    hangs(name: string) {
      const hang = `: >${at("hung")}; ${waitWhile("true")}`;
      fake("timeout", `shift 3\ncase $1 in ${name}) ${hang} ;; esac\nexec "$@"`);
    },
    /** Begins it, and resolves once the kernel was told to reset the box. */
    async untilReset() {
      const child = spawn(first, rest, { env, stdio: "ignore" });
      try {
        if (existsSync(at("state/trial-ended.new"))) {
          // Nobody ever reads there, so that it hangs as soon as it has said this.
          await vi.waitFor(() => expect(readFileSync(at("kmsg"), "utf8")).toContain("are over"), 30_000);
          writeFileSync(at("hung"), "");
        }
        await vi.waitFor(() => expect(readFileSync(at("proc/sysrq-trigger"), "utf8")).toBe("b"), 30_000);
      } finally {
        child.kill("SIGKILL");
      }
    },
    write: (path: string, text: string) => writeFileSync(at(path), text),
    read: (path: string) => (existsSync(at(path)) ? readFileSync(at(path), "utf8") : undefined),
    run() {
      const { status, stdout } = spawnSync(first, rest, { encoding: "utf8", timeout: 60_000, env });
      return { status, text: stdout };
    },
    calls: () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : []),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe.each(shells)("imp-deadline under $title", (shell) => {
  const { missing } = shell;

  it.skipIf(missing)("resets the box at the deadline, and leaves the reason where the next boot finds it", () => {
    using box = trialBox(shell);
    const { status, text } = box.run();
    expect(status).toBe(1);
    expect(text).toBe(
      "This is a trial. Unless it is committed by then, the box is reset 60 s after it was booted.\n60 s are over, and it is not committed: the box is reset.\n",
    );
    expect(box.calls().filter((call) => call === "sleep 5")).toHaveLength(6);
    expect(box.calls().slice(-3)).toEqual(["sync ", "systemctl reboot --force --force", "reboot -f"]);
    expect(box.read("proc/sysrq-trigger")).toBe("b");
    expect(box.read("state/trial-ended")).toBe(`trial ${digest}\nended at 60 s of 60 s: not committed\n`);
  });

  it.skipIf(missing)("leaves it alone once bootfs names what runs", () => {
    using box = trialBox(shell);
    // The third time it is asked.
    box.fake(
      "zpool",
      `[ "$(grep -c zpool ${join(box.folder, "calls")})" -ge 3 ] && echo tank/ROOT/b || echo tank/ROOT/a`,
    );
    expect(box.run()).toEqual({
      status: 0,
      text: expect.stringMatching(/It is committed: the deadline is off\.\n$/) as string,
    });
    expect(box.calls().filter((call) => /reboot/.test(call))).toEqual([]);
    expect(box.read("proc/sysrq-trigger")).toBeUndefined();
  });

  it.skipIf(missing)("resets it at once where the deadline was over before it began, as after a start anew", () => {
    using box = trialBox(shell);
    box.write("proc/uptime", "61.00 1.00\n");
    box.run();
    expect(box.calls()).not.toContain("sleep 5");
    expect(box.read("proc/sysrq-trigger")).toBe("b");
  });

  it.skipIf(missing).each([
    ["the pool does not answer", (box: ReturnType<typeof trialBox>) => box.fake("zpool", "exit 1")],
    ["bootfs names nothing", (box: ReturnType<typeof trialBox>) => box.write("bootfs", "-\n")],
    [
      "the root is no dataset",
      (box: ReturnType<typeof trialBox>) => box.write("proc/self/mountinfo", "22 1 0:21 / / rw - ext4 /dev/vda1 rw\n"),
    ],
    ["the clock cannot be read", (box: ReturnType<typeof trialBox>) => box.write("proc/uptime", "")],
    ["nothing can be written", (box: ReturnType<typeof trialBox>) => box.fake("mv", "exit 1")],
    [
      "no program reboots it",
      (box: ReturnType<typeof trialBox>) => ["systemctl", "reboot", "sync"].forEach((name) => box.fake(name, "exit 1")),
    ],
  ])("resets it also where %s", (_, spoil) => {
    using box = trialBox(shell);
    spoil(box);
    expect(box.run().status).toBe(1);
    expect(box.read("proc/sysrq-trigger")).toBe("b");
  });

  it.skipIf(missing).each([
    ["the pool is asked", (box: ReturnType<typeof trialBox>) => box.hangs("zpool")],
    ["a pause begins", (box: ReturnType<typeof trialBox>) => box.hangs("sleep")],
    [
      "the reason is opened",
      (box: ReturnType<typeof trialBox>) => {
        spawnSync("mkfifo", [join(box.folder, "state/trial-ended.new")]);
        box.write("proc/uptime", "61.00 1.00\n");
      },
    ],
    ["the reason is kept", (box: ReturnType<typeof trialBox>) => box.hangs("mv")],
    ["the disks are written to", (box: ReturnType<typeof trialBox>) => box.hangs("sync")],
    ["systemd is asked", (box: ReturnType<typeof trialBox>) => box.hangs("systemctl")],
  ])("resets it also where a disk that never answers is waited for when %s", async (_, spoil) => {
    using box = trialBox(shell);
    spoil(box);
    await box.untilReset();
    expect(box.read("kmsg")).toMatch(
      /imp-deadline: 12[01] s are over, and something hangs: the kernel resets the box\.\n$/,
    );
  });

  it.skipIf(missing)("does nothing where there is no trial, and has a deadline where none is said", () => {
    using none = trialBox(shell, "root=zfs:tank/ROOT/a ro");
    expect(none.run()).toEqual({ status: 0, text: "This is no trial.\n" });
    expect(none.calls()).toEqual([]);
    using odd = trialBox(shell, `imp.trial=${digest} imp.deadline=soon`);
    odd.write("proc/uptime", "1195.00 1.00\n");
    expect(odd.run().text).toContain("1200 s are over");
  });
});
