import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

/** What sysexits calls EX_TEMPFAIL. */
const cannotTell = 75;
/** What `timeout` says of a command that it ended. */
const tooLong = new Set([124, 137]);

/** As root it becomes nobody, without any capability and without the agent's environment; as anybody else it stays that. */
const unprivileged = `if [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all --reset-env -- "$@"
fi
exec "$@"`;

/** A program of the box ends with 0. It and all that it started are ended when its time is over. */
export async function command(check: Extract<HealthCheck, { check: "command" }>, asking: Asking): Promise<Finding> {
  const { host, timeoutMs, signal } = asking;
  const limited = ["timeout", "--kill-after=1", String(timeoutMs / 1000)] as const;
  const argv = [...limited, "sh", "-c", unprivileged, "check", ...check.argv] as const;
  const limits = { timeoutMs: timeoutMs + 2000, signal, maxBytes: 65_536 };
  const { exitCode, stdout, stderr } = await host.run(inside(asking, check.namespace, argv), limits);
  if (tooLong.has(exitCode)) return { ok: false, detail: `did not end within ${timeoutMs / 1000} s` };
  const said = firstLine(stdout) || firstLine(stderr);
  const detail = `ended with ${exitCode}${said === "" ? "" : `: ${said}`}`;
  return { ok: exitCode === cannotTell ? undefined : exitCode === 0, detail };
}
