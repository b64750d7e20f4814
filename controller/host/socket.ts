/** Stream sockets, unix and TCP, as a Host has them. */
import { connect as connectSocket, type NetConnectOpts, type Socket } from "node:net";
import type { Connection } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

/** Opens a stream socket; what arrives is kept until it is read. */
export async function connect(to: NetConnectOpts, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const socket = connectSocket(to);
  const name = "path" in to ? to.path : `${to.host}:${to.port}`;
  try {
    await settled(socket, "connect", signal);
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("HOST_COMMAND", `${name} does not answer: ${why}`, { transient: true, cause });
  }
  return connection(socket);
}

async function settled(socket: Socket, event: "connect", signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve).once("error", reject);
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true, signal: done.signal });
    });
  } finally {
    done.abort();
    socket.removeAllListeners(event).removeAllListeners("error");
  }
}

function connection(socket: Socket): Connection {
  const arrived: Uint8Array[] = [];
  const ended = new AbortController();
  let wake: () => void = () => undefined;
  // An error ends the stream like a close does: the reader sees that nothing more comes.
  socket
    .on("data", (chunk: Uint8Array) => {
      arrived.push(chunk);
      wake();
    })
    .on("error", () => undefined)
    .on("close", () => {
      ended.abort();
      wake();
    })
    .on("end", () => {
      ended.abort();
      wake();
    });
  return {
    async write(bytes) {
      await new Promise<void>((resolve, reject) => {
        socket.write(bytes, (cause) => {
          if (cause)
            reject(new Problem("HOST_COMMAND", "The other side closed the socket.", { transient: true, cause }));
          else resolve();
        });
      });
    },
    async read(signal) {
      while (arrived.length === 0 && !ended.signal.aborted) {
        signal.throwIfAborted();
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        signal.addEventListener("abort", wake, { once: true });
        await promise;
        signal.removeEventListener("abort", wake);
      }
      if (arrived.length === 0) return undefined;
      return Buffer.concat(arrived.splice(0));
    },
    close: () => socket.destroy(),
  };
}
