import { describe, expect, it } from "vitest";
import { quiesce } from "../../../../controller/trial/leave.ts";
import { simHost } from "../../../lab/host.ts";

const { signal } = new AbortController();
const nic = "0000:03:00.0";

/** A box that forwards; `fails`: a part of a command line that fails. */
function box({ fails = "never", without = [] as readonly string[] } = {}) {
  const sim = simHost();
  const running = new Set(
    ["incus.service", "frr.service", "vpp-nat.service", "vpp-core.service"].filter((unit) => !without.includes(unit)),
  );
  const held = `/sys/bus/pci/drivers/vfio-pci/${nic}`;
  sim.files.set(held, { target: "../../../../devices" });
  sim.files.set("/sys/bus/pci/drivers/vfio-pci/bind", { text: "", mode: 0o200 });
  const done: string[] = [];
  sim.answer((argv) => {
    const line = argv.slice(argv.indexOf("--") + 1).join(" ");
    const [verb = "", unit = ""] = argv
      .slice(argv[0] === "systemctl" ? 1 : argv.length)
      .filter((word) => word !== "--quiet");
    if (verb === "is-active") return { exitCode: running.has(unit) ? 0 : 3, stdout: "", stderr: "" };
    done.push(argv[0] === "systemd-run" ? `release ${argv.at(-1)}` : line);
    if (line.includes(fails)) return { exitCode: 1, stdout: "", stderr: "it said no\n" };
    if (verb === "stop") running.delete(unit);
    if (verb === "start") running.add(unit);
    if (argv[0] === "systemd-run") sim.files.delete(held);
    return { exitCode: 0, stdout: "", stderr: "" };
  });
  return { host: sim.start(), done, running };
}

describe("a box that is left by kexec", () => {
  it("stops what uses the dataplane first, lets go of its NICs, and is on disk", async () => {
    const { host, done } = box();
    await quiesce(host, "tank", signal);
    expect(done).toEqual([
      "systemctl stop incus.service",
      "systemctl stop frr.service",
      "systemctl stop vpp-nat.service",
      "systemctl stop vpp-core.service",
      `release ${nic}`,
      "sync",
      "zpool sync tank",
    ]);
  });

  it("starts again in the other order where it stays", async () => {
    const { host, done, running } = box({ without: ["incus.service"] });
    const quiet = await quiesce(host, "tank", signal);
    done.length = 0;
    await quiet.revive(signal);
    expect(done).toEqual([
      "systemctl start vpp-core.service",
      "systemctl start vpp-nat.service",
      "systemctl start frr.service",
    ]);
    expect(running.has("incus.service")).toBe(false);
  });

  it.each([
    ["stop vpp-core", "vpp-core.service does not stop: it said no."],
    ["unbind", `${nic} cannot be taken from its driver: it said no.`],
    ["zpool sync", "The pool tank is not on disk: zpool sync tank says it said no."],
  ])("forwards again where %s fails", async (fails, told) => {
    const { host, running } = box({ fails });
    await expect(quiesce(host, "tank", signal)).rejects.toThrow(told);
    expect([...running].toSorted()).toEqual(["frr.service", "incus.service", "vpp-core.service", "vpp-nat.service"]);
  });

  it("says what does not start again", async () => {
    const { host } = box({ fails: "vpp-core" });
    await expect(quiesce(host, "tank", signal)).rejects.toThrow(
      "vpp-core.service does not stop: it said no. Then vpp-core.service was stopped for a reboot that did not come, and does not start.",
    );
  });
});
