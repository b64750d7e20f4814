import { expect, it } from "vitest";
import { bootFiles, restoringLines } from "../../../controller/boot-files.ts";
import { emptyDesired } from "../../../controller/planes.ts";
import { canonicalJson } from "../../../controller/canonical-json.ts";
import { renderSystem } from "../../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../../schemas/machine.ts";
import { simHost } from "../../lab/host.ts";
import { openStore } from "../../../controller/store.ts";
import { generation } from "../../lab/story.ts";

it("has the failsafe put VPP back by what it starts from, in the instances that the generation uses", async () => {
  const host = simHost().start();
  const system = renderSystem(Machine.parse({ interfaces: { external: { pci: "0000:03:00.0" } } }));
  const vpp = { core: { objects: [{ kind: "physical", name: "external" } as const] } };
  const committed = generation([], { desired: { ...emptyDesired, system, vpp } });
  const files = bootFiles(host, "/state", []);
  await host.writeFile(`/state/generations/${committed.digest}/generation.json`, canonicalJson(committed));

  const lines = restoringLines(await files.restoring(committed.digest));
  const own = lines.slice(lines.indexOf("plane vpp"));
  const at = `/state/generations/${committed.digest}/files/system`;
  expect(own).toEqual([
    "plane vpp",
    `file 0644 0 0 ${at}/etc/vpp/commands-core.txt /etc/vpp/commands-core.txt`,
    `file 0644 0 0 ${at}/etc/vpp/startup-core.conf /etc/vpp/startup-core.conf`,
    "unit vpp-core.service",
  ]);
});

it("knows which files only a candidate has: neither what is committed, nor the box before it", async () => {
  const host = simHost().start();
  const asking = (input: MachineInput) =>
    generation([], { desired: { ...emptyDesired, system: renderSystem(Machine.parse(input)) } });
  const committed = asking({ hostname: "r1" });
  const candidate = asking({
    hostname: "r1",
    management: { interface: { name: "eno1" } },
    sysctl: { "net.core.somaxconn": 1024 },
  });
  const before = { ...emptyDesired, system: { files: candidate.desired.system.files.filter(isSysctl) } };
  const store = openStore(host, "/state", "default");
  await store.stage({ generation: candidate, secrets: new Map(), before, owned: undefined });
  await host.writeFile(`/state/generations/${committed.digest}/generation.json`, canonicalJson(committed));
  const files = bootFiles(host, "/state", []);
  const network = "/etc/systemd/network/10-imp-management.network";

  expect(await files.added(candidate.digest, committed.digest)).toEqual([network]);
  expect(await files.added(candidate.digest, undefined)).toEqual(["/etc/hosts", network, "/etc/frr/daemons"]);
  expect(await files.added(committed.digest, committed.digest)).toEqual([]);
});

function isSysctl({ path }: { readonly path: string }): boolean {
  return path.startsWith("/etc/sysctl.d/");
}
