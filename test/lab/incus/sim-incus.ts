/**
 * A simulator of Incus 6.0's REST API, as far as the plane uses it: answers, codes and refusals as the real one gives them
 * (test/integration/incus.test.ts asks both the same).
 */
import type { Connection } from "../../../reconcilers/core.ts";
import { instanceRoutes } from "./instances.ts";
import { objectRoutes } from "./objects.ts";
import { errorOf, type Operations, operations, syncOf } from "./operations.ts";
import { recoverRoutes } from "./recover.ts";
import { type Body, type Outcome, Refused, type Route } from "./routes.ts";
import { type Answer, httpConnection, type Request } from "./socket.ts";
import { freshState, type SimState, type Stored } from "./state.ts";

export interface SimIncus extends Pick<Operations, "hold" | "release"> {
  readonly state: SimState;
  /** By source of the pool. */
  readonly storage: ReadonlyMap<string, Stored>;
  /** Requests that change something, in order: "PUT /1.0/networks/incusbr0". */
  readonly changes: string[];
  /** The next request that changes something and is the `after`-th from now breaks: before it is done, or when it is done. */
  breakAt(after: number, moment: "before" | "done"): void;
  connect(): Connection;
  /** An Incus that never ran before, of another boot environment: the storage is as it was. */
  another(): SimIncus;
  /** As it is after a power cut: of what went on is there what stood written. */
  restarted(): SimIncus;
}

export interface SimIncusOptions {
  /** By alias, fingerprints of images that are here. */
  readonly images?: Readonly<Record<string, string>>;
  readonly storage?: Map<string, Stored>;
  /** What its database has; one that never ran unless given. */
  readonly state?: SimState;
  /** Which Incus it is; one that may be trusted with volumes unless given. */
  readonly version?: string;
  /** How long the pieces are in which it answers; left out: whole. */
  readonly chunked?: number;
}

export function simIncus(options: SimIncusOptions = {}): SimIncus {
  const {
    images: here = { busybox: "0123456789ab" },
    storage = new Map<string, Stored>(),
    version = "6.0.4",
    state = freshState(here),
  } = options;
  const images: Route = (method, [kind, name]) =>
    method === "GET" && kind === "images" && name === undefined ? { sync: imagesOf(state) } : undefined;
  const server: Route = (method, [first = ""]) =>
    method === "GET" && first === "" ? { sync: { environment: { server_version: version } } } : undefined;
  const routes = [
    server,
    images,
    objectRoutes(state, storage),
    instanceRoutes(state, storage),
    recoverRoutes(state, storage),
  ];
  const underWay = operations();
  const changes: string[] = [];
  let fault: { after: number; readonly moment: "before" | "done" } | undefined;

  function outcomeOf({ method, path, body }: Request): Outcome {
    const parts = (path.split("?")[0] ?? "").split("/").slice(1).map(decodeURIComponent);
    const within = parts[0] === "1.0" ? parts.slice(1) : parts;
    for (const route of routes) {
      const outcome = route(method, within, (body ?? {}) as Body);
      if (outcome) return outcome;
    }
    throw new Refused(404, "Not found");
  }

  function answer(request: Request): Answer | Promise<Answer> {
    const about = underWay.answer(request);
    if (about) return about;
    try {
      const outcome = outcomeOf(request);
      return "sync" in outcome ? syncOf(outcome.sync, outcome.status) : underWay.begin(outcome);
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  return {
    state,
    storage,
    changes,
    hold: (moment) => underWay.hold(moment),
    release: () => underWay.release(),
    breakAt(after, moment) {
      fault = { after, moment };
    },
    connect: () =>
      httpConnection((request) => {
        const isChange = request.method !== "GET";
        const breaks = isChange && fault !== undefined && (fault.after -= 1) === 0 ? fault.moment : undefined;
        if (breaks === "before") return undefined;
        if (isChange) changes.push(`${request.method} ${request.path}`);
        const answered = answer(request);
        return breaks === "done" ? undefined : answered;
      }, options.chunked),
    another() {
      const { state: _, ...others } = options;
      return simIncus({ ...others, storage });
    },
    restarted() {
      for (const instance of state.instances.values()) instance.status = "Stopped";
      return simIncus({ ...options, storage, state: { ...state, making: new Set() } });
    },
  };
}

/** Those that are here; of others only their servers know. */
function imagesOf({ images }: SimState): unknown {
  const own = [...images].filter(([name]) => !name.includes(" "));
  return own.map(([name, fingerprint]) => ({ fingerprint, aliases: [{ name, description: "" }] }));
}
