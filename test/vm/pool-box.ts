/** An appliance with a root of OpenZFS, what it has around it, and the images that it may be asked to run. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ShownPool } from "../../controller/boot-environments.ts";
import { digestOf } from "../../controller/images/manifest.ts";
import type { Status } from "../../controller/report/status.ts";
import { imageServer, type ImageServer } from "../lab/image-server.ts";
import { type Appliance, makeAppliance } from "./appliance.ts";
import { pick, poolHardware } from "./pool-hardware.ts";
import { builtPoolImage, installed, type PoolImage } from "./pool-image.ts";
import { clear, gone, place } from "./shelf.ts";
import { machine, sites, type Change } from "./sites.ts";
import { makeSurroundings, type Surroundings } from "./surroundings.ts";

export const askStatus = "curl -s --max-time 20 http://127.0.0.1:9709/status";
/** What runs, and what boots next. */
export const askRoots = "findmnt -no SOURCE / && zpool get -Hp -o value bootfs tank";
export const here = `tank/ROOT/${installed}`;

export interface PoolBox extends AsyncDisposable {
  readonly box: Appliance;
  readonly around: Surroundings;
  readonly server: ImageServer;
  /** Pushes what is changed; the catalogue has all images. Gives the commit. */
  push(subject: string, change?: Change): string;
  /** From then on somebody picks this dataset in the boot menu; "": nobody picks. */
  pick(environment: string): void;
  /** Waits for a status that is as told. */
  until(what: string, holds: (status: Status) => boolean): Promise<Status>;
  pool(): Promise<ShownPool>;
  /** What `impctl be list` says of each: its roles, and whether it committed. */
  roles(): Promise<Readonly<Record<string, readonly (string | boolean)[]>>>;
  /** Pushes the first commit, and waits until it is committed and nothing differs. Gives the commit. */
  bootstrap(change?: Change): Promise<string>;
}

/** A box that is switched off; how it was when it had committed and nothing differed is kept as `committed`. */
export interface CommittedBox extends PoolBox {
  /** What it committed. */
  readonly first: string;
  /** Begins where the box was kept: the repository is as it was then, too. */
  from(kept: string, commit: string): Promise<void>;
  /** Waits until the box is back in the boot environment that it came from, and has judged what it tried. */
  judged(cameFrom: string): Promise<Status>;
}

/** What is other than the box of `builtPoolImage` by itself. */
export interface Other {
  /** Of the folder on the shelf. */
  readonly name: string;
  readonly image: PoolImage;
  /** Shell: what somebody does on the box before it is bootstrapped. */
  readonly before: string;
}

/** Bootstrapped once, and from then on taken from the shelf. */
export async function committedPoolBox(change: Change, other?: Other): Promise<CommittedBox> {
  const { name, image, before } = other ?? { name: "pool-committed", image: await builtPoolImage(), before: "" };
  const folder = place(name, [image, sites(change), before, machineText()]);
  const mark = join(folder, "committed");
  if (!existsSync(mark)) {
    clear(name);
    mkdirSync(folder, { recursive: true });
    await using lab = await makePoolBox(image, folder);
    await lab.box.switchOn();
    await lab.box.sh(before);
    const commit = await lab.bootstrap(change);
    await lab.box.keep("committed");
    writeFileSync(mark, commit);
  }
  const lab = await makePoolBox(image, folder);
  const { box, around } = lab;
  return {
    ...lab,
    first: readFileSync(mark, "utf8"),
    async from(kept, commit) {
      await box.switchOff();
      around.sites.git("reset", "--quiet", "--hard", commit);
      around.sites.git("push", "--quiet", "--force", "origin", "HEAD:main");
      await box.goOnFrom(kept);
    },
    async judged(cameFrom) {
      for (;;) {
        await box.booted();
        const { out } = await box.run(askRoots);
        if (out !== `${cameFrom}\n${cameFrom}\n`) continue;
        const isOver = ({ state, verdict }: Status) => verdict === "bad" || state === "trial-booting";
        const status = await lab.until("it goes on, or is over", isOver);
        if (status.verdict === "bad") return status;
      }
    },
  };
}

/** What another machine could not go on from. */
function machineText(): readonly string[] {
  const files = ["hardware.ts", "pool-hardware.ts"].map((name) =>
    readFileSync(join(import.meta.dirname, name), "utf8"),
  );
  return [...files, execFileSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" })];
}

/** Switched off. Of a folder of its own, or what is in one that stays. */
export async function makePoolBox(image: PoolImage, lasting?: string): Promise<PoolBox> {
  const folder = lasting ?? mkdtempSync(join(tmpdir(), "imp-vm-"));
  const around = await makeSurroundings(folder);
  const server = await imageServer(image.images, { tls: around.tls });
  const box = await makeAppliance(folder, poolHardware(folder, image));
  const addressOf = (name: string) => ({
    manifest: `${around.seen(server.url)}/${name}.json`,
    digest: digestOf(readFileSync(join(image.images, `${name}.json`))),
  });
  const manifests = readdirSync(image.images).filter((name) => /^imp-.*\.json$/.test(name));
  const images = Object.fromEntries(manifests.map((name) => [name.slice(0, -5), addressOf(name.slice(0, -5))]));
  const push = (subject: string, change?: Change) => around.sites.push(subject, sites({ images, ...change }));
  const until: PoolBox["until"] = async (what, holds) => {
    const isSo = (out: string) => out.startsWith("{") && holds(JSON.parse(out) as Status);
    return JSON.parse(await box.until(what, askStatus, isSo)) as Status;
  };
  const pool = async (): Promise<ShownPool> => JSON.parse(await box.sh("impctl be list --json")) as ShownPool;
  return {
    box,
    around,
    server,
    push,
    pick: (environment) => pick(folder, environment),
    until,
    pool,
    async roles() {
      const { environments } = await pool();
      return Object.fromEntries(environments.map(({ name, roles, committed }) => [name, [...roles, committed]]));
    },
    async bootstrap(change) {
      const commit = push("Start", change);
      await box.sh(settingsScript(around, image.signers));
      await until("it committed", (one) => one.committed?.commit === commit);
      await until("nothing differs", ({ inSync }) => inSync);
      return commit;
    },
    async [Symbol.asyncDispose]() {
      await box.switchOff();
      await server.close();
      await around[Symbol.asyncDispose]();
      if (lasting === undefined) rmSync(folder, gone);
    },
  };
}

function settingsScript({ url, fingerprint, signers, credentials, tls }: Surroundings, builders: string): string {
  const flags = `--repository ${url} --server-key ${fingerprint} --username ${credentials.username} --token-file token`;
  return `cd /root && umask 077
printf %s '${signers}${builders}' >signers
printf %s ${credentials.password} >token
printf %s '${tls.cert}' >/persistent/config/imp/images-ca.pem
printf 'images: { ca-file: /persistent/config/imp/images-ca.pem }\n' >>/persistent/config/imp/agent.yaml
impctl bootstrap ${flags} --machine ${machine} --allowed-signers signers`;
}
