/** Notices at once when an instance of VPP starts anew: a connection that nothing is asked over ends with the process. */
import type { Host } from "../reconcilers/core.ts";
import { isStarting, openInstance, type VppPlaces } from "../reconcilers/vpp/instances.ts";
import { type InstanceName, instances } from "../reconcilers/vpp/model.ts";

/** While it does not answer it is tried again after so long. */
const pauseMs = 300;

/**
 * Calls `changed` whenever another run of an instance answers, and was given its boot commands: soon after it started. Where
 * there is no VPP nothing is ever called. Ends when the signal aborts.
 */
export function watchVpp(host: Host, places: VppPlaces, changed: () => void, signal: AbortSignal): void {
  for (const instance of instances) {
    void watchOne(host, places, instance, changed, signal).catch(() => {
      // The signal: a watch that fails otherwise costs speed, not correctness, since each poll looks.
    });
  }
}

async function watchOne(
  host: Host,
  places: VppPlaces,
  instance: InstanceName,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  let known: string | undefined;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const vpp = await openInstance(host, places, instance, signal).catch(() => undefined);
    if (vpp) {
      // The first poll looks at what runs already when the agent starts.
      const isNew = tries > 0 && vpp.incarnation !== known;
      known = vpp.incarnation;
      if (isNew) void booted(host, places, instance, signal).then(changed, () => undefined);
      await ended(vpp.ended, signal);
      vpp.close();
    }
    await host.sleep(pauseMs, signal);
  }
}

async function booted(host: Host, places: VppPlaces, instance: InstanceName, signal: AbortSignal): Promise<void> {
  while (await isStarting(host, places, instance)) await host.sleep(pauseMs, signal);
}

function ended(connection: AbortSignal, signal: AbortSignal): Promise<void> {
  const any = AbortSignal.any([connection, signal]);
  return new Promise((resolve) => {
    if (any.aborted) resolve();
    else any.addEventListener("abort", () => resolve(), { once: true });
  });
}
