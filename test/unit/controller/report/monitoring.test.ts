import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { listen, type Listening } from "../../../../controller/report/http.ts";
import { startMonitoring, type Monitoring } from "../../../../controller/report/monitoring.ts";
import type { Status } from "../../../../controller/report/status.ts";
import type { Problem } from "../../../../schemas/problem.ts";

const pages = { metrics: async () => "", status: () => undefined, late: () => undefined };
let monitoring: Monitoring | undefined;
let other: Listening | undefined;
let complaints: Problem[] = [];

afterEach(async () => {
  await monitoring?.close();
  await other?.close();
  [monitoring, other, complaints] = [undefined, undefined, []];
});

const never = async (_ms: number, signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

function portOf(listening: Listening | undefined): number {
  return (listening?.address as AddressInfo | undefined)?.port ?? 0;
}

const idle = {
  machine: "fra1/r1",
  planes: {},
  problems: [],
  warnings: [],
  notManaged: [],
  git: {},
  state: "idle",
} as unknown as Status;

describe("monitoring", () => {
  it("shows what the loop tells", async () => {
    let now = 0;
    const host = { uptime: () => now, sleep: never };
    monitoring = startMonitoring("127.0.0.1:0", "1.2.3", host, (problem) => complaints.push(problem));
    const port = portOf(await monitoring.listening);
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return `${response.status} ${await response.text()}`;
    };

    expect(await get("/status")).toBe("503 starting\n");
    monitoring.observer.status(idle);
    monitoring.observer.event({ type: "alive", withinMs: 1_000 });
    expect(await get("/status")).toContain('"machine": "fra1/r1"');
    expect(await get("/metrics")).toContain('imp_phase{phase="idle"} 1\n');
    expect(await get("/healthz")).toBe("200 ok\n");
    now = 5_000;
    expect(await get("/healthz")).toMatch(/^503 the loop was last heard of 5 s ago/);
    monitoring.observer.event({ type: "alive", withinMs: 1_000 });
    monitoring.observer.status({ ...idle, frozen: "current.json is damaged" });
    expect(await get("/healthz")).toBe("503 current.json is damaged\n");
    expect(complaints).toEqual([]);
  });

  it("waits for a port that is taken, complains once, and serves once it is free", async () => {
    other = await listen("127.0.0.1:0", pages);
    const port = portOf(other);
    let waits = 0;
    const sleep = async () => {
      waits++;
      if (waits === 3) await other?.close();
    };

    monitoring = startMonitoring(`127.0.0.1:${port}`, "1", { uptime: () => 0, sleep }, (problem) =>
      complaints.push(problem),
    );

    expect(portOf(await monitoring.listening)).toBe(port);
    expect(waits).toBe(3);
    expect(complaints.map((problem) => problem.code)).toEqual(["SETTINGS"]);
    other = undefined;
  });

  it("can be ended while it waits", async () => {
    other = await listen("127.0.0.1:0", pages);
    const port = portOf(other);
    monitoring = startMonitoring(`127.0.0.1:${port}`, "1", { uptime: () => 0, sleep: never }, () => undefined);

    await monitoring.close();

    expect(await monitoring.listening).toBeUndefined();
  });

  it("keeps a status that it cannot show from the loop", async () => {
    monitoring = startMonitoring("127.0.0.1:0", "1", { uptime: () => 0, sleep: never }, (problem) =>
      complaints.push(problem),
    );

    monitoring.observer.status({} as Status);

    expect(complaints.map((problem) => problem.code)).toEqual(["INTERNAL"]);
  });
});
