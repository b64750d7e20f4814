import { describe, expect, it } from "vitest";
import { quiesce, revive, type Way } from "../../../../controller/trial/leave.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost } from "../../../lab/host.ts";

const { signal } = new AbortController();
const nic = "0000:03:00.0";

const all = [
  "incus-startup.service",
  "incus.socket",
  "incus.service",
  "frr.service",
  "vpp-nat.service",
  "vpp-core.service",
];

/** By kexec; what is kept is used by nobody but Incus. */
function wayOf(done: string[]): Way {
  return { pool: "tank", isKexec: true, users: [], keep: async () => void done.push("keep") };
}

/** A box that forwards; `fails`: a part of a command line that fails. What stops the instances ends Incus' daemon with them. */
function box({ fails = "never", without = [] as readonly string[] } = {}) {
  const sim = simHost();
  const running = new Set(all.filter((unit) => !without.includes(unit)));
  const held = `/sys/bus/pci/drivers/vfio-pci/${nic}`;
  sim.files.set(held, { target: "../../../../devices" });
  sim.files.set("/sys/bus/pci/drivers/vfio-pci/bind", { text: "", mode: 0o200 });
  const done: string[] = [];
  sim.answer((argv) => {
    const line = argv.slice(argv.indexOf("--") + 1).join(" ");
    const [verb = "", unit = "", ...more] = argv.slice(argv[0] === "systemctl" ? 1 : argv.length);
    if (verb === "is-active") {
      const states = [unit, ...more].map((one) => (running.has(one) ? "active" : "inactive"));
      return { exitCode: 0, stdout: `${states.join("\n")}\n`, stderr: "" };
    }
    if (verb === "reset-failed") return { exitCode: 0, stdout: "", stderr: "" };
    done.push(argv[0] === "systemd-run" ? `release ${argv.at(-1)}` : line);
    if (line.includes(fails)) return { exitCode: 1, stdout: "", stderr: "it said no\n" };
    if (verb === "stop") running.delete(unit);
    if (line === "systemctl stop incus-startup.service") running.delete("incus.service");
    if (verb === "start") running.add(unit);
    if (argv[0] === "systemd-run") sim.files.delete(held);
    return { exitCode: 0, stdout: "", stderr: "" };
  });
  return { sim, left: { host: sim.start(), run: "/run/imp" }, done, running, way: wayOf(done) };
}

describe("a box that is left by kexec", () => {
  it("stops what uses the dataplane first, lets go of its NICs, and is on disk", async () => {
    const { left, way, done } = box();
    await quiesce(left, way, signal);
    expect(done).toEqual([
      "systemctl stop incus-startup.service",
      "systemctl stop incus.socket",
      "systemctl stop incus.service",
      "keep",
      "systemctl stop frr.service",
      "systemctl stop vpp-nat.service",
      "systemctl stop vpp-core.service",
      `release ${nic}`,
      "sync",
      "zpool sync tank",
    ]);
  });

  it("stops nothing but who uses what is kept where firmware and loader enter the next kernel", async () => {
    const { left, way, done } = box();
    const quiet = await quiesce(left, { ...way, isKexec: false, users: ["incus.service"] }, signal);
    expect(done).toEqual(["systemctl stop incus.service", "keep"]);
    await quiet.revive(signal);
    expect(done.at(-1)).toBe("systemctl start incus.service");
  });

  it("runs on where nothing can be kept", async () => {
    const { left, way, running } = box();
    const keep = () => Promise.reject(new Problem("POOL", "out of space"));
    await expect(quiesce(left, { ...way, keep }, signal)).rejects.toThrow("out of space");
    expect([...running].toSorted()).toEqual(all.toSorted());
  });

  it("starts again in the other order where it stays", async () => {
    const { left, way, done, running } = box({ without: ["vpp-nat.service"] });
    const quiet = await quiesce(left, way, signal);
    done.length = 0;
    await quiet.revive(signal);
    expect(done).toEqual([
      "systemctl start vpp-core.service",
      "systemctl start frr.service",
      "systemctl start incus.service",
      "systemctl start incus.socket",
      "systemctl start incus-startup.service",
    ]);
    expect(running.has("vpp-nat.service")).toBe(false);
    await quiet.revive(signal);
    expect(done).toHaveLength(5);
  });

  it("starts again what was stopped before its agent was killed, wherever that was", async () => {
    const undisturbed = box();
    await quiesce(undisturbed.left, undisturbed.way, signal);
    const count = undisturbed.sim.effects().length;
    for (let killAt = 1; killAt <= count; killAt += 1) {
      for (const moment of ["before", "after"] as const) {
        const { sim, way, running } = box();
        const first = { host: sim.start({ killAt, moment }), run: "/run/imp" };
        void quiesce(first, way, signal);
        await sim.until(() => sim.isKilled(), "killed");
        await revive({ host: sim.start(), run: "/run/imp" }, signal);
        expect([killAt, moment, [...running].toSorted()]).toEqual([killAt, moment, all.toSorted()]);
      }
    }
  });

  it("is not left where nobody can tell what runs", async () => {
    const { left, way, sim, done } = box();
    const host = { ...left.host, run: async () => ({ exitCode: 1, stdout: "", stderr: "Failed to connect to bus" }) };
    await expect(quiesce({ ...left, host }, way, signal)).rejects.toThrow(
      "run cannot be told: Failed to connect to bus.",
    );
    expect([done, sim.files.has("/run/imp/trial-stopped")]).toEqual([[], false]);
  });

  it.each([
    ["stop vpp-core", "vpp-core.service does not stop: it said no."],
    ["unbind", `${nic} cannot be taken from its driver: it said no.`],
    ["zpool sync", "The pool tank is not on disk: zpool sync tank says it said no."],
  ])("forwards again where %s fails", async (fails, told) => {
    const { left, way, running } = box({ fails });
    await expect(quiesce(left, way, signal)).rejects.toThrow(told);
    expect([...running].toSorted()).toEqual(all.toSorted());
  });

  it("says what does not start again", async () => {
    const { left, way } = box({ fails: "vpp-core" });
    await expect(quiesce(left, way, signal)).rejects.toThrow(
      "vpp-core.service does not stop: it said no. Then vpp-core.service was stopped for a reboot that did not come, and does not start.",
    );
  });
});
