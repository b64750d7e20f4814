import { describe, expect, it } from "vitest";
import type { Appliance } from "../../../../controller/appliance.ts";
import { keepFiles } from "../../../../controller/trial/keep-files.ts";
import { simHost } from "../../../lab/host.ts";
import { generation, textOf } from "../../../lab/story.ts";

const state = "/persistent/config/imp";
const candidate = generation(["router bgp 64500"]);
const folder = `${state}/generations/${candidate.digest}`;
const sealed = "<secret:0123456789abcdef>";

function box(known: Readonly<Record<string, string>>) {
  const sim = simHost();
  const host = sim.start();
  const secrets = { collect: () => known } as unknown as Appliance["secrets"];
  return { sim, appliance: { host, state, secrets } as unknown as Appliance };
}

const list = `plane frr\nfile 0640 101 102 /generations/${candidate.digest}/files/frr.conf /etc/frr/frr.conf\nunit frr.service\n`;

describe("what a candidate boots with, as its image keeps it", () => {
  it("is put where the boot script looks, with the texts of its secrets", async () => {
    const { sim, appliance } = box({ [sealed]: "opened" });
    await keepFiles(appliance, candidate, [
      { name: "files/frr.conf", text: `password ${sealed}\n`, mode: 0o600 },
      { name: "restore", text: list, mode: 0o600 },
    ]);
    expect(textOf({ sim }, `${folder}/files/frr.conf`)).toBe("password opened\n");
    expect(textOf({ sim }, `${folder}/restore`)).toBe(list.replace(" /generations/", ` ${state}/generations/`));
  });

  it("is refused out of its place, and where a secret is lost", async () => {
    for (const name of ["files/../../x", "files//x", "files/", "candidate.json", "/etc/passwd", "files/./x"]) {
      const { appliance } = box({});
      await expect(keepFiles(appliance, candidate, [{ name, text: "", mode: 0o600 }])).rejects.toThrow("out of place");
    }
    const { appliance } = box({});
    const file = { name: "files/frr.conf", text: sealed, mode: 0o600 };
    await expect(keepFiles(appliance, candidate, [file])).rejects.toThrow("is not known any more");
  });
});
