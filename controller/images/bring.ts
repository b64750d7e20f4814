/** An image from where images.yaml says into the pool: found, believed, fitting, fetched, received. */
import type { Host } from "../../reconcilers/core.ts";
import type { ImageStream } from "../../schemas/manifest.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { journalFormat } from "../journal.ts";
import { findImage } from "./catalogue.ts";
import { missingBytes, storeFolder } from "./chunk-store.ts";
import { chunksOf, fetchStream } from "./fetch.ts";
import { architectureTag, refusal, smallestStream } from "./fitting.ts";
import { paced } from "./pace.ts";
import { receiveImage } from "./receive.ts";
import type { ClearStaging, StageImage } from "./stage.ts";
import { removeLeftovers } from "./staging.ts";

/** In the folder of a stream that the agent wanted: what `impctl image fetch` brought before is there on purpose. */
const mark = "wanted";

/** Brings images into this box's pool. */
export function bringImages(host: Host, settings: Pick<Settings, "images" | "paths" | "trust">): StageImage {
  const { images, paths, trust } = settings;
  const folder = `${paths.cache}/images`;
  return async (wanted, place, told, signal) => {
    const pace = paced(host, images["bytes-per-second"]);
    const found = await findImage(wanted, images, { trust, host, folder, signal, pace });
    const hardware = [architectureTag(), ...images.hardware];
    const refused = refusal(found.manifest, { ...place, hardware, journal: journalFormat });
    if (refused) throw refused;
    const stream = smallestStream(found.manifest, place.snapshots);
    const fetching = { host, cache: paths.cache, places: found.places, pace, signal, told };
    await host.writeFile(`${storeFolder(paths.cache, stream)}/${mark}`, `${found.manifest.name}\n`);
    // ZFS is not kept waiting by a thin line, nor given the same again and again by one that breaks off.
    const isSlow = place.isSlow || images["bytes-per-second"] !== undefined;
    try {
      await receiveImage(found, stream, {
        host,
        root: place.root,
        folder: `${paths.run}/image`,
        floorBytes: place.floorBytes,
        missing: async (one) => missingBytes(storeFolder(paths.cache, one), one),
        ...(isSlow && { first: async (one: ImageStream) => fetchStream(one, fetching) }),
        chunks: (one) => chunksOf(one, fetching),
        signal,
      });
    } catch (thrown) {
      // What was fetched of it takes room as well.
      if (asProblem(thrown).code === "IMAGE_ROOM") await host.remove(storeFolder(paths.cache, stream));
      throw thrown;
    }
    await host.remove(folder);
  };
}

/** Takes out of this box's pool and cache what is left of images that are not to come any more. */
export function clearStaging(host: Host, paths: Pick<Settings["paths"], "cache" | "run">): ClearStaging {
  return async (root, signal) => {
    await removeLeftovers(host, root, `${paths.run}/image`, signal);
    const all = `${paths.cache}/images`;
    for (const name of await host.readFolder(all)) {
      if (await host.attributes(`${all}/${name}/${mark}`)) await host.remove(`${all}/${name}`);
    }
  };
}
