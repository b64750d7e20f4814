/**
 * An appliance that runs images of our own: made by `impctl image build`, of Debian's packages, with a stand-in as the package `vpp`.
 * It has a service in a real Incus. It is upgraded by git push, and rolled back from an image in which nobody reaches the service.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import type { Appliance } from "./appliance.ts";
import { builtOwnImages, first, second, sick, whyNoOwnImages, type OwnImage } from "./own-images.ts";
import { address, ask, gateway, importImage, service, shownBridge, write } from "./own-service.ts";
import { askRoots, committedPoolBox, type CommittedBox } from "./pool-box.ts";
import type { Change } from "./sites.ts";

// Making the images takes half an hour, and each story minutes.
const why = process.env["IMP_TEST_OWN_IMAGES"] ? whyNoOwnImages() : "for IMP_TEST_OWN_IMAGES=1";
const tell = (text: string): void => console.log(`vm: ${text}`);
const seconds = (since: number): string => `${Math.round((performance.now() - since) / 1000)} s`;
const datasetOf = ({ name }: OwnImage): string => `tank/ROOT/${name}`;
const [here, there] = [datasetOf(first), datasetOf(second)];
const note = "written before any upgrade";
const policy =
  "grace-seconds: 60, deadline-seconds: 900, max-impact: reboot, trial: { boot-method: kexec, drain-seconds: 0 }";
/** Of the machine file that asks for the third: whether the service does its work. */
const check = `health: { pages: { check: http, url: "http://${address}/note", timeout-seconds: 20 } }\n`;
const askRelease = ". /etc/os-release && echo $IMAGE_ID $IMAGE_VERSION && dpkg-query -W -f '${Version}\\n' vpp";
const askFailed = "systemctl list-units --failed --plain --no-legend";
const askBootfsSet = "zpool history tank | grep 'set bootfs=' | cut -d ' ' -f 2-";

describe.skipIf(why !== undefined)(`an appliance of images of our own (${why ?? "QEMU emulates it"})`, () => {
  const started = performance.now();
  let lab: CommittedBox;
  let box: Appliance;
  /** In every commit: no image lets anybody in but the one that was installed with a key. */
  let always: Change;

  const changeTo = (image: OwnImage, more = ""): Change => ({
    ...always,
    more: `image: ${image.name}\n${service}${more}`,
  });
  const git = (...words: string[]): string => lab.around.sites.git(...words);

  beforeAll(async () => {
    const image = await builtOwnImages();
    const login = readFileSync(`${image.sshKey}.pub`, "utf8").trim();
    always = { more: service, login, soakSeconds: 20, policy };
    lab = await committedPoolBox(always, { name: "own-committed", image, before: importImage });
    ({ box } = lab);
    tell(`ready after ${seconds(started)}`);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    tell(`all of it took ${seconds(started)}`);
  });
  beforeEach(() => onTestFailed(() => tell(`its console: ${box.console().slice(-6000)}`)));

  /** The instance runs, and hands out what was written into its data volume before. */
  async function mustServe(): Promise<void> {
    await box.until("the instance hands out its files", ask("note"), (out) => out === `${note}\n`);
    // Beside its first answer in a boot environment the client gives advice.
    expect(await box.sh("incus list -c nst -f csv 2>/dev/null")).toBe("pages,RUNNING,CONTAINER\n");
  }

  it("is bootstrapped and converges on the first image", async () => {
    await lab.from("committed", lab.first);
    expect(await box.sh(askRelease)).toBe(`${first.name} 3.0.0\n${first.vpp}\n`);
    expect(await box.sh(askRoots)).toBe(`${here}\n${here}\n`);
    expect(await box.sh(askFailed)).toBe("");
    const status = await lab.until("nothing differs", ({ inSync }) => inSync);
    expect(status).toMatchObject({ state: "idle", committed: { commit: lab.first }, planes: { incus: { drift: 0 } } });
  });

  it("has Incus's bridge as desired, and an instance that the dataplane reaches over the pair at whose end the stand-in is", async () => {
    expect(await box.sh("ip -br -4 address show dev incusbr0")).toMatch(/^incusbr0 +UP +10\.234\.116\.1\/24 *\n$/);
    expect(await box.sh("incus network show incusbr0")).toContain(shownBridge);
    expect(await box.sh("ip -br link show master incusbr0")).toMatch(/^incus-host@\S+ +UP /m);
    await box.sh(write("note", note));
    await mustServe();
    expect(await box.sh(`ip netns exec dataplane ip route get ${address}`)).toContain(
      `${address} dev incus-dataplane src ${gateway} `,
    );
    expect(await box.sh("incus exec pages -- ip route")).toContain(`default via ${gateway} dev eth0`);
    expect(await box.sh(`incus exec pages -- ping -c 1 ${gateway}`)).toContain("1 packets received");
  });

  it("is upgraded by git push to the second image, whose Incus takes over instance and data", async () => {
    const since = performance.now();
    const commit = lab.push("Upgrade", changeTo(second));
    await lab.until("it is staged", ({ image }) => image?.name === second.name && image.state === "staged");
    tell(`staged ${seconds(since)} after the push`);
    expect(lab.server.requests.filter((line) => line.includes(".zst"))).toEqual([
      expect.stringContaining(`GET /${second.name}.from-${first.name}.zfs.zst`),
    ]);
    await box.booted();
    tell(`on trial ${seconds(since)} after the push`);
    expect(await box.sh(askRoots)).toBe(`${there}\n${here}\n`);
    await lab.until("it committed", (one) => one.committed?.commit === commit && one.state === "idle");
    tell(`committed ${seconds(since)} after the push`);
    expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    expect(await box.sh(askRelease)).toBe(`${second.name} 3.1.0\n${second.vpp}\n`);
    expect(await box.sh(askBootfsSet)).toBe(`zpool set bootfs=${here} tank\nzpool set bootfs=${there} tank\n`);
    await lab.until("nothing differs", ({ inSync }) => inSync);
    await mustServe();
    expect(await box.sh(askFailed)).toBe("");
    await box.keep("upgraded");
    git("tag", "--force", "upgraded", commit);
  });

  it("goes back from the third, in which nobody reaches the service, and holds; instance and data are there again", async () => {
    const upgraded = git("rev-parse", "upgraded").trim();
    await lab.from("upgraded", upgraded);
    const since = performance.now();
    lab.push("Upgrade to one that is sick", changeTo(sick, check));
    const status = await lab.judged(there);
    tell(`judged ${seconds(since)} after the push`);
    expect(status).toMatchObject({ state: "held", verdict: "bad", committed: { commit: upgraded } });
    expect(await box.sh(askRoots)).toBe(`${there}\n${there}\n`);
    expect(await box.sh(askBootfsSet)).toBe(`zpool set bootfs=${here} tank\nzpool set bootfs=${there} tank\n`);
    const told = (await box.sh("impctl history")).split("\n").filter((line) => line.includes("  rolled back"));
    expect(told).toEqual([expect.stringMatching(/trial of imp-v3\.2\.0 .*, health: .*10\.234\.116\.10\/note/)]);
    await mustServe();
  });
});
