import { describe, expect, it } from "vitest";
import { canonicalForm } from "../../../../reconcilers/frr/canonical.ts";
import { daemons } from "../../../../reconcilers/frr/model.ts";
import type { Scratches } from "../../../../reconcilers/frr/scratches.ts";
import { frrHost } from "../../../lab/frr-host.ts";

const signal = new AbortController().signal;
const noScratches: Scratches = { take: () => Promise.resolve({ why: "none is installed" }) };

/** What a file becomes beside an FRR that runs nothing else. */
function form(text: string, live = "") {
  const observed = { version: "8.4.4", running: daemons, config: live, incomplete: [], profile: "traditional" };
  return canonicalForm({ name: "frr.conf", text }, observed, noScratches, frrHost(), signal);
}

describe("what a file becomes in a running FRR", () => {
  it.each([
    ["lo file /tmp/x\n", 1],
    ["no lo stdout\n", 1],
    ["ban motd line x\n", 1],
    ["do write\n", 1],
    ["router bgp 64500\n log file /tmp/x\nexit\n", 2],
    ["interface e0\n do show running-config\nexit\n", 2],
  ])("is nothing where a line would do something else to FRR: %j", async (text, line) => {
    const { problems } = await form(text);
    expect(problems).toMatchObject([{ code: "FRR_REJECTED", at: { file: "frr.conf", line } }]);
  });

  it("has nothing of what is FRR's own, however the file is indented", async () => {
    const own = "hostname r1\nlog file /tmp/x\nno log unique-id\nbanner motd line x\n";
    for (const text of [`${own}line vty\n no login\nexit\n`, `line vty\n no login\n${own}`]) {
      expect(await form(text)).toEqual({ config: "", problems: [], notes: [] });
    }
  });
});
