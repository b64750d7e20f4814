import { describe, expect, it } from "vitest";
import type { Connection, Host } from "../../../../reconcilers/core.ts";
import { bgpSessions, ospfNeighbors } from "../../../../reconcilers/frr/sessions.ts";
import { frrHost } from "../../../lab/frr-host.ts";
import { simFrr } from "../../../lab/frr-sim.ts";

const signal = new AbortController().signal;

/** A host whose daemons answer everything but "enable" like this. */
function answering(text: string, status = 0): Host {
  const connect = (): Promise<Connection> => {
    const replies: Uint8Array[] = [];
    const frame = (said: string, code: number) => new Uint8Array([...new TextEncoder().encode(said), 0, 0, 0, code]);
    return Promise.resolve({
      write: (bytes) => {
        const isEnable = new TextDecoder().decode(bytes).startsWith("enable");
        replies.push(isEnable ? frame("", 0) : frame(text, status));
        return Promise.resolve();
      },
      read: () => Promise.resolve(replies.shift()),
      close: () => undefined,
    });
  };
  return { ...frrHost(simFrr()), connect };
}

describe("asking FRR about its sessions", () => {
  it("knows none where there is no instance", async () => {
    expect(await bgpSessions(answering("{\n}"), "/run/frr", signal)).toEqual([]);
    expect(await bgpSessions(answering("% No BGP process is configured\n"), "/run/frr", signal)).toEqual([]);
    expect(await ospfNeighbors(answering("{\n}"), "/run/frr", "ospf", signal)).toEqual([]);
    expect(await ospfNeighbors(answering(""), "/run/frr", "ospf6", signal)).toEqual([]);
  });

  it.each([
    ["a bad status", "{}", 2],
    ["no JSON", "% Unknown command", 0],
    ["half an answer", '{"default":{"ipv4Unicast":{"peers":{', 0],
  ])("takes %s for no answer, to be asked again, and not for no sessions", async (_, text, status) => {
    const failure = { code: "FRR_UNREACHABLE", transient: true };

    await expect(bgpSessions(answering(text, status), "/run/frr", signal)).rejects.toMatchObject(failure);
    await expect(ospfNeighbors(answering(text, status), "/run/frr", "ospf", signal)).rejects.toMatchObject(failure);
  });
});
