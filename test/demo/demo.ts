/**
 * `npm run demo`: the main job, played on a real git server, a real agent and, where it can be installed, a real FRR. Each
 * act is a `git push`; what the agent makes of it is printed as it happens. Fails when the story does not end as told.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import type { Status } from "../../controller/report/status.ts";
import { startAgent } from "../lab/agent-process.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";
import { type DemoAppliance, startAppliance } from "./appliance.ts";
import * as sites from "./sites.ts";

const root = new URL("../..", import.meta.url).pathname;
const startedAt = Date.now();

function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

function act(number: number, title: string, why: string): void {
  say();
  say(styleText("bold", `── ${number}. ${title} ${"─".repeat(Math.max(4, 76 - title.length))}`));
  say(why);
}

/** Runs impctl as an operator would and prints what it prints. Any exit code of its own meaning is fine. */
function impctl(cwd: string, ...argv: string[]): void {
  say(styleText("cyan", `$ impctl ${argv.join(" ")}`));
  try {
    say(indent(execFileSync(process.execPath, [join(root, "controller/main.ts"), ...argv], { cwd, encoding: "utf8" })));
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    say(indent(`${stdout ?? ""}${stderr ?? ""}`));
  }
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "  ");
}

async function showUpstreams(appliance: DemoAppliance, expected: RegExp): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    const lines = await appliance.upstreams();
    if (expected.test(lines.join("\n"))) {
      for (const line of lines) say(`${styleText("green", "  upstream │")} ${line}`);
      return;
    }
    if (Date.now() > end) throw new Error(`the upstreams say:\n${lines.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function showInterfaces(appliance: DemoAppliance): void {
  say(`${styleText("green", "       vpp │")} ${appliance.interfaces().join(", ") || "no interface of ours"}`);
}

async function play(folder: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const appliance = stack.use(await startAppliance(folder));
  const repository = makeSitesRepository(folder);
  const server = await gitServer(repository.bare);
  stack.defer(() => server.close());
  const push = (subject: string, files: sites.Files): string => {
    const commit = repository.push(subject, files);
    say(styleText("cyan", `$ git push    # ${commit.slice(0, 8)} ${subject}`));
    return commit;
  };
  const committed = (commit: string) => (status: Status) =>
    status.state === "idle" && status.committed?.commit === commit;

  say(styleText("bold", "impctl: from a git push to a proven router"));
  say(`  sites repository   ${server.url} (git http-backend)`);
  say(`  appliance          fra1/r1: ${appliance.what.join("\n                     ")}`);

  act(1, "First convergence", "A new box, an empty FRR. One commit says what it is to be.");
  const commit1 = push("Add fra1/r1 with transit-a", sites.first);
  const start = () =>
    stack.use(
      startAgent({
        folder,
        machine: "fra1/r1",
        remote: server.url,
        frrSockets: appliance.sockets,
        vpp: appliance.vppSockets,
        settings: `dataplane: ${appliance.namespace}\n`,
        line: (text) => say(`${styleText("dim", "  agent │")} ${text}`),
      }),
    );
  const agent = start();
  await agent.until("the first commit is proven", committed(commit1), 60);
  await showUpstreams(appliance, /transit-a +Established, hears/);
  showInterfaces(appliance);

  act(2, "A VLAN and a BGP neighbour", "What a reviewer sees on the pull request, and then the push.");
  const commit2 = repositoryCommit(repository, "Add transit-b on VLAN 26", sites.second);
  impctl(repository.clone, "diff", "HEAD~1", "HEAD");
  repository.git("push", "--quiet", "origin", "HEAD:main");
  say(styleText("cyan", `$ git push    # ${commit2.slice(0, 8)} Add transit-b on VLAN 26`));
  const pushedAt = Date.now();
  await agent.until("the second commit is seen", (s) => s.desired?.commit === commit2, 30);
  say(styleText("dim", `  (seen ${((Date.now() - pushedAt) / 1000).toFixed(1)} s after the push)`));
  await agent.until("the second commit is proven", committed(commit2), 60);
  await showUpstreams(appliance, /transit-a +Established, hears[^]*transit-b +Established, hears/);

  showInterfaces(appliance);

  act(
    3,
    "A mistake",
    "Somebody overrides the red check and merges it. The box refuses, and keeps running what it has.",
  );
  const commit3 = push("Add a peering VLAN", sites.mistaken);
  const refused = await agent.until("the mistake is refused", (s) => s.problems.length > 0, 30);
  say(`  refused: ${commit3.slice(0, 8)}; still committed: ${refused.committed?.commit.slice(0, 8)}`);
  for (const problem of refused.problems) {
    say(
      indent(
        styleText("yellow", `${problem.file}:${problem.line}:${problem.column}: ${problem.path}: ${problem.message}`),
      ),
    );
  }
  await showUpstreams(appliance, /transit-a +Established, hears[^]*transit-b +Established, hears/);

  act(4, "Valid, and harmful", "Two digits of transit-a's AS number are swapped. Nothing but the network can tell.");
  const commit4 = push("Tidy up transit-a", sites.harmful);
  const rolledBack = await agent.until(
    "the harm is undone",
    (s) => s.lastDeployment?.commit === commit4 && s.lastDeployment.outcome === "rolled-back",
    90,
  );
  say(`  rolled back: ${rolledBack.lastDeployment?.reason}`);
  await showUpstreams(appliance, /transit-a +Established, hears[^]*transit-b +Established, hears/);

  act(
    5,
    "What is left",
    "The bad generation is held: it is not tried again, whatever commit brings it. A revert ends it.",
  );
  impctl(folder, "status", "--socket", agent.socket);
  const commit5 = push('Revert "Tidy up transit-a"', sites.reverted);
  await agent.until(
    "the revert is recognised as what is committed already",
    (s) => s.state === "idle" && s.desired?.commit === commit5 && s.desired.generation === s.committed?.generation,
    60,
  );
  say("  recognised: it asks for what was proven in act 2, so there is nothing to apply and nothing to prove again");

  act(
    6,
    "A crash in the middle",
    "A change is being proven when the agent is killed. Started again it first undoes what was not proven.",
  );
  const commit6 = push("Raise the hold time", sites.interrupted);
  await agent.until("it is being proven", (s) => s.state === "proving" && s.deployment?.commit === commit6, 60);
  agent.child.kill("SIGKILL");
  say(styleText("cyan", "$ kill -9    # the agent"));
  const next = start();
  await next.until(
    "what was in flight is undone",
    (s) => s.lastDeployment?.commit === commit6 && s.lastDeployment.outcome === "rolled-back",
    60,
  );
  await showUpstreams(appliance, /transit-a +Established, hears[^]*transit-b +Established, hears/);
  await next.until("it says what it waits for", (s) => s.state === "waiting", 30);
  impctl(folder, "why", "--socket", next.socket);
  impctl(folder, "show", "--socket", next.socket);

  act(
    7,
    "VPP falls over",
    "It starts anew without any configuration. What was committed is back before the next poll.",
  );
  appliance.restartVpp();
  say(styleText("cyan", "$ kill -9    # VPP"));
  showInterfaces(appliance);
  const fellAt = Date.now();
  while (appliance.interfaces().length < 3) {
    if (Date.now() - fellAt > 30_000) throw new Error("VPP did not get its interfaces back");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  showInterfaces(appliance);
  say(styleText("dim", `  (back ${((Date.now() - fellAt) / 1000).toFixed(1)} s after it fell)`));
  await showUpstreams(appliance, /transit-a +Established, hears[^]*transit-b +Established, hears/);

  say();
  say(styleText("bold", `Done in ${Math.round((Date.now() - startedAt) / 1000)} s. What to look at next:`));
  say("  npm run -s impctl -- validate sites            the example repository, checked");
  say("  npm run -s impctl -- explain fra1/r1 routing.bgp.peers --sites sites");
  say("  npm run -s impctl -- render fra1/r1 --sites sites");
  say("  README.md, docs/sites.md                       write your own");
}

/** Commits without pushing: a pull request. */
function repositoryCommit(
  repository: ReturnType<typeof makeSitesRepository>,
  subject: string,
  files: sites.Files,
): string {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(repository.clone, path), text);
  repository.git("add", "--all");
  repository.git("commit", "--quiet", "--message", subject);
  return repository.git("rev-parse", "HEAD").trim();
}

const folder = mkdtempSync(join(tmpdir(), "impctl-demo-"));
try {
  await play(folder);
} catch (error) {
  say();
  say(styleText("red", `The story did not end as told: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
