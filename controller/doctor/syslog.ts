/** Whether the log gets as far as rsyslog, where the machine file names servers for it. */
import type { Host } from "../../reconcilers/core.ts";
import { fault, ok, programMs, skipped } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const syslogChecks: readonly Check[] = [{ code: "syslog", look: syslog }];

const file = "/etc/rsyslog.d/10-imp.conf";
/** Of rsyslog-gnutls, in the library folder of the machine's architecture. Without it rsyslog starts, and sends nothing. */
const overTls = "rsyslog/lmnsd_gtls.so";

async function syslog({ host }: Patient, signal: AbortSignal): Promise<Finding> {
  const text = await host.readFile(file);
  if (text === undefined) return skipped(`No server is named for the log (no ${file}).`);
  if (!(await host.attributes("/usr/sbin/rsyslogd")))
    return fault("rsyslog is not installed: the log is sent nowhere.", "apt install rsyslog.");
  if (/StreamDriver="gtls"/.test(text) && !(await hasTls(host)))
    return fault("rsyslog has no TLS: nothing is sent to servers that want it.", "apt install rsyslog-gnutls.");
  const { exitCode, stderr } = await host.run(["rsyslogd", "-N1"], { timeoutMs: programMs, signal });
  if (exitCode === 0) return ok("rsyslog takes what it is told.");
  const why = stderr.split("\n").find((line) => /error|invalid|failed/.test(line)) ?? `exit code ${exitCode}`;
  return fault(`rsyslog does not take what it is told: ${why}`, "rsyslogd -N1 names file and line.");
}

async function hasTls(host: Host): Promise<boolean> {
  const folders = (await host.readFolder("/usr/lib")).filter((name) => name.endsWith("-linux-gnu"));
  for (const folder of folders) if (await host.attributes(`/usr/lib/${folder}/${overTls}`)) return true;
  return false;
}
