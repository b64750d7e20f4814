import { describe, expect, it } from "vitest";
import { derive, notManaged } from "../../../reconcilers/derive.ts";
import { header } from "../../../reconcilers/system/catalogue.ts";
import { Machine } from "../../../schemas/machine.ts";
import { routingMachine } from "../../lab/routing-machine.ts";

const seal = (name: string) => `<secret:${name.padEnd(16, "0").replaceAll(/[^0-9a-f]/g, "0")}>`;

describe("what follows from a machine", () => {
  it("is the same FRR configuration, byte for byte, for one generation of defaults", async () => {
    const { frr } = derive(routingMachine, { frr: "8.4.4" }, seal);

    await expect(frr.config).toMatchFileSnapshot("frr/golden/defaults-1.conf");
  });

  it("depends on the versions of the image where the machine says so", () => {
    const older = derive(routingMachine, { frr: "8.4.4" }, seal).frr.config;
    const newer = derive(routingMachine, { frr: "10.1" }, seal).frr.config;

    expect(older).not.toContain("192.0.2.200");
    expect(newer).toContain("neighbor 192.0.2.200 remote-as 64499");
    expect(newer).toContain("ip route 10.99.0.0/16 reject");
  });

  it("is for VPP the same when it starts: what it is to have is what its boot commands make", () => {
    const machine = Machine.parse({ interfaces: { lan: { pci: "0000:03:00.0", addresses: ["192.0.2.1/24"] } } });
    const bootFile = (leftOut = { system: false, vpp: false, incus: false }) =>
      derive(machine, {}, seal, leftOut).system.files.find(({ path }) => path === "/etc/vpp/commands-core.txt")?.text;

    expect(bootFile()).toContain("\nlcp create lan host-if lan\n#pause\nset interface ip address lan 192.0.2.1/24\n");
    expect(bootFile({ system: false, vpp: true, incus: false })).toBe(header);
  });

  it("is an empty configuration for a machine without routing", () => {
    expect(derive(Machine.parse({}), {}, seal).frr).toEqual({ config: "" });
  });

  it("names the sections that are used and that nobody carries out", () => {
    expect(notManaged(routingMachine)).toEqual([]);
    expect(notManaged(routingMachine, { system: false, vpp: true, incus: false })).toEqual([
      "interfaces",
      "loopbacks",
      "nat",
    ]);
    expect(notManaged(Machine.parse({ services: { "bird.service": {} } }))).toEqual(["services"]);
    expect(notManaged(Machine.parse({}))).toEqual([]);
    expect(notManaged(Machine.parse({ vrfs: { v: { table: 7 } } }))).toEqual([]);
  });
});
