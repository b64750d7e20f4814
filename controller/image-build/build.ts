/** An image, from its build file to a signed manifest beside its streams: each part is made only where what it is made of changed. */
import type { Build } from "../../schemas/build.ts";
import type { Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { mustHaveKey } from "../images/signature.ts";
import { mustBeSayable } from "../images/written.ts";
import { journalFormat } from "../journal.ts";
import type { Host } from "../../reconcilers/core.ts";
import { openApt } from "./apt.ts";
import { holdCache, type Bench } from "./bench.ts";
import { zfsModules } from "./modules.ts";
import { publish, type Published } from "./publish.ts";
import { imageRoot } from "./root.ts";
import { imageStreams, readBase } from "./streams.ts";

export interface Order {
  readonly build: Build;
  /** The absolute path of one in the build file. */
  readonly at: (path: string) => string;
  readonly name: string;
  readonly version: string;
  /** Revision, in hex. */
  readonly source: string;
  /** As a manifest says it. */
  readonly built: string;
  /** Folder for streams, manifest, signature and list of packages. */
  readonly output: string;
  /** Another image of that name that lies there goes. */
  readonly replace: boolean;
}

/** What is wrong with the order is told before anything is made. Rejects with IMAGE_BUILD, and what is made of it is not there then. */
export async function buildImage(bench: Bench & { readonly host: Host }, order: Order): Promise<Published> {
  const { build, at, name, version, source, built, output, replace } = order;
  mustBeSayable({ name, version, source });
  const key = build["sign-key"] && at(build["sign-key"]);
  if (key !== undefined) await mustHaveKey(key);
  const base = build.base === undefined ? undefined : await readBase(at(build.base));
  if (base?.manifest.name === name)
    throw new Problem("IMAGE_BUILD", `${name} is the name of its base too.`, { remedy: "Give it another one." });
  await using _ = await holdCache(bench.cache);
  const apt = await openApt(bench, build, at);
  const modules = await zfsModules(bench, apt);
  const root = await imageRoot(bench, apt, build, at, modules);
  const { folder, streams } = await imageStreams(bench, { root: root.folder, name, version, base });
  const manifest: Manifest = {
    format: 1,
    name,
    version,
    epoch: build.epoch,
    built,
    source,
    ...(build.description !== undefined && { description: build.description }),
    ...root.contents,
    hardware: build.hardware,
    journal: journalFormat,
    streams: [...streams],
  };
  return publish(bench, { manifest, packages: root.packages, from: folder, output, key, replace });
}
