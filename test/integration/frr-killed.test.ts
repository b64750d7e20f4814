/** `impctl frr apply` as a process of its own that is killed in the middle of what it tells a real FRR, and the next one. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openVty } from "../../reconcilers/frr/vty.ts";
import { frrHost } from "../lab/frr-host.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { impctl } from "../unit/controller/cli/terminal.ts";

const missing = whyNoFrr();
const signal = new AbortController().signal;
const top = new URL("../..", import.meta.url).pathname;

const addresses = Array.from({ length: 400 }, (_, at) => `192.0.${at >> 8}.${at & 255}`);

/** With so many peers that bgpd is busy with them for a while. */
function config(timers: string): string {
  const peers = addresses.map(
    (address) =>
      ` neighbor ${address} remote-as 64496\n neighbor ${address} description peer ${address}\n neighbor ${address} timers ${timers}\n`,
  );
  const families = addresses.map((address) => `  neighbor ${address} next-hop-self\n`);
  return `router bgp 64500\n${peers.join("")} address-family ipv4 unicast\n${families.join("")} exit-address-family\nexit\n`;
}

describe.skipIf(missing !== undefined)(`impctl frr apply that is killed (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;
  let folder: string;

  beforeAll(async () => {
    namespace = makeNamespace("vfk");
    real = await startFrr(namespace);
    folder = mkdtempSync(join(tmpdir(), "imp-frr-killed-"));
    writeFileSync(join(folder, "empty.conf"), "! nothing\n");
    writeFileSync(join(folder, "slow.conf"), config("10 30"));
    writeFileSync(join(folder, "fast.conf"), config("3 9"));
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function asked(command: string): Promise<string> {
    const session = await openVty(frrHost(), real.sockets, "bgpd", signal);
    try {
      return (await session.ask(command, signal)).text;
    } finally {
      session.close();
    }
  }

  const frr = (verb: "apply" | "diff", file: string) =>
    impctl(folder, "frr", verb, file, "--pathspace", namespace.name);

  /** How many lines of this kind bgpd has. */
  const count = async (line: RegExp) => [...(await asked("show running-config")).matchAll(line)].length;

  /** Kills the process as soon as bgpd has some of the lines. Gives how many it has in the end. */
  async function killed(file: string, line: RegExp): Promise<number> {
    const argv = ["controller/main.ts", "frr", "apply", join(folder, file), "--pathspace", namespace.name];
    const child = spawn(process.execPath, argv, { cwd: top, stdio: "ignore" });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, by) => resolve(by)));
    while (child.exitCode === null && (await count(line)) === 0) await delay(2);
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    return count(line);
  }

  const idle = async () => (await asked("show bgp summary json")).match(/"state":"Idle"/g)?.length ?? 0;

  it.each([
    ["makes peers", "empty.conf", "slow.conf", / remote-as /g, 1, ["slow.conf", "empty.conf"]],
    ["changes peers", "slow.conf", "fast.conf", / timers 3 9\n/g, 0, ["fast.conf", "slow.conf"]],
  ] as const)(
    "while it %s leaves nothing that the next one does not mend, forward or back",
    async (_, before, file, line, waiting, targets) => {
      for (const target of targets) {
        expect(await frr("apply", before)).toMatchObject({ exitCode: 0 });
        const left = await killed(file, line);
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThan(addresses.length);
        expect(await idle()).toBeGreaterThanOrEqual(waiting);
        expect(await frr("diff", target)).toMatchObject({ exitCode: 2 });

        expect(await frr("apply", target)).toMatchObject({ exitCode: 0 });

        expect(await frr("diff", target)).toMatchObject({ exitCode: 0 });
        // None waits for the end of a batch that never comes.
        await expect.poll(idle, { timeout: 20_000 }).toBe(0);
      }
    },
    240_000,
  );
});
