import { describe, expect, it } from "vitest";
import type { Host } from "../../../../reconcilers/core.ts";
import { sendByVtysh } from "../../../../reconcilers/frr/vtysh.ts";
import { frrHost, testSecrets } from "../../../lab/frr-host.ts";

const signal = new AbortController().signal;
const secrets = testSecrets();
const password = {
  context: ["router bgp 64500"],
  line: `neighbor 192.0.2.1 password ${secrets.known("hush")}`,
};

/** A host whose vtysh says this of whatever it is given, and what it was given. */
function saying(said: { readonly exitCode: number; readonly stdout?: string; readonly stderr?: string }) {
  const inputs: string[] = [];
  const run: Host["run"] = (_, { input }) => {
    inputs.push(String(input));
    return Promise.resolve({ stdout: "", stderr: "", ...said });
  };
  return { host: { ...frrHost(undefined, secrets), run }, inputs };
}

describe("a batch by way of vtysh", () => {
  it("shows no secret, whatever vtysh repeats of it", async () => {
    const { host, inputs } = saying({ exitCode: 1, stderr: "neighbor 192.0.2.1 password hush: no such socket" });
    await expect(sendByVtysh([password], host, "/run/frr", signal)).rejects.toMatchObject({
      code: "FRR_UNREACHABLE",
      message: "vtysh ended with 1: neighbor 192.0.2.1 password <secret>: no such socket",
    });
    expect(inputs).toEqual(["router bgp 64500\nneighbor 192.0.2.1 password hush\nexit\n"]);
  });

  it("names the command whose context is refused, at once", async () => {
    const { host, inputs } = saying({ exitCode: 13, stderr: "line 1: BGP is already running; AS is 64501\n" });
    const commands = [password, { context: [], line: "ip route 10.0.0.0/8 Null0" }];
    await expect(sendByVtysh(commands, host, "/run/frr", signal)).rejects.toMatchObject({
      code: "FRR_REJECTED",
      message: `FRR rejected "${password.line}" in "router bgp 64500": BGP is already running; AS is 64501`,
    });
    expect(inputs).toHaveLength(1);
  });
});
