/**
 * A box for imp-update (deploy/update/), below one folder: fakes in the place of dpkg, systemd and the agent. Each package is a
 * line with its version; how an agent of a version behaves is said beside it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orderText, parseResult, type Result } from "../../controller/update/order.ts";
import type { Shell } from "./failsafe-box.ts";

const program = join(import.meta.dirname, "../../deploy/update/imp-update");

/** down: systemd gives it up; silent: it runs and does not answer; unguarded: its failsafe does not watch. */
type Behaviour = "up" | "down" | "silent" | "frozen" | "unguarded";

export interface UpdateBox extends Disposable {
  /** How agents of these versions behave; the others are up. */
  behave(version: string, how: Behaviour): void;
  /** Orders 2.0+1 in the place of 1.0+1. */
  order(failsafe?: "required" | "off"): void;
  write(path: string, text: string): void;
  /** Runs it to the end, or has it killed at a point where it does something that lasts, counted from 1. */
  run(killAt?: number): { readonly exitCode: number | null; readonly points: number };
  result(): Result | undefined;
  /** What dpkg has: "ii 1.0+1". */
  installed(): string;
  /** The version of the agent that runs. */
  running(): string;
  has(path: string): boolean;
}

/** With version 1.0+1 installed and running. */
export function makeUpdateBox(shell: Shell): UpdateBox {
  const top = mkdtempSync(join(tmpdir(), "imp-update-box-"));
  for (const folder of ["bin", "proc", "run", "behaves"]) mkdirSync(join(top, folder));
  mkdirSync(join(top, "update"), { mode: 0o700 });
  const path = (name: string): string => join(top, name);
  const put = (name: string, text: string): void => writeFileSync(path(name), text);
  const read = (name: string): string => readFileSync(path(name), "utf8").trim();
  for (const [name, text] of Object.entries(fakes)) {
    writeFileSync(path(`bin/${name}`), `#!/bin/sh\ntop=${top}\n${common}${text}`, { mode: 0o755 });
  }
  put("proc/uptime", "1000.00 1\n");
  put("installed", "ii 1.0+1\n");
  put("running", "1.0+1\n");
  put("control", "Package: imp\nStatus: install ok installed\nVersion: 1.0+1\n");
  const environment = {
    PATH: `${path("bin")}:${process.env["PATH"]}`,
    IMP_UPDATE: path("update"),
    IMP_PROC: path("proc"),
    IMP_FAILSAFE: path("bin/imp-failsafe"),
    IMP_RISE: "4",
    IMP_STAY: "1",
  };
  return {
    behave: (version, how) => put(`behaves/${version}`, how),
    order(failsafe = "required") {
      const text = "version 2.0+1\n";
      put("update/new.deb", text);
      const digest = createHash("sha256").update(text).digest("hex");
      put("update/order", orderText({ version: "2.0+1", digest, before: "1.0+1", run: path("run"), failsafe }));
    },
    write: put,
    run(killAt = 0) {
      put("points", "0\n");
      put("kill", `${killAt}\n`);
      const argv = ["-c", `echo $$ >${path("pid")}; exec "$@"`, "sh", ...shell.argv, program];
      const { status } = spawnSync("sh", argv, { env: environment, timeout: 60_000 });
      return { exitCode: status, points: Number(read("points")) };
    },
    result: () => (existsSync(path("update/result")) ? parseResult(read("update/result")) : undefined),
    installed: () => read("installed"),
    running: () => read("running"),
    has: (name) => existsSync(path(name)),
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
}

/** Each durable thing is a point at which imp-update may be killed. */
const common = `point() {
  n=$(($(cat "$top/points") + 1))
  echo "$n" >"$top/points"
  [ "$n" != "$(cat "$top/kill")" ] || kill -9 "$(cat "$top/pid")" $$
}
behaves() { cat "$top/behaves/$(cat "$top/running")" 2>/dev/null || echo up; }
`;

const fakes: Readonly<Record<string, string>> = {
  dpkg: `point
for file; do :; done
case "$*" in
  *--configure*) sed -i 's/^iF/ii/' "$top/installed" ;;
  *' -i '*)
    version=$(sed -n 's/^version //p' "$file") || exit 2
    [ ! -e "$top/locked" ] || { echo 'dpkg: error: dpkg frontend lock was locked by another process' && exit 2; }
    echo "iF $version" >"$top/installed"
    point
    [ ! -e "$top/broken-$version" ] || { echo "dpkg: error processing package imp: its script failed" && exit 1; }
    echo "ii $version" >"$top/installed"
    ;;
esac
`,
  "dpkg-query": `case "$*" in
  -W*) cat "$top/installed" ;;
  -L*) printf '/.\\n/etc\\n/etc/passwd\\n' ;;
  --control-list*) echo postinst ;;
  --control-path*) echo "$top/control" ;;
  -s*) cat "$top/control" ;;
esac
`,
  "dpkg-deb": `case $1 in -f) sed -n 's/^version //p' "$2" 2>/dev/null; exit ;; esac
point
for out; do :; done
sed 's/^ii/version/' "$top/installed" >"$out"
`,
  systemctl: `case "$*" in
  restart*) point; sed 's/^.. //' "$top/installed" >"$top/running" ;;
  is-active*) [ "$(behaves)" = down ] && echo failed || echo active ;;
  show*) echo 42 ;;
esac
`,
  curl: `case $(behaves) in
  up | unguarded) printf '{"agentVersion":"%s"}' "$(sed 's/+.*//' "$top/running")" ;;
  frozen) printf '{"agentVersion":"%s","frozen":"x"}' "$(sed 's/+.*//' "$top/running")" ;;
  *) exit 7 ;;
esac
`,
  "imp-failsafe": `[ "$1 $IMP_RUN" = "self-test $top/run" ] || exit 64
[ "$(behaves)" != unguarded ] || { echo 'imp-failsafe watch does not run.' && exit 1; }
`,
  journalctl: "exit 0\n",
  mv: `point
exec /bin/mv "$@"
`,
  sync: "exit 0\n",
  sleep: `read -r now _ <"$top/proc/uptime"
echo "$((\${now%.*} + $1)).00 1" >"$top/proc/uptime"
`,
};
