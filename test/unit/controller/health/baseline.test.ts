import { expect, it } from "vitest";
import { takeBaseline } from "../../../../controller/health/baseline.ts";
import type { Probe } from "../../../../controller/health/probe.ts";
import { checkKey, type HealthCheck } from "../../../../schemas/health.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { simHost } from "../../../lab/host.ts";
import { generation } from "../../../lab/story.ts";

it("tells the failsafe which addresses answered a ping from the management network, and which sessions were up", async () => {
  const sim = simHost();
  sim.answer((argv) =>
    argv[0] === "ping" && argv.at(-1) !== "10.0.0.54" ? { exitCode: 0, stdout: "", stderr: "" } : undefined,
  );
  const ping = (address: string, namespace: "management" | "dataplane" = "management"): HealthCheck => ({
    check: "ping",
    address,
    namespace,
    required: true,
  });
  const health = [
    ping("10.0.0.9"),
    ping("10.0.0.53"),
    ping("ntp.example.net"),
    ping("192.0.2.1", "dataplane"),
    ping("10.0.0.66"),
  ];
  const session = (peer: string, up: boolean) => ({ peer, up, state: "", prefixes: 0, established: 1, dropped: 0 });
  const asked: unknown[] = [];
  const probe = async (_generation: unknown, _signal: unknown, looking: unknown): Promise<Probe> => {
    asked.push(looking);
    return {
      results: new Map(
        health.map((check) => [checkKey(check), { check, ok: !checkKey(check).includes("66"), detail: "" }]),
      ),
      sessions: new Map([session("192.0.2.1", true), session("192.0.2.2", false)].map((one) => [one.peer, one])),
      silent: [],
    };
  };
  const baseline = await takeBaseline(
    {
      host: sim.start(),
      settings: Settings.parse({ machine: "fra1/r1", repository: { folder: "/srv/sites" } }),
      source: {
        head: () => Promise.reject(new Error("not asked")),
        accept: () => Promise.reject(new Error("not asked")),
      },
      probe,
    },
    generation([], { health, policy: { anchors: ["10.0.0.53", "10.0.0.54"] } }),
    new AbortController().signal,
  );

  expect(baseline.anchors).toEqual(["10.0.0.53", "10.0.0.9"]);
  expect(baseline.sessions).toEqual(["192.0.2.1"]);
  expect(baseline.around.git).toBeUndefined();
  expect(baseline.around.anchors.map(({ name }) => name)).toEqual(["10.0.0.53"]);
  expect(asked).toEqual([{ thoroughly: true }]);
});
