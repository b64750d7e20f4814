/** Files beside the distribution's own, read together with them: resolver, time, kernel parameters, SSH. */
import type { Machine } from "../../../schemas/machine.ts";
import type { Management } from "../../../schemas/management.ts";
import { header } from "../catalogue.ts";

/** /etc/systemd/resolved.conf.d/10-imp.conf: resolved.conf(5). */
export function resolver({ dns }: Management): string | undefined {
  const lines = [
    ...(dns.servers.length > 0 ? [`DNS=${dns.servers.join(" ")}`] : []),
    ...(dns.search.length > 0 ? [`Domains=${dns.search.join(" ")}`] : []),
  ];
  return lines.length > 0 ? section("Resolve", lines) : undefined;
}

/** /etc/systemd/timesyncd.conf.d/10-imp.conf: timesyncd.conf(5). */
export function timeServers({ ntp }: Management): string | undefined {
  return ntp.length > 0 ? section("Time", [`NTP=${ntp.join(" ")}`]) : undefined;
}

/** /etc/sysctl.d/90-imp.conf: sysctl.d(5). */
export function kernelParameters({ sysctl }: Machine): string | undefined {
  const lines = Object.entries(sysctl).map(([name, value]) => `${name} = ${value}\n`);
  return lines.length > 0 ? `${header}${lines.join("")}` : undefined;
}

/** /etc/ssh/authorized_keys.d/root: sshd(8). A key's own comment gives way to its name. */
export function authorizedKeys({ ssh }: Management): string | undefined {
  const lines = Object.entries(ssh["authorized-keys"]).map(([name, key]) => {
    const [type, body] = key.split(" ");
    return `${type} ${body} ${name}\n`;
  });
  return lines.length > 0 ? `${header}${lines.join("")}` : undefined;
}

/** /etc/ssh/sshd_config.d/10-imp.conf: sshd_config(5). Keys that stand on the box stay as good as they were. */
export function keyFiles({ ssh }: Management): string | undefined {
  if (Object.keys(ssh["authorized-keys"]).length === 0) return undefined;
  return `${header}AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 /etc/ssh/authorized_keys.d/%u\n`;
}

function section(name: string, lines: readonly string[]): string {
  return `${header}[${name}]\n${lines.join("\n")}\n`;
}
