/** The machine file that an adoption makes of the reference appliance, as its builder set it up by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { nicsIn } from "../../../../controller/adoption/found.ts";
import type { BootEnvironment, BootenvObserved } from "../../../../reconcilers/bootenv/model.ts";
import { observeVpp, openInstance } from "../../../../reconcilers/vpp/instances.ts";
import { frrWith, type Tried, tryAdoption } from "../../../lab/adopting.ts";
import {
  referenceCore,
  referenceFiles,
  referenceFrr,
  referenceIncus,
  referenceNat,
  referenceNics,
  referenceScript,
  referenceStartup,
} from "../../../lab/reference-box.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";

function environment(name: string, guid: string): BootEnvironment {
  const none = { usedBytes: 0, referencedBytes: 0, createdAt: 0, origin: undefined, snapshots: [], below: [] };
  const dataset = `tank/ROOT/${name}`;
  return { name, dataset, guid, ...none, mountpoint: "/", canmount: "noauto", isMounted: guid === "1", properties: {} };
}

const environments: BootenvObserved = {
  pool: { name: "tank", root: "tank/ROOT", health: "ONLINE", usedBytes: 0, availableBytes: 0 },
  environments: [environment("imp-v1.0.0", "1"), environment("debian-initial", "2")],
  booted: "1",
  next: "1",
  bootfs: "tank/ROOT/imp-v1.0.0",
};

describe("the machine file of the reference appliance", () => {
  let tried: Tried;
  beforeAll(async () => {
    const boot = { core: referenceCore("/run/vpp"), nat: referenceNat("/run/vpp") };
    const { host } = vppHost({ nics: referenceNics, boot });
    const signal = AbortSignal.timeout(60_000);
    const core = await openInstance(host, places, "core", signal);
    for (const command of ["set interface ip address internal fe80::42/128", ...referenceScript])
      await core.cli(command);
    core.close();
    const vpp = await observeVpp(host, places, signal);
    const nics = nicsIn(referenceStartup);
    tried = await tryAdoption({
      hostname: "vpp-lab",
      frr: frrWith(referenceFrr),
      vpp,
      incus: referenceIncus,
      nics,
      system: [{ path: "/etc/hostname", text: "vpp-lab\n", mode: 0o644, owner: { uid: 0, gid: 0 } }],
      files: referenceFiles,
      environments,
    });
  });

  it("is valid, and does nothing there", () => {
    expect({ does: tried.does, steps: tried.steps, problems: tried.problems.map(String) }).toEqual({
      does: [],
      steps: [],
      problems: [],
    });
  });

  it("reads as its builder would have written it, with all that it cannot say in front", () => {
    expect(tried.text).toMatchSnapshot();
  });

  it("knows the management network, and what is translated and what is not, for when it is to be taken in", () => {
    expect(tried.later?.machine).toMatchObject({
      management: {
        interface: { name: "enp1s0" },
        ipv4: { address: "10.255.0.9/24", gateway: "10.255.0.1" },
        dns: { servers: ["10.255.0.53", "10.255.1.53"] },
      },
      nat: {
        det44: {
          inside: ["internal"],
          mappings: { "192.168.20.0-24": { source: "192.168.20.0/24", pool: "203.0.113.96-30" } },
          bypass: {
            "192.168.20.0-24-192.168.37.0-24": { source: "192.168.20.0/24", destination: "192.168.37.0/24" },
            "192.168.20.0-24-10.42.0.0-16": { source: "192.168.20.0/24", destination: "10.42.0.0/16" },
          },
          links: { internal: { core: "169.254.1.4/31", nat: "169.254.1.5/31" } },
        },
      },
    });
  });
});
