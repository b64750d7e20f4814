/** What dpkg is told of the package: control, md5sums, and the maintainer scripts' list of units. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { journalFormat } from "../../controller/journal.ts";
import { agentVersion } from "../../controller/version.ts";

const top = join(import.meta.dirname, "../..");

/** Debian package → the programs of it that the scripts, the units and the agent call. Those of essential packages are left out. */
export const required: Readonly<Record<string, readonly string[]>> = {
  systemd: ["networkctl", "systemctl", "systemd-notify", "systemd-run", "timedatectl"],
  "systemd-sysv": ["reboot"],
  mount: ["mount", "umount"],
  frr: ["vtysh"],
  iproute2: ["ip"],
  "iputils-ping": ["ping"],
  "openssh-client": ["ssh", "ssh-keygen", "ssh-keyscan"],
  "bind9-dnsutils": ["dig"],
  curl: ["curl"],
  openssl: ["openssl"],
  zstd: ["zstd"],
};

/** The same, of what is called only where it is there: an ssh remote, boot environments, the dataplane; or where images are built. */
export const optional: Readonly<Record<string, readonly string[]>> = {
  git: ["git"],
  "zfsutils-linux": ["zfs", "zpool"],
  "kexec-tools": ["kexec"],
  "isc-dhcp-client": ["dhclient"],
  udhcpc: ["udhcpc"],
  rsyslog: ["rsyslogd"],
  vpp: ["vpp", "vppctl"],
  apt: ["apt-get"],
};

/** The preset enables units of theirs. */
const enabled = ["openssh-server", "systemd-resolved"];

/** What the published Node is linked to: `objdump -T`. */
const libraries = ["libc6 (>= 2.28)", "libgcc-s1", "libstdc++6 (>= 5.2)"];

/** Newer than any version built from an older commit. */
export function packageVersion(epoch: number): string {
  return `${agentVersion}+${new Date(epoch * 1000).toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;
}

/** `installed` counts bytes. */
export function control(version: string, installed: number): string {
  const recommended = ["git", "zfsutils-linux", "rsyslog", ...enabled];
  const suggested = Object.keys(optional).filter((name) => !recommended.includes(name));
  return `Package: imp
Version: ${version}
Architecture: amd64
Maintainer: ${maintainer}
Section: net
Priority: optional
Installed-Size: ${Math.ceil(installed / 1024)}
Depends: ${[...libraries, ...Object.keys(required)].join(", ")}
Recommends: ${recommended.join(", ")}
Suggests: ${[...suggested, "rsyslog-gnutls", "vpp-plugin-core", "vpp-plugin-dpdk", "incus", "mmdebstrap", "qemu-system-x86"].join(", ")}
Imp-Journal: ${journalFormat}
Description: GitOps controller of a router appliance
 The agent makes an appliance what its sites repository says it is: FRR's
 routing, proven healthy, and else taken back.
 .
 In here: impctl with a Node of its own, the failsafe that puts the box back
 without it, what the box needs at boot, and the units of the dataplane.
`;
}

/** The author in package.json. Nothing reaches example.net (RFC 2606): who publishes a package puts an address of theirs there. */
export const maintainer = author();

function author(): string {
  const { author: said } = JSON.parse(readFileSync(join(top, "package.json"), "utf8")) as { readonly author?: unknown };
  if (typeof said !== "string" || !/^.+ <\S+@\S+>$/.test(said)) {
    throw new Error('package.json: author must be "name <address>": dpkg wants to know who maintains the package');
  }
  return said;
}

/** The units that the preset enables and this package has, not those of other packages. */
export function enabledUnits(): readonly string[] {
  const preset = readFileSync(join(top, "deploy/systemd/90-imp.preset"), "utf8");
  return [...preset.matchAll(/^enable ((?:imp|vpp)-\S+\.service)$/gm)].flatMap(([, unit]) => unit ?? []);
}

/** A maintainer script as it is packed. */
export function script(name: "postinst" | "prerm" | "postrm"): string {
  return readFileSync(join(import.meta.dirname, name), "utf8").replace("@units@", enabledUnits().join(" "));
}

/** One line of md5sums(5). */
export function md5(path: string, content: Buffer): string {
  return `${createHash("md5").update(content).digest("hex")}  ${path}\n`;
}
