/** The list of checks that an image has to stand, one after the other on a box that it runs on. */
import { trialChecks, type ImageTrial, type TrialCheck } from "../../schemas/manifest.ts";
import type { Box } from "./box.ts";
import { machineFile, settingsFile, sitesFolder, neighbor } from "./sites.ts";

/** undefined: it is as it should be; else what is not, or why nobody can tell. */
type Outcome = undefined | { readonly failed: string } | { readonly untested: string };

type Results = ImageTrial["checks"];

/** Seconds. Emulated, ten times as many. */
const [briefly, long] = [60, 300] as const;

/** Carries all of them out; `tell` hears of each. Rejects only when it is told to end. */
export async function carryOut(box: Box, tell: (line: Results[number]) => void): Promise<Results> {
  const results: Results = [];
  for (const check of trialChecks) {
    const isUp = check === "boots" || results[0]?.result === "passed";
    const outcome = isUp ? await checks[check](box) : { untested: "it was not seen to boot well" };
    const result = outcome === undefined ? "passed" : "failed" in outcome ? "failed" : "not-tested";
    const text = outcome && ("failed" in outcome ? outcome.failed : outcome.untested);
    const why = text
      ?.replaceAll(/[^\x20-\x7e]+/g, " ")
      .trim()
      .slice(0, 200);
    const line = { check, result, ...(why !== undefined && why !== "" && { why }) } as const;
    results.push(line);
    tell(line);
  }
  return results;
}

const checks: Readonly<Record<TrialCheck, (box: Box) => Promise<Outcome>>> = {
  boots,
  "pool-imported": (box) =>
    expects(box, "zpool list -H -o health tank; findmnt -no SOURCE /", "ONLINE\ntank/ROOT/try-a"),
  "persistent-datasets": (box) =>
    expects(
      box,
      "for one in config data; do findmnt -no SOURCE /persistent/$one; done; echo kept >/persistent/data/kept; sync",
      "tank/persistent/config\ntank/persistent/data",
    ),
  // Each of the others came over it.
  "management-ssh": (box) => expects(box, "echo here", "here"),
  "agent-converged": converged,
  "dataplane-namespace": (box) => expects(box, "ip netns list | sed 's/ .*//'", "dataplane"),
  "vpp-core": (box) => vpp(box, "core"),
  "vpp-nat": (box) => vpp(box, "nat"),
  "frr-in-namespace": frr,
  "bgp-session": bgp,
  forwarding: alone,
  nat: alone,
  "other-boot-environment": otherEnvironment,
};

async function boots(box: Box): Promise<Outcome> {
  if (!(await box.boot("tank/ROOT/try-a"))) {
    const shown = (await box.console()).trim().split("\n").slice(-3).join(" | ");
    return { failed: `nobody can log in; its console: ${shown.slice(-150)}` };
  }
  const state = "systemctl is-system-running; systemctl list-units --failed --plain --no-legend | cut -d' ' -f1";
  const { held, out } = await box.until(state, (said) => !said.startsWith("starting"), long);
  if (!held) return { failed: "it does not come to rest" };
  return out.startsWith("running") ? undefined : { failed: out.replaceAll("\n", " ") };
}

/** What a script prints is this. */
async function expects(box: Box, script: string, wanted: string): Promise<Outcome> {
  const { stdout, stderr } = await box.sh(script);
  return stdout.trim() === wanted ? undefined : { failed: `${script}: ${stdout}${stderr}` };
}

/**
 * Gives it a machine file, as a box gets one from git, and waits until the agent has committed. It asks for translation, and so for the
 * second instance, of a VPP alone: what stands in for one need not know of it.
 */
async function converged(box: Box): Promise<Outcome> {
  const translates = (await noVpp(box)) === undefined;
  const lay = (path: string, text: string): string =>
    `mkdir -p "$(dirname ${path})"\ncat >${path} <<'END'\n${text}END\n`;
  const files = Object.entries(machineFile({ translates })).map(([path, text]) => lay(`${sitesFolder}/${path}`, text));
  const settings = "/persistent/config/imp/agent.yaml";
  const laid = `umask 077\nmkdir -p /persistent/data/imp\n${files.join("")}${lay(settings, settingsFile)}`;
  const { exitCode, stderr } = await box.sh(`${laid}systemctl restart imp-failsafe imp-agent\n`);
  if (exitCode !== 0) return { failed: `the agent does not start: ${stderr}` };
  const ask = "curl -s --max-time 20 http://127.0.0.1:9709/status";
  const { held, out } = await box.until(ask, (said) => isCommitted(said), long);
  return held ? undefined : { failed: `it does not commit: ${out.slice(0, 150)}` };
}

function isCommitted(said: string): boolean {
  try {
    const status = JSON.parse(said) as { readonly committed?: unknown; readonly inSync?: unknown };
    return status.committed !== undefined && status.committed !== null && status.inSync === true;
  } catch {
    return false;
  }
}

/** Why nothing can be said of VPP: in its place is something else. */
async function noVpp(box: Box): Promise<Outcome> {
  const { stdout } = await box.sh("head -c 4 /usr/bin/vpp | od -An -tx1");
  return stdout.trim() === "7f 45 4c 46" ? undefined : { untested: "what the image has in VPP's place is no VPP" };
}

/** Of what goes through VPP. */
async function alone(box: Box): Promise<Outcome> {
  const untested =
    "the one NIC of the dataplane leads nowhere here: nobody sends anything through VPP, or would see it come out";
  return (await noVpp(box)) ?? { untested };
}

async function vpp(box: Box, instance: string): Promise<Outcome> {
  const absent = await noVpp(box);
  if (absent) return absent;
  const ask = `vppctl -s /run/vpp/${instance}-cli.sock show version`;
  const { held, out } = await box.until(ask, (said) => /^vpp v\d/m.test(said), briefly);
  return held ? undefined : { failed: `${ask}: ${out}` };
}

async function frr(box: Box): Promise<Outcome> {
  const script = `for one in zebra bgpd; do ip netns identify "$(cat /run/frr/$one.pid)"; done; vtysh -c 'show version' | head -1`;
  const { held, out } = await box.until(script, (said) => said.startsWith("dataplane\ndataplane\nFRRouting "), briefly);
  return held ? undefined : { failed: out };
}

/** The neighbour is a BGP of its own, in a namespace beside the dataplane: nothing of VPP is in between. */
async function bgp(box: Box): Promise<Outcome> {
  const started = await box.sh(neighbor);
  if (started.exitCode !== 0) return { failed: `there is no neighbour: ${started.stderr}` };
  const ask = "vtysh -c 'show bgp summary json'";
  const { held, out } = await box.until(ask, (said) => said.includes('"state":"Established"'), briefly);
  return held ? undefined : { failed: out.replaceAll(/\s+/g, " ") };
}

async function otherEnvironment(box: Box): Promise<Outcome> {
  const listed = await box.sh("impctl be list --json");
  if (!listed.stdout.includes('"try-b"')) return { failed: `impctl be list does not show it: ${listed.stderr}` };
  await box.shutDown();
  if (!(await box.boot("tank/ROOT/try-b"))) return { failed: "nobody can log in" };
  return expects(box, "findmnt -no SOURCE /; cat /persistent/data/kept", "tank/ROOT/try-b\nkept");
}
