/**
 * The image that the machine file names, brought into the pool beside what runs: long before anybody boots it, and beside the loop,
 * since it may take hours. Nothing that traffic or the next boot can see changes, so it waits for no window.
 */
import { environmentOf, isWhole, type BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import { isOf } from "../../reconcilers/bootenv/plan.ts";
import { epochOf, type Standing } from "../../reconcilers/bootenv/standing.ts";
import { asProblem, type Problem } from "../../schemas/problem.ts";
import { retentionOf } from "../boot-environments.ts";
import { inFlight } from "../machine.ts";
import type { Turn } from "../turn.ts";
import type { WantedImage } from "./catalogue.ts";
import type { FetchProgress } from "./fetch.ts";

/** How far the image is that is wanted and does not run. */
export interface ImageStatus {
  readonly name: string;
  /** Of the manifest: "sha256:…". */
  readonly digest: string;
  /** waiting: it could not be had, and is tried again. failed: it is not, before somebody changes something. */
  readonly state: "fetching" | "receiving" | "staged" | "waiting" | "failed";
  /** While it is fetched: how much of the stream is here and checked. */
  readonly bytes?: number;
  readonly size?: number;
  readonly reason?: string;
  readonly unblock?: string;
}

/** What counts of a pool for an image that is to come into it. */
export interface StagingPlace {
  /** "tank/ROOT" */
  readonly root: string;
  /** GUIDs of the snapshots that boot environments have. */
  readonly snapshots: ReadonlySet<string>;
  /** Those of boot environments that committed. */
  readonly committed: readonly string[];
  /** Epoch of what boots next; undefined: nobody knows. */
  readonly epoch?: number;
  /** Names of images for which a commit asks although they are older. */
  readonly allowed: readonly string[];
  /** Bytes of the pool that stay free. */
  readonly floorBytes: number;
  /** Fetch it whole before any of it is received: it did not come in one go before. */
  readonly isSlow: boolean;
}

/** Brings an image into the pool. Rejects with a Problem, and leaves nothing in the pool then. */
export type StageImage = (
  wanted: WantedImage,
  place: StagingPlace,
  told: (progress: FetchProgress) => void,
  signal: AbortSignal,
) => Promise<void>;

/** Removes what receivings below `root` left that were cut off, and what was fetched for them. Rejects with a Problem. */
export type ClearStaging = (root: string, signal: AbortSignal) => Promise<void>;

export interface Staging {
  /** Begins, or ends, what is beside the loop, and tells how it stands. */
  look(turn: Turn): void;
}

/** How long one that could not be had is left alone. */
const againMs = 60_000;
/** The same where only a change can help: a manifest may be corrected without a commit. */
const refusedMs = 600_000;
/** One for which there was no room waits until there is so much more of it: logs come and go. */
const moreRoomBytes = 256 * 2 ** 20;
/** Between two words of how far it is. */
const tellMs = 1000;

interface Work {
  readonly key: string;
  readonly ending: AbortController;
  status: ImageStatus;
  /** Set once it ended without the image: why, until when it is left alone, and until so many bytes are free. */
  failed?: { readonly problem: Problem; readonly until: number; readonly room: number };
}

export function startStaging(): Staging {
  let work: Work | undefined;
  // What is under way in pool and cache, which the next waits for.
  let under: Promise<void> = Promise.resolve();
  // Whoever was killed, or let go of an image, may have left something of it.
  let isClear = false;
  let unclear: { readonly problem: Problem; readonly until: number } | undefined;

  function begin(turn: Turn, wanted: WantedImage, place: StagingPlace, key: string, freeBytes: number): void {
    const { parts, signal, publish, appliance } = turn;
    const { name = "", digest = "" } = wanted;
    const ending = new AbortController();
    const mine: Work = { key, ending, status: { name, digest, state: "fetching" } };
    work = mine;
    let toldAt = -Infinity;
    const tell = (status: ImageStatus): void => {
      mine.status = status;
      if (work === mine) publish({ image: status });
    };
    const told = ({ bytes, size }: FetchProgress): void => {
      const isAll = bytes === size;
      if (!isAll && parts.host.uptime() - toldAt < tellMs) return;
      toldAt = parts.host.uptime();
      tell({ name, digest, state: isAll ? "receiving" : "fetching", bytes, size });
    };
    const before = under;
    const bring = async (): Promise<void> => {
      try {
        await before;
        await parts.stageImage(wanted, place, told, AbortSignal.any([signal, ending.signal]));
        tell({ name, digest, state: "staged" });
        const text = `The image ${name} is in the pool, and may be tried.`;
        appliance.listener.happened({ happened: "image-staged", text });
        if (work === mine) work = undefined;
      } catch (thrown) {
        if (signal.aborted || ending.signal.aborted) return;
        const problem = asProblem(thrown);
        const { transient, message, remedy } = problem;
        const room = problem.code === "IMAGE_ROOM" ? freeBytes + moreRoomBytes : 0;
        mine.failed = { problem, until: parts.host.uptime() + (transient ? againMs : refusedMs), room };
        const said = { reason: message, ...(remedy !== undefined && { unblock: remedy }) };
        tell({ name, digest, state: transient ? "waiting" : "failed", ...said });
      }
    };
    tell(mine.status);
    isClear = false;
    under = bring();
  }

  /** Once, while nothing is to come. */
  function clear({ parts, appliance, signal }: Turn, root: string): void {
    const { host } = parts;
    if (unclear) appliance.listener.complain(unclear.problem);
    const isDue = !isClear && host.uptime() >= (unclear?.until ?? 0);
    if (!isDue || inFlight(appliance.progress.state())) return;
    isClear = true;
    under = under
      .then(async () => parts.clearStaging(root, signal))
      .then(
        () => (unclear = undefined),
        (thrown: unknown) => {
          isClear = false;
          unclear = { problem: asProblem(thrown), until: host.uptime() + refusedMs };
        },
      )
      .then(() => undefined);
  }

  function end(): void {
    work?.ending.abort(new Error("another image is wanted"));
    work = undefined;
  }

  return {
    look(turn) {
      const { parts, appliance, known, publish } = turn;
      const { wanted, environments, committed } = known();
      const image = wanted?.image;
      const there = image && environments?.observed.environments.find((one) => isThis(image, one));
      const isRunning = there !== undefined && there.guid === environments?.observed.booted;
      const isObserving = parts.settings.mode === "observe";
      if (!image || !environments || isRunning || isObserving) {
        end();
        // While nobody knows what is wanted, what was fetched of it stays.
        const isKnown = wanted !== undefined && wanted.problems.length === 0;
        if (environments && isKnown && !isObserving) clear(turn, environments.observed.pool.root);
        return publish({ image: undefined });
      }
      if (there && isWhole(there)) {
        end();
        clear(turn, environments.observed.pool.root);
        const { name = "", digest = "" } = image;
        return publish({ image: { name, digest, state: "staged" } });
      }
      const { floorBytes } = retentionOf(wanted?.generation?.policy ?? committed?.policy ?? {});
      const allowed = appliance.memory.ledger().words.allowDowngrade?.image;
      const place = { ...placeIn(environments, allowed), floorBytes };
      const { availableBytes } = environments.observed.pool;
      const key = JSON.stringify([image, place.allowed, place.epoch, floorBytes]);
      if (work && work.key !== key) end();
      if (work?.failed) appliance.listener.complain(work.failed.problem);
      const { until, room } = work?.failed ?? { until: Infinity, room: 0 };
      const isDue = !work || (parts.host.uptime() >= until && availableBytes >= room);
      // A disk that is busy is no time to prove that nothing got worse.
      if (!isDue || inFlight(appliance.progress.state())) return publish({ image: work?.status });
      begin(turn, image, { ...place, isSlow: work?.failed !== undefined }, key, availableBytes);
    },
  };
}

function isThis({ name = "", digest = "" }: WantedImage, environment: BootEnvironment): boolean {
  return isOf({ name, manifest: digest }, environment);
}

function placeIn(
  { observed, committed }: Standing,
  allowed: string | undefined,
): Omit<StagingPlace, "isSlow" | "floorBytes"> {
  const { environments, pool } = observed;
  const guids = (some: readonly BootEnvironment[]): readonly string[] =>
    some.flatMap(({ snapshots }) => snapshots.map(({ guid }) => guid));
  const epoch = epochOf(environmentOf(observed, observed.next));
  return {
    root: pool.root,
    snapshots: new Set(guids(environments)),
    committed: guids(environments.filter(({ guid }) => committed.has(guid))),
    ...(epoch !== undefined && { epoch }),
    allowed: allowed === undefined ? [] : [allowed],
  };
}
