/** The box of failsafe-box.ts right after its boot: a ZFS root, a committed generation, ports, and fakes for what imp-boot calls. */
import { join } from "node:path";
import { committed, type FailsafeBox, makeBox, type Shell, tried } from "./failsafe-box.ts";

/** The GUID of the boot environment that runs: longer than what a shell may take for a number. */
export const environment = "17179869184000000001";

export const machineId = "0123456789abcdef0123456789abcdef";

export interface Port {
  readonly pci?: string;
  readonly mac?: string;
  readonly carrier?: boolean;
  /** The file by which networkd configured it. */
  readonly file?: string;
  readonly address?: string;
}

export interface BootBox extends FailsafeBox {
  /** The kernel command line. */
  cmdline(text: string): void;
  /** What is mounted at "/", and whether the state is on a dataset of its own. */
  mounted(root: string, apart?: boolean): void;
  /** Keeps the files of a generation, and its list; these blocks instead of FRR's. */
  generation(digest: string, text: string, blocks?: readonly string[]): void;
  /** A file of the generation as a line of its list. */
  file(digest: string, name: string, target: string, mode?: string): string;
  /** An interface with hardware behind it. */
  port(name: string, port?: Port): void;
  notes(verb: string): string | undefined;
  banner(): string | undefined;
}

export function makeBootBox(shell: Shell): BootBox {
  const box = makeBox(shell);
  let numbers = 1;
  const boot: BootBox = Object.assign(box, {
    cmdline: (text: string) => box.write("proc/cmdline", `${text}\n`),
    mounted(root: string, apart = true) {
      const state = apart ? `40 22 0:40 / ${box.folder} rw - zfs tank/persistent rw\n` : "";
      box.write("proc/self/mountinfo", `22 1 0:21 / / rw,relatime shared:1 - ${root} rw\n${state}`);
    },
    file(digest: string, name: string, target: string, mode = "0640") {
      const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
      return `file ${mode} ${uid} ${gid} ${box.state}/generations/${digest}/files/${name} ${box.etc}/${target}`;
    },
    generation(digest: string, text: string, blocks?: readonly string[]) {
      const usual = ["plane frr", boot.file(digest, "frr.conf", "frr/frr.conf"), "unit frr.service"];
      box.write(`persistent/generations/${digest}/files/frr.conf`, text);
      box.write(`persistent/generations/${digest}/restore`, `${(blocks ?? usual).join("\n")}\n`);
    },
    port(name: string, { pci = "0000:00:01.0", mac = "02:00:00:00:00:01", carrier = true, file, address }: Port = {}) {
      const at = `sys/class/net/${name}`;
      numbers += 1;
      box.write(`sys/devices/${pci}/vendor`, "");
      box.link(`${at}/device`, join(box.folder, "sys/devices", pci));
      box.write(`${at}/type`, "1\n");
      box.write(`${at}/address`, `${mac}\n`);
      box.write(`${at}/carrier`, carrier ? "1\n" : "0\n");
      box.write(`${at}/ifindex`, `${numbers}\n`);
      if (file !== undefined)
        box.write(`run/systemd/netif/links/${numbers}`, `ADMIN_STATE=configured\nNETWORK_FILE=${file}\n`);
      if (address !== undefined) box.write(`address/${name}`, `2: ${name} inet ${address} scope global\n`);
    },
    notes: (verb: string) => box.read(`run/imp/boot.${verb}`),
    banner: () => box.read("run/issue.d/imp.issue"),
  });
  boot.mounted("zfs tank/ROOT/v2");
  boot.cmdline("root=zfs:tank/ROOT/v2 quiet");
  boot.generation(committed, "committed\n");
  boot.generation(tried, "tried in a trial\n");
  box.link(`persistent/committed.d/${environment}`, `../generations/${committed}`);
  box.write("etc/frr/frr.conf", "of the image\n");
  box.write("proc/sys/kernel/hostname", "localhost\n");
  box.fake("zfs", `[ "$*" = 'get -H -p -o value guid tank/ROOT/v2' ] && echo ${environment}`);
  box.fake("umount", "");
  box.fake(
    "ssh-keygen",
    `case $3 in ed25519 | ecdsa) ;; *) exit 1 ;; esac
[ "$6" = -f ] && [ ! -e "$7" ] || exit 1
printf '%s\\n' '-----BEGIN OPENSSH PRIVATE KEY-----' made '-----END OPENSSH PRIVATE KEY-----' >"$7"
echo "ssh-$3 made" >"$7.pub"`,
  );
  box.fake("ip", ip(box.folder));
  return boot;
}

/** What an `ip` answers whose namespace is the folder `namespace`: interfaces are moved to and fro, addresses read. */
function ip(folder: string): string {
  return `cd ${folder}
case "$*" in
"-o address show dev "*) cat "address/$5" 2>/dev/null ;;
"-o route show default") cat route 2>/dev/null ;;
"-o -6 route show default") cat route6 2>/dev/null ;;
"-n dataplane link set lo up") [ -d namespace ] ;;
"netns add dataplane") mkdir namespace ;;
"netns delete dataplane") exit 1 ;;
"link set dev "*" netns dataplane") [ -d namespace ] && mv "sys/class/net/$4" "namespace/$4" ;;
"-n dataplane link set dev "*" netns 1") mv "namespace/$6" "sys/class/net/$6" ;;
"-n dataplane link show dev "*) [ -e "namespace/$6" ] ;;
"link show dev "*) [ -e "sys/class/net/$4" ] ;;
"link add "*) [ -d namespace ] && mkdir -p "sys/class/net/$3" "namespace/$7" ;;
esac`;
}
