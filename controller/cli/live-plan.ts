/** Plans for this box without its agent: observes it and changes nothing. For the first look before an agent ever ran. */
import { desiredOf } from "../../reconcilers/generation.ts";
import { survey } from "../planes.ts";
import { standingOf } from "../boot-environments.ts";
import { allReconcilers } from "../compose.ts";
import { bootedEnvironment } from "../environment.ts";
import { linuxHost } from "../host/linux.ts";
import type { Answer } from "../operations/operation.ts";
import { planAnswer } from "../operations/plan.ts";
import { openSecrets } from "../secrets.ts";
import { openStore } from "../store.ts";
import { loadWanted } from "../wanted.ts";
import { openMemory } from "../ledger.ts";
import { standing } from "../overlay.ts";
import { openRevision } from "./revision.ts";
import { readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

const limitMs = 60_000;

/** The same answer as the agent's, towards the files in `sites` as they are. Rejects with an AggregateError when they do not fit this box. */
export async function planLive(settingsFile: string, sites: string | undefined, terminal: Terminal): Promise<Answer> {
  const settings = await readSettings(settingsFile, terminal);
  const { tree } = await openRevision(undefined, sites, terminal);
  const secrets = await openSecrets(settings.secrets, "lookOnly");
  const host = linuxHost(secrets);
  const overlays = standing((await openMemory(host, `${settings.paths.state}/journal/ledger.json`)).ledger());
  const { generation, problems } = await loadWanted(tree, "", overlays, { settings, host, secrets });
  if (!generation) throw new AggregateError(problems, "the files do not fit this box");
  const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(limitMs)]);
  const store = openStore(host, settings.paths.state, await bootedEnvironment(host, signal));
  const committed = await store.committed();
  if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
  const owned = committed ? [desiredOf(committed)] : [];
  const plan = await survey(allReconcilers(settings), host, generation.desired, owned, signal);
  const boot = await standingOf({ host, state: settings.paths.state }, signal);
  return planAnswer(generation, plan, boot);
}
