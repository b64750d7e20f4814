/** What the box is called, and what it calls others: hostname(5), hosts(5). */
import type { Machine } from "../../../schemas/machine.ts";
import { header } from "../catalogue.ts";

/** /etc/hostname */
export function hostnameFile({ hostname }: Machine): string | undefined {
  return hostname === undefined ? undefined : `${hostname}\n`;
}

/** /etc/hosts: its own name resolves without any server. */
export function hostsFile({ hostname, management }: Machine): string | undefined {
  if (hostname === undefined) return undefined;
  const [domain] = management?.dns.search ?? [];
  const names = domain === undefined ? hostname : `${hostname}.${domain} ${hostname}`;
  return `${header}127.0.0.1 localhost
127.0.1.1 ${names}
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;
}
