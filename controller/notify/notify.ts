/** Everything that is told to others, put together: listens to the loop, and hands letters to couriers (I6). */
import { randomUUID } from "node:crypto";
import type { Host } from "../../reconcilers/core.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Log } from "../report/log.ts";
import type { Observer } from "../report/observer.ts";
import type { Status } from "../report/status.ts";
import { commitState, type CommitState } from "./commit-state.ts";
import { courier, type CourierParts } from "./courier.ts";
import { forge } from "./forge.ts";
import { newsOf, nothingTold } from "./news.ts";
import { webhook } from "./webhook.ts";

export interface Notifications {
  readonly observer: Observer;
  /** What was not sent yet is not sent any more. */
  close(): void;
}

export interface NotifyParts {
  readonly settings: Pick<Settings, "machine" | "notify">;
  readonly version: string;
  readonly host: Pick<Host, "now" | "uptime" | "sleep">;
  readonly log: Pick<Log, "warn" | "info">;
  /** Takes secrets out of a text. */
  readonly mask: (text: string) => string;
  readonly post?: CourierParts["post"];
  readonly random?: CourierParts["random"];
}

export function startNotifications(parts: NotifyParts): Notifications {
  const ending = new AbortController();
  const tellers = [webhooks(parts, ending.signal), commitStatuses(parts, ending.signal)];
  return {
    observer: {
      status(status) {
        for (const tell of tellers) tell(status);
      },
    },
    close: () => ending.abort(),
  };
}

function webhooks(parts: NotifyParts, signal: AbortSignal): (status: Status) => void {
  const { settings, host, mask } = parts;
  const couriers = settings.notify.webhooks.map((one) => ({
    wants: (event: string) => one.events === undefined || (one.events as readonly string[]).includes(event),
    courier: courier(webhook(one, mask, `impctl/${parts.version}`), { ...parts, signal }),
  }));
  let told = nothingTold;
  return (status) => {
    const found = newsOf(told, status);
    told = found.told;
    for (const news of found.news) {
      const envelope = { id: randomUUID(), at: host.now(), machine: settings.machine, news };
      // Of what lasts only the newest counts; of deployments each has its own letters.
      const about = `${news.event} ${news.deployment ?? ""}`;
      for (const { wants, courier } of couriers) if (wants(news.event)) courier.send(about, envelope);
    }
  };
}

/** How many commits are remembered, with what was said of them. */
const mostCommits = 20;

function commitStatuses(parts: NotifyParts, signal: AbortSignal): (status: Status) => void {
  const { settings, mask } = parts;
  const couriers = settings.notify["commit-status"].map((one) =>
    courier(forge(one, settings.machine, mask, `impctl/${parts.version}`), { ...parts, signal }),
  );
  const told = new Map<string, CommitState>();
  const say = (state: CommitState): void => {
    if (told.get(state.commit)?.key === state.key) return;
    told.delete(state.commit);
    told.set(state.commit, state);
    for (const one of couriers) one.send(state.commit, state);
  };
  return (status) => {
    const state = commitState(status);
    if (!state) return;
    say(state);
    // What still waited then never gets a result of its own.
    for (const [commit, before] of told) {
      if (commit === state.commit || before.state !== "pending") continue;
      say({ ...before, description: `superseded by ${state.commit.slice(0, 12)}`, key: "superseded" });
    }
    for (const commit of [...told.keys()].slice(0, -mostCommits)) told.delete(commit);
  };
}
