import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Connection, Host } from "../../../../reconcilers/core.ts";
import { encodeCommand, openVty, rejection, ReplyDecoder } from "../../../../reconcilers/frr/vty.ts";
import { simFrr } from "../../../lab/frr-sim.ts";
import { frrHost } from "../../../lab/frr-host.ts";

const signal = new AbortController().signal;

function frame(text: string, status: number): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode(text), 0, 0, 0, status]);
}

describe("the frames of the vty protocol", () => {
  it("gives the same replies however the bytes are cut", () => {
    const replies = fc.array(
      fc.record({ text: fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")), status: fc.nat(255) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(replies, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (expected, sizes) => {
        const bytes = expected.flatMap(({ text, status }) => [...frame(text, status)]);
        const decoder = new ReplyDecoder();
        const seen = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const size = sizes[cut % sizes.length] ?? 1;
          seen.push(...decoder.push(new Uint8Array(bytes.slice(at, at + size))));
          at += size;
        }
        expect(seen).toEqual(expected);
      }),
    );
  });

  it("never throws on bytes that nobody meant", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const decoder = new ReplyDecoder();
        const replies = chunks.flatMap((chunk) => decoder.push(chunk));
        expect(replies.length).toBeLessThanOrEqual(chunks.reduce((sum, chunk) => sum + chunk.length, 0) / 4);
      }),
    );
  });

  it("refuses to send what is not one command", () => {
    expect(() => encodeCommand("router bgp 64500\nexit")).toThrow(/no single line/);
    expect(() => encodeCommand(`description ${"x".repeat(5000)}`)).toThrow(/too long/);
  });

  it("takes a status and the text of a rejected batch for failures, a remark for none", () => {
    expect(rejection({ status: 13, text: "" })).toBe("status 13");
    expect(rejection({ status: 0, text: "% Configuration failed.\n" })).toContain("failed");
    expect(rejection({ status: 0, text: "% Echo mode works correctly for IPv4 …" })).toBeUndefined();
    expect(rejection({ status: 0, text: "Graceful restart configuration changed …" })).toBeUndefined();
  });
});

describe("a vty session", () => {
  it("sends pipelined and gives replies in order", async () => {
    const frr = simFrr({ config: "router bgp 64500\n" });
    const vty = await openVty(frrHost(frr), "/run/frr", "bgpd", signal);

    const replies = await vty.send(["show version", "show running-config", "nonsense"], signal);

    expect(replies.map((reply) => reply.status)).toEqual([0, 0, 2]);
    expect(replies[1]?.text).toContain("router bgp 64500");
  });

  it("stops sending after a failure", async () => {
    const frr = simFrr();
    const vty = await openVty(frrHost(frr), "/run/frr", "bgpd", signal);
    const commands = ["nonsense", ...Array.from({ length: 500 }, () => "show version")];

    const replies = await vty.send(commands, signal, 1000, (reply) => reply.status !== 0);

    expect(replies.length).toBeLessThan(commands.length);
  });

  it("says which daemon does not listen, as something to try again", async () => {
    const frr = simFrr({ running: ["zebra"] });

    await expect(openVty(frrHost(frr), "/run/frr", "bgpd", signal)).rejects.toMatchObject({
      code: "FRR_UNREACHABLE",
      transient: true,
    });
  });

  it("gives up on a daemon that says nothing, by the host's clock", async () => {
    const mute: Connection = {
      write: () => Promise.resolve(),
      read: (limited) =>
        new Promise((_, reject) => limited.addEventListener("abort", () => reject(limited.reason as Error))),
      close: () => undefined,
    };
    const host: Host = { ...frrHost(simFrr()), connect: () => Promise.resolve(mute), sleep: () => Promise.resolve() };

    await expect(openVty(host, "/run/frr", "bgpd", signal, 5000)).rejects.toThrow(/did not answer within 5 s/);
  });

  it("is closed where answers stay out that would be taken for later ones", async () => {
    const told = [frame("", 0), frame("no", 2)];
    let isClosed = false;
    const falling: Connection = {
      write: () => Promise.resolve(),
      read: (limited) =>
        new Promise((resolve, reject) => {
          const next = told.shift();
          if (next) resolve(next);
          limited.addEventListener("abort", () => reject(limited.reason as Error));
        }),
      close: () => (isClosed = true),
    };
    const host: Host = { ...frrHost(simFrr()), connect: () => Promise.resolve(falling) };
    const vty = await openVty(host, "/run/frr", "bgpd", signal);

    const replies = await vty.send(["nonsense", "show version"], signal, 1, (reply) => reply.status !== 0);

    expect(replies).toEqual([{ text: "no", status: 2 }]);
    expect(isClosed).toBe(true);
  });

  it("says so when the daemon closes in the middle", async () => {
    const frr = simFrr();
    const vty = await openVty(frrHost(frr), "/run/frr", "bgpd", signal);
    await vty.ask("configure terminal", signal);
    frr.closeAt(/router bgp/);

    await expect(vty.ask("router bgp 64500", signal)).rejects.toThrow(/closed its vty socket/);
  });
});
