/** The same through zfsbootmenu itself, which Debian does not have: IMP_TEST_ZBM is its image for EFI. One machine lives through all of it. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Appliance } from "./appliance.ts";
import { askRoots, here, makePoolBox, type PoolBox } from "./pool-box.ts";
import { firmware, zfsbootmenu } from "./pool-hardware.ts";
import { builtPoolImage, whyNoPoolImage } from "./pool-image.ts";
import { bad, next, type Variant } from "./variants.ts";

const why =
  zfsbootmenu === undefined ? "needs IMP_TEST_ZBM" : existsSync(firmware) ? whyNoPoolImage() : `needs ${firmware}`;
const tell = (text: string): void => console.log(`vm: ${text}`);
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;
const there = `tank/ROOT/${next.name}`;

const upgrade = ({ name }: Variant) => ({
  more: `image: ${name}\n`,
  policy: "deadline-seconds: 1500, max-impact: reboot, trial: { boot-method: firmware, drain-seconds: 0 }",
});

describe.skipIf(why !== undefined)(`an appliance that zfsbootmenu boots (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let lab: PoolBox;
  let box: Appliance;
  let committed: string;

  beforeAll(async () => {
    lab = await makePoolBox(await builtPoolImage());
    ({ box } = lab);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  /** How often the hook said that. */
  const said = (words: string): number => box.console().split(`imp-trial: ${words}`).length - 1;

  it("comes up in what bootfs names, and the hook found nothing to try", async () => {
    tell(`root can log in ${await box.switchOn()} s after power-on`);
    expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
    expect(said("Nothing is to be tried.")).toBe(1);
    await lab.bootstrap();
  });

  it("boots another image once, which proves itself, and boots it from then on", async () => {
    const since = performance.now();
    committed = lab.push("Upgrade", upgrade(next));
    await box.booted();
    tell(`on trial ${seconds(since)} after the push`);
    expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
    await lab.until("it committed", (one) => one.committed?.commit === committed && one.state === "idle");
    tell(`committed ${seconds(since)} after the push`);
    expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    await box.run("systemctl reboot --no-block");
    await box.booted();
    expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    expect(said("Nothing is to be tried.")).toBe(2);
  });

  it("is back in it, without anybody's doing, after one whose kernel panics", async () => {
    const since = performance.now();
    lab.push("Panic", upgrade(bad.panics));
    const seen = box.console().length;
    await box.booted();
    expect(box.console().slice(seen)).toContain("sysrq triggered crash");
    expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    const { committed: kept } = await lab.until("it is over", ({ verdict }) => verdict === "bad");
    tell(`judged ${seconds(since)} after the push`);
    expect(kept?.commit).toBe(committed);
    expect(await box.sh("impctl history")).toMatch(/rolled back.*its kernel panicked: sysrq triggered crash/);
  });
});
