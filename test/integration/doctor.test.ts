/** The doctor on a real machine: real files, mounts, a git server, a failsafe, a systemd and a VPP, each spoilt for real. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { diagnose, type Diagnosis } from "../../controller/doctor/check.ts";
import { vppChecks } from "../../controller/doctor/vpp.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { Settings } from "../../schemas/settings.ts";
import { fullDisk, readOnlyDisk, whyNoMounts } from "../lab/failsafe-box.ts";
import { gitServer, type GitServer } from "../lab/git-server.ts";
import { hasOpenssl } from "../lab/openssl.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";
import { startSystemd, whyNoSystemd } from "../lab/systemd.ts";
import { impctl } from "../unit/controller/cli/terminal.ts";

const isRoot = process.getuid?.() === 0;
const hasGit = spawnSync("git", ["--version"]).status === 0;
const main = join(import.meta.dirname, "../../controller/main.ts");
const failsafe = join(import.meta.dirname, "../../deploy/failsafe/imp-failsafe");
const prefix = process.env["VPP_PREFIX"] ?? "/usr";
const vpp = existsSync(`${prefix}/bin/vpp`) ? prefix : undefined;

let folder: string;
let state: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "imp-doctor-"));
  state = join(folder, "state");
  file = join(state, "agent.yaml");
  mkdirSync(state, { mode: 0o700 });
  mkdirSync(join(folder, "cache"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Settings below the folder, with `remote` as the repository. */
function settle(remote: string): void {
  const settings = {
    machine: "fra1/r1",
    repository: { remotes: [{ url: remote }] },
    failsafe: { program: failsafe },
    secrets: { "age-key": `${state}/age.key`, folder: `${state}/secrets`, "seal-key": `${state}/seal.key` },
    paths: { state, cache: `${folder}/cache`, run: `${folder}/run`, "frr-sockets": `${folder}/frr` },
  };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
}

/** What is found, by code. */
async function examined(): Promise<ReadonlyMap<string, Diagnosis>> {
  const { out } = await impctl(folder, "doctor", "--settings", file, "--json");
  return byCode(out);
}

function byCode(out: string): ReadonlyMap<string, Diagnosis> {
  const { checks } = JSON.parse(out) as { readonly checks: readonly Diagnosis[] };
  return new Map(checks.map((one) => [one.code, one]));
}

/** The same after shell commands in a mount namespace. */
function examinedAfter(before: string): ReadonlyMap<string, Diagnosis> {
  const script = `${before}\nexec "$@"`;
  const argv = ["-m", "/bin/sh", "-c", script, "sh", process.execPath, main, "doctor", "--settings", file, "--json"];
  return byCode(spawnSync("unshare", argv, { encoding: "utf8", timeout: 60_000 }).stdout);
}

describe.skipIf(!isRoot)("the doctor on real files (needs root)", () => {
  it("names modes, a missing age key, a failsafe that does not watch, an FRR and an agent that do not run", async () => {
    settle("http://127.0.0.1:9/sites.git");
    chmodSync(file, 0o644);
    const ran = await impctl(folder, "doctor", "--settings", file);

    expect(ran.exitCode).toBe(3);
    for (const line of [
      /^fault +permissions +.*agent\.yaml is open to other users \(mode 0644\)/m,
      /^fault +age-key +This box has no age key/m,
      /^fault +failsafe +The failsafe says: .+\. Nothing is armed meanwhile\./m,
      /^fault +frr +FRR does not run: .*ENOENT/m,
      /^fault +agent +No agent runs here/m,
      /^skipped +dns +The sites repository is named without a host name/m,
    ]) {
      expect(ran.out).toMatch(line);
    }
  });

  it("names a committed link that leads nowhere, and finds well what is well", async () => {
    settle("https://imp-doctor.invalid/sites.git");
    mkdirSync(join(state, "committed.d"));
    symlinkSync(`../generations/${"a".repeat(64)}`, join(state, "committed.d/default"));
    await impctl(folder, "secret", "keygen", "--output", join(state, "age.key"));
    const found = await examined();

    expect(found.get("committed")).toMatchObject({ severity: "fault" });
    expect(found.get("dns")).toMatchObject({ severity: "fault", text: expect.stringMatching(/^imp-doctor\.invalid /) });
    for (const code of ["settings", "permissions", "age-key", "state-folder", "cache-folder"])
      expect(found.get(code)).toMatchObject({ severity: "ok" });
  });

  it.skipIf(whyNoMounts() !== undefined)("names a folder that is read-only or full (needs mounts)", () => {
    settle("http://127.0.0.1:9/sites.git");

    expect(examinedAfter(readOnlyDisk(state)).get("state-folder")).toMatchObject({
      severity: "fault",
      text: expect.stringMatching(/cannot be written: .*EROFS/),
    });
    expect(examinedAfter(fullDisk(state)).get("state-folder")).toMatchObject({
      severity: "fault",
      text: expect.stringMatching(/is full/),
    });
  });
});

