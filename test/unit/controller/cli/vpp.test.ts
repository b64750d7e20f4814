import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SimVpp, simVpp } from "../../../lab/vpp/sim-vpp.ts";
import { holders, takeVpp } from "../../../../controller/hold.ts";
import { run } from "../../../../controller/cli/program.ts";
import { impctl, type Ran, silentTerminal } from "./terminal.ts";

let folder: string;
let sim: SimVpp;
let listening: { close(): Promise<void> };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impctl-vpp-"));
  sim = simVpp({ physical: ["external"], linuxCp: { sync: true, autoSubint: false, namespace: "dataplane" } });
  listening = await sim.listen(join(folder, "core.sock"));
});
afterEach(async () => {
  await listening.close();
  await rm(folder, { recursive: true, force: true });
});

async function machine(...lines: readonly string[]): Promise<void> {
  await writeFile(join(folder, "r1.yaml"), `${lines.join("\n")}\n`);
}

function vpp(verb: string, ...more: readonly string[]): Promise<Ran> {
  const places = ["--core", join(folder, "core.sock"), "--nat", join(folder, "nat.sock"), "--run", join(folder, "run")];
  return impctl(folder, "vpp", verb, ...places, ...more);
}

const one = [
  "interfaces:",
  "  external:",
  "    mtu: 9000",
  '    pci: "0000:01:00.0"',
  "    addresses: [192.0.2.1/24]",
  "    sub-interfaces:",
  "      25: { addresses: [198.51.100.1/24] }",
];

