/** What is said of an image, by how a box answers that only pretends. */
import { expect, it } from "vitest";
import type { Box } from "../../../../controller/image-trial/box.ts";
import { carryOut } from "../../../../controller/image-trial/checks.ts";
import { machineFile } from "../../../../controller/image-trial/sites.ts";
import { loadMachine } from "../../../../schemas/load.ts";
import { trialChecks } from "../../../../schemas/manifest.ts";
import { memoryTree } from "../../../lab/memory-tree.ts";

/** What is asked → what it says; the first whose key the script has. */
const well: Readonly<Record<string, string>> = {
  "is-system-running": "running\n",
  "zpool list": "ONLINE\ntank/ROOT/try-a",
  "echo kept": "tank/persistent/config\ntank/persistent/data",
  "echo here": "here",
  "/status": '{"committed":{"commit":"1"},"inSync":true}',
  "ip netns list": "dataplane",
  "head -c 4": " 7f 45 4c 46",
  "show version' | head": "dataplane\ndataplane\nFRRouting 8.4.4",
  "core-cli.sock": "vpp v25.06-release",
  "nat-cli.sock": "vpp v25.06-release",
  "netns add": "",
  "bgp summary": '{"192.0.2.2":{"state":"Established"}}',
  "impctl be": '{"environments":[{"name":"try-a"},{"name":"try-b"}]}',
  "cat /persistent/data/kept": "tank/ROOT/try-b\nkept",
  restart: "",
};

function box(answers: Readonly<Record<string, string>>, boots = true): Box {
  const of = (script: string): string => Object.entries(answers).find(([key]) => script.includes(key))?.[1] ?? "";
  return {
    boot: async () => boots,
    sh: async (script) => ({ exitCode: 0, stdout: of(script), stderr: "" }),
    until: async (script, holds) => ({ held: holds(of(script)), out: of(script) }),
    shutDown: async () => undefined,
    console: async () => "Kernel panic - not syncing\n",
  };
}

async function resultsOf(it: Box): Promise<Readonly<Record<string, string>>> {
  const results = await carryOut(it, () => undefined);
  return Object.fromEntries(
    results.map(({ check, result, why }) => [check, why === undefined ? result : `${result}: ${why}`]),
  );
}

const leadsNowhere =
  "the one NIC of the dataplane leads nowhere here: nobody sends anything through VPP, or would see it come out";

it("passes what is as it should be, and says what nobody can test here", async () => {
  const results = await resultsOf(box(well));

  expect(Object.keys(results)).toEqual([...trialChecks]);
  expect(Object.entries(results).filter(([, result]) => result !== "passed")).toEqual([
    ["forwarding", `not-tested: ${leadsNowhere}`],
    ["nat", `not-tested: ${leadsNowhere}`],
  ]);
});

it("tests nothing of VPP where something else is in its place", async () => {
  const results = await resultsOf(box({ ...well, "head -c 4": " 23 21 2f 75" }));

  const untested = "not-tested: what the image has in VPP's place is no VPP";
  expect(results).toMatchObject({ "vpp-core": untested, "vpp-nat": untested, forwarding: untested, nat: untested });
  expect(results).toMatchObject({ "bgp-session": "passed" });
});

it.each([
  ["boots", { "is-system-running": "degraded\nfrr.service\n" }, "failed: degraded frr.service"],
  ["pool-imported", { "zpool list": "DEGRADED\ntank/ROOT/try-a" }, "DEGRADED tank/ROOT/try-a"],
  ["agent-converged", { "/status": '{"committed":null,"inSync":false}' }, "it does not commit"],
  ["vpp-nat", { "nat-cli.sock": "no such file" }, "no such file"],
  ["dataplane-namespace", { "ip netns list": "" }, "failed: ip netns list"],
  ["frr-in-namespace", { "show version' | head": "\ndataplane\nFRRouting 8.4.4" }, "failed: dataplane FRRouting"],
  ["bgp-session", { "bgp summary": '{"192.0.2.2":{"state":"Active"}}' }, "Active"],
  ["other-boot-environment", { "cat /persistent/data/kept": "tank/ROOT/try-b" }, "try-b"],
])("says that %s failed, and why", async (check, answers, why) => {
  const results = await resultsOf(box({ ...well, ...answers }));

  expect(results[check]).toMatch(/^failed: /);
  expect(results[check]).toContain(why);
});

it("tests nothing more of an image that does not boot, and shows the end of its console", async () => {
  const results = await resultsOf(box(well, false));

  expect(results["boots"]).toContain("Kernel panic - not syncing");
  expect(trialChecks.slice(1).every((check) => results[check] === "not-tested: it was not seen to boot well")).toBe(
    true,
  );
});

it.each([true, false])("gives the box a machine file that is valid (with translation: %s)", async (translates) => {
  const { loaded, problems } = await loadMachine(memoryTree(machineFile({ translates })), "lab/trial");

  expect(loaded?.machine.nat !== undefined).toBe(translates);
  expect(problems.filter(({ severity }) => severity === "error").map(String)).toEqual([]);
});

it.each([
  [" 7f 45 4c 46", true],
  [" 23 21 2f 75", false],
])("asks a box whose VPP begins with%s for a second instance: %s", async (begins, translates) => {
  const scripts: string[] = [];
  const it = box({ ...well, "head -c 4": begins });
  await carryOut({ ...it, sh: (script) => (scripts.push(script), it.sh(script)) }, () => undefined);

  expect(scripts.some((script) => script.includes("det44"))).toBe(translates);
});
