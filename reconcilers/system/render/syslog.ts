/** Sends the log to remote servers: rsyslog.conf(5). journald hands rsyslog all that it gets. */
import type { Management } from "../../../schemas/management.ts";
import { header } from "../catalogue.ts";

type Server = Management["syslog"][string];

/** RFC 5424, section 6.2.1: the number of each severity. */
const severities: readonly Server["severity"][] = [
  "emergency",
  "alert",
  "critical",
  "error",
  "warning",
  "notice",
  "info",
  "debug",
];

/** Messages that wait for a server that does not answer; later ones are dropped, and nobody here waits for it. */
const waiting = 10_000;

/** /etc/rsyslog.d/10-imp.conf */
export function remoteSyslog({ syslog }: Management): string | undefined {
  const servers = Object.entries(syslog).map(([name, server]) => action(name, server));
  return servers.length > 0 ? `${header}${servers.join("")}` : undefined;
}

function action(name: string, { address, port, protocol, severity }: Server): string {
  const parameters = {
    name: `imp-${name}`,
    type: "omfwd",
    target: address,
    port,
    protocol: protocol === "udp" ? "udp" : "tcp",
    template: "RSYSLOG_SyslogProtocol23Format", // RFC 5424
    ...(protocol !== "udp" && { TCP_Framing: "octet-counted" }), // RFC 6587, and RFC 5425 asks for it
    ...(protocol === "tls" && overTls(address)),
    "action.resumeRetryCount": -1,
    "queue.type": "LinkedList",
    "queue.size": waiting,
    "queue.timeoutEnqueue": 0,
  };
  const lines = Object.entries(parameters).map(([key, value]) => `  ${key}="${value}"\n`);
  return `if $syslogseverity <= ${severities.indexOf(severity)} then action(\n${lines.join("")})\n`;
}

/** The server must have a certificate for its address, of an authority that the system trusts. */
function overTls(address: string) {
  return {
    StreamDriver: "gtls",
    StreamDriverMode: 1,
    StreamDriverAuthMode: "x509/name",
    StreamDriverPermittedPeers: address,
    "StreamDriver.CAFile": "/etc/ssl/certs/ca-certificates.crt",
  };
}
