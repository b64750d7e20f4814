/**
 * A router of real parts in network namespaces: FRR whose restart is a script (as systemd would do it), the failsafe, two
 * BGP neighbours, and a network behind a route of FRR's own in which the sites repository and an anchor are. So a change
 * of FRR's configuration can cut the box off. The agent runs in the router's namespace.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bgpSessions, type BgpSession } from "../../reconcilers/frr/sessions.ts";
import { type AgentProcess, startAgent } from "./agent-process.ts";
import { startBird } from "./bird.ts";
import { frrHost } from "./frr-host.ts";
import { startFrr } from "./frr.ts";
import { makeNamespace, makeWire } from "./netns.ts";
import { makeSitesRepository, type SitesRepository } from "./sites-repository.ts";

const program = join(import.meta.dirname, "../../deploy/failsafe/imp-failsafe");
/** The network of the operators: the repository's server and an anchor, behind a static route. */
export const noc = { network: "10.77.1.0/24", via: "10.77.0.2", git: "10.77.1.1", anchor: "10.77.1.9" } as const;
/** The far ends of the two sessions. */
export const neighbours = { a: "192.0.2.1", b: "192.0.2.5" } as const;

/** How it is connected, as its machine file has it. */
export const interfaces = `interfaces:
  external:
    pci: 0000:03:00.0
    sub-interfaces:
      25: { addresses: [192.0.2.2/30] }
      26: { addresses: [192.0.2.6/30] }
  internal: { pci: 0000:04:00.0, addresses: [10.77.0.1/24] }
`;

export interface Router extends AsyncDisposable {
  readonly folder: string;
  /** The name of its network namespace, which is FRR's pathspace too. */
  readonly namespace: string;
  readonly sites: SitesRepository;
  /** Starts the agent, as systemd would after it ended. */
  agent(): AgentProcess;
  /** `show running-config`, or "" while FRR restarts. */
  running(): string;
  bootFile(): string;
  /** The committed generation, or "" before the first. */
  committed(): string;
  sessions(): Promise<readonly BgpSession[]>;
  /** Seconds since this machine booted. */
  uptime(): number;
  /** When the failsafe acts; undefined: nothing is armed. */
  armedUntil(): number | undefined;
  /** What the failsafe said that it did, or undefined. */
  acted(): string | undefined;
  stopGit(): Promise<void>;
  startGit(): Promise<void>;
  /** The process ids of FRR's daemons. */
  daemons(): Readonly<Record<string, string>>;
  until(what: string, holds: () => boolean | Promise<boolean>, seconds?: number): Promise<void>;
}

/** What systemctl does here: restarts this FRR; all else is only written down. */
const systemctl = (folder: string, name: string): string => `#!/bin/sh
echo "$*" >>'${folder}/calls'
[ "$*" = "restart frr.service" ] || exit 0
cd /var/run/frr/${name} || exit 1
for daemon in bgpd staticd zebra; do
  pid=$(cat $daemon.pid) || continue
  kill "$pid" || continue
  while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.05; done
done
for daemon in zebra staticd bgpd; do
  ip netns exec ${name} /usr/lib/frr/$daemon -d -N ${name} -F traditional -A 127.0.0.1 -P 0 </dev/null >/dev/null 2>&1
done
exec '${folder}/bin/vtysh' -b >/dev/null 2>&1
`;

