import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { holders, takeInstance } from "../../controller/hold.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { openScratch } from "../../reconcilers/frr/scratch.ts";
import { freshScratches } from "../../reconcilers/frr/scratches.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { applyWhole, planWhole } from "../../reconcilers/frr/whole.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { impctl } from "../unit/controller/cli/terminal.ts";

const missing = whyNoFrr();
const host = linuxHost(passingSecrets());
const signal = new AbortController().signal;

/** As many write it: nothing indented, no numbers, defaults spelled out, masks. */
const byHand = `hostname r1
log syslog
ip prefix-list CUSTOMER permit 198.51.100.77/24 le 32 ge 25
ip prefix-list CUSTOMER permit any
route-map OUT permit 10
match ip address prefix-list CUSTOMER
ip route 203.0.113.9 255.255.255.0 null0
router bgp 64500
timers bgp 60 180
no bgp ebgp-requires-policy
neighbor 192.0.2.1 remote-as 64496
neighbor 192.0.2.1 password sekrit
address-family ipv4 unicast
neighbor 192.0.2.1 route-map OUT out
neighbor 192.0.2.1 activate
router ospf
area 1 stub
line vty
`;

describe.skipIf(missing !== undefined)(`impctl frr on a real FRR (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;
  let folder: string;

  beforeAll(async () => {
    namespace = makeNamespace("vfw");
    real = await startFrr(namespace);
    folder = mkdtempSync(join(tmpdir(), "imp-frr-whole-"));
    writeFileSync(join(folder, "empty.conf"), "! nothing\n");
    writeFileSync(join(folder, "by-hand.conf"), byHand);
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const { exitCode, err } = await frr("apply", "empty.conf");
    if (exitCode !== 0) throw new Error(err);
  });

  function frr(verb: "apply" | "diff", file: string, ...more: readonly string[]) {
    return impctl(folder, "frr", verb, file, "--pathspace", namespace.name, "--netns", namespace.name, ...more);
  }

  async function running(): Promise<string> {
    return (await observeFrr(host, real.sockets, signal)).config;
  }

  it("applies a file as people write it, tells the truth of it, and has nothing to do the second time", async () => {
    const before = await frr("diff", "by-hand.conf");
    expect(before.exitCode).toBe(2);
    expect(before.out).not.toContain("sekrit");
    const applied = await frr("apply", "by-hand.conf");
    expect(applied.out).toContain("Applied, and reads back as the file says.");
    expect(applied.exitCode).toBe(0);

    const vtysh = await host.run(["vtysh", "-N", namespace.name, "-c", "show running-config"], {
      timeoutMs: 20_000,
      signal,
    });
    for (const line of [
      "ip prefix-list CUSTOMER seq 5 permit 198.51.100.0/24 ge 25 le 32",
      "ip prefix-list CUSTOMER seq 10 permit any",
      "ip route 203.0.113.0/24 Null0",
      " neighbor 192.0.2.1 password sekrit",
      "  neighbor 192.0.2.1 route-map OUT out",
      " area 0.0.0.1 stub",
    ]) {
      expect(vtysh.stdout.split("\n")).toContain(line);
    }
    expect(await frr("diff", "by-hand.conf")).toMatchObject({ exitCode: 0 });
    expect((await frr("apply", "by-hand.conf")).out).toContain("Nothing had to be changed.");
  });

  it("lets go of peers that a killed client left idle, also where nothing else is to be done", async () => {
    const text = "router bgp 64500\n neighbor 192.0.2.1 remote-as 64496\n";
    writeFileSync(join(folder, "killed.conf"), text);
    const session = await openVty(host, real.sockets, "bgpd", signal);
    await session.send(["configure terminal", "XFRR_start_configuration", ...text.trim().split("\n")], signal);
    session.close();
    const state = async () => {
      const asked = await openVty(host, real.sockets, "bgpd", signal);
      const { text } = await asked.ask("show bgp neighbors 192.0.2.1 json", signal);
      asked.close();
      return /"bgpState":"(\w+)"/.exec(text)?.[1];
    };
    expect(await state()).toBe("Idle");

    expect(await frr("apply", "killed.conf")).toMatchObject({ exitCode: 0 });

    await expect.poll(state, { timeout: 10_000 }).not.toBe("Idle");
  });

  it("shows no secret, however it is written, and gives FRR the right one", async () => {
    const secrets = ["Abbrev1", "Tabbed1", "Behind1", "OSPFkey1"];
    const text = `router bgp 64500
 neighbor 192.0.2.1 remote-as 64496
 neigh 192.0.2.1  pass  Abbrev1
 neighbor 192.0.2.2 remote-as 64496
 neighbor\t192.0.2.2\tpassword\tTabbed1
 neighbor 192.0.2.3 remote-as 64496
 neighbor 192.0.2.3 password Behind1   \r
interface lo
 ip ospf authentication-key OSPFkey1
`;
    writeFileSync(join(folder, "secret.conf"), text);
    const seen = [
      await frr("diff", "secret.conf"),
      await frr("apply", "secret.conf"),
      await frr("diff", "secret.conf"),
    ];

    expect(seen.map(({ exitCode }) => exitCode)).toEqual([2, 0, 0]);
    for (const secret of secrets) expect(JSON.stringify(seen)).not.toContain(secret);
    const vtysh = await host.run(["vtysh", "-N", namespace.name, "-c", "show running-config"], {
      timeoutMs: 20_000,
      signal,
    });
    for (const secret of secrets) expect(vtysh.stdout).toContain(` ${secret}\n`);
  });

  it("leaves a banner as it is, which FRR takes back by no negation", async () => {
    const session = await openVty(host, real.sockets, "zebra", signal);
    await session.send(["configure terminal", "banner motd line hello"], signal);
    session.close();
    writeFileSync(join(folder, "route.conf"), "banner motd line other\nip route 203.0.113.0/24 Null0\n");

    const { out, exitCode } = await frr("apply", "route.conf");

    expect(exitCode).toBe(0);
    expect(out).not.toContain("banner");
    expect(await running()).toBe("ip route 203.0.113.0/24 Null0\n");
  });

  it("does what a file says line after line, also where that takes something away again", async () => {
    const text = `ip prefix-list A seq 5 permit 198.51.100.0/24
ip prefix-list A seq 10 permit any
route-map M permit 10
 match tag 7
exit
route-map M permit 20
exit
`;
    writeFileSync(join(folder, "first.conf"), text);
    const more = "no ip prefix-list A seq 5\nno route-map M permit 20\nroute-map M permit 10\n no match tag\nexit\n";
    writeFileSync(join(folder, "less.conf"), `${text}${more}`);

    expect(await frr("apply", "first.conf")).toMatchObject({ exitCode: 0 });
    expect(await running()).toBe(text.replaceAll("permit 20\nexit", "permit 20"));
    expect(await frr("apply", "less.conf")).toMatchObject({ exitCode: 0 });
    expect(await running()).toBe("ip prefix-list A seq 10 permit any\nroute-map M permit 10\n");
  });

  it("refuses what would change FRR itself, however it is hidden", async () => {
    const file = join(folder, "said");
    for (const text of [`lo file ${file}\n`, `router bgp 64500\n log file ${file}\nexit\n`]) {
      writeFileSync(join(folder, "log.conf"), text);
      const { exitCode, out } = await frr("apply", "log.conf");
      expect(out).toMatch(/^log.conf:[12]:1: "lo/);
      expect(exitCode).toBe(1);
      expect(existsSync(file)).toBe(false);
    }
  });

  it("refuses what is no text, and lines longer than FRR reads, by their place", async () => {
    writeFileSync(join(folder, "long.conf"), `router bgp 64500\n neighbor 192.0.2.1 description ${"x".repeat(4000)}\n`);
    writeFileSync(join(folder, "nul.conf"), "router bgp 64500\n neighbor 192.0.2.1 description a\0b\n");
    writeFileSync(join(folder, "latin.conf"), Buffer.from("interface lo\n description caf\xe9\n", "latin1"));

    const [long, nul, latin] = [
      await frr("diff", "long.conf"),
      await frr("diff", "nul.conf"),
      await frr("diff", "latin.conf"),
    ];
    expect([long.out, nul.out].map((out) => out.slice(0, out.indexOf(": ")))).toEqual([
      "long.conf:2:1",
      "nul.conf:2:1",
    ]);
    expect(latin.err).toContain("latin.conf is no text in UTF-8.");
    expect([long, nul, latin].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
  });

  it("names every line that FRR would reject, and touches nothing", async () => {
    const text = `${byHand}ip prefix-list BAD permit 12.0.0.0/8 ge 30 le 25
router bgp 64500
 neighbor 300.1.1.1 remote-as 64496
 neighbor 192.0.2.9 peer-group NOWHERE
`;
    writeFileSync(join(folder, "bad.conf"), text);
    const { exitCode, out } = await frr("apply", "bad.conf");

    expect(exitCode).toBe(1);
    const first = byHand.split("\n").length;
    expect(out.split("\n").map((line) => line.replace(/": .*/, '"'))).toEqual([
      `bad.conf:${first}:1: FRR rejects "ip prefix-list BAD permit 12.0.0.0/8 ge 30 le 25"`,
      `bad.conf:${first + 2}:1: FRR rejects "neighbor 300.1.1.1 remote-as 64496"`,
      `bad.conf:${first + 3}:1: FRR rejects "neighbor 192.0.2.9 peer-group NOWHERE"`,
      "Nothing was changed.",
      "",
    ]);
    expect(await running()).toBe("");
  });

  it("names all lines that nobody knows, and those that nobody here takes", async () => {
    writeFileSync(join(folder, "odd.conf"), "router bgp 64500\n neighbor 192.0.2.1 remot-as 1\n bgp gracefull\nexit\n");
    const odd = await frr("apply", "odd.conf");
    expect(odd.out).toMatch(/^odd.conf:2:1: FRR does not know .*\nodd.conf:3:1: FRR does not know /);
    writeFileSync(join(folder, "isis.conf"), "router isis CORE\n net 49.0000.0007.e901.1111.00\nexit\n");
    const isis = await frr("apply", "isis.conf");
    expect(isis.out).toMatch(/^isis.conf:1:1: "router isis CORE" is for FRR's isisd, which is not configured here/);
    expect([odd.exitCode, isis.exitCode]).toEqual([1, 1]);
  });

  it("names contexts that nobody takes, of which each exit leaves one more than was entered", async () => {
    const text =
      "ip route 203.0.113.0/24 Null0\nkey chain A\n key 1\n  key-string Secret1\nnexthop-group B\n nexthop 192.0.2.1\nvrf x\n";
    writeFileSync(join(folder, "contexts.conf"), text);
    const { exitCode, out } = await frr("apply", "contexts.conf");

    expect(exitCode).toBe(1);
    expect(out).toMatch(
      /^contexts.conf:2:1: FRR rejects "key chain A": .*\ncontexts.conf:5:1: FRR rejects "nexthop-group B": /,
    );
    expect(out).not.toContain("Secret1");
    expect(await running()).toBe("");
  });

  it("goes back when FRR rejects a line after all, and says so", async () => {
    await frr("apply", "by-hand.conf");
    const before = await running();
    writeFileSync(join(folder, "other.conf"), byHand.replace("64496", "64497").replace("area 1 stub", "area 2 nssa"));
    const instance = { sockets: real.sockets, scratches: freshScratches("/run/imp-frr-scratch", host) };
    const plan = await planWhole(
      { name: "other.conf", text: readFileSync(join(folder, "other.conf"), "utf8") },
      instance,
      host,
      signal,
    );
    const [some] = plan.steps;
    if (!some) throw new Error("there is nothing to do");
    const bad = {
      ...some,
      id: "frr/bad",
      commands: [{ context: ["router bgp 64500"], line: "neighbor 300.1.1.1 remote-as 1" }],
    };
    const outcome = await applyWhole({ ...plan, steps: [...plan.steps, bad] }, instance, host, signal);

    expect(outcome).toMatchObject({ kind: "rolled-back", why: { code: "FRR_REJECTED" }, left: [] });
    expect(await running()).toBe(before);
  });

  it("mends nothing that somebody else did meanwhile, where that disturbs more than is allowed", async () => {
    await frr("apply", "by-hand.conf");
    const instance = { sockets: real.sockets, scratches: freshScratches("/run/imp-frr-scratch", host) };
    const text = byHand.replace("permit any", "deny any");
    const plan = await planWhole({ name: "edit.conf", text }, instance, host, signal);
    const somebody = await openVty(host, real.sockets, "bgpd", signal);
    await somebody.send(["configure terminal", "router bgp 64500", "neighbor 192.0.2.1 remote-as 64497"], signal);
    somebody.close();
    const outcome = await applyWhole(plan, instance, host, signal, "hitless");
    expect(outcome).toMatchObject({
      kind: "rolled-back",
      why: { code: "READ_BACK", message: expect.stringContaining("session-reset, more than hitless: ") as string },
      left: [],
      others: [expect.stringContaining("192.0.2.1") as string],
    });
    expect(await running()).toContain("neighbor 192.0.2.1 remote-as 64497");
    expect(await running()).not.toContain("deny any");
  });

  it("does not begin what disturbs more than is allowed", async () => {
    await frr("apply", "by-hand.conf");
    const before = await running();
    writeFileSync(join(folder, "as.conf"), byHand.replace("64496", "64497"));

    const refused = await frr("apply", "as.conf", "--max-impact", "hitless");
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.out).toContain("Nothing was changed: session-reset is more than hitless.");
    expect(await running()).toBe(before);
    expect(await frr("apply", "as.conf", "--max-impact", "session-reset")).toMatchObject({ exitCode: 0 });
  });

  it("compares two files without any running FRR", async () => {
    writeFileSync(join(folder, "new.conf"), byHand.replace("permit any", "deny any"));
    const { exitCode, out } = await impctl(folder, "frr", "diff", "new.conf", "by-hand.conf");
    expect(out).toBe(`1 step, worst impact hitless.

frr: 1 hitless
  hitless  set ip prefix-list CUSTOMER: seq 10 deny any

- ip prefix-list CUSTOMER seq 10 permit any
+ ip prefix-list CUSTOMER seq 10 deny any
`);
    expect(exitCode).toBe(2);
    expect(await impctl(folder, "frr", "diff", "by-hand.conf", "by-hand.conf")).toMatchObject({ exitCode: 0 });
  });

  it("changes an FRR once at a time", async () => {
    for (const holder of ["command", "agent"] as const) {
      await using _ = await takeInstance("frr", real.sockets, holder);
      const { exitCode, err } = await frr("apply", "by-hand.conf");
      expect({ exitCode, err }).toMatchObject({ exitCode: 1, err: expect.stringContaining(holders.frr[holder]) });
      expect(await running()).toBe("");
      await expect(takeInstance("frr", real.sockets, "agent")).rejects.toMatchObject({
        code: "FRR_BUSY",
        message: holders.frr[holder],
      });
    }
    expect(await frr("apply", "by-hand.conf")).toMatchObject({ exitCode: 0 });
  });

  it("talks to no daemon of another namespace", async () => {
    const { exitCode, err } = await impctl(
      folder,
      "frr",
      "apply",
      "empty.conf",
      "--pathspace",
      namespace.name,
      "--netns",
      "elsewhere",
    );
    expect(exitCode).toBe(1);
    expect(err).toContain(`runs in the network namespace ${namespace.name}, not in elsewhere`);
  });

  it("removes the scratch FRR that a killed program left behind", async () => {
    const own = join("/run", `imp-vfw-scratch-${process.pid}`);
    const script = `
      import { linuxHost } from "./controller/host/linux.ts";
      import { passingSecrets } from "./controller/passing-secrets.ts";
      import { openScratch } from "./reconcilers/frr/scratch.ts";
      const options = { folder: ${JSON.stringify(own)}, daemons: ["zebra", "bgpd"], profile: "traditional" };
      console.log(JSON.stringify(await openScratch(linuxHost(passingSecrets()), options, new AbortController().signal)));
      setInterval(() => {}, 1000);
    `;
    const top = new URL("../..", import.meta.url).pathname;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: top,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
    const { sockets } = JSON.parse(said) as { sockets: string };
    const pids = readdirSync(sockets).flatMap((name) =>
      name.endsWith(".pid") ? [readFileSync(join(sockets, name), "utf8").trim()] : [],
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    expect(pids.map(runs)).toEqual([true, true]);

    const scratch = await openScratch(host, { folder: own, daemons: ["bgpd"], profile: "traditional" }, signal);
    if ("why" in scratch) throw new Error(scratch.why);
    expect(existsSync(sockets)).toBe(false);
    await expect.poll(() => pids.map(runs), { timeout: 20_000 }).toEqual([false, false]);
    await scratch.close();
    expect(readdirSync(own)).toEqual([]);
    rmSync(own, { recursive: true });
  });
});

/** Not one that is only waiting for its parent to look. */
function runs(pid: string): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, "utf8"));
}
