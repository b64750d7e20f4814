import { describe, expect, it } from "vitest";
import { tellSystemd, type Systemd } from "../../../../controller/report/systemd.ts";
import type { Problem } from "../../../../schemas/problem.ts";
import type { Host, RunResult } from "../../../../reconcilers/core.ts";
import { simHost, type Sim } from "../../../lab/host.ts";
import { status as calm } from "../../../lab/status.ts";

const socket = { NOTIFY_SOCKET: "/run/systemd/notify" };
const minute = { ...socket, WATCHDOG_USEC: "60000000" };
const good: RunResult = { exitCode: 0, stdout: "", stderr: "" };
const status = calm();

interface Told {
  readonly sim: Sim;
  readonly systemd: Systemd;
  /** What systemd-notify was asked to say since the last time. */
  readonly words: () => readonly string[];
  readonly complaints: Problem[];
  readonly ending: AbortController;
}

function told(environment: Record<string, string>, answer: () => RunResult = () => good): Told {
  const sim = simHost();
  const said: string[] = [];
  const complaints: Problem[] = [];
  const ending = new AbortController();
  sim.answer(([program, ...argv]) => {
    if (program !== "systemd-notify") return undefined;
    said.push(argv.join(" "));
    return answer();
  });
  const host: Host = sim.start();
  const supervision = { environment, ending: ending.signal };
  const systemd = tellSystemd(host, supervision, (problem) => complaints.push(problem));
  return { sim, systemd, words: () => said.splice(0), complaints, ending };
}

describe("what systemd hears", () => {
  it("is nothing where it did not ask", async () => {
    const { sim, systemd, words, ending } = told({ WATCHDOG_USEC: "60000000" });
    systemd.observer.status?.(status);
    await sim.pass(120_000);
    ending.abort();
    await systemd.close();
    expect(words()).toEqual([]);
  });

  it("is once that the agent is ready, when its loop is first heard of, and what it does each time that this changes", async () => {
    const { sim, systemd, words } = told(socket);
    await sim.pass(1000);
    expect(words()).toEqual([]);
    systemd.observer.event?.({ type: "alive", withinMs: 60_000 });
    systemd.observer.status?.(status);
    systemd.observer.status?.(status);
    systemd.observer.status?.({ ...status, state: "waiting", inSync: false, reason: "It waits\nfor a window." });
    await sim.pass(1000);
    expect(words()).toEqual([
      "READY=1",
      "STATUS=idle, in sync, generation aaaaaaaaaaaa",
      "STATUS=waiting, generation aaaaaaaaaaaa: It waits\\u{a}for a window.",
    ]);
  });

  it("is that a frozen agent is ready too: it has something to say", async () => {
    const { sim, systemd, words } = told(socket);
    systemd.observer.status?.({ ...status, frozen: "current.json is damaged." });
    await sim.pass(1);
    expect(words()).toEqual(["READY=1", "STATUS=Frozen: current.json is damaged."]);
  });

  it("is a sign of life three times in the time that it wants one, as long as the loop gives one in time", async () => {
    const { sim, systemd, words, complaints } = told(minute);
    systemd.observer.event?.({ type: "alive", withinMs: 90_000 });
    await sim.pass(99_000);
    expect(words()).toEqual(["WATCHDOG=1", "READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    await sim.pass(300_000);
    expect(words()).toEqual([]);
    expect(complaints.map(({ message }) => message)).toEqual([
      "The loop hangs. systemd ends this process unless it goes on.",
    ]);
  });

  it("is a sign of life again when the loop goes on before systemd has lost patience", async () => {
    const { sim, systemd, words } = told(minute);
    systemd.observer.event?.({ type: "alive", withinMs: 30_000 });
    await sim.pass(45_000);
    systemd.observer.event?.({ type: "alive", withinMs: 30_000 });
    words();
    await sim.pass(20_000);
    expect(words()).toEqual(["WATCHDOG=1"]);
  });

  it("is no sign of life where it wants none, or of another process", async () => {
    for (const environment of [socket, { ...minute, WATCHDOG_PID: "1" }, { ...socket, WATCHDOG_USEC: "soon" }]) {
      const { sim, words } = told(environment);
      await sim.pass(120_000);
      expect(words()).toEqual([]);
    }
  });

  it("is that the process ends, and nothing after that", async () => {
    const { sim, systemd, words, ending } = told(minute);
    ending.abort();
    await Promise.all([systemd.close(), sim.pass(60_000)]);
    expect(words()).toEqual(["WATCHDOG=1", "STOPPING=1"]);
  });

  it("is nothing when only the settings changed: the process goes on", async () => {
    const { sim, systemd, words } = told(socket);
    systemd.observer.event?.({ type: "alive", withinMs: 60_000 });
    await Promise.all([systemd.close(), sim.pass(1000)]);
    expect(words()).toEqual(["READY=1"]);
  });

  it("may fail: that is complained of once", async () => {
    const { sim, systemd, complaints } = told(minute, () => ({ exitCode: 1, stdout: "", stderr: "No such socket" }));
    systemd.observer.status?.(status);
    systemd.observer.event?.({ type: "alive", withinMs: 900_000 });
    await sim.pass(600_000);
    expect(complaints.map(({ message }) => message)).toEqual(["systemd-notify failed: No such socket"]);
  });
});
