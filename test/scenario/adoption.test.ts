/** A box that somebody configured by hand before the agent came: what an adoption that fails, or succeeds, leaves of it. */
import { createHash } from "node:crypto";
import { emptyDesired } from "../../controller/planes.ts";
import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { daemons } from "../../reconcilers/frr/model.ts";
import { Problem } from "../../schemas/problem.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine } from "../../schemas/machine.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";
import { bootFile, generation, sealedHere, story, textOf, type Story } from "../lab/story.ts";
import { simVpp } from "../lab/vpp/sim-vpp.ts";

const route = "ip route 203.0.113.0/24 Null0\n";

function bgp(password: string): string {
  return `router bgp 64500
 bgp router-id 192.0.2.254
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 64501
 neighbor 192.0.2.1 password ${password}
exit
`;
}

const byHand = "set-by-hand";
const other = "from-the-repository";
const candidate = generation([], {
  digest: "a".repeat(64),
  desired: { ...emptyDesired, frr: { config: bgp(sealedHere(other)) } },
  health: [{ check: "bgp-session", peer: "192.0.2.1", required: true }],
});

/** A box on which the session is up with `byHand`, and an agent that waits to be allowed to take it over. */
async function configuredByHand(): Promise<Story & { readonly frr: SimFrr }> {
  const frr = simFrr({ config: `${bgp(byHand)}ip route 198.51.100.0/24 Null0\n` });
  frr.peers.set("192.0.2.1", { as: 64501, password: byHand });
  frr.settle();
  const s = story({ frr });
  s.secrets.set(sealedHere(other), other);
  s.push("one", candidate);
  s.start();
  await s.rest();
  expect(s.status().state).toBe("waiting");
  return Object.assign(s, { frr });
}

function established(frr: SimFrr): boolean {
  return frr.sessions().some(({ peer, state }) => peer === "192.0.2.1" && state === "Established");
}

const found = `! what the box came with
frr version 8.4.4
frr defaults traditional
hostname r1
log syslog informational
agentx
service integrated-vtysh-config
password vty-secret
!
router rip
 network 192.0.2.0/24
exit
!
line vty
 exec-timeout 5 0
exit
!
`;

/** The same box, with a foreign neighbour, adopted without harm. */
async function adopted(): Promise<Story & { readonly frr: SimFrr }> {
  const foreign = " neighbor 192.0.2.9 remote-as 64509\n neighbor 192.0.2.9 password foreign-secret\n";
  const frr = simFrr({ config: `${bgp(other).replace("exit\n", foreign)}exit\nip route 198.51.100.0/24 Null0\n` });
  frr.peers.set("192.0.2.1", { as: 64501, password: other });
  frr.peers.set("192.0.2.9", { as: 64509, password: "foreign-secret" });
  frr.settle();
  const s = story({ frr });
  s.sim.files.set(bootFile, { text: found, mode: 0o644, owner: { uid: 0, gid: 0 } });
  s.sim.files.set("/etc/passwd", {
    text: "root:x:0:0::/root:/bin/sh\nfrr:x:103:107::/run/frr:/sbin/nologin\n",
    mode: 0o644,
  });
  s.secrets.set(sealedHere(other), other);
  s.push("one", candidate);
  s.start();
  await s.rest();
  await ask(s.agent(), "adopt");
  await s.sim.until(() => s.status().committed !== undefined, "committed");
  return Object.assign(s, { frr });
}

function boot(s: Story): string {
  const node = s.sim.files.get(bootFile);
  return node && "text" in node ? node.text : "";
}

/** FRR is restarted, and reads its file. */
function restartFrr(s: Story & { readonly frr: SimFrr }): void {
  for (const daemon of daemons) s.frr.stop(daemon);
  for (const daemon of daemons) s.frr.start(daemon);
  s.frr.load(boot(s));
}

