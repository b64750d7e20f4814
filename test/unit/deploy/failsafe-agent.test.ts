/** Both sides of the record: what the agent writes is what the shell program reads. */
import { describe, expect, it } from "vitest";
import type { BootFiles } from "../../../controller/boot-files.ts";
import { openFailsafe } from "../../../controller/failsafe.ts";
import { Settings } from "../../../schemas/settings.ts";
import { committed, makeBox, shells, tried } from "../../lab/failsafe-box.ts";
import { simHost } from "../../lab/host.ts";
import { sampleStates } from "../../lab/machine-samples.ts";

describe.each(shells)("the record that the agent writes, read by $title", ({ missing, ...shell }) => {
  it.skipIf(missing).each(["forward", "rolling-back"] as const)("%s is understood, whole", async (phase) => {
    using box = makeBox({ missing, ...shell });
    const source = `${box.state}/generations/${committed}/files/frr.conf`;
    const files = {
      restoring: async () => [
        {
          plane: "frr",
          files: [{ source, target: `${box.etc}/frr/frr.conf`, mode: 0o640, owner: { uid: 0, gid: 0 } }],
          units: ["frr.service"],
        },
      ],
      added: async () => [],
    } as unknown as BootFiles;
    const settings = Settings.parse({
      machine: "fra1/r1",
      repository: { folder: "/sites" },
      paths: { state: box.state, run: box.run },
    });
    const sim = simHost();
    const failsafe = openFailsafe(sim.start(), settings, files);
    const armed = { ...sampleStates.armed.deployment, from: committed, generation: tried, id: "d1" };
    await failsafe.arm({ ...armed, deadline: sim.uptime() + 60_000 }, { anchors: ["192.0.2.254"], sessions: [] });
    if (phase === "rolling-back") await failsafe.goingBack(armed, committed, 60_000);
    const node = sim.files.get(`${box.run}/armed`);
    box.write("run/imp/armed", node && "text" in node ? node.text : "");
    box.write(`persistent/generations/${committed}/files/frr.conf`, "hostname r1\n");
    box.uptime(sim.uptime() / 1000);

    expect(box.failsafe("status").text).toContain(
      `armed      for deployment d1, generation ${tried.slice(0, 12)}, ${phase}`,
    );
    expect(box.failsafe("restore", "frr")).toMatchObject({ exitCode: 0 });
    expect(box.read("etc/frr/frr.conf")).toBe("hostname r1\n");
  });
});
