/**
 * The units of deploy/systemd as a real systemd runs them, sandbox and all: the agent over a real FRR, and what becomes of
 * it when the agent hangs, dies, and cannot start any more. Paths and the watchdog's patience are all that is changed.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoFrr } from "../lab/frr.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { type OwnSystemd, startSystemd, whyNoSystemd } from "../lab/systemd.ts";

const why = whyNoSystemd() ?? whyNoFrr();
const top = join(import.meta.dirname, "../..");

const fleet = "defaults: 1\npolicy: { soak-seconds: 2, grace-seconds: 2, deadline-seconds: 120 }\n";
const machine = (list: string) => `routing:
  router-id: 198.51.100.1
  prefix-lists: { ${list}: { entries: { 10: { prefix: 203.0.113.0/24 } } } }
health:
  inside: { check: ping, address: 127.0.0.1, namespace: dataplane }
`;

describe.skipIf(why !== undefined)(`the units under systemd (${why ?? "systemd and FRR are here"})`, () => {
  let folder: string;
  let systemd: OwnSystemd;
  let sites: SitesRepository;

  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  };
  const agent = (property: string) => systemd.show("imp-agent.service", property);
  const running = () => systemd.run("vtysh", "-c", "show running-config");
  const program = `import(${JSON.stringify(join(top, "controller/main.ts"))});\n`;

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (const end = performance.now() + 90_000; performance.now() < end; await delay(100)) if (holds()) return;
    const log = readdirSync(folder).includes("log") ? readFileSync(join(folder, "log"), "utf8").slice(-4000) : "";
    throw new Error(`not within 90 s: ${what}: ${agent("StatusText")} ${agent("Result")}\n${log}`);
  }
  async function untilCommitted(list: string): Promise<void> {
    await until(`${list} is committed`, () => agent("StatusText").startsWith("idle") && running().includes(list));
  }

  /** The unit as it is installed, but for where things are. */
  function unit(name: string): void {
    const environment = `Environment=IMP_STATE=${folder}/persistent/config/imp IMP_PAUSE=1\nStandardOutput=append:${folder}/log`;
    const text = readFileSync(join(top, "deploy/systemd", name), "utf8")
      .replaceAll("/usr/lib/imp/", `${folder}/lib/`)
      .replaceAll("/persistent/", `${folder}/persistent/`)
      .replace("impctl.cjs agent", `impctl.cjs agent --log text --settings ${folder}/persistent/config/imp/agent.yaml`)
      .replace("WatchdogSec=60", "WatchdogSec=6")
      .replace("[Service]", `[Service]\n${environment}`);
    write(`units/${name}`, text);
  }

  beforeAll(async () => {
    // Not in /tmp, which the agent's sandbox has of its own.
    folder = mkdtempSync("/var/lib/imp-units-");
    for (const name of readdirSync(join(top, "deploy/systemd")).filter((entry) => entry.endsWith(".service")))
      unit(name);
    write("lib/impctl.cjs", program);
    symlinkSync(process.execPath, join(folder, "lib/node"));
    symlinkSync(join(top, "deploy/failsafe/imp-failsafe"), join(folder, "lib/imp-failsafe"));
    for (const made of ["persistent/config/imp", "persistent/data/imp", "frr"])
      mkdirSync(join(folder, made), { recursive: true });
    sites = makeSitesRepository(folder);
    sites.push("Start", { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": machine("one") });
    const state = `${folder}/persistent/config/imp`;
    write(
      "persistent/config/imp/agent.yaml",
      `machine: fra1/r1
repository: { remotes: [{ url: ${sites.bare} }], poll-seconds: 1 }
failsafe: { program: ${folder}/lib/imp-failsafe }
system: { mode: off }
vpp: { mode: off }
secrets: { age-key: ${state}/age.key, folder: ${state}/secrets, seal-key: ${state}/seal.key }
paths: { state: ${state}, cache: ${folder}/persistent/data/imp }
`,
      0o600,
    );
    const daemons = "zebra staticd bgpd";
    write(
      "frr.sh",
      `#!/bin/sh
case $1 in
start)
  for daemon in ${daemons}; do /usr/lib/frr/$daemon -d -F traditional -A 127.0.0.1 -P 0; done
  vtysh -b ;;
esac
`,
      0o755,
    );
    write("frr/frr.conf", "");
    write("frr/vtysh.conf", "");
    write("units/frr.service", `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${folder}/frr.sh start\n`);
    mkdirSync(join(folder, "units/multi-user.target.wants"));
    for (const name of ["frr", "imp-agent", "imp-failsafe"]) {
      symlinkSync(`../${name}.service`, join(folder, `units/multi-user.target.wants/${name}.service`));
    }
    systemd = await startSystemd(
      folder,
      `mkdir /run/frr && chown -R frr:frr /run/frr ${folder}/frr
cp -a /etc ${folder}/etc && rm -rf ${folder}/etc/frr && mv ${folder}/frr ${folder}/etc/frr
mount --bind ${folder}/etc /etc
ip netns add dataplane
ip -n dataplane link set lo up`,
    );
  });
  afterAll(async () => {
    await systemd?.[Symbol.asyncDispose]();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("start the agent, whose sandbox lets it do all of its work on FRR, with the failsafe armed meanwhile", async () => {
    await untilCommitted("prefix-list one");
    expect(agent("ActiveState")).toBe("active");
    expect(readFileSync(join(folder, "etc/frr/frr.conf"), "utf8")).toContain("prefix-list one");
    expect(systemd.run("stat", "-c", "%U:%G %a", "/etc/frr/frr.conf").trim()).toBe("frr:frr 640");
    expect(systemd.run("cat", "/run/motd.d/imp")).toMatch(
      /^fra1\/r1: generation [0-9a-f]{12} .*\nNext: impctl status\n$/,
    );
  });

  it("keep the agent from writing elsewhere", () => {
    const pid = agent("MainPID");
    const mounts = systemd.run("cat", `/proc/${pid}/mountinfo`).split("\n");
    const isReadOnly = (path: string) =>
      mounts
        .filter((line) => line.split(" ")[4] === path)
        .at(-1)
        ?.split(" ")[5]
        ?.startsWith("ro");
    expect([isReadOnly("/"), isReadOnly(`${folder}/persistent/config/imp`)]).toEqual([true, false]);
  });

  it("end an agent that hangs, and start it anew", async () => {
    const pid = agent("MainPID");
    // 0 would be this test's own process group.
    expect(pid).not.toBe("0");
    systemd.run("kill", "-STOP", pid);
    await until("another one runs", () => !["0", pid].includes(agent("MainPID")) && agent("ActiveState") === "active");
    expect(agent("NRestarts")).toBe("1");
  });

  it("stop an idle agent at once, which says so, and start it without touching anything", async () => {
    await until("it is idle", () => agent("StatusText").startsWith("idle"));
    systemd.run("systemctl", "stop", "imp-agent.service");
    expect([agent("ActiveState"), agent("Result")]).toEqual(["inactive", "success"]);
    expect(systemd.run("cat", "/run/motd.d/imp")).toContain("the agent was stopped.");
    const before = running();
    systemd.run("systemctl", "start", "imp-agent.service");
    await until("it is idle", () => agent("StatusText").startsWith("idle"));
    expect(running()).toBe(before);
  });

  it("have no failed agent where there are no settings", async () => {
    const settings = `${folder}/persistent/config/imp/agent.yaml`;
    systemd.run("systemctl", "stop", "imp-agent.service");
    systemd.run("mv", settings, `${settings}.away`);
    systemd.run("systemctl", "start", "imp-agent.service");
    expect([agent("ActiveState"), agent("ConditionResult")]).toEqual(["inactive", "no"]);
    systemd.run("mv", `${settings}.away`, settings);
    systemd.run("systemctl", "reset-failed", "imp-agent.service"); // so many starts are not meant
    systemd.run("systemctl", "start", "imp-agent.service");
    await until("it is idle", () => agent("StatusText").startsWith("idle"));
  });

  it("hand over to the failsafe when the agent cannot start any more, which puts FRR back and starts it again", async () => {
    const before = running();
    sites.push("Something else", { "fra1/r1.yaml": machine("two").replace("10:", "20:") });
    await until("it proves", () => agent("StatusText").startsWith("proving"));
    expect(running()).toContain("prefix-list two");
    writeFileSync(join(folder, "lib/impctl.cjs"), "process.exit(1);\n");
    systemd.run("kill", "-KILL", agent("MainPID"));

    const flag = join(folder, "persistent/config/imp/failsafe/acted");
    await until("the failsafe acted", () => systemd.run("sh", "-c", `cat ${flag} 2>/dev/null || :`) !== "");

    expect(readFileSync(flag, "utf8")).toContain("why agent-failed\ndid frr\nended restored\n");
    expect(running()).toBe(before);
    writeFileSync(join(folder, "lib/impctl.cjs"), program);
    await until("the agent is back", () => agent("ActiveState") === "active" && agent("StatusText").startsWith("held"));
    expect(running()).toBe(before);
  });
});
