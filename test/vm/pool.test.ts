/**
 * An appliance with a root of OpenZFS, as Debian has it, which comes up as zfsbootmenu would have it: a stand-in that keeps its contract
 * boots it, with the hook that we ship. One machine lives through all of it, in this order.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Appliance } from "./appliance.ts";
import { askRoots, here, makePoolBox, type PoolBox } from "./pool-box.ts";
import { builtPoolImage, installed, whyNoPoolImage } from "./pool-image.ts";
import { next } from "./variants.ts";

const why = whyNoPoolImage();
const tell = (text: string): void => console.log(`vm: ${text}`);
const other = `tank/ROOT/${next.name}`;
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;

describe.skipIf(why !== undefined)(`an appliance with a root of OpenZFS (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let lab: PoolBox;
  let box: Appliance;

  beforeAll(async () => {
    lab = await makePoolBox(await builtPoolImage());
    ({ box } = lab);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  it("comes up in what bootfs names, with nothing that has failed, and who it is in the pool", async () => {
    tell(`root can log in ${await box.switchOn()} s after power-on`);
    expect(box.console()).toContain("imp-trial: Nothing is to be tried.");
    expect(box.console()).toContain(`loader: boots ${here}, `);
    await box.until("all is up", "systemctl is-system-running", (out) => out.trim() !== "starting");
    expect(await box.sh("systemctl list-units --failed --plain --no-legend")).toBe("");
    expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
    expect(await box.sh("findmnt -no SOURCE /persistent/config")).toBe("tank/persistent/config\n");
    expect(await box.sh("cmp /etc/machine-id /persistent/config/imp/identity/machine-id && hostid")).toBe("00bab10c\n");
  });

  it("commits for the boot environment that runs", async () => {
    await lab.bootstrap();
    expect(await lab.roles()).toEqual({ [installed]: ["running", "next", true] });
    const guid = (await box.sh(`zfs get -Hp -o value guid ${here}`)).trim();
    const link = await box.sh(`readlink /persistent/config/imp/committed.d/${guid}`);
    expect(link).toMatch(/^\.\.\/generations\/[0-9a-f]{64}\n$/);
  });

  it("receives the image that git asks for, as what is other than in what runs", async () => {
    const since = performance.now();
    lab.push("Image", { more: `image: ${next.name}\n` });
    await lab.until("it is staged", ({ image: it }) => it?.name === next.name && it.state === "staged");
    tell(`received ${seconds(since)} after the push`);
    expect(lab.server.requests.filter((line) => line.includes(".zst"))).toEqual([
      expect.stringContaining(`GET /${next.name}.from-${installed}.zfs.zst`),
    ]);
    const wanted = "canmount,mountpoint,readonly,org.zfsbootmenu:commandline,imp:state,imp:version,origin";
    const properties = await box.sh(`zfs get -H -o property,value,source ${wanted} ${other}`);
    expect(properties).toContain("canmount\tnoauto\tlocal\n");
    expect(properties).toContain("mountpoint\t/\tlocal\n");
    expect(properties).toContain(`origin\t${here}@img\t-\n`);
    expect(properties).toContain(`imp:version\t${next.version}\tlocal\n`);
    expect(await box.sh(`zfs holds -H ${other}@img`)).toContain("imp-image");
    expect(await lab.roles()).toEqual({ [installed]: ["running", "next", true], [next.name]: [false] });
    lab.push("No image");
    await lab.until("it is left", ({ image: it }) => it === undefined);
  });
});
