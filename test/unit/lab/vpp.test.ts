import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frame } from "../../lab/vpp/codec.ts";
import { connectUnix, gone, rawClient, silence } from "../../lab/vpp/raw-client.ts";
import { simVpp } from "../../lab/vpp/sim-vpp.ts";
import { filterStories, natStories, switchStories } from "../../lab/vpp/stories-filters.ts";
import { layer3Stories } from "../../lab/vpp/stories-layer3.ts";
import { protocolStories } from "../../lab/vpp/stories-protocols.ts";
import { interfaceStories, type Story } from "../../lab/vpp/stories.ts";

const chapters: Readonly<Record<string, readonly Story[]>> = {
  interfaces: interfaceStories,
  "layer 3": layer3Stories,
  filters: filterStories,
  switching: switchStories,
  translation: natStories,
  protocols: protocolStories,
};

describe.each(Object.entries(chapters))("%s of the simulated VPP", (_title, stories) => {
  it.each(stories)("$name", async ({ tell }) => {
    expect.hasAssertions();
    await tell(await rawClient(simVpp({ linuxCp: { namespace: "dataplane" } }).connect()));
  });
});

describe("the simulated VPP", () => {
  it("does not answer what it does not know, what is too short, or who is not the client", async () => {
    const connection = simVpp().connect();
    const client = await rawClient(connection, 20);
    const id = (name: string): number => client.idOf(name);
    const bodies = [
      Uint8Array.of(0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 1),
      Uint8Array.of(0),
      Uint8Array.of(0, id("control_ping"), 0, 0, 0, 1),
      Uint8Array.of(0, id("control_ping"), 0, 0, 0, 99, 0, 0, 0, 1),
    ];
    for (const body of bodies) {
      await connection.write(frame(body));
      expect(await client.anything()).toBe(silence);
    }
    expect(await client.retval("control_ping")).toBe(0);
  });

  it("leaves a request unanswered as planned", async () => {
    const vpp = simVpp();
    const client = await rawClient(vpp.connect(), 20);
    vpp.ignore(/show_version/);
    expect(await client.call("show_version")).toBe(silence);
    expect(await client.retval("control_ping")).toBe(0);
  });

  it("answers in pieces over a real socket, page by page", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vs-sim-"));
    const lcp = Array.from({ length: 5 }, (_, i) => [`create loopback interface`, `lcp create loop${i} host-if l${i}`]);
    const vpp = simVpp({ bootCommands: lcp.flat(), pieces: 1000 });
    const server = await vpp.listen(join(folder, "api.sock"));
    const client = await rawClient(await connectUnix(join(folder, "api.sock")));
    const pairs = await client.dump("lcp_itf_pair_get");
    expect(pairs.map((pair) => pair.host_if_name)).toEqual(["l0", "l1", "l2", "l3", "l4"]);
    const [document] = JSON.parse(((await client.call("get_api_json")) as { json: string }).json) as [
      { messages: unknown[] },
    ];
    expect(document.messages.length).toBeGreaterThan(200);
    client.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("tells those who want it of interfaces that come and go", async () => {
    const client = await rawClient(simVpp().connect(), 20);
    expect(await client.retval("want_interface_events", { enable_disable: 1, pid: 1 })).toBe(0);
    expect(await client.retval("want_interface_events", { enable_disable: 1, pid: 1 })).toBe(-31);
    await client.retval("create_loopback_instance", { is_specified: true, user_instance: 1 });
    expect(await client.anything()).toBeInstanceOf(Uint8Array);
  });

  it("refuses, drops and starts anew as planned", async () => {
    const vpp = simVpp({ bootCommands: ["create loopback interface instance 3", "nonsense"] });
    expect(vpp.failedCommands).toEqual(["nonsense: unknown input `nonsense'"]);
    const client = await rawClient(vpp.connect());
    const loop = { is_specified: true, user_instance: 4 };
    vpp.faultAt(2, "refuse", -9);
    expect(await client.retval("create_loopback_instance", loop)).toBe(0);
    expect(await client.retval("create_loopback_instance", { ...loop, user_instance: 5 })).toBe(-9);
    vpp.dropAt(/create_loopback/, true);
    expect(await client.retval("create_loopback_instance", { ...loop, user_instance: 6 })).toBe(gone);
    expect([...vpp.state.interfaces.values()].map((itf) => itf.name)).toEqual(["local0", "loop3", "loop4", "loop6"]);
    const pid = vpp.pid;
    vpp.restart();
    expect(vpp.pid).not.toBe(pid);
    expect([...vpp.state.interfaces.values()].map((itf) => itf.name)).toEqual(["local0", "loop3"]);
  });
});
