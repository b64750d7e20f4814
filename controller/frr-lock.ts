/**
 * One at a time changes an FRR, the agent or `impctl frr apply`: FRR itself lets any number of clients configure it at once.
 */
import { realpath } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { Problem } from "../schemas/problem.ts";

/** What holds an FRR, as whoever comes second is told. */
export const holders = {
  agent: "The agent of this box is in the middle of a deployment, and holds FRR.",
  command: "Another `impctl frr apply` is changing this FRR.",
} as const;

const answerMs = 1000;

/**
 * Holds the FRR of these sockets until it is disposed of, or this process ends, however it does: the kernel has the name. It is
 * known in this network namespace only. Rejects with FRR_BUSY, and who it is, when somebody else holds it.
 */
export async function takeInstance(sockets: string, holder: keyof typeof holders): Promise<AsyncDisposable> {
  const folder = await realpath(sockets).catch(() => sockets);
  // A name that begins with NUL is in no folder (unix(7)).
  const name = `\0imp-frr:${folder}`.slice(0, 100);
  const server = createServer((socket) => socket.on("error", () => undefined).end(holders[holder]));
  const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen(name, () => resolve(undefined));
  });
  if (failed) {
    const isTaken = failed.code === "EADDRINUSE";
    const what = isTaken ? await holderOf(name) : `${sockets} cannot be held.`;
    throw new Problem("FRR_BUSY", what, { remedy: "Wait until it has ended.", transient: true, cause: failed });
  }
  server.unref();
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** What the holder says of itself; it may be too busy to say anything. */
async function holderOf(name: string): Promise<string> {
  const socket = createConnection(name);
  const timer = setTimeout(() => socket.destroy(), answerMs);
  const said = await text(socket).catch(() => "");
  clearTimeout(timer);
  return Object.values(holders).find((one) => one === said) ?? "Somebody else is changing this FRR.";
}
