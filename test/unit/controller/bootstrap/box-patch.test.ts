import { describe, expect, it } from "vitest";
import { boxPatch } from "../../../../controller/bootstrap/box-patch.ts";
import { sameFingerprint } from "../../../../controller/bootstrap/server-key.ts";
import { serverOf } from "../../../../controller/git/remote.ts";
import { Identity } from "../../../../schemas/identity.ts";
import { ownFiles } from "../../../../schemas/patch.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { memoryTree } from "../../../lab/memory-tree.ts";

const uuid = "4c4c4544-0051-3510-8052-b4c04f4a3132";
const mismatch = new Problem("IDENTITY_MISMATCH", "another box");
const nic = { name: "eno1", namespace: undefined, pci: undefined, driver: "igb", link: "up" } as const;
const management = { ...nic, mac: "02:00:00:00:00:01", isManagement: true };

async function patchOf(main: string, declared: unknown, isOther: boolean, box: string | undefined) {
  const tree = memoryTree({ "fra1/r1/main.yaml": main, "fra1/r1/routing.yaml": "routing: {}\n" });
  const files = await ownFiles(tree, "fra1/r1");
  const identity = declared === undefined ? undefined : Identity.parse(declared);
  const found = { files, identity, mismatch: isOther ? mismatch : undefined };
  return Object.fromEntries(boxPatch(found, { box: { uuid: box }, nics: [management] }, "age1new"));
}

describe("what a machine file lacks for this box", () => {
  it("is nothing where it is for this box and has its key", async () => {
    const identity = { "dmi-uuid": uuid };
    const main = `age-key: age1new\nidentity: { dmi-uuid: ${uuid} }\n`;

    expect(await patchOf(main, identity, false, uuid)).toEqual({});
  });

  it("is the key and the identity where it has none", async () => {
    expect(await patchOf("hostname: r1\n", undefined, false, uuid)).toEqual({
      "fra1/r1/main.yaml": { identity: { "dmi-uuid": uuid }, "age-key": "age1new" },
    });
  });

  it("takes away what only the box before had", async () => {
    const old = {
      "dmi-uuid": "4c4c4544-0042-4410-8039-c7c04f333632",
      macs: ["02:00:00:00:00:09"],
      replaces: { "dmi-uuid": uuid },
    };
    const main = "age-key: age1old\nidentity: {}\n";

    expect(await patchOf(main, old, true, uuid)).toEqual({
      "fra1/r1/main.yaml": { identity: { "dmi-uuid": uuid, macs: null, replaces: null }, "age-key": "age1new" },
    });
    expect(await patchOf(main, old, true, undefined)).toEqual({
      "fra1/r1/main.yaml": {
        identity: { "dmi-uuid": null, macs: ["02:00:00:00:00:01"], replaces: null },
        "age-key": "age1new",
      },
    });
  });
});

describe("a server", () => {
  it("is found in every address of a repository that has one", () => {
    expect(serverOf("https://git.example.net/sites.git")).toEqual({ host: "git.example.net", port: undefined });
    expect(serverOf("ssh://git@[2001:db8::1]:2222/sites.git")).toEqual({ host: "2001:db8::1", port: 2222 });
    expect(serverOf("git@git.example.net:noc/sites.git")).toEqual({ host: "git.example.net", port: undefined });
    expect(serverOf("/srv/git/sites.git")).toBeUndefined();
  });

  it("is known by its fingerprint however that is written", () => {
    const plain = "ab".repeat(32);

    expect(sameFingerprint("AB:".repeat(31) + "AB", plain)).toBe(true);
    expect(sameFingerprint("SHA256:Qd+x/1", "SHA256:Qd+x/1=")).toBe(true);
    expect(sameFingerprint("SHA256:Qd+x/1", "SHA256:qd+x/1")).toBe(false);
    expect(sameFingerprint(plain, "cd".repeat(32))).toBe(false);
  });
});
