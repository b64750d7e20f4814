/**
 * The way in, from end to end: the reference appliance as its builder set it up, with a real FRR; `impctl adopt` writes its machine file, which is
 * committed; the agent, a process of its own, only observes; `impctl adopt --accept` is refused while the plan would disturb something, and
 * takes the box over otherwise. VPP is simulated, and a real one where there is one (IMP_TEST_VPP).
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import type { Status } from "../../controller/report/status.ts";
import { observeVpp, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import { type AgentProcess, startAgent } from "../lab/agent-process.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { startVpp, vppctl, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";
import { referenceCore, referenceFrr, referenceNat, referenceNics, referenceStartup } from "../lab/reference-box.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";
import { simVpp } from "../lab/vpp/sim-vpp.ts";

const signal = AbortSignal.timeout(1_200_000);
const host = linuxHost({ seal: () => "", reveal: () => undefined });
const program = join(import.meta.dirname, "../../controller/main.ts");

/** Both instances, on sockets below a folder, set up by hand. */
type Make = (folder: string, box: Namespace) => Promise<AsyncDisposable>;

const simulated: Make = async (folder, box) => {
  const linuxCp = { sync: true, autoSubint: false, namespace: box.name };
  const sims = [
    simVpp({ physical: referenceNics, linuxCp, bootCommands: referenceCore(folder) }),
    simVpp({ bootCommands: referenceNat(folder) }),
  ];
  await using stack = new AsyncDisposableStack();
  for (const [at, name] of (["core", "nat"] as const).entries()) {
    const listening = await sims[at]?.listen(join(folder, `${name}-api.sock`));
    stack.defer(() => listening?.close());
  }
  return stack.move();
};

const real: Make = async (folder, box) => {
  await using stack = new AsyncDisposableStack();
  const ports = referenceNics.flatMap((name) => [
    `create host-interface name ab-${name}`,
    `set interface name host-ab-${name} ${name}`,
  ]);
  for (const name of [...referenceNics.map((one) => `ab-${one}`), "incus-dataplane"]) {
    box.ip("link", "add", name, "type", "veth", "peer", "name", `${name.slice(0, 13)}x`);
    for (const end of [name, `${name.slice(0, 13)}x`]) box.ip("link", "set", end, "up");
  }
  for (const [name, commands] of Object.entries({
    core: [...ports, ...referenceCore(folder)],
    nat: referenceNat(folder),
  })) {
    stack.use(await startVpp({ folder, name, namespace: box }));
    const file = join(folder, `${name}.cli`);
    writeFileSync(file, commands.map((line) => `${line}\n`).join(""));
    const argv = ["-s", join(folder, `${name}-cli.sock`), "exec", file];
    expect(execFileSync(vppctl.path, argv, { env: { ...process.env, ...vppctl.env }, encoding: "utf8" }).trim()).toBe(
      "",
    );
  }
  return stack.move();
};

/** Seconds: on a machine that has other things to do an agent takes its time to start. */
const patience = 240;

const kinds = [
  { name: "simulated", why: whyNoFrr(), make: simulated },
  { name: "real", why: whyNoFrr() ?? whyNoVpp() ?? whyNoTaps(), make: real },
] as const;

const fleet =
  "defaults: 1\npolicy: { soak-seconds: 1, grace-seconds: 2, deadline-seconds: 60, max-impact: session-reset }\n";

