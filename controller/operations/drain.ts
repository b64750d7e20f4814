import type { JsonObject } from "../../schemas/json.ts";
import { Problem } from "../../schemas/problem.ts";
import { startOverlay } from "../overlay.ts";
import { durationIn, pollNow, reasonIn, type Answer, type Operation } from "./operation.ts";

/** `impctl drain --peer|--interface|--all --for --reason`: `maintenance: drain` on this box alone, for a while. */
export const drain: Operation = {
  name: "drain",
  changes: true,
  check(asked) {
    reasonIn(asked);
    durationIn(asked);
    drained(asked);
  },
  async run(agent, asked, signal) {
    const { name, layer } = drained(asked);
    const file = { kind: "drain", name, text: JSON.stringify(layer) } as const;
    const { problems, started } = await startOverlay(agent, file, reasonIn(asked), durationIn(asked), signal);
    if (started) return { drained: name, ...started, ...(await pollNow(agent, signal)) };
    throw problems[0] ?? new Problem("USAGE", `${name} cannot be drained.`);
  },
};

/** What is meant: its name for people, and as the machine file says it. Throws USAGE unless it is exactly one thing. */
export function drained(asked: Answer): { readonly name: string; readonly layer: JsonObject } {
  const { peer, interface: on, all } = asked;
  const maintenance = { maintenance: "drain" };
  const given = [peer, on, all].filter((one) => one !== undefined && one !== false);
  if (given.length === 1) {
    if (all === true) return { name: "everything", layer: maintenance };
    if (typeof peer === "string" && peer !== "")
      return { name: `peer ${peer}`, layer: { routing: { bgp: { peers: { [peer]: maintenance } } } } };
    if (typeof on === "string" && on !== "") {
      const link = { interfaces: { [on]: maintenance } };
      return { name: `interface ${on}`, layer: { routing: { ospf: link, ospf3: link } } };
    }
  }
  throw new Problem("USAGE", "say what: one of --peer, --interface and --all.", {
    remedy: "Peers and interfaces are named as in the machine file.",
  });
}
