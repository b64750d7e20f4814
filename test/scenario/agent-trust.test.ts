import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Status } from "../../controller/report/status.ts";
import type { ProblemCode } from "../../schemas/problem.ts";
import { startAgent } from "../lab/agent-process.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";

const hasPrograms = [["git", "--version"] as const, ["ssh-keygen", "-?"] as const].every(
  ([program, option]) => spawnSync(program, [option]).error === undefined,
);

const fleet = "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }\n";
const appliance = (peers: readonly string[]) => `routing:
  bgp:
    asn: 64500
    router-id: 192.0.2.2
    peers:
${peers.map((peer) => `      p-${peer.split(".")[3]}: { address: ${peer}, remote-as: 64496, expect: any }\n`).join("")}`;

let top: string;
afterEach(() => rmSync(top, { recursive: true, force: true }));

it.skipIf(!hasPrograms)(
  "changes nothing for a key that ended or was revoked, until it counts (needs git)",
  async () => {
    top = mkdtempSync(join(tmpdir(), "imp-agent-trust-"));
    const frr = simFrr();
    const sockets = await frr.listen(join(top, "frr"));
    const sites = makeSitesRepository(top);
    const key = (name: string) => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, name)]);
      return readFileSync(join(top, `${name}.pub`), "utf8");
    };
    const [nora, olga, past] = [key("nora"), key("olga"), key("past")];
    const [allowed, revoked] = [join(top, "allowed"), join(top, "revoked")];
    writeFileSync(allowed, `nora@x ${nora}olga@x ${olga}past@x valid-before="20200101" ${past}`);
    writeFileSync(revoked, olga);
    for (const [name, value] of [
      ["gpg.format", "ssh"],
      ["commit.gpgSign", "true"],
    ])
      sites.git("config", name ?? "", value ?? "");
    const push = (by: string, ...peers: readonly string[]) => {
      sites.git("config", "user.signingKey", join(top, by));
      return sites.push(`Change by ${by}`, { "fleet.yaml": fleet, "fra1/r1.yaml": appliance(peers) });
    };
    const first = push("nora", "192.0.2.1");
    const server = await gitServer(sites.bare);
    const settings = `trust: { signatures: required, allowed-signers: ${allowed}, revoked-keys: ${revoked} }\n`;
    const neighbors = () => frr.config().match(/neighbor \S+ remote-as/g);
    try {
      const options = {
        machine: "fra1/r1",
        remote: server.url,
        frrSockets: join(top, "frr"),
        pollSeconds: 0.3,
        settings,
      };
      await using agent = startAgent({ ...options, folder: join(top, "box") });
      const committed = (commit: string) => (status: Status) =>
        status.committed?.commit === commit && !status.git.lastError;
      const refused = (code: ProblemCode) => (status: Status) => status.git.lastError?.code === code;
      await agent.until("the first commit", committed(first), 60);
      const before = neighbors();

      push("past", "192.0.2.1", "192.0.2.9");
      const expired = await agent.until("the refusal", refused("TRUST_KEY_EXPIRED"), 60);
      sites.git("reset", "--quiet", "--hard", first);
      sites.git("push", "--quiet", "--force", "origin", "HEAD:main");
      await agent.until("the first commit again", committed(first), 60);
      const next = push("olga", "192.0.2.1", "192.0.2.9");
      const ended = await agent.until("the refusal", refused("TRUST_KEY_REVOKED"), 60);

      expect([expired, ended]).toMatchObject([{ desired: { commit: first } }, { desired: { commit: first } }]);
      expect(neighbors()).toEqual(before);
      writeFileSync(revoked, "");
      await agent.until("the commit of a key that counts again", committed(next), 60);
      expect(neighbors()).toHaveLength(2);
    } finally {
      await server.close();
      await sockets.close();
    }
  },
);
