/** An image from where images.yaml says into the pool: found, believed, fitting, fetched, received. */
import type { Host } from "../../reconcilers/core.ts";
import type { Settings } from "../../schemas/settings.ts";
import { journalFormat } from "../journal.ts";
import { findImage } from "./catalogue.ts";
import { chunksOf, fetchStream } from "./fetch.ts";
import { architectureTag, refusal, smallestStream } from "./fitting.ts";
import { paced } from "./pace.ts";
import { receiveImage } from "./receive.ts";
import type { StageImage } from "./stage.ts";

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
    // ZFS is not kept waiting by a thin line, nor given the same again and again by one that breaks off.
    if (place.isSlow || images["bytes-per-second"] !== undefined) await fetchStream(stream, fetching);
    await receiveImage(found, stream, {
      host,
      root: place.root,
      folder: `${paths.run}/image`,
      chunks: (one) => chunksOf(one, fetching),
      signal,
    });
    await host.remove(folder);
  };
}
