import { describe, expect, it } from "vitest";
import { checkIdentity, readBox } from "../../../controller/identity.ts";

const box = { uuid: "4c4c4544-0001", macs: new Set(["52:54:00:00:00:01", "52:54:00:00:00:02"]) };

describe("the identity guard", () => {
  it("lets the right box pass, however its UUID is written", () => {
    const identity = { "dmi-uuid": "4C4C4544-0001", macs: ["52:54:00:00:00:01"] };

    expect(checkIdentity("fra1/r1", identity, box, "required")).toBeUndefined();
  });

  it("refuses a box that lacks one of the things named", () => {
    expect(checkIdentity("fra1/r1", { "dmi-uuid": "another" }, box, "if-declared")?.code).toBe("IDENTITY_MISMATCH");
    expect(
      checkIdentity("fra1/r1", { macs: ["52:54:00:00:00:01", "52:54:00:00:00:09"] }, box, "required")?.message,
    ).toContain("dmi-uuid: 4c4c4544-0001");
  });

  it("lets the box that is being replaced pass as well", () => {
    const identity = { "dmi-uuid": "the-new-box", replaces: { macs: ["52:54:00:00:00:02"] } };

    expect(checkIdentity("fra1/r1", identity, box, "required")).toBeUndefined();
  });

  it("wants an identity only where the owner of the box says so", () => {
    expect(checkIdentity("fra1/r1", undefined, box, "if-declared")).toBeUndefined();
    expect(checkIdentity("fra1/r1", undefined, box, "required")?.remedy).toContain("52:54:00:00:00:01");
  });

  it("reads a bond's port by its own address, and lives without a UUID", async () => {
    const files = new Map([
      ["/sys/class/net/eth0/address", "52:54:00:00:00:FF\n"],
      ["/sys/class/net/eth0/bonding_slave/perm_hwaddr", "52:54:00:00:00:01\n"],
      ["/sys/class/net/lo/address", "00:00:00:00:00:00\n"],
    ]);
    const read = await readBox({ readFile: async (path) => files.get(path), readFolder: async () => ["eth0", "lo"] });

    expect(read.uuid).toBeUndefined();
    expect([...read.macs]).toEqual(["52:54:00:00:00:01", "00:00:00:00:00:00"]);
  });
});
