/** A box's first minutes: `impctl bootstrap` against a real git server, with a real agent where systemctl would start one. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { askAgent } from "../../controller/cli/agent-client.ts";
import { define } from "../../controller/cli/bootstrap.ts";
import type { Questions } from "../../controller/cli/questions.ts";
import { line, type Terminal } from "../../controller/cli/terminal.ts";
import type { Diagnosis } from "../../controller/doctor/check.ts";
import type { Status } from "../../controller/report/status.ts";
import type { Problem } from "../../schemas/problem.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { gitServer, type GitServer, type GitServerOptions } from "../lab/git-server.ts";
import { hasOpenssl } from "../lab/openssl.ts";
import { withoutGateway } from "../lab/no-gateway.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { impctl, silentTerminal } from "../unit/controller/cli/terminal.ts";

const hasPrograms = ["git", "ssh-keygen"].every((name) => spawnSync(name, ["--help"]).error === undefined);
const main = join(import.meta.dirname, "../../controller/main.ts");
const fleet = "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }\n";
const appliance = `interfaces:
  external: { pci: "0000:ff:1f.7", addresses: [192.0.2.2/24] }
routing:
  bgp: { asn: 64500, router-id: 192.0.2.2, peers: { a: { address: 192.0.2.1, remote-as: 64496, expect: any } } }
`;
const foreign = "identity: { dmi-uuid: 4c4c4544-0051-3510-8052-b4c04f4a3132 }\n";

describe.skipIf(!hasPrograms)("impctl bootstrap (needs git and ssh-keygen)", () => {
  let top: string;
  let state: string;
  let file: string;
  let sites: SitesRepository;
  let first: string;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), "imp-bootstrap-"));
    state = join(top, "state");
    file = join(state, "agent.yaml");
    sites = makeSitesRepository(top);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, "nora")]);
    writeFileSync(join(top, "signers"), `nora@example.net ${readFileSync(join(top, "nora.pub"), "utf8")}`);
    for (const [name, value] of [
      ["gpg.format", "ssh"],
      ["commit.gpgSign", "true"],
      ["user.signingKey", join(top, "nora")],
    ]) {
      sites.git("config", name ?? "", value ?? "");
    }
    first = sites.push("Start", {
      "fleet.yaml": fleet,
      "fra1/r1.yaml": appliance,
      "fra1/r9.yaml": foreign + appliance,
    });
    // As an image brings it: where things are on this box, and nothing that is asked for.
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(file, `# of the image\n${imageSettings()}`, { mode: 0o600 });
    const frr = simFrr();
    frr.peers.set("192.0.2.1", { as: 64496 });
    const sockets = await frr.listen(join(top, "frr"));
    onTestFinished(() => sockets.close());
    // What systemctl does here: runs the agent with the settings, unless it runs already.
    const started = `PATH=${withoutGateway(top)}:$PATH ${process.execPath} ${main} agent --settings ${file} --log text >>${top}/log 2>&1 </dev/null`;
    writeFileSync(
      join(top, "systemctl"),
      `#!/bin/sh\necho "$*" >>${top}/calls\n[ -e ${top}/pid ] && exit 0\n${started} &\necho $! >${top}/pid\n`,
      { mode: 0o755 },
    );
  });
  afterEach(async () => {
    if (existsSync(join(top, "pid"))) {
      const pid = Number(readFileSync(join(top, "pid"), "utf8"));
      process.kill(pid, "SIGTERM");
      for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}`); tries += 1) await delay(50);
    }
    rmSync(top, { recursive: true, force: true });
  });

  const imageSettings = (): string => `listen: 127.0.0.1:0
failsafe: { mode: "off" }
system: { mode: "off" }
vpp: { mode: "off" }
repository: { poll-seconds: 0.3 }
secrets: { age-key: ${state}/age.key, folder: ${state}/secrets, seal-key: ${state}/seal.key }
paths: { state: ${state}, cache: ${top}/cache, run: ${top}/run, frr-sockets: ${top}/frr, frr-config: ${top}/frr.conf }
`;

  async function serve(options: GitServerOptions = {}): Promise<GitServer> {
    const server = await gitServer(sites.bare, options);
    onTestFinished(() => server.close());
    return server;
  }

  interface Ran {
    readonly out: string;
    readonly problem: Problem | undefined;
    readonly asked: readonly string[];
  }

  /** Runs it in this process; with answers there is somebody at the terminal. */
  async function run(argv: readonly string[], answers?: readonly string[]): Promise<Ran> {
    let out = "";
    const asked: string[] = [];
    const left = [...(answers ?? [])];
    const terminal: Terminal = {
      ...silentTerminal(top),
      environment: { IMPCTL_SYSTEMCTL: join(top, "systemctl") },
      out: (text) => void (out += line(text)),
      err: (text) => void (out += line(text)),
    };
    const questions: Questions = {
      isAnswered: answers !== undefined,
      ask: async (question) => {
        asked.push(question);
        return left.shift() ?? "";
      },
    };
    const command = new Command("bootstrap").exitOverride();
    define(command, terminal, questions);
    const problem = await command.parseAsync(["--settings", file, ...argv], { from: "user" }).then(
      () => undefined,
      (thrown: unknown) => thrown as Problem,
    );
    return { out, problem, asked };
  }

  /** The agent's status once it is so. */
  async function until(what: string, holds: (status: Status) => boolean): Promise<Status> {
    let last: unknown;
    for (let tries = 0; tries < 600; tries += 1) {
      const question = { method: "GET", path: "/status" } as const;
      const status = (await askAgent(join(top, "run/agent.sock"), question, AbortSignal.timeout(5000)).catch(
        () => undefined,
      )) as Status | undefined;
      if (status && holds(status)) return status;
      last = status ?? last;
      await delay(100);
    }
    throw new Error(
      `not within a minute: ${what}; status: ${JSON.stringify(last)}; ${readFileSync(join(top, "log"), "utf8")}`,
    );
  }

  const written = (): readonly string[] => readdirSync(state).toSorted();
  const mode = (name: string): string => (statSync(join(state, name)).mode & 0o777).toString(8);

  it("asks, tries, writes everything for root alone, and the agent deploys", async () => {
    const server = await serve({ credentials: { username: "fra1-r1", password: "s3cret" } });
    writeFileSync(join(top, "token"), "s3cret");
    const flags = ["--username", "fra1-r1", "--token-file", join(top, "token")];
    const { out, problem, asked } = await run(flags, [server.url, "fra1/r1", join(top, "signers")]);

    expect(problem).toBeUndefined();
    expect(asked.map((question) => question.split(" ")[0])).toEqual(["Sites", "Machine", "File"]);
    expect(out).toContain(`main at ${first.slice(0, 12)}, signed by nora@example.net`);
    expect(out).toMatch(/^age key +age1\w+ \(made now\)$/m);
    expect(out).toMatch(/# fra1\/r1\.yaml: put this over what stands there; null takes away\n(?:.*\n)*age-key: age1/);
    expect(out).toMatch(/interfaces\.external: this box has no such NIC; see "impctl hardware"\./);
    expect(out.trimEnd().split("\n").at(-1)).toContain("impctl status");
    expect(["agent.yaml", "age.key", "git-token", "allowed_signers"].map(mode)).toEqual(["600", "600", "600", "600"]);
    expect(readFileSync(join(top, "calls"), "utf8")).toBe("enable --now imp-failsafe.service imp-agent.service\n");
    const status = await until("the first commit", ({ committed }) => committed?.commit === first);
    expect(status.machine).toBe("fra1/r1");
    const doctor = await impctl(top, "doctor", "--settings", file, "--json");
    const { checks } = JSON.parse(doctor.out) as { readonly checks: readonly Diagnosis[] };
    const well = checks.filter(({ severity }) => severity === "ok").map(({ code }) => code);
    const ours = ["settings", "age-key", "state-folder", "cache-folder", "committed", "repository", "allowed-signers"];
    expect(well).toEqual(expect.arrayContaining([...ours, "agent", "frr"]));
  });

  it("changes only what is asked when it runs again, and shows what is there", async () => {
    const server = await serve();
    const flags = ["--repository", server.url, "--machine", "fra1/r1", "--allowed-signers", join(top, "signers")];
    await run(flags);
    const [settings, key] = [readFileSync(file, "utf8"), readFileSync(join(state, "age.key"), "utf8")];

    const again = await run([]);
    expect(again.problem).toBeUndefined();
    expect(again.out).toMatch(/^settings +.*agent\.yaml, as they were$/m);
    expect(again.out).toMatch(/^age key +age1\w+ \(as it was\)$/m);
    expect(readFileSync(file, "utf8")).toBe(settings);

    const changed = await run(["--mode", "observe", "--json"]);
    expect(JSON.parse(changed.out)).toMatchObject({ written: [`${file}.before`, file], machine: "fra1/r1" });
    expect(readFileSync(file, "utf8")).toBe(`${settings}mode: observe\n`);
    expect(readFileSync(`${file}.before`, "utf8")).toBe(settings);
    expect(readFileSync(join(state, "age.key"), "utf8")).toBe(key);
  });

  it("names every flag that is missing where nobody can be asked", async () => {
    const { problem } = await run([]);

    expect(written()).toEqual(["agent.yaml"]);
    expect(problem).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(
        /--repository <url>, --machine <site\/appliance>, --allowed-signers <file> \(or --unsigned\)/,
      ),
    });
  });

  it("writes nothing when something does not hold", async () => {
    const server = await serve({ credentials: { username: "x", password: "y" } });
    const open = await serve();
    const common = ["--allowed-signers", join(top, "signers")];
    const [before, settings] = [written(), readFileSync(file, "utf8")];
    writeFileSync(join(top, "others"), `olga@example.net ssh-ed25519 ${"A".repeat(68)}\n`);
    const code = async (...argv: string[]) => (await run(argv)).problem?.code;

    expect(await code(...common, "--repository", server.url, "--machine", "fra1/r1")).toBe("GIT_AUTH");
    expect(await code(...common, "--repository", open.url, "--machine", "fra1/r7")).toBe("MACHINE_UNKNOWN");
    expect(await code("--allowed-signers", join(top, "others"), "--repository", open.url, "--machine", "fra1/r1")).toBe(
      "TRUST_UNKNOWN_SIGNER",
    );
    const other = await run([...common, "--repository", open.url, "--machine", "fra1/r9"]);
    expect(other.problem).toMatchObject({
      code: "IDENTITY_MISMATCH",
      remedy: expect.stringMatching(/impctl bootstrap --replace fra1\/r9/),
    });
    expect(written()).toEqual(before);
    expect(readFileSync(file, "utf8")).toBe(settings);
    expect(existsSync(join(top, "calls"))).toBe(false);
  });

  it.skipIf(!hasOpenssl())(
    "pins a certificate that nobody vouches for once its fingerprint was named (needs openssl)",
    async () => {
      const [key, cert] = [join(top, "tls.key"), join(top, "tls.pem")];
      const argv = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
      const about = ["-subj", "/CN=git", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
      execFileSync("openssl", [...argv, ...about], { stdio: "ignore" });
      const server = await serve({ tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } });
      const flags = ["--repository", server.url, "--machine", "fra1/r1", "--unsigned"];
      const shown = execFileSync("openssl", ["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"], {
        encoding: "utf8",
      });
      const fingerprint = shown.trim().split("=")[1] ?? "";

      expect((await run(flags)).problem).toMatchObject({
        code: "USAGE",
        message: expect.stringContaining(fingerprint),
      });
      expect((await run([...flags, "--server-key", "AB".repeat(32)])).problem?.code).toBe("GIT_AUTH");
      expect(
        (await run([...flags, "--server-key", fingerprint.toLowerCase().replaceAll(":", "")])).problem,
      ).toBeUndefined();
      expect(readFileSync(join(state, "ca.pem"), "utf8")).toBe(readFileSync(cert, "utf8"));
      await until("the first commit", ({ committed }) => committed?.commit === first);
      expect((await run(["--repository", server.url])).problem).toBeUndefined();
    },
  );

  it("pins an ssh host key, and gives the agent its own key (ssh and ssh-keyscan are scripts)", async () => {
    const hostKey = readFileSync(join(top, "nora.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", join(top, "nora.pub")], { encoding: "utf8" }).split(
      " ",
    )[1];
    const bin = join(top, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ssh-keyscan"), `#!/bin/sh\necho "# $*"\necho "imp-bootstrap.invalid ${hostKey}"\n`);
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh\necho "$*" >>${top}/said\nwhile [ "$1" != imp-bootstrap.invalid ]; do shift; done; shift; exec sh -c "$*"\n`,
    );
    for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = `${bin}:${path}`;
    onTestFinished(() => void (process.env["PATH"] = path));
    const flags = ["--repository", `imp-bootstrap.invalid:${sites.bare}`, "--machine", "fra1/r1", "--unsigned"];

    expect((await run(flags)).problem).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(fingerprint ?? ""),
    });
    const ran = await run([...flags, "--ssh-key", join(top, "nora")], ["yes"]);
    expect(ran.problem).toBeUndefined();
    expect(readFileSync(join(state, "known_hosts"), "utf8")).toBe(`imp-bootstrap.invalid ${hostKey}\n`);
    expect(mode("ssh_key")).toBe("600");
    // The server got another key: the one that is pinned goes only when the new one is named.
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, "other")]);
    const [type, key] = readFileSync(join(top, "other.pub"), "utf8").split(" ");
    writeFileSync(join(bin, "ssh-keyscan"), `#!/bin/sh\necho "imp-bootstrap.invalid ${type} ${key}"\n`);
    const print = execFileSync("ssh-keygen", ["-l", "-f", join(top, "other.pub")], { encoding: "utf8" }).split(" ")[1];
    expect((await run(["--server-key", fingerprint ?? ""])).problem?.code).toBe("GIT_AUTH");
    expect((await run([])).problem).toBeUndefined();
    expect(readFileSync(join(state, "known_hosts"), "utf8")).toContain(hostKey);
    expect((await run(["--server-key", print ?? ""])).problem).toBeUndefined();
    expect(readFileSync(join(state, "known_hosts"), "utf8")).toBe(`imp-bootstrap.invalid ${type} ${key}\n`);
    await until("the first commit", ({ committed }) => committed?.commit === first);
    expect(readFileSync(join(top, "said"), "utf8")).toContain(
      `-i ${state}/ssh_key -o IdentitiesOnly=yes -o UserKnownHostsFile=${state}/known_hosts `,
    );
  });

  it("brings up a box that takes another one's place from a clone, and goes on with the repository once it answers", async () => {
    const server = await serve();
    await server.close();
    const stick = join(top, "stick");
    execFileSync("git", ["clone", "--quiet", sites.bare, stick]);
    const flags = ["--repository", server.url, "--allowed-signers", join(top, "signers")];
    const { out, problem } = await run([...flags, "--replace", "fra1/r9", "--from", stick]);

    expect(problem).toBeUndefined();
    expect(out).toMatch(/^identity +the machine file is for another box/m);
    expect(out).toContain(`The agent goes on with ${stick} until ${server.url} answers.`);
    const [, yaml = ""] = /# fra1\/r9\.yaml: .*\n((?:[^\n]+\n)+)/.exec(out) ?? [];
    expect(yaml).toMatch(/^identity:(?: null\n|\n(?: +.*\n)+)age-key: age1/);
    const refused = await until("the refusal", ({ problems }) =>
      problems.some(({ code }) => code === "IDENTITY_MISMATCH"),
    );
    expect(refused.committed).toBeUndefined();

    // The operator does as told, first on the stick alone.
    const patched = yaml.replaceAll(/^.*: null\n/gm, "");
    const next = sites.push("Replace r9", { "fra1/r9.yaml": patched + appliance });
    execFileSync("git", ["-C", stick, "pull", "--quiet"]);
    await until("the first deployment", ({ committed }) => committed?.commit === next);

    const back = await gitServer(sites.bare, { port: Number(new URL(server.url).port) });
    onTestFinished(() => back.close());
    const last = sites.push("Go on", { "fleet.yaml": fleet.replace("soak-seconds: 1", "soak-seconds: 2") });
    const status = await until("the repository's commit", ({ desired }) => desired?.commit === last);
    expect(status.git.lastError).toBeUndefined();
    expect((await run(["--repository", server.url])).problem).toBeUndefined();
    expect(readFileSync(file, "utf8")).not.toContain(stick);
  });

  it("goes on with a bundle, which it keeps, and refuses a folder without history", async () => {
    const stick = join(top, "stick");
    mkdirSync(stick);
    const flags = [
      "--repository",
      "http://127.0.0.1:9/sites.git",
      "--unsigned",
      "--replace",
      "fra1/r1",
      "--from",
      stick,
    ];

    expect((await run(flags)).problem).toMatchObject({
      code: "USAGE",
      remedy: expect.stringMatching(/git bundle create/),
    });
    sites.git("bundle", "create", join(stick, "sites.bundle"), "HEAD", "main");
    expect((await run(flags)).problem).toBeUndefined();
    rmSync(stick, { recursive: true });
    await until("the first deployment", ({ committed }) => committed?.commit === first);
  });
});