describe("what FRR starts with after an adoption", () => {
  it("is what it had, with foreign neighbours and their passwords", async () => {
    const s = await adopted();
    const before = s.frr.config();
    expect(before).toContain("neighbor 192.0.2.9 password foreign-secret");

    restartFrr(s);

    expect(s.frr.config()).toContain(before);
    expect(s.frr.sessions().map(({ peer, state }) => [peer, state])).toEqual([
      ["192.0.2.1", "Established"],
      ["192.0.2.9", "Established"],
    ]);
  });

  it("keeps what the file said of FRR itself and of daemons that the agent does not ask, and can be read by FRR", async () => {
    const s = await adopted();

    for (const line of found.split("\n").filter((one) => !one.startsWith("!"))) expect(boot(s)).toContain(`${line}\n`);
    expect(s.sim.files.get(bootFile)).toMatchObject({ mode: 0o640, owner: { uid: 103, gid: 107 } });
  });

  it("can be undone by hand: what stood there before is kept once", async () => {
    const s = await adopted();
    s.push("two", {
      ...candidate,
      digest: "b".repeat(64),
      desired: { ...emptyDesired, frr: { config: bgp(sealedHere(other)) + route } },
    });
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");

    expect(s.sim.files.get(`${bootFile}.before-impctl`)).toMatchObject({ text: found, mode: 0o640 });
    expect(boot(s)).toContain(route);
  });

  it("is left as it is when an operator writes FRR's memory, and put right when somebody breaks it", async () => {
    const s = await adopted();
    s.frr.load("ip route 203.0.113.0/24 Null0\n");
    const written = `frr version 8.4.4\nfrr defaults traditional\n!\n${s.frr.config()}`;
    s.sim.files.set(bootFile, { text: written, mode: 0o640 });
    await s.sim.pass(120_000);
    expect(boot(s)).toBe(written);

    s.sim.files.set(bootFile, { text: written.replace(/^ neighbor 192.0.2.1 password.*\n/m, ""), mode: 0o640 });
    await s.sim.pass(120_000);

    expect(boot(s)).toContain(`neighbor 192.0.2.1 password ${other}\n`);
    expect(boot(s)).toContain("ip route 203.0.113.0/24 Null0\n");
  });

  it("is left alone while the agent only observes", async () => {
    const s = await adopted();
    await s.close();
    const observing = story({ frr: s.frr, settings: { mode: "observe" } });
    for (const [path, node] of s.sim.files) observing.sim.files.set(path, node);
    observing.sim.files.set(bootFile, { text: found, mode: 0o640 });
    observing.secrets.set(sealedHere(other), other);
    observing.push("one", candidate);
    observing.start();
    await observing.rest();

    expect(boot(observing)).toBe(found);
  });
});

/** The step that gives the neighbour another password. */
const killing = "frr/router bgp 64500/neighbor 192.0.2.1";

describe("an adoption that would do more than add", () => {
  it("is refused, with the steps that are in the way, and changes nothing", async () => {
    const s = await configuredByHand();
    const before = s.frr.config();

    const refused = await ask(s.agent(), "adopt").catch((thrown: unknown) => thrown);
    await s.sim.pass(120_000);

    expect(refused).toMatchObject({
      code: "NOT_ADOPTED",
      message: `The plan would do more than add what is missing: set ${killing} (session-reset).`,
    });
    await expect(ask(s.agent(), "adopt", { allow: ["frr/another"] })).rejects.toMatchObject({ code: "NOT_ADOPTED" });
    await expect(ask(s.agent(), "adopt", { allow: killing })).rejects.toMatchObject({ code: "USAGE" });
    expect(s.status().state).toBe("waiting");
    expect(s.frr.config()).toBe(before);
  });
});

describe("an adoption that kills a session", () => {
  it("brings back the password that somebody had set by hand", async () => {
    const s = await configuredByHand();
    const before = s.frr.config();

    await ask(s.agent(), "adopt", { allow: [killing] });
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.frr.config()).toBe(before);
    expect(established(s.frr)).toBe(true);
  });

  it("brings it back also when the agent was restarted in between", async () => {
    const s = await configuredByHand();
    const before = s.frr.config();
    await ask(s.agent(), "adopt", { allow: [killing] });
    await s.sim.until(() => s.status().state === "proving", "proving");
    expect(established(s.frr)).toBe(false);

    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.sim.until(() => s.status().lastDeployment?.trigger === "crash", "rolled back");

    expect(s.frr.config()).toBe(before);
    expect(established(s.frr)).toBe(true);
  });

  it("keeps that password in the one closed file that is for it", async () => {
    const s = await configuredByHand();
    await ask(s.agent(), "adopt", { allow: [killing] });
    await s.sim.until(() => s.status().state === "held", "held");

    const holders = [...s.sim.files].filter(([, node]) => "text" in node && node.text.includes(byHand));
    expect(holders.map(([path, node]) => [path, "mode" in node && node.mode])).toEqual([
      [`/persistent/config/imp/generations/${candidate.digest}/files/secrets.json`, 0o600],
    ]);
    expect(JSON.stringify([s.status(), s.events])).not.toContain(byHand);
  });
});

