/**
 * A name server for the appliance under test (RFC 1035): one name has an address, no other exists. Without an answer, systemd's
 * resolver would ask hundreds of times a second, and leave an emulated machine no time for anything else.
 */
import { createSocket } from "node:dgram";

const header = 12;
const standard = 0x8180; // an answer, by a server that recurses
const unknown = 3; // NXDOMAIN
const typeA = 1;
/** Back to the question, as a name. */
const pointer = 0xc00c;

/** Listens on loopback until it is disposed of. `address` is IPv4. */
export async function nameServer(name: string, address: string): Promise<AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.on("message", (asked, peer) => {
    if (asked.length > header + 5) socket.send(answer(asked, name, address), peer.port, peer.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(53, "127.0.0.1", resolve);
  });
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function answer(asked: Buffer, name: string, address: string): Buffer {
  const { end, name: wanted } = question(asked);
  const isKnown = wanted === name;
  const record = isKnown && asked.readUInt16BE(end - 4) === typeA ? aRecord(address) : Buffer.alloc(0);
  const head = Buffer.alloc(header);
  asked.copy(head, 0, 0, 2);
  head.writeUInt16BE(isKnown ? standard : standard | unknown, 2);
  head.writeUInt16BE(1, 4); // questions
  head.writeUInt16BE(record.length > 0 ? 1 : 0, 6); // answers
  return Buffer.concat([head, asked.subarray(header, end), record]);
}

function question(asked: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = header;
  for (let length = asked[at] ?? 0; length > 0 && at + length < asked.length; length = asked[at] ?? 0) {
    labels.push(asked.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

function aRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(pointer, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(1, 4); // IN
  record.writeUInt32BE(300, 6); // seconds that it may be kept
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split(".").map(Number)).copy(record, 12);
  return record;
}
