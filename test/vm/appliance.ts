/**
 * The appliance under test as a virtual machine: QEMU without hardware help, so that it runs wherever the tests do. It is talked to
 * by SSH.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, sshOptions } from "../../controller/image-trial/ssh.ts";
import { order } from "./monitor.ts";
import { qemuArguments, type Hardware } from "./hardware.ts";

export interface Ran {
  readonly status: number | null;
  readonly out: string;
}

export interface Appliance {
  /** What its serial console showed since it was made. */
  console(): string;
  /** Switches it on, and waits until root can log in; gives the seconds that took. `words` go to the kernel command line. */
  switchOn(...words: string[]): Promise<number>;
  /** Waits until it has booted again, after it was told to. Gives the seconds. */
  booted(): Promise<number>;
  /** As if somebody pulled the plug. */
  switchOff(): Promise<void>;
  /** Keeps all that it is now, its memory too, under a name. */
  keep(name: string): Promise<void>;
  /** Goes on from what was kept; it is switched off. */
  goOnFrom(name: string): Promise<void>;
  /** Runs a script of sh as root to its end. `out` is all that it said. */
  run(script: string, seconds?: number): Promise<Ran>;
  /** The same; throws unless it ends well. Gives what it said. */
  sh(script: string, seconds?: number): Promise<string>;
  /** Runs it again and again until what it says holds. */
  until(what: string, script: string, holds: (out: string) => boolean): Promise<string>;
}

/** One that is switched off. In the folder are its console's log and the keys of its host. */
export async function makeAppliance(folder: string, hardware: Hardware): Promise<Appliance> {
  const { sshKey } = hardware;
  const [log, port] = [join(folder, "console.log"), await freePort()];
  writeFileSync(log, "");
  let machine: ChildProcess | undefined;
  let boot = "";
  let boots = 0;

  const ssh = (script: string, seconds: number, ...options: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const words = [...options, ...sshOptions(folder, sshKey, port), "sh -s"];
      const child = spawn("ssh", words, { stdio: ["pipe", "pipe", "pipe"] });
      let out = "";
      const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stdin.on("error", () => undefined);
      child.once("close", (status) => {
        clearTimeout(timer);
        resolve({ status, out });
      });
      child.stdin.end(script);
    });

  /** One connection for all that is asked during a boot: making one takes a second where cryptography is emulated. */
  const shared = () => [
    "-o",
    "ControlMaster=auto",
    "-o",
    "ControlPersist=60",
    "-o",
    `ControlPath=${folder}/ssh.${boots}`,
    // Who reboots may not take leave.
    "-o",
    "ServerAliveInterval=60",
  ];

  async function reached(): Promise<number> {
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    while (seconds() < patience) {
      if (machine?.exitCode !== null || machine.signalCode !== null)
        throw new Error(`QEMU ended: ${console().slice(-2000)}`);
      const { status, out } = await ssh("cat /proc/sys/kernel/random/boot_id", 60);
      if (status === 0 && out !== boot) {
        boot = out;
        boots += 1;
        return seconds();
      }
      await delay(1000);
    }
    throw new Error(`nobody can log in after ${patience} s: ${console().slice(-4000)}`);
  }

  const console = () => readFileSync(log, "utf8");

  function start(words: readonly string[], ...more: string[]): void {
    const said = openSync(log, "a");
    const argv = [...qemuArguments(hardware, { log, port, words }), ...more];
    machine = spawn("qemu-system-x86_64", argv, { stdio: ["ignore", said, said] });
    closeSync(said);
  }

  const appliance: Appliance = {
    console,
    async switchOn(...words) {
      start(words);
      return reached();
    },
    booted: reached,
    async switchOff() {
      if (machine === undefined || machine.exitCode !== null || machine.signalCode !== null) return;
      const ended = new Promise((resolve) => machine?.once("exit", resolve));
      machine.kill("SIGKILL");
      await ended;
    },
    async keep(name) {
      const said = await order(hardware.monitor ?? "", `savevm ${name}`);
      if (/error/i.test(said)) throw new Error(`it was not kept: ${said}`);
    },
    async goOnFrom(name) {
      start([], "-loadvm", name);
      boot = "";
      await reached();
      if (hardware.crashes !== undefined) await appliance.sh(remapped);
    },
    run: (script, seconds = patience) => ssh(script, seconds, ...shared()),
    async sh(script, seconds = patience) {
      const { status, out } = await ssh(`set -e\n${script}`, seconds, ...shared());
      if (status !== 0) throw new Error(`exit code ${status} of: ${script}\n${out}`);
      return out;
    },
    async until(what, script, holds) {
      for (const started = performance.now(); ;) {
        const asked = performance.now();
        const { out } = await ssh(script, 300, ...shared());
        if (holds(out)) return out;
        if (asked - started > patience * 1000) throw new Error(`not within ${patience} s: ${what}; last: ${out}`);
        // An answer costs it as much as work does.
        await delay(Math.max(1000, 3 * (performance.now() - asked)));
      }
    },
  };
  return appliance;
}

/** Seconds that a boot, or whatever else is waited for, may take where every instruction is emulated and the machine has other work. */
const patience = 3600;

/** QEMU keeps all of a machine but where its device for crashes is in memory: its kernel, which knows it, has it written there again. */
const remapped = `for device in /sys/bus/pci/devices/*; do
  [ "$(cat "$device/vendor" "$device/device" | tr '\\n' ' ')" = "0x1b36 0x0012 " ] || continue
  perl -e 'open(my $known, "<", "$ARGV[0]/resource") or die; my @bars = map { hex((split / /, <$known>)[0]) } 1, 2;
    open(my $config, "+<:unix", "$ARGV[0]/config") or die; seek($config, 16, 0); print $config pack("VV", @bars);
    seek($config, 4, 0); print $config pack("v", 2)' "$device"
done`;
