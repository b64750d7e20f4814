/**
 * imp-boot and a VPP that starts from rendered files: each boot command is run once. With the simulated VPP, and with a real one
 * where `VPP_PREFIX` says that one is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine } from "../../schemas/machine.ts";

const top = join(import.meta.dirname, "../..");
const host = linuxHost({ seal: () => "", reveal: () => undefined });
const prefix = process.env["VPP_PREFIX"] ?? "/usr";
const library = `LD_LIBRARY_PATH=${prefix}/lib/x86_64-linux-gnu`;

function whyNoVpp(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  return existsSync(`${prefix}/bin/vpp`) ? undefined : "needs VPP (VPP_PREFIX)";
}

const kinds = [
  {
    name: "the simulated VPP",
    why: existsSync("/usr/bin/perl") ? undefined : "needs perl",
    vpp: `cd "\${2%/*}" && exec node ${top}/test/lab/vpp/main.ts --socket nat-api.sock --cli nat-cli.sock`,
    vppctl: `exec perl ${top}/test/vm/vppctl-stand-in "$@"`,
  },
  {
    name: "a real VPP",
    why: whyNoVpp(),
    vpp: `exec env ${library} ${prefix}/bin/vpp "$@"`,
    vppctl: `exec env ${library} ${prefix}/bin/vppctl "$@"`,
  },
] as const;

const commands = [
  "set acl-plugin acl permit ipv4 src 192.0.2.0/24 tag cli",
  "set acl-plugin acl deny ipv4 src 198.51.100.0/24 tag cli",
  "#",
  "det44 plugin enable",
  '#remember {"kind":"det44"}',
  "set interface state absent up",
  "create loopback interface instance 7",
];

for (const { name, why, vpp, vppctl } of kinds)
  describe.skipIf(why)(`imp-boot and ${name}${why ? ` (${why})` : ""}`, () => {
    let folder: string;
    let end: () => Promise<void>;

    /** As systemd runs it after VPP was started. */
    function boot(pid: number) {
      const env = {
        ...process.env,
        PATH: `${folder}/bin:${process.env["PATH"]}`,
        MAINPID: `${pid}`,
        IMP_ETC: folder,
        IMP_RUN: `${folder}/run`,
        IMP_VPP: `${folder}/vpp`,
      };
      return spawnSync("sh", [`${top}/deploy/boot/imp-boot`, "vpp", "nat"], {
        env,
        encoding: "utf8",
        timeout: 120_000,
      });
    }
    const ask = async (signal: AbortSignal, ...command: string[]) => {
      const argv = [`${folder}/bin/vppctl`, "-s", `${folder}/vpp/nat-cli.sock`, ...command] as const;
      return (await host.run(argv, { timeoutMs: 10_000, signal })).stdout;
    };

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "imp-bc-"));
      for (const made of ["bin", "vpp"]) await mkdir(join(folder, made));
      const programs = { vpp, vppctl };
      for (const [program, body] of Object.entries(programs))
        await writeFile(join(folder, "bin", program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      const machine = Machine.parse({
        nat: {
          det44: { pools: { p: { prefix: "203.0.113.0/29" } }, mappings: { m: { source: "10.0.0.0/24", pool: "p" } } },
        },
      });
      const below = (text: string) => text.replaceAll(/\/(?:etc|run|var\/log)\/vpp/g, `${folder}/vpp`);
      for (const { path, text } of renderSystem(machine).files)
        if (path.startsWith("/etc/vpp/")) await writeFile(below(path), below(text));
      await appendFile(join(folder, "vpp/commands-nat.txt"), `${commands.join("\n")}\n`);
    });
    afterEach(async () => {
      await end();
      await rm(folder, { recursive: true });
    });

    it("gives it each command once, and says which failed", async () => {
      const child = spawn(`${folder}/bin/vpp`, ["-c", `${folder}/vpp/startup-nat.conf`], { stdio: "ignore" });
      const ended = once(child, "exit");
      end = async () => {
        child.kill("SIGKILL");
        await ended;
      };
      const { status, stdout } = boot(child.pid ?? 0);
      expect([status, stdout]).toEqual([
        0,
        expect.stringContaining("VPP nat was given 5 commands, of which 1 failed."),
      ]);
      expect(await readFile(join(folder, "run/vpp-nat.jsonl"), "utf8")).toMatch(
        /^\{"incarnation":.*\}\n\{"kind":"det44"\}\n$/,
      );
      const signal = AbortSignal.timeout(60_000);
      // It is there: another one is refused.
      expect(await ask(signal, "create", "loopback", "interface", "instance", "7")).toContain("loopback");
      if (name === "the simulated VPP") return;
      // What VPP would do of itself it does some seconds after its start.
      const seconds = async () => Number(/Time now ([\d.]+)/.exec(await ask(signal, "show clock"))?.[1]);
      while ((await seconds()) < 8) await host.sleep(200, signal);
      expect((await ask(signal, "show acl-plugin acl")).match(/^acl-index.*$/gm)).toHaveLength(2);
    }, 120_000);
  });
