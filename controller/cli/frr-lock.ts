/** One at a time changes an FRR: FRR itself lets any number of clients configure it at once. */
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { Problem } from "../../schemas/problem.ts";

/**
 * Holds the FRR of these sockets until it is disposed of, or this process ends, however it does: the kernel has the name. It is
 * known in this network namespace only. Rejects with FRR_BUSY when somebody else holds it.
 */
export async function takeInstance(sockets: string): Promise<AsyncDisposable> {
  const folder = await realpath(sockets).catch(() => sockets);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      const what = isTaken ? "Another impctl frr apply is changing this FRR." : `${sockets} cannot be held.`;
      reject(new Problem("FRR_BUSY", what, { remedy: "Wait until it has ended.", transient: true, cause }));
    });
    // A name that begins with NUL is in no folder (unix(7)).
    server.listen(`\0imp-frr:${folder}`.slice(0, 100), resolve);
  });
  server.unref();
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
