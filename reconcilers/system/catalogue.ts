/**
 * Every file that this plane may own, and the units that read it. Nothing else on the box is ever looked at or touched.
 * A path that was ever here stays here: what an older generation laid can be removed only by who knows of it.
 */
import type { Impact } from "../core.ts";

export interface Managed {
  readonly path: string;
  readonly mode: number;
  /** What reads it again when it changes, of `chain`; none: whoever starts next, or looks each time. */
  readonly units: readonly string[];
}

/** How a unit is made to read its files. */
export interface Activation {
  readonly unit: string;
  readonly verb: "restart" | "reload";
  readonly impact: Impact;
  /** Instead of systemctl. */
  readonly argv?: readonly [string, ...string[]];
}

/** Who may read a file: all but the few that need no reader are for everybody, since most units run as users of their own. */
const open = 0o644;

/** In the order in which they are written: what uses something comes after it. */
export const catalogue: readonly Managed[] = [
  { path: "/etc/hostname", mode: open, units: ["systemd-hostnamed.service"] },
  { path: "/etc/hosts", mode: open, units: [] },
  { path: "/etc/sysctl.d/90-imp.conf", mode: open, units: ["systemd-sysctl.service"] },
  {
    path: "/etc/systemd/network/10-imp-management.network",
    mode: open,
    units: ["systemd-networkd.service", "imp-management.service"],
  },
  { path: "/etc/systemd/resolved.conf.d/10-imp.conf", mode: open, units: ["systemd-resolved.service"] },
  { path: "/etc/systemd/timesyncd.conf.d/10-imp.conf", mode: open, units: ["systemd-timesyncd.service"] },
  { path: "/etc/rsyslog.d/10-imp.conf", mode: open, units: ["rsyslog.service"] },
  { path: "/etc/ssh/authorized_keys.d/root", mode: open, units: [] },
  { path: "/etc/ssh/sshd_config.d/10-imp.conf", mode: open, units: ["ssh.service"] },
  { path: "/etc/imp/nics", mode: open, units: ["imp-nics.service", "vpp-core.service"] },
  { path: "/etc/vpp/commands-core.txt", mode: open, units: [] },
  { path: "/etc/vpp/commands-nat.txt", mode: open, units: [] },
  { path: "/etc/vpp/startup-core.conf", mode: open, units: ["vpp-core.service"] },
  { path: "/etc/vpp/startup-nat.conf", mode: open, units: ["vpp-nat.service"] },
  { path: "/etc/frr/daemons", mode: open, units: ["frr.service"] },
];

/** In the order of starting. */
export const chain: readonly Activation[] = [
  // The empty name stands for what /etc/hostname says.
  {
    unit: "systemd-hostnamed.service",
    verb: "reload",
    impact: "hitless",
    argv: ["hostnamectl", "hostname", "--transient", ""],
  },
  { unit: "systemd-sysctl.service", verb: "restart", impact: "hitless" },
  { unit: "systemd-networkd.service", verb: "reload", impact: "flap" },
  // Takes away the DHCP that it fell back to, which goes before the file.
  { unit: "imp-management.service", verb: "restart", impact: "hitless" },
  { unit: "systemd-resolved.service", verb: "restart", impact: "hitless" },
  { unit: "systemd-timesyncd.service", verb: "restart", impact: "hitless" },
  { unit: "rsyslog.service", verb: "restart", impact: "hitless" },
  { unit: "ssh.service", verb: "reload", impact: "hitless" },
  { unit: "imp-nics.service", verb: "restart", impact: "restart" },
  { unit: "vpp-core.service", verb: "restart", impact: "restart" },
  { unit: "vpp-nat.service", verb: "restart", impact: "restart" },
  { unit: "frr.service", verb: "restart", impact: "restart" },
];

/** What systemd restarts so that all of these are read, in the order of starting. */
export function readersOf(paths: readonly string[]): readonly string[] {
  const read = new Set(catalogue.filter(({ path }) => paths.includes(path)).flatMap(({ units }) => units));
  return chain.filter(({ unit, argv }) => argv === undefined && read.has(unit)).map(({ unit }) => unit);
}

/** Whether all that reads a file does so when units are restarted: more nobody does without the agent. */
export function isReadByRestarts(path: string): boolean {
  const own = new Set(chain.filter(({ argv }) => argv).map(({ unit }) => unit));
  return !catalogue.some((one) => one.path === path && one.units.some((unit) => own.has(unit)));
}

const root = { uid: 0, gid: 0 };

/** The file that is to stand at a path of the catalogue. */
export function systemFile({ path, mode }: Managed, text: string) {
  return { path, text, mode, owner: root };
}

/** What a file of ours begins with, where its reader knows comments. */
export const header = "# Written by impctl: what is changed here is drift, see docs/system.md.\n";
