/**
 * What zfsbootmenu's hook finds when it runs: a pool that is not imported, boot environments with a /boot, kexec. Its programs ask
 * this process, so that the pool is one for all of them, and the power can go at any of their calls.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../../../reconcilers/core.ts";
import type { Shell } from "../failsafe-box.ts";
import type { SimPool } from "./datasets.ts";

export interface LoaderBox extends AsyncDisposable {
  /** Runs the hook as after a reset: nothing is imported. Resolves with what it said. */
  boot(): Promise<string>;
  /** Every call since the last boot, as it was typed; folders of this test are left out. */
  readonly calls: string[];
  /** The command line with which a kernel was entered at the last boot. */
  entered(): string | undefined;
  /** zfsbootmenu's own kernel command line. */
  cmdline: string;
  /** The power goes at the call with this number, counted from 1, before it is done or right after. */
  cutAt: { readonly call: number; readonly when: "before" | "after" } | undefined;
  /** A call that begins like this fails. */
  fails: string | undefined;
  /** How the hook leaves the pool to zfsbootmenu. */
  imported(): "no" | "to read" | "to write";
  watchdogStarted(): boolean;
}

const programs = ["zfs", "zpool", "mount", "umount", "kexec"];

export async function makeLoaderBox(shell: Shell, pool: SimPool): Promise<LoaderBox> {
  const folder = mkdtempSync(join(tmpdir(), "imp-loader-"));
  const [bin, socket, watchdog, mountpoint] = ["bin", "socket", "watchdog", "run/imp-trial"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  mkdirSync(bin);
  for (const name of programs) {
    writeFileSync(join(bin, name), stub(name, socket), { mode: 0o755 });
  }
  let imported: ReturnType<LoaderBox["imported"]> = "no";
  let loaded: string | undefined;
  let entered: string | undefined;
  let cut: (() => void) | undefined;

  function answer(argv: readonly string[]): RunResult {
    const line = argv.join(" ");
    if (box.fails !== undefined && line.startsWith(box.fails)) return failed("it fails");
    const [program, verb] = argv;
    if (program === "zpool" && verb === "import") {
      if (imported !== "no") return failed("a pool with that name already exists");
      imported = line.includes("readonly=on") ? "to read" : "to write";
      return done;
    }
    if (program === "zpool" && verb === "export") {
      if (imported === "no") return failed("no such pool");
      imported = "no";
      return done;
    }
    if (program === "mount") {
      mkdirSync(join(mountpoint, "boot"), { recursive: true });
      for (const name of ["vmlinuz-6.1", "initrd.img-6.1"])
        writeFileSync(join(mountpoint, "boot", name), argv[5] ?? "");
      return done;
    }
    if (program === "umount") {
      rmSync(join(mountpoint, "boot"), { recursive: true });
      return done;
    }
    if (program === "kexec") return kexec(argv);
    if (imported === "no") return failed("no such pool");
    if (imported === "to read" && ["set", "inherit", "destroy"].includes(verb ?? "")) {
      return { ...failed("pool is read-only"), exitCode: 255 };
    }
    return pool.run(argv) ?? failed("no such program");
  }

  function kexec(argv: readonly string[]): RunResult {
    if (argv[1] === "-e") {
      // It does not come back.
      entered = loaded;
      cut?.();
      return done;
    }
    const [, , , kernel = "", initrd = "", line = ""] = argv;
    try {
      const found = [kernel, initrd.replace("--initrd=", "")].map((path) => readFileSync(path, "utf8"));
      loaded = `${found[0]}: ${line.replace("--command-line=", "")}`;
      return done;
    } catch {
      return failed("no such file");
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const argv = Buffer.concat(chunks).toString().split("\0").slice(0, -1);
      box.calls.push(argv.join(" ").replaceAll(mountpoint, "/mnt"));
      const isCut = box.cutAt?.call === box.calls.length;
      if (isCut && box.cutAt?.when === "before") return cut?.();
      const { exitCode, stdout, stderr } = answer(argv);
      if (isCut) return cut?.();
      response.end(`${exitCode}\n${stdout}${stderr}`);
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));

  const box: LoaderBox = {
    calls: [],
    cmdline: "ro quiet zbm.timeout=0",
    cutAt: undefined,
    fails: undefined,
    entered: () => entered,
    imported: () => imported,
    watchdogStarted: () => readFileSync(watchdog, "utf8") !== "",
    async boot() {
      [imported, loaded, entered] = ["no", undefined, undefined];
      box.calls.length = 0;
      writeFileSync(join(folder, "cmdline"), `${box.cmdline}\n`);
      writeFileSync(watchdog, "");
      const [first, ...rest] = [...shell.argv, "deploy/zfsbootmenu/imp-trial"];
      const child = spawn(first, rest, {
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          IMP_PATH: `${bin}:/usr/bin:/bin`,
          IMP_CMDLINE: join(folder, "cmdline"),
          IMP_KMSG: "/dev/null",
          IMP_WATCHDOG: watchdog,
          IMP_RUN: join(folder, "run"),
        },
      });
      const { pid } = child;
      cut = () => void (pid !== undefined && process.kill(-pid, "SIGKILL"));
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      await new Promise<void>((resolve) => child.once("close", () => resolve()));
      server.closeAllConnections();
      return text;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return box;
}

const done: RunResult = { exitCode: 0, stdout: "", stderr: "" };

function failed(why: string): RunResult {
  return { exitCode: 1, stdout: "", stderr: `${why}\n` };
}

/** The first line of the answer is the exit code. */
function stub(name: string, socket: string): string {
  return `#!/bin/sh
said=$(printf '%s\\0' ${name} "$@" | curl -sS --unix-socket ${socket} --data-binary @- http://loader/) || exit 99
code=\${said%%
*}
[ "$said" = "$code" ] || printf '%s\\n' "\${said#*
}"
exit "$code"
`;
}