for (const { name, why, make } of kinds) {
  describe.skipIf(why)(
    `a box set up by hand, with a ${name} VPP${why === undefined ? "" : ` (${why})`}`,
    { timeout: 600_000 },
    () => {
      const stack = new AsyncDisposableStack();
      let folder: string;
      let box: Namespace;
      let frr: RealFrr;
      let places: VppPlaces;
      let sites: SitesRepository;
      let agent: AgentProcess;
      let before: string;

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), "imp-ab-"));
        stack.defer(() => rmSync(folder, { recursive: true, force: true }));
        box = stack.use(makeNamespace("ab"));
        frr = stack.use(await startFrr(box));
        stack.use(await make(folder, box));
        places = {
          sockets: { core: join(folder, "core-api.sock"), nat: join(folder, "nat-api.sock") },
          run: join(folder, "run"),
        };
        writeFileSync(join(folder, "frr-by-hand.conf"), referenceFrr);
        execFileSync("vtysh", ["--vty_socket", frr.sockets, "-f", join(folder, "frr-by-hand.conf")], {
          stdio: "ignore",
        });
        writeFileSync(join(folder, "startup-core.conf"), referenceStartup);
        before = await live();
      });
      afterAll(() => stack.disposeAsync());

      /** All that forwards, as text. */
      async function live(): Promise<string> {
        const { core, nat } = await observeVpp(host, places, signal);
        const config = execFileSync("vtysh", ["--vty_socket", frr.sockets, "-c", "show running-config"], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
        return JSON.stringify([core?.objects, nat?.objects, config.split("\n")], undefined, 1);
      }

      function impctl(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
        return new Promise((resolve) => {
          const child = execFile(process.execPath, [program, ...argv], { cwd: folder }, (_, out, err) =>
            resolve({ code: child.exitCode ?? -1, out, err }),
          );
        });
      }

      function sources(): readonly string[] {
        const { core, nat } = places.sockets;
        const running = `--vty-dir ${frr.sockets} --core ${core} --nat ${nat}`;
        return `${running} --startup startup-core.conf --run run --incus no-incus.sock`.split(" ");
      }

      it("has a machine file that does nothing there, in a file or as JSON", async () => {
        const written = await impctl("adopt", ...sources(), "--out", "r1.yaml");
        expect(written).toEqual({ code: 0, out: "", err: "" });
        const text = readFileSync(join(folder, "r1.yaml"), "utf8");
        expect(text).toContain("# - vpp core: route 0.0.0.0/0: via 192.0.2.8 external\n");
        expect(text).toContain("#       - internal\n");

        const { code, out } = await impctl("adopt", ...sources(), "--json");
        expect(code).toBe(0);
        expect(JSON.parse(out)).toMatchObject({
          machine: { interfaces: { external: {}, internal: {} }, routing: { bgp: { asn: 65100 } } },
          later: { machine: { nat: { det44: { inside: ["internal"] } } } },
          steps: [],
          problems: [],
        });
        expect(await live()).toBe(before);
      });

      it("says what is wrong where nothing answers, and writes nothing", async () => {
        const { code, out, err } = await impctl(
          "adopt",
          "--vty-dir",
          "nowhere",
          "--core",
          "none",
          "--nat",
          "none",
          "--out",
          "no.yaml",
        );
        expect({ code, out }).toEqual({ code: 64, out: "" });
        expect(err).toContain("Neither FRR (nowhere) nor VPP (none) answers");
      });

      it("is only observed once the file is committed", async () => {
        sites = makeSitesRepository(folder);
        push("As it is", text());
        const server = await gitServer(sites.bare);
        stack.defer(() => server.close());
        const remote = { folder, machine: "fra1/r1", remote: server.url, frrSockets: frr.sockets };
        const settings = `dataplane: ${box.name}\nincus: { mode: off }\n`;
        agent = stack.use(startAgent({ ...remote, vpp: folder, settings }));

        const waits = await agent.until("it waits", notAdopted, patience);
        await polledAfter(waits);
        expect(await live()).toBe(before);
      });

      it("is not taken over while the plan would disturb something, and says by which steps", async () => {
        const commit = push(
          "Another way to the upstream",
          text().replaceAll("update-source: 192.0.2.9", "update-source: 192.168.20.1"),
        );
        const waits = await agent.until(
          "it is planned",
          (s) => notAdopted(s) && s.desired?.commit === commit,
          patience,
        );
        const refused = await impctl("adopt", "--accept", "--socket", agent.socket);
        expect(refused.code).not.toBe(0);
        expect(refused.err).toContain("set frr/router bgp 65100/neighbor 192.0.2.8 (session-reset)");
        await polledAfter(waits);
        expect(await live()).toBe(before);
      });

      it("is taken over when nothing changes, and then follows the repository", async () => {
        const commit = push("As it is again", text());
        await agent.until("it is planned", (s) => notAdopted(s) && s.desired?.commit === commit, patience);

        const accepted = await impctl("adopt", "--accept", "--socket", agent.socket);
        expect(accepted).toMatchObject({ code: 0 });
        await agent.until("committed", (s) => s.state === "idle" && s.committed?.commit === commit, patience);
        expect(await live()).toBe(before);

        const next = push(
          "A route",
          text().replace("\n  static:\n", "\n  static:\n    198.51.100.0/24:\n      discard: blackhole\n"),
        );
        await agent.until("committed", (s) => s.state === "idle" && s.committed?.commit === next, patience);
        expect(JSON.parse(await live()).flat()).toContain("ip route 198.51.100.0/24 blackhole");
      });

      function text(): string {
        return readFileSync(join(folder, "r1.yaml"), "utf8");
      }

      function push(subject: string, machine: string): string {
        return sites.push(subject, { "fleet.yaml": fleet, "fra1/site.yaml": "", "fra1/r1.yaml": machine });
      }

      function notAdopted({ state, waiting }: Status): boolean {
        return state === "waiting" && waiting?.why === "not-adopted";
      }

      async function polledAfter({ git }: Status): Promise<void> {
        await agent.until("asked again", (s) => (s.git.lastPollAt ?? 0) > (git.lastPollAt ?? 0) + 2000, patience);
      }
    },
  );
}
