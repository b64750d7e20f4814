/**
 * Asks another appliance for its /status over TLS. Who answers is known by its public key, whose digest stands in the
 * repository: no authority, name or date counts. Every answer is bounded in time and size, since it may be anybody's.
 */
import { request, type IncomingMessage } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import { parsePeerStatus, type PeerStatus } from "../../schemas/peer-status.ts";
import { Problem } from "../../schemas/problem.ts";
import { socketOf, type StatusPlace } from "../../schemas/rollout.ts";
import { fingerprintOf } from "../report/tls.ts";

/** A status with every list full stays far below. */
const mostBytes = 1024 * 1024;
const headBytes = 8192;

/** The status of the appliance at `place`. Rejects with PEER; ends with `signal`, which the caller limits. */
export async function askStatus(place: StatusPlace, signal: AbortSignal): Promise<PeerStatus> {
  const socket = await connectPinned(place, signal);
  try {
    const status = parsePeerStatus(await read(socket, place.address, signal));
    if ("wrong" in status) throw peer(`${place.address} answers with a status that is none: ${status.wrong}.`);
    return status;
  } finally {
    socket.destroy();
  }
}

/** Nothing is sent before the key is known to be the right one. */
async function connectPinned({ address, fingerprint }: StatusPlace, signal: AbortSignal): Promise<TLSSocket> {
  const { host = "", port = 0 } = socketOf(address) ?? {};
  signal.throwIfAborted();
  // The handshake proves that the other side has the key; whether it is the right key is judged below.
  const socket = connect({ host, port, rejectUnauthorized: false, minVersion: "TLSv1.3", ALPNProtocols: ["http/1.1"] });
  const end = (): void => void socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve).once("error", reject);
      socket.once("close", () => reject(new Error("it closed the connection")));
    });
    const shown = fingerprintOf(socket.getPeerCertificate().raw);
    if (shown === fingerprint) return socket;
    throw peer(`${address} has the key ${shown}, and the repository says ${fingerprint}.`);
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    if (cause instanceof Problem) throw cause;
    throw peer(`${address} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  } finally {
    signal.removeEventListener("abort", end);
    socket.on("error", () => undefined);
  }
}

async function read(socket: TLSSocket, address: string, signal: AbortSignal): Promise<string> {
  const headers = { host: address, connection: "close" };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({
        createConnection: () => socket,
        path: "/status",
        headers,
        maxHeaderSize: headBytes,
        signal,
      });
      asked.once("response", resolve).once("error", reject);
      asked.end();
    });
    if (response.statusCode !== 200) throw peer(`${address} answers with ${response.statusCode}.`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) throw peer(`${address} answers with more than ${mostBytes} bytes.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Problem) throw cause;
    throw peer(`${address} breaks off: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  }
}

function peer(message: string, cause?: unknown): Problem {
  return new Problem("PEER", message, { transient: true, ...(cause !== undefined && { cause }) });
}
