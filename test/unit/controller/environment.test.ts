import { describe, expect, it } from "vitest";
import { bootedEnvironment } from "../../../controller/environment.ts";
import { simHost } from "../../lab/host.ts";

const { signal } = new AbortController();
const proc = "22 27 0:20 / /proc rw,nosuid - proc proc rw\n";
const zfs = "27 1 0:24 / / rw,relatime shared:1 - zfs tank/ROOT/imp-v\\0407 rw,xattr,posixacl\n";

function box(mountinfo: string, zfsSays?: { readonly exitCode: number; readonly stdout: string }) {
  const sim = simHost();
  sim.files.set("/proc/self/mountinfo", { text: mountinfo, mode: 0o444 });
  const asked: (readonly string[])[] = [];
  sim.answer((argv) => {
    asked.push(argv);
    return zfsSays && { ...zfsSays, stderr: "no such pool" };
  });
  return { asked, environment: () => bootedEnvironment(sim.start(), signal) };
}

describe("the boot environment that runs", () => {
  it("is the GUID of the root's dataset", async () => {
    const { asked, environment } = box(`${proc}${zfs}`, { exitCode: 0, stdout: "6148914691236517205\n" });
    expect(await environment()).toBe("6148914691236517205");
    expect(asked).toEqual([["zfs", "get", "-H", "-p", "-o", "value", "guid", "tank/ROOT/imp-v 7"]]);
  });

  it("is the one default where the root is no dataset, and nobody is asked", async () => {
    const { asked, environment } = box(
      `${proc}27 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 27 0:40 / /tank rw - zfs tank rw\n`,
    );
    expect(await environment()).toBe("default");
    expect(await box("").environment()).toBe("default");
    expect(asked).toEqual([]);
  });

  it("is what is mounted last", async () => {
    const { environment } = box(`1 1 0:1 / / rw - rootfs rootfs rw\n${zfs}`, { exitCode: 0, stdout: "5\n" });
    expect(await environment()).toBe("5");
  });

  it.each([
    { exitCode: 1, stdout: "" },
    { exitCode: 0, stdout: "-\n" },
  ])("is not guessed when ZFS does not say it: %j", async (says) => {
    await expect(box(zfs, says).environment()).rejects.toMatchObject({ code: "HOST_COMMAND", transient: true });
  });
});
