/** The box on which an image is tried: a virtual machine with a disk, a management NIC that leads to its SSH, and one NIC that leads nowhere. */
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, closeSync, openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunResult } from "../../reconcilers/core.ts";
import type { Bench } from "../image-build/bench.ts";
import { machineArguments, type Help } from "../image-build/virtual-machine.ts";
import { freePort, sshOptions } from "./ssh.ts";

/** What the machine file calls its NICs. */
export const nics = {
  management: { mac: "52:54:00:12:34:01", slot: "0x10" },
  external: { mac: "52:54:00:12:34:02", slot: "0x11", pci: "0000:00:11.0" },
} as const;

export interface Box {
  /** Boots it into a boot environment; resolves with false when nobody can log in within the time, or it ended. */
  boot(environment: string): Promise<boolean>;
  /** Runs a script of sh as root in it. */
  sh(script: string, seconds?: number): Promise<RunResult>;
  /** Runs it again and again until what it says holds; gives what it said last, and whether it held. */
  until(
    script: string,
    holds: (out: string) => boolean,
    seconds: number,
  ): Promise<{ readonly held: boolean; readonly out: string }>;
  /** Shuts it down as an operator does; kills it where that takes too long, or nobody wants to wait any more. */
  shutDown(): Promise<void>;
  /** What its console showed. */
  console(): Promise<string>;
}

export interface Parts {
  /** The image's own, as a boot loader takes both out of it. */
  readonly kernel: string;
  readonly initramfs: string;
  readonly disk: string;
  /** Private; its other half lets root in. */
  readonly key: string;
  /** For the console and the keys of its host. */
  readonly folder: string;
  readonly help: Help;
}

/** How much longer all takes where every instruction is emulated. */
const patience = ({ emulated }: Help): number => (emulated ? 20 : 2);

/** One that is switched off. */
export async function makeBox(bench: Bench, { kernel, initramfs, disk, key, folder, help }: Parts): Promise<Box> {
  const [log, port] = [join(folder, "console"), await freePort()];
  await writeFile(log, "");
  let machine: ChildProcess | undefined;
  const isOff = (): boolean => machine?.pid === undefined || machine.exitCode !== null || machine.signalCode !== null;
  // It must not outlive this process.
  process.once("exit", () => machine?.kill("SIGKILL"));

  const box: Box = {
    async boot(environment) {
      const words = `root=zfs:${environment} ro console=ttyS0 panic=10 net.ifnames=0 spl.spl_hostid=0x00bab10c`;
      const said = openSync(log, "a");
      const argv = [
        ...machineArguments(help, 3072),
        "-kernel",
        kernel,
        "-initrd",
        initramfs,
        "-append",
        words,
        "-drive",
        `if=none,id=disk,file=${disk},format=raw,cache=unsafe,discard=unmap`,
        "-device",
        "virtio-blk-pci,drive=disk",
        "-device",
        "virtio-rng-pci",
        // It reaches nobody: what comes is its SSH alone.
        ...nic("management", `user,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`),
        ...nic("external", "hubport,hubid=1"),
      ];
      machine = spawn("qemu-system-x86_64", argv, { stdio: ["ignore", said, said] });
      closeSync(said);
      machine.on("error", (thrown) => appendFileSync(log, `${String(thrown)}\n`));
      for (const end = performance.now() + patience(help) * 60_000; performance.now() < end && !isOff();) {
        if ((await box.sh("true", 60)).exitCode === 0) return true;
        await sleep(2000, undefined, { signal: bench.signal });
      }
      return false;
    },
    async sh(script, seconds = 600) {
      const argv = ["ssh", ...sshOptions(folder, key, port), "sh -s"] as const;
      const options = { timeoutMs: seconds * 1000, signal: bench.signal, input: script };
      return bench.host.run(argv, options).catch((thrown: unknown) => {
        bench.signal.throwIfAborted();
        return { exitCode: 255, stdout: "", stderr: String(thrown) };
      });
    },
    async until(script, holds, seconds) {
      let out = "";
      for (
        const end = performance.now() + seconds * 1000 * (help.emulated ? 10 : 1);
        performance.now() < end && !isOff();
      ) {
        const { stdout, stderr } = await box.sh(script, 120);
        out = `${stdout}${stderr}`;
        if (holds(out)) return { held: true, out };
        await sleep(2000, undefined, { signal: bench.signal });
      }
      return { held: false, out };
    },
    async shutDown() {
      if (isOff()) return;
      const { signal } = bench;
      if (!signal.aborted) await box.sh("systemctl poweroff --no-block", 60).catch(() => signal.aborted);
      for (
        const end = performance.now() + patience(help) * 15_000;
        performance.now() < end && !isOff() && !signal.aborted;
      )
        await sleep(500);
      machine?.kill("SIGKILL");
      while (!isOff()) await sleep(100);
    },
    console: () => readFile(log, "utf8"),
  };
  return box;
}

function nic(name: keyof typeof nics, peer: string): readonly string[] {
  const { mac, slot } = nics[name];
  return ["-netdev", `${peer},id=${name}`, "-device", `virtio-net-pci,netdev=${name},mac=${mac},addr=${slot}`];
}
