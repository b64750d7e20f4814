/**
 * Another version of the agent, ordered by a real agent: fetched, checked, installed by a real dpkg under a real systemd, and
 * taken back where it does not come up. What dpkg writes goes to memory, in the namespaces of that systemd. Of the package only
 * Node is missing, which is the one that runs the tests: it would take long to copy so often.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Status } from "../../controller/report/status.ts";
import { copied, whyNoCopies } from "../lab/copied.ts";
import { builtPackage } from "../lab/package.ts";
import { type OwnSystemd, startSystemd, whyNoSystemd } from "../lab/systemd.ts";

const units = join(import.meta.dirname, "../../deploy/systemd");
const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const why = whyNoSystemd() ?? whyNoCopies() ?? (hasKeygen ? undefined : "needs ssh-keygen");

describe.skipIf(why !== undefined)(`another version of the agent (${why ?? "systemd and dpkg are here"})`, () => {
  let folder: string;
  let box: OwnSystemd;

  beforeAll(async () => {
    folder = mkdtempSync("/var/lib/imp-agent-update-");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
    const key = readFileSync(join(folder, "key.pub"), "utf8");
    writeFileSync(join(folder, "signers"), `nora@example.net namespaces="imp-package" ${key}`);
    mkdirSync(join(folder, "state"), { mode: 0o700 });
    writeFileSync(join(folder, "state/agent.yaml"), settings(), { mode: 0o600 });
    mkdirSync(join(folder, "sites/fra1"), { recursive: true });
    writeFileSync(join(folder, "sites/fleet.yaml"), "defaults: 1\n");
    writeFileSync(join(folder, "sites/fra1/r1.yaml"), "hostname: r1\n");
    mkdirSync(join(folder, "units"));
    for (const name of readdirSync(units).filter((one) => one.endsWith(".service")))
      symlinkSync(`/usr/lib/systemd/system/${name}`, join(folder, "units", name));
    const agent = `/usr/lib/imp/node /usr/lib/imp/impctl.cjs agent --settings ${folder}/state/agent.yaml`;
    dropIn(
      "imp-agent",
      `ReadWritePaths=\nReadWritePaths=${folder} /etc\nExecStart=\nExecStart=${agent}\nStandardOutput=append:${folder}/said\n`,
    );
    dropIn("imp-update", `Environment=IMP_UPDATE=${folder}/cache/update IMP_RISE=60 IMP_STAY=3\n`);
    const depends = "mkdir -p /etc/dpkg/dpkg.cfg.d; echo force-depends >/etc/dpkg/dpkg.cfg.d/imp-test\n";
    box = await startSystemd(folder, `${copied}${depends}`);
    execFileSync("dpkg-deb", ["-R", builtPackage(), join(folder, "tree")]);
    writeFileSync(join(folder, "tree/usr/lib/imp/node"), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
    box.run("dpkg", "-i", made("9.1.0+1"));
    box.run("systemctl", "start", "--no-block", "imp-failsafe.service", "imp-agent.service");
  }, 600_000);
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const settings = () => `machine: fra1/r1
repository: { folder: ${folder}/sites, poll-seconds: 1 }
trust: { allowed-signers: ${folder}/signers }
listen: 127.0.0.1:0
failsafe: { mode: "off" }
system: { mode: "off" }
secrets: { age-key: ${folder}/state/age.key, folder: ${folder}/state/secrets, seal-key: ${folder}/state/seal.key }
paths: { state: ${folder}/state, cache: ${folder}/cache, run: /run/imp, frr-sockets: ${folder}/frr }
`;

  function dropIn(unit: string, service: string): void {
    mkdirSync(join(folder, `units/${unit}.service.d`));
    const text = `[Unit]\nRequiresMountsFor=\nConditionPathExists=\n[Service]\n${service}`;
    writeFileSync(join(folder, `units/${unit}.service.d/test.conf`), text);
  }

  const installed = () => box.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", "imp");

  function status(): Status | undefined {
    const argv = ["curl", "-sm5", "--unix-socket", "/run/imp/status.sock", "http://localhost/status"] as const;
    try {
      return JSON.parse(box.run(...argv)) as Status;
    } catch {
      return undefined;
    }
  }

  async function until(what: string, holds: (now: Status) => boolean): Promise<Status> {
    let last: Status | undefined;
    for (let tries = 0; tries < 240; tries += 1) {
      last = status() ?? last;
      if (last && holds(last)) return last;
      await delay(500);
    }
    const logs = ["cache/update/log", "said"].map((name) => join(folder, name)).filter((path) => existsSync(path));
    throw new Error(
      `not ${what}: ${JSON.stringify(last)}; ${logs.map((path) => readFileSync(path, "utf8")).join("\n")}`,
    );
  }

  /** The same package as another version, whose program is `program` where given. */
  function made(version: string, program?: string): string {
    const tree = join(folder, "tree");
    const bundle = join(tree, "usr/lib/imp/impctl.cjs");
    const [own = ""] = version.split("+");
    const [control, before] = [join(tree, "DEBIAN/control"), readFileSync(bundle, "utf8")];
    writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, `Version: ${version}`));
    writeFileSync(bundle, program ?? before.replace(/^var version = ".*";$/m, `var version = "${own}";`));
    const file = join(folder, `imp_${version}.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, file]);
    writeFileSync(bundle, before);
    execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", join(folder, "key"), "-n", "imp-package", file]);
    return file;
  }

  /** The machine file names this package. */
  function want(name: string, file: string, version: string): void {
    const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
    const signature = readFileSync(`${file}.sig`, "utf8").trimEnd().replaceAll("\n", "\n    ");
    const entry = `${name}:
  package: ${file}
  version: "${version}"
  digest: sha256:${digest}
  signature: |
    ${signature}
`;
    const images = join(folder, "sites/images.yaml");
    writeFileSync(images, `${existsSync(images) ? readFileSync(images, "utf8") : ""}${entry}`);
    writeFileSync(join(folder, "sites/fra1/r1.yaml"), `hostname: r1\nagent: ${name}\n`);
  }

  it("is installed, and answers", async () => {
    await until("up", ({ agentVersion }) => agentVersion === "9.1.0");
    want("impctl-2", made("9.2.0+1"), "9.2.0+1");

    // The new agent answers before it is known to stay: what there was to go back to goes last.
    const left = () => readdirSync(join(folder, "cache/update")).join(" ");
    await until("updated", ({ agentVersion, update }) => agentVersion === "9.2.0" && !update && left() === "log");

    expect(installed()).toBe("ii 9.2.0+1");
  });

  it("is taken back where it does not come up, and is not tried again", async () => {
    want("impctl-3", made("9.3.0+1", "process.exit(1);\n"), "9.3.0+1");

    const { agentVersion, problems } = await until("taken back", ({ update }) => update?.state === "failed");

    expect([agentVersion, installed()]).toEqual(["9.2.0", "ii 9.2.0+1"]);
    const told = problems.find(({ code }) => code === "UPDATE");
    expect(told?.message).toMatch(/^impctl-3 \(9\.3\.0\+1\) was tried here, and is not tried again: The agent did not/);
    expect(box.run("dpkg", "--audit")).toBe("");
  });

  it("is refused where it is not what was signed", async () => {
    const file = made("9.4.0+1");
    copyFileSync(`${file}.sig`, `${file}.kept`);
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from("\n")]));
    want("impctl-4", file, "9.4.0+1");

    const told = await until("refused", ({ problems }) => problems.some(({ code }) => code.startsWith("TRUST_")));

    const problem = told.problems.find(({ code }) => code.startsWith("TRUST_"));
    expect(problem?.message).toBe("version 9.4.0+1 of the agent has a signature that does not fit its content");
    expect(installed()).toBe("ii 9.2.0+1");
  });

  it("leaves the one before where imp-update is killed while dpkg writes", async () => {
    want("impctl-5", made("9.5.0+1"), "9.5.0+1");
    const phase = join(folder, "cache/update/phase");
    for (let tries = 0; tries < 1200 && !existsSync(phase); tries += 1) await delay(50);
    expect(readFileSync(phase, "utf8")).toBe("installing\n");
    for (let tries = 0; tries < 200 && installed().startsWith("ii"); tries += 1) await delay(10);
    box.run("systemctl", "kill", "-s", "KILL", "imp-update.service");

    await until("put back", ({ update }) => update?.state === "waiting" && /interrupted/.test(update.reason ?? ""));

    expect([installed(), box.run("dpkg", "--audit")]).toEqual(["ii 9.2.0+1", ""]);
    expect(status()?.agentVersion).toBe("9.2.0");
  });
});