describe("impctl vpp", () => {
  it("plans, applies and reads back one machine file, and has nothing to do then", async () => {
    await machine(...one);

    const plan = await vpp("plan", "r1.yaml");
    expect(plan.err).toBe("");
    expect(plan.exitCode).toBe(2);
    expect(plan.out).toContain("core: add VLAN external.25: dot1q 25");
    expect(sim.history).toEqual([]);

    const apply = await vpp("apply", "r1.yaml");
    expect(apply.err).toBe("");
    expect(apply.exitCode).toBe(0);
    expect(apply.out).toMatch(
      /core: add address 198\.51\.100\.1\/24 on external\.25\n[^]*\d+ steps done and read back: in sync\.\n$/,
    );

    const again = await vpp("apply", "r1.yaml");
    expect([again.exitCode, again.out]).toEqual([0, "Nothing to do: in sync.\n"]);
    expect((await vpp("plan", "r1.yaml")).exitCode).toBe(0);
  });

  it("removes what it made before, and leaves alone what others made unless all is pruned", async () => {
    await machine(...one);
    await vpp("apply", "r1.yaml");
    sim.cli("create loopback interface instance 7");
    await machine(...one.slice(0, 5));

    const plan = await vpp("plan", "r1.yaml");
    expect(plan.out).toContain("core: remove VLAN external.25");
    expect(plan.out).toContain("foreign  core: loopback loop7");
    const apply = await vpp("apply", "r1.yaml", "--prune", "all");
    expect(apply.exitCode).toBe(0);
    expect(apply.out).toContain("core: remove loopback loop7");
    expect((await vpp("dump")).out).not.toMatch(/loop7|external\.25/);
  });

  it("takes away what it made before of a machine that has no use for VPP any more", async () => {
    await machine(...one);
    await vpp("apply", "r1.yaml");
    await machine("{}");

    const apply = await vpp("apply", "r1.yaml");
    expect(apply.out).toContain("core: remove VLAN external.25\n");
    expect(apply.out).toContain("core: set external down\n");
    expect(apply.exitCode).toBe(0);
    expect((await vpp("dump")).out).not.toMatch(/external\.25|address|pair/);
    expect((await vpp("apply", "r1.yaml")).out).toBe("Nothing to do: in sync.\n");
  });

  it("prunes all of a VPP that the machine has no use for only where it made something", async () => {
    sim.cli("create loopback interface instance 7");
    await machine("{}");
    const unused = await vpp("apply", "r1.yaml", "--prune", "all");
    expect([unused.exitCode, unused.out]).toEqual([0, "Nothing to do: in sync.\n"]);

    await machine(...one);
    await vpp("apply", "r1.yaml");
    await machine("{}");
    const all = await vpp("apply", "r1.yaml", "--prune", "all");
    expect(all.out).toContain("core: remove loopback loop7");

    sim.cli("create loopback interface instance 8");
    const emptied = await vpp("apply", "r1.yaml", "--prune", "all");
    expect([emptied.exitCode, emptied.out]).toEqual([0, "Nothing to do: in sync.\n"]);
  });

  it("goes on owning what it made of an instance that does not answer for a while", async () => {
    const nat = simVpp();
    const answering = () => nat.listen(join(folder, "nat.sock"));
    const listener = await answering();
    await machine(...one, "nat: { nat64: { pools: { a: { prefix: 203.0.113.0/32 } } } }");
    const made = await vpp("apply", "r1.yaml");
    expect([made.err, made.exitCode]).toEqual(["", 0]);

    await listener.close();
    await machine(...one);
    expect((await vpp("apply", "r1.yaml")).exitCode).toBe(0);

    await using again = new AsyncDisposableStack();
    again.adopt(await answering(), (server) => server.close());
    expect((await vpp("plan", "r1.yaml")).out).toContain("nat: remove interface memif");
  });

  it("ends at once when it is interrupted, and says so in a line", async () => {
    await machine(...one);
    const stop = new AbortController();
    stop.abort(new Error("SIGINT"));
    let err = "";
    const terminal = { ...silentTerminal(folder), signal: stop.signal, err: (text: string) => void (err += text) };

    expect(await run(["vpp", "apply", "r1.yaml", "--core", join(folder, "core.sock")], terminal)).toBe(1);
    expect(err).toBe("impctl: interrupted.");
    expect(sim.history).toEqual([]);
  });

  it("owns what an apply that was cut short had begun", async () => {
    await machine(...one);
    sim.refuse(/^sw_interface_add_del_address$/, -1);
    const apply = await vpp("apply", "r1.yaml");
    expect(apply.exitCode).toBe(1);
    expect(apply.err).toContain("VPP refused sw_interface_add_del_address");

    const [own = ""] = await readdir(join(folder, "run"));
    const ledger = () => readFile(join(folder, "run", own, "vpp-applied.json"), "utf8");
    const before = await ledger();
    sim.refuse(/^sw_interface_add_del_address$/, -1);
    expect((await vpp("apply", "r1.yaml")).exitCode).toBe(1);
    expect(await ledger()).toBe(before);

    await machine(...one.slice(0, 4));
    expect((await vpp("plan", "r1.yaml")).out).toContain("core: remove VLAN external.25");
  });

  it("shows what VPP has, as text and as JSON", async () => {
    await machine(...one);
    await vpp("apply", "r1.yaml");

    const text = await vpp("dump", "r1.yaml");
    expect(text.out).toContain("core: VPP 26.06");
    expect(text.out).toContain("  VLAN external.25: dot1q 25\n");
    const json = JSON.parse((await vpp("dump", "--json")).out) as { core: { objects: { kind: string }[] } };
    expect(json.core.objects.map(({ kind }) => kind)).toContain("vlan");
  });

  it("names places in the file as it was named", async () => {
    await machine("interfaces:", "  external: { mtu: 99999 }");

    const plan = await vpp("plan", "r1.yaml");
    expect(plan.exitCode).toBe(1);
    expect(plan.err).toMatch(/^r1\.yaml:2:\d+: interfaces\.external\.mtu: /m);
  });

  it("says when no VPP answers", async () => {
    await listening.close();
    await machine(...one);

    const plan = await vpp("plan", "r1.yaml");
    expect(plan.exitCode).toBe(1);
    expect(plan.err).toContain("No VPP answers on");
    expect(plan.err).toMatch(/core\.sock: connect ENOENT .*nat\.sock: connect ENOENT /);
  });

  it("says why it does not take what listens for a VPP", async () => {
    await machine(...one);
    const path = join(folder, "other.sock");
    const other = createServer((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end(Buffer.alloc(64, 0xff)),
    );
    await new Promise<void>((resolve) => void other.listen(path, resolve));
    const places = ["--core", path, "--nat", join(folder, "nat.sock"), "--run", join(folder, "run")];
    const plan = await impctl(folder, "vpp", "plan", "r1.yaml", ...places);
    await new Promise((resolve) => other.close(resolve));

    expect(plan.exitCode).toBe(1);
    expect(plan.err).toContain("other.sock: VPP's API socket announced a message of 4294967295 bytes.");
  });

  it("says what is wrong with a name that is no machine's", async () => {
    await mkdir(join(folder, "r2.yaml"));
    await promisify(execFile)("mkfifo", [join(folder, "r3")]);

    expect((await vpp("plan", "nosuch.yaml")).err).toContain("There is no file nosuch.yaml.");
    expect((await vpp("plan", "./nosuch")).err).toContain("There is no file ./nosuch.");
    expect((await vpp("plan", "r2.yaml")).err).toContain("r2.yaml is a folder.");
    expect((await vpp("plan", "r3")).err).toContain("r3 is no regular file.");
    expect((await vpp("plan", "fra1/r1")).err).toContain("There is no fleet.yaml here");
  });

  it("changes a VPP once at a time", async () => {
    await machine(...one);
    for (const holder of ["command", "agent"] as const) {
      await using _ = await takeVpp({ core: join(folder, "core.sock"), nat: join(folder, "another.sock") }, holder);
      const apply = await vpp("apply", "r1.yaml");
      expect(apply.exitCode).toBe(1);
      expect(apply.err).toContain(holders.vpp[holder]);
      expect(sim.history).toEqual([]);
      await expect(takeVpp({ core: join(folder, "core.sock"), nat: "" }, "agent")).rejects.toMatchObject({
        code: "VPP_BUSY",
      });
    }
    expect((await vpp("apply", "r1.yaml")).exitCode).toBe(0);
  });

  it("changes a VPP although another one is held of which it has no use", async () => {
    await machine(...one);
    await using _ = await takeVpp({ core: join(folder, "nat.sock"), nat: join(folder, "nat.sock") }, "command");
    const apply = await vpp("apply", "r1.yaml");
    expect([apply.err, apply.exitCode]).toEqual(["", 0]);
  });

  it("knows nothing of what it made of another VPP", async () => {
    await machine(...one, "loopbacks: { loop5: {} }");
    await vpp("apply", "r1.yaml");
    await machine(...one);
    const gone = "core: remove loopback loop5";
    expect((await vpp("plan", "r1.yaml")).out).toContain(gone);

    const other = join(folder, "other.sock");
    const second = await sim.listen(other);
    const places = ["--core", other, "--nat", join(folder, "nat.sock"), "--run", join(folder, "run")];
    const { out } = await impctl(folder, "vpp", "plan", "r1.yaml", ...places);
    await second.close();
    expect(out).not.toContain(gone);
    expect(out).toContain("foreign  core: loopback loop5");
  });

  it("takes no memory for its own that it did not write", async () => {
    await machine(...one);
    await vpp("apply", "r1.yaml");
    const [own = ""] = await readdir(join(folder, "run"));
    const ledger = join(folder, "run", own, "vpp-applied.json");
    expect(JSON.parse(await readFile(ledger, "utf8"))).toHaveLength(1);
    for (const text of ["[{", "{}", "[null]", '[{"core":7}]', '[{"core":{"objects":[null]}}]']) {
      await writeFile(ledger, text);
      expect((await vpp("plan", "r1.yaml")).err).toMatch(
        /vpp-applied\.json is not as impctl wrote it\.[^]*Remove it: what was applied before is foreign then/,
      );
    }
  });
});
