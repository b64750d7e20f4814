/**
 * One at a time changes an FRR or a VPP, the agent or `impctl frr apply` and `impctl vpp apply`: both let any number of clients
 * configure them at once. And one at a time makes images, or tries one, in a cache.
 */
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { text } from "node:stream/consumers";
import type { VppPlaces } from "../reconcilers/vpp/instances.ts";
import { Problem } from "../schemas/problem.ts";

/** What holds one, as whoever comes second is told. */
export const holders = {
  frr: {
    agent: "The agent of this box is in the middle of a deployment, and holds FRR.",
    command: "Another `impctl frr apply` is changing this FRR.",
  },
  vpp: {
    agent: "The agent of this box is in the middle of a deployment, and holds VPP.",
    command: "Another `impctl vpp apply` is changing this VPP.",
  },
  image: { command: "Another `impctl image` is at work in this cache." },
} as const;

const busy = {
  frr: { code: "FRR_BUSY", unknown: "Somebody else is changing this FRR." },
  vpp: { code: "VPP_BUSY", unknown: "Somebody else is changing this VPP." },
  image: { code: "IMAGE_BUILD", unknown: "Somebody else is at work in this cache." },
} as const;

type Held = keyof typeof holders;
type Holder<H extends Held> = keyof (typeof holders)[H];

const answerMs = 1000;

/**
 * Holds the FRR of this folder of sockets, the VPP of this socket, or this cache of images, until it is disposed of, or this process
 * ends, however it does: the kernel has the name. It is known in this network namespace only. Rejects with FRR_BUSY, VPP_BUSY or
 * IMAGE_BUILD, and who it is, when somebody else holds it.
 */
export async function takeInstance<H extends Held>(
  held: H,
  sockets: string,
  holder: Holder<H>,
): Promise<AsyncDisposable> {
  const path = await realpath(sockets).catch(() => sockets);
  const isLong = Buffer.byteLength(path) > 90;
  // A name that begins with NUL is in no folder, and has 107 bytes at most (unix(7)).
  const name = `\0imp-${held}:${isLong ? createHash("sha256").update(path).digest("hex") : path}`;
  // Anybody may come to the name, and stay: letting go would wait for that.
  const server = createServer((socket) =>
    socket
      .on("error", () => undefined)
      .setTimeout(answerMs, () => socket.destroy())
      .end(String(holders[held][holder])),
  );
  const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    server.listen(name, () => resolve(undefined));
  });
  if (failed) {
    const isTaken = failed.code === "EADDRINUSE";
    const what = isTaken ? await holderOf(held, name) : `${sockets} cannot be held.`;
    throw new Problem(busy[held].code, what, { remedy: "Wait until it has ended.", transient: true, cause: failed });
  }
  server.unref();
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Both instances of VPP, as takeInstance does. */
export async function takeVpp(sockets: VppPlaces["sockets"], holder: Holder<"vpp">): Promise<AsyncDisposable> {
  await using taken = new AsyncDisposableStack();
  for (const socket of new Set(Object.values(sockets))) taken.use(await takeInstance("vpp", socket, holder));
  return taken.move();
}

/** What the holder says of itself; it may be too busy to say anything. */
async function holderOf(held: Held, name: string): Promise<string> {
  const socket = createConnection(name);
  const timer = setTimeout(() => socket.destroy(), answerMs);
  const said = await text(socket).catch(() => "");
  clearTimeout(timer);
  return Object.values(holders[held]).find((one) => one === said) ?? busy[held].unknown;
}
