/** Operations of the simulated Incus. They end at once, or take their time, whether somebody waits for them or not. */
import { type Body, Refused, type Work } from "./routes.ts";
import type { Answer, Request } from "./socket.ts";

/** How far an operation comes that takes its time: an image is on its way, or the record is there and its file system is not. */
export type Held = "fetching" | "unpacking";

export interface Operations {
  begin(work: Work): Answer;
  /** To what is asked of operations; undefined: something else is asked. */
  answer(request: Request): Answer | Promise<Answer> | undefined;
  /** Those that make an instance, or make it anew, and begin from now on take their time. Resolves once one has begun. */
  hold(moment: Held): Promise<void>;
  /** All end, and others end at once again. */
  release(): void;
}

interface Operation {
  readonly id: string;
  readonly work: Work;
  readonly moment: Held;
  /** Nobody sees it any more, but it goes on. */
  isCancelled: boolean;
  end?: Answer;
  readonly ended: PromiseWithResolvers<void>;
}

const long = /^(Creating|Rebuilding)/;

export function operations(): Operations {
  const all = new Map<string, Operation>();
  let holding: { readonly moment: Held; readonly begun: PromiseWithResolvers<void> } | undefined;

  function finish(operation: Operation): void {
    const { work, moment, ended } = operation;
    operation.end ??= endOf(() => {
      if (moment === "fetching") work.begin?.();
      return work.run();
    });
    ended.resolve();
  }

  function cancel({ work, end, moment, ...rest }: Operation, operation: Operation): Answer {
    if (end) return errorOf(new Refused(400, "Only running operations can be cancelled"));
    if (moment !== "fetching" || work.fetches === undefined || rest.isCancelled)
      return errorOf(new Refused(400, "This operation can't be cancelled"));
    operation.isCancelled = true;
    // Of simplestreams it goes on over https.
    if (work.fetches === "incus") {
      operation.end = errorOf(new Refused(500, "context canceled"));
      rest.ended.resolve();
    }
    return syncOf({});
  }

  return {
    begin(work) {
      const id = `op-${all.size + 1}`;
      const held = long.test(work.doing) ? holding : undefined;
      const moment = held?.moment ?? "fetching";
      const operation: Operation = { id, work, moment, isCancelled: false, ended: Promise.withResolvers() };
      all.set(id, operation);
      if (held?.moment === "unpacking") {
        const begun = endOf(() => work.begin?.());
        if (begun.status !== 200) operation.end = begun;
      }
      if (!held || operation.end) finish(operation);
      held?.begun.resolve();
      const metadata = { status_code: 103 };
      const body = { type: "async", operation: `/1.0/operations/${id}`, error_code: 0, error: "", metadata };
      return { status: 202, body };
    },
    answer({ method, path }) {
      const [, id, verb] = /^\/1\.0\/operations(?:\/([^/?]+))?(?:\/(wait))?(?:\?|$)/.exec(path) ?? [];
      if (!path.startsWith("/1.0/operations")) return undefined;
      if (id === undefined) return syncOf(listed([...all.values()].filter(({ isCancelled }) => !isCancelled)));
      const operation = all.get(id);
      if (!operation) return errorOf(new Refused(404, "Operation not found"));
      if (method === "DELETE") return cancel(operation, operation);
      if (verb === undefined) return syncOf(shown(operation));
      return operation.end ?? operation.ended.promise.then(() => operation.end ?? syncOf(shown(operation)));
    },
    hold(moment) {
      holding = { moment, begun: Promise.withResolvers() };
      return holding.begun.promise;
    },
    release() {
      holding = undefined;
      for (const operation of all.values()) finish(operation);
    },
  };
}

function listed(those: readonly Operation[]): unknown {
  const running = those.filter(({ end }) => !end).map(shown);
  const success = those.filter(({ end }) => end).map(shown);
  return { ...(running.length > 0 && { running }), ...(success.length > 0 && { success }) };
}

function shown({ id, work: { doing, instance }, end }: Operation): unknown {
  const { error, metadata } = (end?.body ?? {}) as Body;
  const status = end === undefined ? 103 : end.status === 200 ? 200 : 400;
  const resources = { instances: [`/1.0/instances/${instance}`] };
  return { id, description: doing, resources, status_code: status, err: error ?? "", metadata };
}

export function syncOf(metadata: unknown, status = 200): Answer {
  return { status, body: { type: "sync", status: "Success", status_code: 200, error_code: 0, error: "", metadata } };
}

export function errorOf(thrown: unknown): Answer {
  if (!(thrown instanceof Refused)) throw thrown;
  return {
    status: thrown.code,
    body: { type: "error", error_code: thrown.code, error: thrown.message, metadata: null },
  };
}

/** How a wait for it answers: an operation that failed is an error of the wait. */
function endOf(run: () => unknown): Answer {
  try {
    return syncOf({ status: "Success", status_code: 200, metadata: run(), err: "" });
  } catch (thrown) {
    return errorOf(thrown);
  }
}
