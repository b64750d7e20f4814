/**
 * The system plane on real files: a real agent in a mount namespace with an /etc of its own. systemctl and hostnamectl are
 * programs that only write down what is asked of them.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chain } from "../../reconcilers/system/catalogue.ts";
import { startAgent, type AgentProcess } from "../lab/agent-process.ts";
import { whyNoNamespaces } from "../lab/netns.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";

const why = whyNoNamespaces();
const network = "systemd/network/10-imp-management.network";
const machine = `hostname: r1
management: { interface: { name: imp-none0 }, ntp: [192.0.2.123] }
policy: { soak-seconds: 0, poll-seconds: 3600, max-impact: restart }
`;

describe.skipIf(why)(`an agent with files of its own${why ? ` (${why})` : ""}`, () => {
  let folder = "";
  let agent: AgentProcess;
  const etc = (path: string) => join(folder, "etc", path);
  const asked = async () => (await readFile(join(folder, "asked"), "utf8").catch(() => "")).trim().split("\n");

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-system-"));
    await mkdir(etc("systemd/system"), { recursive: true });
    for (const name of ["passwd", "group", "nsswitch.conf"]) await cp(`/etc/${name}`, etc(name));
    await writeFile(etc("hosts"), "192.0.2.77 printer\n", { mode: 0o600 });
    for (const { unit } of chain) await writeFile(etc(`systemd/system/${unit}`), "");
    await mkdir(join(folder, "bin"));
    for (const name of ["systemctl", "hostnamectl"]) {
      await writeFile(join(folder, "bin", name), `#!/bin/sh\necho "${name} $*" >>${folder}/asked\n`);
      await chmod(join(folder, "bin", name), 0o755);
    }
    const sites = makeSitesRepository(folder);
    sites.push("Start", { "fleet.yaml": "defaults: 1\n", "fra1/site.yaml": "", "fra1/r1.yaml": machine });
    const own = 'mount --bind "$1" /etc && shift && exec "$@"';
    agent = startAgent({
      folder,
      machine: "fra1/r1",
      remote: sites.bare,
      frrSockets: `${folder}/frr`,
      pollSeconds: 3600,
      system: "apply",
      env: { PATH: `${folder}/bin:${process.env["PATH"]}` },
      inside: (...argv) => ["unshare", "-m", "sh", "-c", own, "sh", join(folder, "etc"), ...argv],
    });
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("lays them so that units of other users can read them, and starts what reads them", async () => {
    await agent.until("committed", (status) => status.state === "idle" && status.inSync, 60);

    expect(await readFile(etc("hostname"), "utf8")).toBe("r1\n");
    expect(await readFile(etc("hosts"), "utf8")).toContain("127.0.1.1 r1\n");
    expect((await stat(etc("hosts"))).mode & 0o777).toBe(0o644);
    expect((await stat(etc("systemd/timesyncd.conf.d"))).mode & 0o777).toBe(0o755);
    expect(await asked()).toEqual([
      "hostnamectl hostname --transient ",
      "systemctl reload-or-restart systemd-networkd.service",
      "systemctl restart imp-management.service",
      "systemctl restart systemd-timesyncd.service",
      "systemctl restart frr.service",
    ]);
  });

  it("sees a change by hand long before the next poll, however an editor makes it, and shows it", async () => {
    const text = await readFile(etc(network), "utf8");
    await writeFile(etc(network), text.replace("MTUBytes=1500", "MTUBytes=9000"));
    await agent.until("drift", ({ planes }) => planes.system?.drift === 3, 30);
    await writeFile(etc("hostname~"), "r2\n");
    await rename(etc("hostname~"), etc("hostname"));
    await agent.until("more drift", ({ planes }) => (planes.system?.drift ?? 0) > 3, 30);

    const main = join(import.meta.dirname, "../../controller/main.ts");
    const argv = [main, "drift", "show", "--socket", agent.socket];
    const shown = await promisify(execFile)(process.execPath, argv).catch((ended: { stdout: string }) => ended);
    expect(shown.stdout).toMatch(/- r1\n.*\+ r2\n/);
    expect(shown.stdout).toMatch(/- MTUBytes=1500\n.*\+ MTUBytes=9000\n/);
  });

  it("takes it back when it is told to", async () => {
    const main = join(import.meta.dirname, "../../controller/main.ts");
    await promisify(execFile)(process.execPath, [
      main,
      "drift",
      "discard",
      "--reason",
      "a test",
      "--socket",
      agent.socket,
    ]);
    await agent.until("taken back", (status) => status.inSync, 60);

    expect(await readFile(etc("hostname"), "utf8")).toBe("r1\n");
    expect(await readFile(etc(network), "utf8")).toContain("MTUBytes=1500");
  });
});
