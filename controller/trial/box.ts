/** What a trial boot needs of this box, as an appliance has it. */
import { desiredOf, type Generation } from "../../reconcilers/generation.ts";
import { commands } from "../../reconcilers/vpp/api/cli.ts";
import type { Host } from "../../reconcilers/core.ts";
import type { Policy } from "../../schemas/policy.ts";
import { Problem } from "../../schemas/problem.ts";
import type { OpenInstance } from "../health/vpp-sight.ts";
import type { Looked } from "../images/mounted.ts";
import type { Deployment } from "../machine.ts";
import type { Reconcilers } from "../planes.ts";
import {
  forgetDatabases,
  keepDatabases,
  keptTexts,
  restoreDatabases,
  restoreMs,
  usersOfDatabases,
} from "./databases.ts";
import { drain, drainText, packetsIn, undrain, type Draining } from "./drain.ts";
import { chooseBoot, tryKernel } from "./kernel-check.ts";
import { quiesce, revive } from "./leave.ts";
import type { Asked, TrialMeans } from "./means.ts";
import { renderStaged, type StagedRendering, type StagedRequest } from "./staged-render.ts";
import { mustBeWatched } from "./watchdog.ts";

export interface Box {
  readonly host: Host;
  readonly settings: StagedRequest["settings"];
  readonly secrets: StagedRequest["secrets"];
  readonly reconcilers: Reconcilers;
  /** undefined: VPP is somebody else's. */
  readonly vpp: OpenInstance | undefined;
}

/** What an older agent wrote down has no such words in its policy. */
export function trialPolicy({ trial }: Partial<Policy>): Policy["trial"] {
  return trial ?? { "boot-method": "kexec", "allow-unwatched": false, "drain-seconds": 180 };
}

/** For all that stops before a kernel is entered, instances of Incus most of all, and to load it. */
const stopMs = 1_380_000;
/** So few packets a second are hellos, and nobody's traffic. */
const quietPackets = 100;

/** The means of the box. */
export function trialMeans(box: Box): TrialMeans {
  const { host, settings } = box;
  const { run } = settings.paths;
  const looked = ({ dataset, name }: { readonly dataset: string; readonly name: string }) => {
    return { dataset, name, folder: `${run}/trial` };
  };
  const keeping = ({ id, trial }: Deployment) => ({ host, pool: trial?.pool ?? "", deployment: id });
  return {
    choose: (environment, signal) => chooseBoot(host, looked(environment), signal),
    async check({ candidate, environment, from, seenReset }, signal) {
      const { "boot-method": method, "allow-unwatched": isAllowed } = trialPolicy(candidate.policy);
      const choice = await chooseBoot(host, looked(environment), signal);
      const guards = await mustBeWatched({ host, method, ...(seenReset && { seen: seenReset }) }, isAllowed, signal);
      if (method === "kexec") await tryKernel(host, looked(environment), choice, signal);
      if (!from) return { candidate, notes: guards };
      const { generation, files } = await renderedThere(box, looked(environment), candidate, from, signal);
      const { overlays, below } = candidate;
      const above = { ...(overlays && { overlays }), ...(below !== undefined && { below }) };
      return { candidate: { ...generation, ...above }, files, notes: guards };
    },
    leaveMs: ({ policy }) => 1000 * trialPolicy(policy)["drain-seconds"] + stopMs,
    async leave({ deployment, committed, drainSeconds, told }, signal) {
      const draining = drainingOf(box, desiredOf(committed).frr, drainSeconds);
      told(drainText(await drain(draining, signal)));
      const kept = keeping(deployment);
      const way = {
        pool: kept.pool,
        isKexec: deployment.trial?.method === "kexec",
        users: await usersOfDatabases(kept, signal),
        async keep(limited: AbortSignal) {
          for (const text of keptTexts(await keepDatabases(kept, limited))) told(text);
        },
      };
      return quiesce({ host, run }, way, signal);
    },
    async stay(committed, signal) {
      await revive({ host, run }, signal);
      await undrain(drainingOf(box, desiredOf(committed).frr, 0), signal);
    },
    comeBackMs: restoreMs,
    comeBack: (deployment, signal) => restoreDatabases(keeping(deployment), signal),
    settle: (deployment, which, signal) => forgetDatabases(keeping(deployment), which, signal),
  };
}

/** Rejects with IMAGE_REFUSED, or the first of what the image says is wrong. */
async function renderedThere(
  { host, settings, secrets }: Box,
  looked: Looked,
  { digest, commit }: Generation,
  { tree, overlays }: NonNullable<Asked["from"]>,
  signal: AbortSignal,
): Promise<StagedRendering> {
  const request = { tree, commit, overlays, settings, secrets };
  const rendering = await renderStaged(host, looked, request, signal).catch((thrown: unknown) => {
    const [first]: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    throw first;
  });
  if (rendering.generation.digest === digest) return rendering;
  throw new Problem("IMAGE_REFUSED", `${looked.name} takes the commit for something else than this agent does.`, {
    remedy: "Build the image with a newer agent.",
  });
}

function drainingOf({ host, reconcilers, vpp }: Box, committed: Draining["committed"], seconds: number): Draining {
  return {
    host,
    reconcilers,
    committed,
    quietPackets,
    limitMs: 1000 * seconds,
    async packets(signal) {
      if (!vpp) return undefined;
      try {
        const core = await vpp("core", signal);
        try {
          return packetsIn(await core.cli(commands.interfaces));
        } finally {
          core.close();
        }
      } catch {
        signal.throwIfAborted();
        return undefined;
      }
    },
  };
}
