/** A Host that only has FRR behind it: the simulated one in memory, or real vty sockets in a folder. For tests of the plane. */
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { Problem } from "../../schemas/problem.ts";
import type { Connection, Host, Secrets } from "../../reconcilers/core.ts";
import { daemons } from "../../reconcilers/frr/model.ts";
import type { SimFrr } from "./frr-sim.ts";

/** Seals under a fixed key and reveals what `known` was told. */
export interface TestSecrets extends Secrets {
  known(text: string): string;
}

export function testSecrets(): TestSecrets {
  const texts = new Map<string, string>();
  const seal = (text: string) => `<secret:${createHmac("sha256", "test").update(text).digest("hex").slice(0, 16)}>`;
  return {
    seal,
    reveal: (sealed) => texts.get(sealed),
    known(text) {
      texts.set(seal(text), text);
      return seal(text);
    },
  };
}

/** A host whose sockets are the simulated FRR's; undefined: real unix sockets. */
export function frrHost(frr?: SimFrr, secrets: Secrets = testSecrets()): Host {
  const none = () => Promise.reject(new Error("not here"));
  return {
    now: () => Date.now(),
    uptime: () => performance.now(),
    bootId: () => "boot",
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        // Simulated daemons need no time to settle; what is longer is a time limit.
        const timer = setTimeout(resolve, frr && ms < 1000 ? 0 : ms);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        });
      }),
    run: none,
    readFile: none,
    attributes: none,
    readFolder: none,
    writeFile: none,
    appendFile: none,
    writeLink: none,
    readLink: none,
    freeBytes: none,
    remove: none,
    reach: none,
    connect: async (path) => {
      if (!frr) return connectUnix(path);
      const daemon = daemons.find((name) => path.endsWith(`/${name}.vty`));
      if (!daemon || !frr.runs(daemon)) throw new Problem("HOST_FILE", `${path}: nobody listens`, { transient: true });
      return frr.connect(daemon);
    },
    secrets,
  };
}

/** A unix socket as a Connection. */
export function connectUnix(path: string): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = connect(path);
  socket.once("error", (cause) => {
    reject(new Problem("HOST_FILE", `${path}: nobody listens`, { transient: true, cause }));
  });
  socket.once("connect", () => {
    const iterator = socket.iterator({ destroyOnReturn: true });
    resolve({
      write: (bytes) => new Promise((done, fail) => socket.write(bytes, (error) => (error ? fail(error) : done()))),
      read: async (signal) => {
        signal.throwIfAborted();
        const aborted = new Promise<never>((_, fail) => {
          signal.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
        });
        const next = await Promise.race([iterator.next(), aborted]);
        return next.done ? undefined : new Uint8Array(next.value as Buffer);
      },
      close: () => void socket.destroy(),
    });
  });
  return promise;
}
