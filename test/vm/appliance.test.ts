/**
 * A whole appliance: a real Debian 12 with systemd and FRR, the package as it is built, and a sites repository on the host.
 * In VPP's place is the simulated one, and a stand-in that makes its taps. One machine lives through all of it, in this order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Diagnosis } from "../../controller/doctor/check.ts";
import type { Status } from "../../controller/report/status.ts";
import { type Appliance, makeAppliance } from "./appliance.ts";
import { ext4Hardware } from "./ext4-hardware.ts";
import { builtImage, whyNoImage } from "./image.ts";
import { sabotages } from "./sabotage.ts";
import { machine, sites } from "./sites.ts";
import { makeSurroundings, type Surroundings } from "./surroundings.ts";

const why = whyNoImage();
const tell = (text: string): void => console.log(`vm: ${text}`);
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;
const status = "curl -s --max-time 20 http://127.0.0.1:9709/status";
const acted = "/persistent/config/imp/failsafe/acted";
const neighbor = " neighbor 198.51.100.1 remote-as 64496\n";
const chain = ["imp-boot", "systemd-networkd", "imp-netns", "imp-nics", "vpp-core", "frr"];

describe.skipIf(why !== undefined)(`an appliance, with a simulated VPP (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let folder: string;
  let around: Surroundings;
  let box: Appliance;
  let committed: string;
  let machineId: string;
  let files: string;

  const now = async (): Promise<Status> => JSON.parse(await box.sh(status)) as Status;
  const show = "vtysh -c 'show running-config'";
  const running = () => box.sh(show);
  const routes = () => box.sh("ip -n dataplane route");
  const vpp = () => box.sh("impctl vpp dump");
  /** Waits for a status that is as told. */
  const until = (what: string, holds: (status: Status) => boolean) =>
    box.until(what, status, (out) => out.startsWith("{") && holds(JSON.parse(out) as Status));
  /** Of every managed file what it is. */
  const listing = () =>
    box.sh(`cd /etc && stat -c '%n %a %u:%g' ${managed} && sha256sum ${managed} && ls -d imp/* frr/frr.conf`);
  const managed = "hostname hosts imp/nics vpp/startup-core.conf frr/daemons rsyslog.d/10-imp.conf";

  /** What the doctor finds amiss, by code. */
  async function complaints(): Promise<Readonly<Record<string, string>>> {
    const { out } = await box.run("impctl doctor --json");
    const { checks } = JSON.parse(out) as { readonly checks: readonly Diagnosis[] };
    const amiss = checks.filter(({ severity }) => severity !== "ok" && severity !== "skipped");
    return Object.fromEntries(amiss.map(({ code, text }) => [code, text]));
  }

  beforeAll(async () => {
    const image = await builtImage();
    folder = mkdtempSync(join(tmpdir(), "imp-vm-"));
    around = await makeSurroundings(folder);
    box = await makeAppliance(folder, ext4Hardware(folder, image));
  });
  afterAll(async () => {
    await box?.switchOff();
    await around?.[Symbol.asyncDispose]();
    if (folder) rmSync(folder, { recursive: true, force: true });
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  it("comes up on an empty disk with management by DHCP and SSH, and nothing that has failed", async () => {
    tell(`root can log in ${await box.switchOn()} s after power-on`);
    const said = await box.until("it has an address", "imp-boot status", (out) =>
      out.includes("has an address, on eth0"),
    );
    expect(said).toContain("Nothing was ever committed by this boot environment (default): only management and SSH.");
    expect(said).toContain("Management: DHCP on eth0 eth1.");
    expect(said).toContain("SSH host keys are kept.");
    await box.until("all is up", "systemctl is-system-running", (out) => out.trim() !== "starting");
    expect(await box.sh("systemctl list-units --failed --plain --no-legend")).toBe("");
    expect(box.console()).toMatch(/imp-boot: Nothing was ever committed .*\nfresh login: /s);
    machineId = await box.sh("cat /etc/machine-id");
  });

  it("is bootstrapped from a repository over TLS with signed commits, and converges with FRR in the namespace", async () => {
    const since = performance.now();
    const { sites: repository, url, fingerprint, signers, credentials } = around;
    committed = repository.push("Start", sites());
    const flags = `--repository ${url} --server-key ${fingerprint} --username ${credentials.username} --token-file token`;
    const said = await box.sh(
      `cd /root && umask 077 && echo '${signers.trim()}' >signers && printf %s ${credentials.password} >token
impctl bootstrap ${flags} --machine ${machine} --allowed-signers signers`,
    );
    expect(said).toContain(`main at ${committed.slice(0, 12)}, signed by nora@example.net`);
    await until("it committed", (one) => one.committed?.commit === committed);
    tell(`converged ${seconds(since)} after the first push`);

    expect(await box.sh("hostname; cat /etc/hostname")).toBe("r1\nr1\n");
    const where = "for one in $(cat /run/frr/zebra.pid) $(systemctl show --value -p MainPID vpp-core)";
    expect(await box.sh(`${where}; do ip netns identify $one; done`)).toBe("dataplane\ndataplane\n");
    expect(await box.sh("ip -n dataplane -br link show dev eth1")).toContain("eth1");
    expect(await box.sh("ls /sys/class/net")).not.toContain("eth1");
    await box.until("its routes are there", "ip -n dataplane route", (out) =>
      /203\.0\.113\.128\/25 .*dev external/.test(out),
    );
    expect(await routes()).toContain("blackhole 203.0.113.0/24 proto static");
    expect(await running()).toContain(neighbor);
    expect(await vpp()).toContain("  address 198.51.100.2/24 on external\n");
    await until("nothing differs, of VPP neither", ({ inSync, planes }) => inSync && planes.vpp?.drift === 0);
    files = await listing();
  });

  it("is well in every respect to the doctor", async () => {
    await box.until("its clock goes by the server", "timedatectl show -p NTPSynchronized", (out) =>
      out.includes("yes"),
    );
    expect(await complaints()).toEqual({});
  });

  it("sees a change by hand at once, and takes it back when it is told to", async () => {
    const script = `since=$(cut -d ' ' -f 1 /proc/uptime); echo '192.0.2.99 by-hand' >>/etc/hosts
for try in $(seq 600); do ${status} | grep -q '"drift": [1-9]' && break; done
echo "$since $(cut -d ' ' -f 1 /proc/uptime)"`;
    const [since = 0, seen = 0] = (await box.sh(script)).split(" ").map(Number);
    tell(`a change by hand was seen after ${(seen - since).toFixed(1)} s of the machine's own`);
    expect((await now()).planes.system?.steps?.join()).toContain("192.0.2.99 by-hand");
    await box.sh("impctl drift discard --reason test");
    await until("nothing differs", ({ planes }) => planes.system?.drift === 0);
    expect(await listing()).toBe(files);
  });

  it("goes back to what is committed by the failsafe alone, when the agent is broken while armed", async () => {
    const since = performance.now();
    const broken = around.sites.push("Change", sites({ routerId: "198.51.100.99", soakSeconds: 300 }));
    await until("it is proving", (one) => one.state === "proving" && one.deployment?.commit === broken);
    expect(await running()).toContain("bgp router-id 198.51.100.99\n");
    await box.sh(`cp -p /usr/lib/imp/impctl.cjs /root/ && echo broken >/usr/lib/imp/impctl.cjs
systemctl kill --signal=KILL imp-agent`);
    const said = await box.until("the failsafe acted", `cat ${acted}`, (out) => out.includes("\nended "));
    tell(`broken, restored, told: ${seconds(since)} after the push`);
    expect(said).toContain("why agent-failed\n");
    expect(said).toContain("did frr\n");
    expect(said).toContain("ended restored\n");
    const banner = "cat /run/issue.d/imp.issue";
    await box.until("the banner says so", banner, (out) => out.includes("was not committed (agent-failed)"));
    await box.until("FRR has read it", show, (out) => out.includes("bgp router-id 198.51.100.2\n"));
    await box.until("its routes are there", "ip -n dataplane route", (out) => out.includes("203.0.113.128/25"));

    await box.sh("cp -p /root/impctl.cjs /usr/lib/imp/");
    await until("the agent is back, and holds", (one) => one.state === "held" && one.verdict === "bad");
    expect(await box.run(`cat ${acted}`)).not.toMatchObject({ status: 0 });
    expect(await box.sh("impctl history")).toContain("failsafe");
    const good = around.sites.push("Take it back", sites());
    await until("it is in order again", (one) => one.state === "idle" && one.desired?.commit === good);
  });

  it(`has every one of ${sabotages.length + 1} sabotages named by the doctor, and is well again without them`, async () => {
    around.git.breakWith("error");
    await box.sh(sabotages.map(({ spoil }) => `${spoil}\n`).join(""));
    const found = await complaints();
    const mended = await box.run(
      sabotages
        .map(({ mend }) => `${mend}\n`)
        .toReversed()
        .join(""),
    );
    around.git.breakWith(undefined);
    expect(Object.keys(found).toSorted()).toEqual(
      [...sabotages.map(({ code }) => code), "repository", "vpp-api-core"].toSorted(),
    );
    expect(found["units"]).toContain("vpp-core.service ends as soon as it is started.");
    expect(found["state-folder"]).toContain("EROFS");
    expect(found["cache-folder"]).toContain("is full");
    expect(mended).toMatchObject({ status: 0 });

    const isWell = ({ state, planes }: Status) =>
      state === "idle" && planes.frr?.drift === 0 && planes.vpp?.drift === 0;
    await until("nothing differs, nor of a VPP that was started anew", isWell);
    await box.until("its clock goes by the server", "timedatectl show -p NTPSynchronized", (out) =>
      out.includes("yes"),
    );
    // A unit that was started anew several times has to stay up for a minute.
    await box.until("the doctor is content", "impctl doctor; echo ended with $?", (out) =>
      out.endsWith("ended with 0\n"),
    );
    expect(await complaints()).toEqual({});
  });

  it("has its files and its dataplane after a reboot before the agent starts", async () => {
    await box.sh("cd /etc && rm imp/nics frr/frr.conf && echo other >hostname && chmod 0600 hosts && : >frr/daemons");
    await box.run("systemctl reboot --no-block");
    tell(`root can log in ${await box.booted()} s after it was told to reboot`);
    expect(await box.sh("imp-boot status")).toContain("committed by boot environment default: its files are laid.");
    expect(await listing()).toBe(files);
    await box.until("the agent is up", "systemctl is-active imp-agent", (out) => out === "active\n");
    const at = async (unit: string, what: string) =>
      Number(await box.sh(`systemctl show --value -p ${what}TimestampMonotonic ${unit}`));
    const agent = await at("imp-agent", "ExecMainStart");
    const before = await Promise.all(chain.map((unit) => at(unit, "ActiveEnter")));
    for (const time of before) expect(time).toSatisfy((one: number) => one > 0 && one < agent);
    await until("nothing differs", ({ inSync }) => inSync);
  });

  it("is what it committed on a root that never saw it, after a power cut, with the agent masked", async () => {
    await box.switchOff();
    tell(`root can log in ${await box.switchOn("systemd.mask=imp-agent.service")} s after power-on`);
    await box.until("its routes are there", "ip -n dataplane route", (out) =>
      /203\.0\.113\.128\/25 .*dev external/.test(out),
    );
    await box.until("FRR has read its file", show, (out) => out.includes(neighbor));
    expect(await vpp()).toContain("  address 198.51.100.2/24 on external\n");
    expect(await listing()).toBe(files);
    expect(await box.sh("cat /etc/machine-id")).toBe(machineId);
    expect(await box.sh("systemctl show -p LoadState imp-agent")).toBe("LoadState=masked\n");
    expect(await box.sh("systemctl show -p ActiveState imp-agent")).toBe("ActiveState=inactive\n");
    expect(await box.sh("systemctl list-units --failed --plain --no-legend")).toBe("");
  });
});
