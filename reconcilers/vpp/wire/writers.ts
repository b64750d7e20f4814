/** Every kind, and how one of it is written. */
import type { Kind, VppObject } from "../model.ts";
import { advertisementWriters } from "./advertisements.ts";
import { bondWriters } from "./bonds.ts";
import { filterWriters } from "./filters.ts";
import { interfaceWriters } from "./interfaces.ts";
import type { Writer, Writers } from "./kind.ts";
import { l2Writers } from "./l2.ts";
import { layer3Writers } from "./layer3.ts";
import { memifWriters } from "./memif.ts";
import { natWriters } from "./nat.ts";
import { policerWriters } from "./policers.ts";
import { protocolWriters } from "./protocols.ts";
import { rawWriters } from "./raw.ts";
import { routeWriters } from "./routes.ts";
import { settingsWriters } from "./settings.ts";
import { vrfWriters } from "./vrfs.ts";
import { vrrpWriters } from "./vrrp.ts";

export const writers: Writers<Kind> = {
  ...vrfWriters,
  ...interfaceWriters,
  ...bondWriters,
  ...memifWriters,
  ...settingsWriters,
  ...layer3Writers,
  ...advertisementWriters,
  ...filterWriters,
  ...policerWriters,
  ...l2Writers,
  ...routeWriters,
  ...vrrpWriters,
  ...protocolWriters,
  ...natWriters,
  ...rawWriters,
};

/** How objects of a kind are written; it takes objects of that kind only. */
export function writerOf(kind: Kind): Writer<VppObject> {
  return writers[kind];
}
