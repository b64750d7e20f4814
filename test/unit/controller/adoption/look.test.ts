/** What is read of an appliance for its machine file, on a simulated VPP, and what of it does not answer. */
import { expect, it } from "vitest";
import { adoptFound } from "../../../../controller/adoption/adopt.ts";
import { look } from "../../../../controller/adoption/look.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { places as sockets, vppHost } from "../../../lab/vpp-host.ts";

const places = { ...sockets, vtyDir: "/none", startup: "/etc/vpp/other.conf", incus: "/run/incus.socket" };
const signal = AbortSignal.timeout(60_000);
const startup =
  "cpu { main-core 1 corelist-workers 2-3 }\ndpdk { dev 0000:05:00.0 { name external num-rx-queues 2 } }\n";

/** A box with these files, and links to them. */
function box(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const made = vppHost({ nics: ["external"], boot: { core: ["set interface state external up"] } });
  const owner = { uid: 0, gid: 0 };
  const host: typeof made.host = {
    ...made.host,
    readFile: async (path) => files[links[path] ?? path] ?? (await made.host.readFile(path)),
    readFolder: async () => [],
    attributes: async (path) =>
      path in links
        ? { kind: "link", mode: 0o777, owner }
        : path in files
          ? { kind: "file", mode: 0o644, owner }
          : undefined,
    run: () => Promise.reject(new Problem("HOST_COMMAND", "zfs is not installed.")),
  };
  return { ...made, host };
}

it("says what does not answer, and goes on without it", async () => {
  const mounts = "1 0 0:1 / / rw - zfs tank/ROOT/debian rw\n";
  const { host, sims } = box({ "/proc/self/mountinfo": mounts });
  sims.nat.stop();

  const { left } = await adoptFound(await look(host, places, signal));

  expect(left.filter((line) => /not read|there is no/.test(line))).toEqual([
    "bootenv: not read: zfs is not installed.",
    "frr: not read: nobody answers in /none",
    "incus: not read: there is no /run/incus.socket",
    "vpp core: there is no /etc/vpp/other.conf, so no NIC has a PCI address here",
    "vpp nat: not read: VPP does not answer on /run/vpp/nat-api.sock.",
  ]);
});

it("takes queues and processors from what VPP started with, wherever that is", async () => {
  const { host } = box({ "/etc/vpp/other.conf": startup, "/etc/vpp/startup-core.conf": "cpu { main-core 7 }\n" });

  const { machine } = await adoptFound(await look(host, places, signal));

  expect(machine).toMatchObject({
    cpu: { core: { main: 1, workers: "2-3" } },
    interfaces: { external: { pci: "0000:05:00.0", "rx-queues": 2 } },
  });
});

it("knows the name of a box whose file is a link, and says that the agent would not replace it", async () => {
  const { host } = box({ "/run/hostname": "edge\n" }, { "/etc/hostname": "/run/hostname" });

  const { machine, left } = await adoptFound(await look(host, places, signal));

  expect(machine["hostname"]).toBe("edge");
  expect(left.join("\n")).toContain("system: /etc/hostname is no plain file");
});