/** Builds it and pushes the first commit; nothing of ours runs yet but the failsafe. Needs root, FRR and BIRD. */
export async function startRouter(label: string, files: Readonly<Record<string, string>>): Promise<Router> {
  const folder = mkdtempSync(join(tmpdir(), "imp-router-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const box = stack.use(makeNamespace(`${label}r`));
  const far = stack.use(makeNamespace(`${label}f`));
  const office = stack.use(makeNamespace(`${label}n`));
  const wire = (name: string, ours: string, theirs: string, namespace: typeof far): void =>
    makeWire(
      { namespace: box, name, addresses: [ours] },
      { namespace, name: `to-${name}`.slice(0, 15), addresses: [theirs] },
    );
  wire("external.25", "192.0.2.2/30", `${neighbours.a}/30`, far);
  wire("external.26", "192.0.2.6/30", `${neighbours.b}/30`, far);
  wire("internal", "10.77.0.1/24", `${noc.via}/24`, office);
  for (const address of [noc.git, noc.anchor]) office.ip("address", "add", `${address}/32`, "dev", "lo");
  // Until FRR has its route the box has one of its installation. zebra reads a distance in the upper 8 bits of a metric:
  // 254 is worse than any route of its own.
  box.ip("route", "add", noc.network, "via", noc.via, "metric", String(254 * 2 ** 24));

  const session = (name: "a" | "b", peerAddress: string) => ({
    name,
    localAddress: neighbours[name],
    localAs: name === "a" ? 64496 : 64497,
    peerAddress,
    peerAs: 64500,
    announces: [name === "a" ? "198.51.100.128/25" : "198.51.100.64/26"],
  });
  stack.use(await startBird(far, neighbours.a, [session("a", "192.0.2.2"), session("b", "192.0.2.6")]));
  const { sockets } = stack.use(await startFrr(box, ["zebra", "staticd", "bgpd"]));
  const pids = (): Record<string, string> =>
    Object.fromEntries(
      ["bgpd", "staticd", "zebra"].flatMap((daemon) => {
        const path = `${sockets}/${daemon}.pid`;
        return existsSync(path) ? [[daemon, readFileSync(path, "utf8").trim()]] : [];
      }),
    );
  // Those that the failsafe started anew are nobody's children.
  stack.defer(() => {
    for (const pid of Object.values(pids())) spawnSync("kill", [pid], { stdio: "ignore" });
  });

  const conf = `/etc/frr/${box.name}/frr.conf`;
  mkdirSync(join(folder, "bin"));
  const script = (name: string, text: string): void => writeFileSync(join(folder, "bin", name), text, { mode: 0o755 });
  script("vtysh", `#!/bin/sh\nexec runuser -u frr -- /usr/bin/vtysh -N ${box.name} "$@" 2>/dev/null\n`);
  script("systemctl", systemctl(folder, box.name));
  for (const quiet of ["logger", "wall", "agetty"]) script(quiet, "#!/bin/sh\n");
  writeFileSync(conf, "log syslog informational\n");
  execFileSync("chown", ["frr:frr", conf]);
  const vtysh = (...argv: string[]): string =>
    execFileSync(`${folder}/bin/vtysh`, argv, { encoding: "utf8", timeout: 30_000 });
  vtysh("-b");

  const state = join(folder, "persistent");
  const env = {
    ...process.env,
    PATH: `${folder}/bin:${process.env["PATH"]}`,
    IMP_RUN: `${folder}/run`,
    IMP_STATE: state,
  };
  const start = (...argv: string[]): ChildProcess => {
    const [command, ...rest] = box.inside(...argv);
    return spawn(command, rest, { env, stdio: "ignore" });
  };
  mkdirSync(`${folder}/run`, { mode: 0o700 });
  const watcher = start("/bin/sh", program, "watch");
  stack.defer(() => void watcher.kill());

  const sites = makeSitesRepository(folder);
  sites.push("Start", files);
  const gitPort = 8077;
  let git: ChildProcess | undefined;
  const stopGit = async (): Promise<void> => {
    if (!git || git.exitCode !== null || git.signalCode !== null) return;
    const ended = new Promise((resolve) => git?.once("exit", resolve));
    git.kill();
    await ended;
  };
  const startGit = async (): Promise<void> => {
    const server = join(import.meta.dirname, "git-server.ts");
    const [command, ...argv] = office.inside(process.execPath, server, sites.bare, noc.git, String(gitPort));
    git = spawn(command, argv, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => git?.stdout?.once("data", resolve));
  };
  stack.defer(stopGit);
  await startGit();

  const record = (): string | undefined => {
    try {
      return readFileSync(`${folder}/run/armed`, "utf8");
    } catch {
      return undefined;
    }
  };
  const router: Router = {
    folder,
    namespace: box.name,
    sites,
    agent: () =>
      startAgent({
        folder,
        machine: "fra1/r1",
        remote: `http://${noc.git}:${gitPort}/sites.git`,
        frrSockets: sockets,
        frrConfig: conf,
        pollSeconds: 0.3,
        failsafe: `{ program: ${program} }`,
        env: { PATH: env.PATH },
        inside: (...argv) => box.inside(...argv),
      }),
    running() {
      try {
        return vtysh("-c", "show running-config");
      } catch {
        return "";
      }
    },
    bootFile: () => readFileSync(conf, "utf8"),
    committed() {
      try {
        return readlinkSync(`${state}/committed.d/default`).split("/").at(-1) ?? "";
      } catch {
        return "";
      }
    },
    sessions: () => bgpSessions(frrHost(), sockets, AbortSignal.timeout(5000)).catch(() => []),
    uptime: () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]),
    armedUntil() {
      const [, seconds] = /^deadline (\d+)$/m.exec(record() ?? "") ?? [];
      return seconds === undefined ? undefined : Number(seconds);
    },
    acted: () => (existsSync(`${state}/failsafe/acted`) ? readFileSync(`${state}/failsafe/acted`, "utf8") : undefined),
    stopGit,
    startGit,
    daemons: pids,
    async until(what, holds, seconds = 90) {
      const end = router.uptime() + seconds;
      while (!(await holds())) {
        if (router.uptime() > end) throw new Error(`not within ${seconds} s: ${what}`);
        await delay(50);
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return router;
}