const startup = "/etc/vpp/startup-core.conf";
const packaged = "/etc/vpp/startup.conf";
const asPackaged = "# as the package brings it\nunix { nodaemon }\n";
/** Debian's own. */
const plainFrr =
  "# default to using syslog. /etc/rsyslog.d/45-frr.conf places the log in\n#\nlog syslog informational\n";
const first = generation([], {
  desired: {
    ...emptyDesired,
    system: renderSystem(Machine.parse({ hostname: "r1", interfaces: { external: { pci: "0000:03:00.0" } } })),
    vpp: { core: { objects: [{ kind: "physical", name: "external" }] } },
    frr: { config: "router bgp 64500\n bgp router-id 192.0.2.254\nexit\n" },
  },
});

/** A box on which neither FRR nor VPP answers, with these files beside the packages' own, and an agent in `mode: apply`. */
async function silentBox(files: Readonly<Record<string, string>>, frr = simFrr({ running: [] })): Promise<Story> {
  const [core, nat] = [simVpp({ physical: ["external"] }), simVpp()];
  for (const one of [core, nat]) one.stop();
  const s = story({ frr, vpp: { core, nat } });
  const md5 = createHash("md5").update(asPackaged).digest("hex");
  const dpkg = `Package: vpp\nConffiles:\n /etc/sysctl.d/80-vpp.conf ${"0".repeat(32)}\n ${packaged} ${md5}\nDescription: x\n`;
  const all = { "/var/lib/dpkg/status": dpkg, [packaged]: asPackaged, [bootFile]: plainFrr, ...files };
  for (const [path, text] of Object.entries(all)) s.sim.files.set(path, { text, mode: 0o644 });
  s.push("one", first);
  s.start();
  await s.rest();
  return s;
}

describe("a box on which FRR or VPP does not answer", () => {
  it("is brought to the first commit where their files are as the packages brought them, as on a fresh image", async () => {
    const s = await silentBox({});

    expect(s.status()).toMatchObject({ state: "idle", committed: { commit: "one" } });
    expect(s.systemd.history).toContain("restart vpp-core.service");
  });

  it.each([
    ["FRR's file", bootFile, found],
    ["a daemon's file", "/etc/frr/bgpd.conf", bgp("secret")],
    ["what core starts from", startup, "unix { exec /etc/vpp/commands-core.txt }\n"],
    ["core's commands", "/etc/vpp/commands-core.txt", "lcp create external host-if external\n"],
    ["what the package's unit starts from", packaged, `${asPackaged}dpdk { dev 0000:03:00.0 }\n`],
  ])("is left alone where somebody wrote %s, and says so", async (_, path, text) => {
    const s = await silentBox({ [path]: text });
    await s.sim.pass(120_000);

    expect(s.status()).toMatchObject({
      state: "waiting",
      waiting: { why: "not-adopted" },
      reason: `Nothing was ever committed here, and somebody wrote what FRR or VPP starts from: ${path}.`,
    });
    expect(textOf(s, path)).toBe(text);
    expect(s.systemd.history).toEqual([]);
    await expect(ask(s.agent(), "adopt")).rejects.toMatchObject({ code: "NOT_ADOPTED" });
  });

  it("is left alone also where FRR answers, and has not read its file yet", async () => {
    const s = await silentBox({ [bootFile]: found }, simFrr());

    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "not-adopted" } });
    expect(textOf(s, bootFile)).toBe(found);
  });
});
