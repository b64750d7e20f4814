/**
 * The failsafe with a real FRR that has a real session, without an agent and with one that is stopped in the middle. What
 * systemd would do is a script that restarts this FRR.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bgpSessions } from "../../reconcilers/frr/sessions.ts";
import { startAgent } from "../lab/agent-process.ts";
import { startBird, whyNoBird } from "../lab/bird.ts";
import { frrHost } from "../lab/frr-host.ts";
import { startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, makeWire, type Namespace } from "../lab/netns.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const why = whyNoFrr() ?? whyNoBird();
const program = join(import.meta.dirname, "../../deploy/failsafe/imp-failsafe");
const rescue = join(import.meta.dirname, "../../deploy/failsafe/imp-rescue");

const fleet = "defaults: 1\npolicy: { soak-seconds: 2, grace-seconds: 8, deadline-seconds: 10 }\n";
const machine = (asn: number, name: string) => `interfaces:
  external: { pci: "0000:03:00.0", addresses: [192.0.2.2/30] }
routing:
  router-id: 198.51.100.1
  prefix-lists: { ${name}: { entries: { 10: { prefix: 203.0.113.0/24 } } } }
  bgp:
    asn: 64500
    peers:
      a: { address: 192.0.2.1, remote-as: ${asn}, timers: { keepalive-seconds: 3, hold-seconds: 9, connect-seconds: 2 } }
`;

describe.skipIf(why !== undefined)(`the failsafe over a real FRR (${why ?? "FRR and BIRD are here"})`, () => {
  let folder: string;
  let stack: AsyncDisposableStack;
  let dataplane: Namespace;
  let sockets: string;
  let conf: string;
  let state: string;
  let sites: SitesRepository;
  let watcher: ChildProcess | undefined;

  const env = () => ({
    ...process.env,
    PATH: `${folder}/bin:${process.env["PATH"]}`,
    IMP_RUN: `${folder}/run`,
    IMP_STATE: state,
  });
  const uptime = () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const vtysh = (...argv: string[]) => execFileSync(`${folder}/bin/vtysh`, argv, { encoding: "utf8", timeout: 30_000 });
  /** Empty while FRR restarts. */
  function running(): string {
    try {
      return vtysh("-c", "show running-config");
    } catch {
      return "";
    }
  }
  const calls = () => readFileSync(`${folder}/calls`, "utf8").split("\n");
  async function isUp(): Promise<boolean> {
    const sessions = await bgpSessions(frrHost(), sockets, AbortSignal.timeout(5000)).catch(() => []);
    return sessions.some(({ state: now }) => now === "Established");
  }
  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = uptime() + 90;
    while (!(await holds())) {
      if (uptime() > end) throw new Error(`not within 90 s: ${what}`);
      await delay(50);
    }
  }
  /** As its unit would run it. */
  function watch(): void {
    watcher?.kill(); // never two of them
    watcher = spawn("/bin/sh", [program, "watch"], { env: env(), stdio: "ignore" });
  }
  const agent = () =>
    startAgent({
      folder,
      machine: "fra1/r1",
      remote: sites.bare,
      frrSockets: sockets,
      frrConfig: conf,
      failsafe: `{ program: ${program} }`,
      env: { PATH: env().PATH },
    });

  /** systemctl restart frr.service, for this FRR; everything else only stands in the list of calls. */
  const systemctl = (name: string) => `#!/bin/sh
echo "$*" >>'${folder}/calls'
[ "$*" = "restart frr.service" ] || exit 0
cd /var/run/frr/${name}
for daemon in bgpd staticd zebra; do
  pid=$(cat $daemon.pid)
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.05; done
done
for daemon in zebra staticd bgpd; do
  ip netns exec ${name} /usr/lib/frr/$daemon -d -N ${name} -F traditional -A 127.0.0.1 -P 0 </dev/null >/dev/null 2>&1
done
exec '${folder}/bin/vtysh' -b >/dev/null 2>&1
`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-failsafe-"));
    state = join(folder, "persistent");
    stack = new AsyncDisposableStack();
    dataplane = stack.use(makeNamespace("fs"));
    const peer = stack.use(makeNamespace("fsp"));
    makeWire(
      { namespace: dataplane, name: "external", addresses: ["192.0.2.2/30"] },
      { namespace: peer, name: "to-dp", addresses: ["192.0.2.1/30"] },
    );
    const ends = { localAddress: "192.0.2.1", localAs: 64496, peerAddress: "192.0.2.2", peerAs: 64500 };
    stack.use(await startBird(peer, "192.0.2.1", [{ name: "dp", ...ends, announces: ["198.51.100.128/25"] }]));
    ({ sockets } = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"])));
    // Those that were started anew are nobody's children.
    stack.defer(() => {
      for (const daemon of ["bgpd", "staticd", "zebra"]) {
        const pid = `/var/run/frr/${dataplane.name}/${daemon}.pid`;
        if (existsSync(pid)) spawnSync("kill", [readFileSync(pid, "utf8").trim()], { stdio: "ignore" });
      }
    });
    conf = `/etc/frr/${dataplane.name}/frr.conf`;
    mkdirSync(join(folder, "bin"));
    const shell = { mode: 0o755 };
    const asFrr = `exec runuser -u frr -- /usr/bin/vtysh -N ${dataplane.name}`;
    writeFileSync(join(folder, "bin/vtysh"), `#!/bin/sh\n${asFrr} "$@" 2>/dev/null\n`, shell);
    writeFileSync(join(folder, "bin/systemctl"), systemctl(dataplane.name), shell);
    for (const quiet of ["logger", "wall", "agetty"]) writeFileSync(join(folder, "bin", quiet), "#!/bin/sh\n", shell);
    writeFileSync(conf, "log syslog informational\n");
    execFileSync("chown", ["frr:frr", conf]);
    vtysh("-b");
    sites = makeSitesRepository(folder);
    sites.push("Start", { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": machine(64496, "one") });
    watch();
    await using first = agent();
    await first.until("it is committed", (status) => status.inSync || status.committed !== undefined, 60);
    await until("the session is up", isUp);
  });
  afterEach(() => {
    watcher?.kill();
    watcher = undefined;
  });
  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  const committed = () => readlinkSync(`${state}/committed.d/default`).split("/").at(-1) ?? "";

  it("brings FRR back to the committed file when a deployment is half applied and there is no agent", async () => {
    const before = running();
    vtysh("-c", "configure terminal", "-c", "router bgp 64500", "-c", "neighbor 192.0.2.1 remote-as 64499");
    vtysh("-c", "configure terminal", "-c", "ip prefix-list tried seq 5 permit any");
    await until("the session is down", async () => !(await isUp()));
    const deadline = Math.ceil(uptime()) + 1;
    const kept = readFileSync(`${state}/generations/${committed()}/restore`, "utf8");
    const header = `format 1
deployment 1764000000000-tried
generation ${"f".repeat(64)}
committed ${committed()}
armed ${deadline - 2}
deadline ${deadline}
phase forward
impact session-reset
session 192.0.2.1
`;
    writeFileSync(`${folder}/run/armed`, `${header}${kept}`);

    watch();
    await until("FRR has the committed configuration", () => running() === before);
    const back = uptime() - deadline;
    await until("it says so", () => existsSync(`${state}/failsafe/acted`));
    const said = uptime() - deadline;

    console.log(`after the deadline: FRR restored ${back.toFixed(1)} s, session up and told ${said.toFixed(1)} s`);
    expect(await isUp()).toBe(true);
    expect(readFileSync(`${state}/failsafe/acted`, "utf8")).toContain("why deadline\ndid frr\nended restored\n");
    await until("it is disarmed", () => !existsSync(`${folder}/run/armed`)); // which comes after the telling
    rmSync(`${state}/failsafe/acted`);
  });

  it("acts at the deadline when the agent was stopped in the middle, and the next agent agrees", async () => {
    const before = running();
    writeFileSync(`${folder}/calls`, "");
    watch();
    {
      await using stopped = agent();
      await stopped.until("it is in sync", ({ inSync, notManaged }) => inSync || notManaged.length > 0, 60);
      sites.push("Mistake", { "fra1/r1.yaml": machine(64499, "one") });
      await stopped.until("it proves", ({ state: at }) => at === "proving", 60);
    }
    expect(running()).toContain("neighbor 192.0.2.1 remote-as 64499");
    const record = readFileSync(`${folder}/run/armed`, "utf8");
    expect(record).toContain("phase forward\nimpact session-reset\n");
    expect(record).toContain("session 192.0.2.1\n");
    const deadline = Number(/^deadline (\d+)$/m.exec(record)?.[1]);

    await until("it acted, and starts the agent", () => calls().includes("start --no-block imp-agent.service"));

    console.log(`after the deadline: ${(uptime() - deadline).toFixed(1)} s`);
    expect(running()).toBe(before);
    expect(calls()).toEqual(expect.arrayContaining(["stop imp-agent.service", "restart frr.service"]));
    await using next = agent();
    const status = await next.until(
      "it is over",
      ({ lastDeployment }) => lastDeployment?.outcome === "rolled-back",
      60,
    );
    expect(status.lastDeployment?.trigger).toBe("failsafe");
    expect(status.committed?.generation).toBe(committed());
    expect(running()).toBe(before);
  });

  it("is what imp-rescue goes back with, to the generation before the last", async () => {
    const [first, before] = [committed(), running()];
    watch();
    {
      await using committing = agent();
      sites.push("Another list", { "fra1/r1.yaml": machine(64496, "two") });
      await committing.until("it is committed", () => committed() !== first, 60);
      await committing.until("it is idle", ({ state: at }) => at === "idle", 60);
    }
    expect(running()).toContain("prefix-list two");

    const said = execFileSync("/bin/sh", [rescue, "restore", "2", "--yes"], { encoding: "utf8", env: env() });

    expect(said).toContain(`The box runs generation ${first.slice(0, 12)}.`);
    expect(committed()).toBe(first);
    expect(running()).toBe(before);
    await until("the session is up", isUp);
  });
});
