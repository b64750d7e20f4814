/**
 * The appliance under test as a virtual machine: QEMU without hardware help, so that it runs wherever the tests do. Its root is
 * the image, and what it writes there is gone when it is switched off; its persistent disk stays. It is talked to by SSH.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Image } from "./image.ts";

/** What its kernel and the machine file call its NICs. Only the first one leads anywhere. */
export const nics = {
  management: { mac: "52:54:00:12:34:01", slot: "0x10" },
  external: { mac: "52:54:00:12:34:02", slot: "0x11", pci: "0000:00:11.0" },
} as const;

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
  /** Runs a script of sh as root to its end. `out` is all that it said. */
  run(script: string, seconds?: number): Promise<Ran>;
  /** The same; throws unless it ends well. Gives what it said. */
  sh(script: string, seconds?: number): Promise<string>;
  /** Runs it again and again until what it says holds. */
  until(what: string, script: string, holds: (out: string) => boolean, seconds?: number): Promise<string>;
}

/** One that is switched off, and has an empty persistent disk. */
export async function makeAppliance(folder: string, image: Image): Promise<Appliance> {
  const disk = join(folder, "persistent.img");
  writeFileSync(disk, "");
  truncateSync(disk, 1 << 30);
  execFileSync("mkfs.ext4", ["-q", "-L", "persistent", disk]);
  const [log, port] = [join(folder, "console.log"), await freePort()];
  writeFileSync(log, "");
  let machine: ChildProcess | undefined;
  let boot = "";
  let boots = 0;

  const ssh = (script: string, seconds: number, ...options: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const words = [...options, ...sshOptions(folder, image, port), "sh -s"];
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
  ];

  async function reached(): Promise<number> {
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    while (seconds() < patience) {
      if (machine?.exitCode !== null) throw new Error(`QEMU ended: ${console().slice(-2000)}`);
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
  const appliance: Appliance = {
    console,
    async switchOn(...words) {
      const said = openSync(log, "a");
      machine = spawn("qemu-system-x86_64", argv(image, disk, log, port, words), { stdio: ["ignore", said, said] });
      closeSync(said);
      return reached();
    },
    booted: reached,
    async switchOff() {
      if (machine === undefined || machine.exitCode !== null) return;
      const ended = new Promise((resolve) => machine?.once("exit", resolve));
      machine.kill("SIGKILL");
      await ended;
    },
    run: (script, seconds = 900) => ssh(script, seconds, ...shared()),
    async sh(script, seconds = 900) {
      const { status, out } = await ssh(`set -e\n${script}`, seconds, ...shared());
      if (status !== 0) throw new Error(`exit code ${status} of: ${script}\n${out}`);
      return out;
    },
    async until(what, script, holds, seconds = 900) {
      let out = "";
      for (const end = performance.now() + seconds * 1000; performance.now() < end; await delay(1000)) {
        ({ out } = await ssh(script, 120, ...shared()));
        if (holds(out)) return out;
      }
      throw new Error(`not within ${seconds} s: ${what}; last: ${out}`);
    },
  };
  return appliance;
}

/** Seconds that a boot may take where every instruction is emulated and the machine has other work. */
const patience = 600;

/** The first connection brings the host's key in; from then on it must be that one. */
function sshOptions(folder: string, { sshKey }: Image, port: number): string[] {
  const known = join(folder, "known_hosts");
  const options = {
    StrictHostKeyChecking: existsSync(known) ? "yes" : "accept-new",
    UserKnownHostsFile: known,
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    ConnectTimeout: "20",
    LogLevel: "ERROR",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-i", sshKey, ...words, "-p", String(port), "root@127.0.0.1"];
}

function argv(image: Image, disk: string, log: string, port: number, words: readonly string[]): string[] {
  const spared = "modprobe.blacklist=aesni_intel,cfg80211,i2c_i801,iTCO_wdt,kvm_amd,kvm_intel,pcspkr";
  const line = ["root=/dev/vda rw quiet console=ttyS0 panic=10 net.ifnames=0 mitigations=off", spared, ...words].join(
    " ",
  );
  const drive = (name: string, file: string, more: string) => [
    "-drive",
    `if=none,id=${name},file=${file},format=raw,cache=unsafe,discard=unmap${more}`,
    "-device",
    `virtio-blk-pci,drive=${name}`,
  ];
  const nic = (name: keyof typeof nics, peer: string) => [
    "-netdev",
    `${peer},id=${name}`,
    "-device",
    `virtio-net-pci,netdev=${name},mac=${nics[name].mac},addr=${nics[name].slot}`,
  ];
  return [
    ..."-machine q35 -accel tcg,thread=multi,tb-size=512 -cpu max -smp 2 -m 2048".split(" "),
    ..."-nodefaults -no-user-config -display none".split(" "),
    "-chardev",
    `file,id=console,path=${log},append=on`,
    "-serial",
    "chardev:console",
    "-device",
    "virtio-rng-pci",
    "-kernel",
    image.kernel,
    "-initrd",
    image.initrd,
    "-append",
    line,
    ...drive("root", image.root, ",snapshot=on"),
    ...drive("persistent", disk, ""),
    ...nic("management", `user,hostfwd=tcp:127.0.0.1:${port}-:22`),
    // Nobody is at the other end.
    ...nic("external", "hubport,hubid=1"),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
