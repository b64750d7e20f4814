import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { startAgent } from "../lab/agent-process.ts";
import { forgeServer } from "../lab/forge-server.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const fleet = "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 1, deadline-seconds: 60 }\n";
const appliance = (as: number) => `routing:
  bgp:
    asn: 64500
    router-id: 192.0.2.2
    peers: { upstream: { address: 192.0.2.1, remote-as: ${as} } }
`;

let top: string;
afterEach(() => rmSync(top, { recursive: true, force: true }));

it.skipIf(!hasGit)("a whole agent tells a forge and a webhook what becomes of each commit (needs git)", async () => {
  top = mkdtempSync(join(tmpdir(), "imp-agent-notify-"));
  const frr = simFrr();
  const sockets = await frr.listen(join(top, "frr"));
  frr.peers.set("192.0.2.1", { as: 64496 });
  const sites = makeSitesRepository(top);
  const push = (as: number) => sites.push(`AS ${as}`, { "fleet.yaml": fleet, "fra1/r1.yaml": appliance(as) });
  const good = push(64496);
  const commits = [good];
  const forge = await forgeServer({ kind: "gitea", token: "t0ken", repository: "noc/sites", commits });
  writeFileSync(join(top, "token"), "t0ken\n", { mode: 0o600 });
  try {
    await using agent = startAgent({
      folder: join(top, "box"),
      machine: "fra1/r1",
      remote: sites.bare,
      frrSockets: join(top, "frr"),
      pollSeconds: 0.3,
      settings: `notify:
  webhooks: [{ url: "${forge.url}/hook", secret-file: ${top}/token }]
  commit-status: [{ kind: gitea, api: "${forge.url}", repository: noc/sites, token-file: ${top}/token }]
`,
    });
    const said = (commit: string) => forge.statuses.filter((one) => one.commit === commit).at(-1);
    await agent.until("success", () => said(good)?.state === "success", 60);
    const bad = push(64499);
    commits.push(bad);
    await agent.until("failure", () => said(bad)?.state === "failure" && forge.hooks.length >= 5, 60);

    expect(said(good)).toMatchObject({ context: "imp/fra1/r1", description: "proven and committed" });
    expect(said(bad)?.description).toMatch(/^rolled back \(health\): .*192\.0\.2\.1/);
    const events = forge.hooks.map(({ body }) => (JSON.parse(body) as { readonly event: string }).event);
    expect(events).toEqual(["started", "committed", "started", "rolled-back", "held"]);
  } finally {
    await forge.close();
    await sockets.close();
  }
});