describe.skipIf(!hasGit)("the doctor and a real git server (needs git)", () => {
  async function serve(options: Parameters<typeof gitServer>[1] = {}): Promise<GitServer> {
    const sites = makeSitesRepository(folder);
    sites.push("Start", { "fleet.yaml": "defaults: 1\n" });
    const server = await gitServer(sites.bare, options);
    onTestFinished(() => server.close());
    return server;
  }

  it("finds it well, and names it once it is gone", async () => {
    const server = await serve();
    settle(server.url);
    expect((await examined()).get("repository")).toMatchObject({ severity: "ok" });

    await server.close();
    expect((await examined()).get("repository")).toMatchObject({
      severity: "fault",
      text: expect.stringMatching(/GIT_UNREACHABLE: .*ECONNREFUSED/),
    });
  });

  it.skipIf(!hasOpenssl())(
    "names a server that shows another key than the one that is trusted (needs openssl)",
    async () => {
      const certificate = (name: string): { readonly key: string; readonly cert: string } => {
        const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
        const argv = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        const about = ["-subj", "/CN=git", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
        execFileSync("openssl", [...argv, ...about], { stdio: "ignore" });
        const read = (path: string): string => execFileSync("cat", [path], { encoding: "utf8" });
        return { key: read(key), cert: read(cert) };
      };
      certificate("trusted");
      const server = await serve({ tls: certificate("other") });
      settle(server.url);
      writeFileSync(
        file,
        JSON.stringify({
          machine: "fra1/r1",
          repository: { remotes: [{ url: server.url, "ca-file": join(folder, "trusted.pem") }] },
          paths: { state, cache: `${folder}/cache`, run: `${folder}/run` },
        }),
      );

      expect((await examined()).get("repository")).toMatchObject({
        severity: "fault",
        text: expect.stringMatching(/certificate is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
        remedy: expect.stringMatching(/ca-file/),
      });
    },
  );
});

const why = whyNoSystemd();

describe.skipIf(why !== undefined)(`the doctor and a systemd of its own (${why ?? "it can run"})`, () => {
  it("names a unit that is masked", async () => {
    mkdirSync(join(folder, "units"));
    for (const name of ["imp-boot", "imp-failsafe", "imp-agent"]) {
      const text = `[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n`;
      writeFileSync(join(folder, "units", `${name}.service`), text);
    }
    settle("http://127.0.0.1:9/sites.git");
    await using systemd = await startSystemd(folder, "");
    systemd.run("systemctl", "start", "imp-boot", "imp-failsafe", "imp-agent");
    // As "systemctl mask" does in the folder that this systemd knows.
    systemd.run("ln", "-sf", "/dev/null", join(folder, "units/imp-agent.service"));
    systemd.run("systemctl", "daemon-reload");
    const ask = `${process.execPath} ${main} doctor --settings ${file} --json; true`;
    const units = byCode(systemd.run("/bin/sh", "-c", ask)).get("units");

    expect(units).toMatchObject({ severity: "fault", text: expect.stringMatching(/imp-agent\.service is masked/) });
  });
});

describe.skipIf(vpp === undefined)("the doctor and a real VPP (needs VPP)", () => {
  it("compares the API definitions with what the VPP that runs has", async () => {
    const configuration = `unix { nodaemon nosyslog log ${folder}/vpp.log runtime-dir ${folder} poll-sleep-usec 1000 }
api-segment { prefix ${folder.split("-").at(-1)} }
socksvr { socket-name ${folder}/core-api.sock }
statseg { socket-name ${folder}/stats.sock }
buffers { buffers-per-numa 2048 page-size default }
memory { main-heap-size 256M }
plugins { plugin default { disable } }
`;
    writeFileSync(join(folder, "startup.conf"), configuration);
    const child = spawn(`${vpp}/bin/vpp`, ["-c", join(folder, "startup.conf")], {
      stdio: "ignore",
      env: { ...process.env, LD_LIBRARY_PATH: `${vpp}/lib:${vpp}/lib/x86_64-linux-gnu` },
    });
    onTestFinished(async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    });
    for (let tries = 0; tries < 200 && !existsSync(join(folder, "core-api.sock")); tries += 1) await delay(100);
    const look = async (vppApi: string): Promise<Diagnosis | undefined> => {
      const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/" } });
      const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
      const never = () => Promise.reject(new Error("not asked"));
      const asked = { head: never, agentVersion: never, isUpdateWanted: never };
      const patient = { host, file, settings, unusable: [], ...asked, vppApi, vppRun: folder };
      return (await diagnose(vppChecks, patient, new AbortController().signal))[0];
    };
    const definitions = `${vpp}/share/vpp/api`;

    expect(await look(definitions)).toMatchObject({ severity: "ok", text: expect.stringMatching(/\d{3,} messages/) });
    mkdirSync(join(folder, "api/core"), { recursive: true });
    const changed = execFileSync("sed", [
      '/"show_version",/,/}/ s/"0x[0-9a-f]*"/"0xdeadbeef"/',
      `${definitions}/core/vpe.api.json`,
    ]);
    writeFileSync(join(folder, "api/core/vpe.api.json"), changed);
    expect(await look(join(folder, "api"))).toMatchObject({
      severity: "fault",
      text: expect.stringMatching(/not those of the VPP that runs: show_version/),
    });
  });
});
