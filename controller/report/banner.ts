/**
 * What stands on the console before anybody logs in (issue.d) and right after (motd.d): what this appliance runs, what is
 * going on, and what to type next. The failsafe writes the same files when it acts.
 */
import type { Host } from "../../reconcilers/core.ts";
import { printable } from "../../schemas/printable.ts";
import type { Observer } from "./observer.ts";
import type { Status } from "./status.ts";

export interface Banner {
  readonly observer: Observer;
  /** Says that the agent was stopped, and resolves when that can be read. */
  close(): Promise<void>;
}

/** Keeps the banners below `folder` (/run) current. What fails is told to `complain`. */
export function keepBanner(host: Pick<Host, "writeFile">, folder: string, complain: (fault: unknown) => void): Banner {
  let shown: string | undefined;
  let machine: string | undefined;
  let last: Promise<void> = Promise.resolve();

  async function write(text: string): Promise<void> {
    try {
      // agetty takes a backslash for the beginning of an escape.
      await host.writeFile(`${folder}/issue.d/imp.issue`, text.replaceAll("\\", "\\\\"), { mode: 0o644 });
      await host.writeFile(`${folder}/motd.d/imp`, text, { mode: 0o644 });
    } catch (fault) {
      complain(fault);
    }
  }
  /** One after the other, and only what is new. */
  function show(text: string): void {
    if (text === shown) return;
    shown = text;
    last = last.then(() => write(text));
  }

  return {
    observer: {
      status(status) {
        machine = status.machine;
        show(bannerText(status));
      },
    },
    async close() {
      if (machine !== undefined) show(`${machine}: the agent was stopped.\nNext: systemctl start imp-agent\n`);
      await last;
    },
  };
}

/** Three lines at the most. It holds times, never how long ago: it is read whenever somebody comes by. */
export function bannerText(status: Status): string {
  const { machine, committed, inSync } = status;
  const runs = committed ? revision(committed) : "nothing committed yet";
  const [now, next] = goingOn(status);
  const lines = [
    `${machine}: ${runs}${inSync ? ", in sync" : ""}`,
    ...(now === undefined ? [] : [now]),
    `Next: ${next}`,
  ];
  return lines.map((line) => `${printable(line).slice(0, lineLength)}\n`).join("");
}

const lineLength = 300;

/** What is not as usual, and the command that says more of it or ends it. */
function goingOn(status: Status): readonly [string | undefined, string] {
  const { state, reason = "nobody knows why.", deployment, frozen, paused, lastDeployment } = status;
  if (frozen !== undefined) return [`FROZEN: ${frozen}`, "impctl status"];
  if (state === "stranded") return [`STRANDED: ${reason}`, "impctl rollback"];
  if (state === "rolling-back") return [`Rolling back: ${reason}`, "impctl status"];
  if (deployment?.until !== undefined) {
    const until = `rolled back at ${clock(deployment.until)} unless it proves well`;
    return [`${capital(state)} ${revision(deployment)}: ${until}.`, "impctl status"];
  }
  if (state === "held") return [`Held: ${reason}`, lastDeployment ? `impctl show ${lastDeployment.id}` : "impctl why"];
  if (state === "waiting") return [`Waiting: ${reason}`, "impctl why"];
  if (paused) {
    const until = paused.until === undefined ? "" : ` until ${clock(paused.until)}`;
    return [`Paused${until}: ${paused.reason}`, "impctl why"];
  }
  return [undefined, "impctl status"];
}

function revision({ commit, generation }: { readonly commit: string; readonly generation: string }): string {
  return `generation ${generation.slice(0, 12)} (commit ${commit.slice(0, 12)})`;
}

function clock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
