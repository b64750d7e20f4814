/** Anchors: places beside the sites repository that show whether the management network still works. */
import { z } from "zod";
import { HostName, parseAddress } from "./primitives.ts";

/** Where to knock: a TCP port, or, without one, an address to ping. */
export interface Door {
  readonly host: string;
  readonly port?: number;
}

const error = 'must be an address, "host:port" or "[IPv6 address]:port"';

export const Anchor = z
  .string()
  .max(260)
  .check((ctx) => {
    if (doorOf(ctx.value)) return;
    ctx.issues.push({ code: "custom", message: `"${ctx.value}" ${error}`, input: ctx.value });
  })
  .meta({
    description: "An address (pinged), or host:port (connected to).",
    examples: ["10.255.0.1", "ntp.example.net:443"],
  });

/** Reads an anchor; undefined when it is none. */
export function doorOf(text: string): Door | undefined {
  if (!("error" in parseAddress(text))) return { host: text };
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:]+)):([1-9]\d{0,4})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3]);
  const isHost = match?.[1] === undefined ? HostName.safeParse(host).success : !("error" in parseAddress(host));
  return isHost && port > 0 && port <= 65_535 ? { host, port } : undefined;
}
