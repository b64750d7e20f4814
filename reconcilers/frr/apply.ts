/** Carries steps out: over the daemons' vty sockets, in batches, pipelined, every reply looked at; or through vtysh. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { type Daemon, daemons, type FrrCommand, type FrrStep } from "./model.ts";
import { daemonMissing, unsupported } from "./obstacles.ts";
import { batchesOf, settles } from "./batches.ts";
import { culpritOf } from "./culprit.ts";
import { isRoute } from "./grammar.ts";
import { rejected } from "./rejected.ts";
import { daemonsOf, sharedKind } from "./route.ts";
import { scriptFor, type ScriptLine } from "./script.ts";
import { revealLine } from "./seal.ts";
import { rejection, tryVty, type VtySession } from "./vty.ts";
import { sendByVtysh } from "./vtysh.ts";
import { versionOf, type Way, wayFor } from "./way.ts";

/**
 * Until a route that staticd gave up has left zebra and what redistributes it: no daemon says when. Before that no filter
 * may open that kept it in.
 */
const settlingMs = 250;
/** A daemon may think about a batch of lists for this long before it says anything. */
const patience = 300_000;

/**
 * Implements Reconciler.apply. Without steps it only ends what an agent that died in the middle left open: bgpd holds new
 * peers back until it is told that the configuration is complete. `way`: the one that is right for the version unless given.
 */
export async function* applyFrr(
  steps: readonly FrrStep[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
  way?: Way,
): AsyncIterable<FrrStep> {
  // Whatever cannot be revealed or has nobody to take it is found out before anything is sent.
  for (const step of steps) for (const { line } of step.commands) revealLine(line, host.secrets);
  const through = steps.length === 0 ? "sockets" : (way ?? (await wayOf(host, sockets, signal)));
  const sessions = through === "vtysh" ? [] : await openAll(steps, host, sockets, signal);
  try {
    let isSettling = false;
    for (const batch of batchesOf(steps)) {
      const commands = batch.flatMap((step) => step.commands);
      if (isSettling) await host.sleep(settlingMs, signal);
      isSettling = settles(commands);
      if (through === "vtysh") await sendByVtysh(commands, host, sockets, signal);
      else for (const session of sessions) await sendBatch(session, commands, host, signal);
      yield* batch;
    }
    for (const session of sessions) await session.ask("end", signal);
  } finally {
    for (const session of sessions) session.close();
  }
}

/** Rejects with FRR_VERSION when the daemons are of different versions. */
async function wayOf(host: Host, sockets: string, signal: AbortSignal): Promise<Way> {
  const version = (await versionOf(host, sockets, signal)) ?? "unknown";
  const way = wayFor(version);
  if (way === undefined) throw unsupported(version);
  return way;
}

async function openAll(
  steps: readonly FrrStep[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<readonly VtySession[]> {
  const needed = new Set<Daemon>();
  const taking = new Set<Daemon>();
  for (const { commands } of steps) {
    for (const { context, line } of commands) {
      const takers = daemonsOf(context, line);
      if (takers.length === 1 && takers[0]) needed.add(takers[0]);
      for (const taker of takers) taking.add(taker);
    }
  }
  const wanted = steps.length === 0 ? ["bgpd" as const] : daemons.filter((daemon) => taking.has(daemon));
  const sessions: VtySession[] = [];
  try {
    for (const daemon of wanted) {
      const session = await openConfiguring(host, sockets, daemon, signal);
      if (session) sessions.push(session);
      else if (needed.has(daemon)) throw daemonMissing(daemon);
    }
    return sessions;
  } catch (thrown) {
    for (const session of sessions) session.close();
    throw thrown;
  }
}

/** In configuration mode, with nothing half done; undefined when the daemon does not run. */
async function openConfiguring(
  host: Host,
  sockets: string,
  daemon: Daemon,
  signal: AbortSignal,
): Promise<VtySession | undefined> {
  const session = await tryVty(host, sockets, daemon, signal);
  if (!session) return undefined;
  try {
    const opening = ["configure terminal", "XFRR_start_configuration", "XFRR_end_configuration"];
    const modes = await session.send(opening, signal);
    const refused = modes.map(rejection).find((text) => text !== undefined);
    if (refused !== undefined) throw new Problem("FRR_REJECTED", `FRR's ${daemon} cannot be configured: ${refused}`);
    return session;
  } catch (thrown) {
    session.close();
    throw thrown;
  }
}

async function sendBatch(
  session: VtySession,
  commands: readonly FrrCommand[],
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  const script = scriptFor(session.daemon, commands);
  if (script.length === 0) return;
  const plain: string[] = [];
  const lines = script.map(({ text }) => {
    const revealed = revealLine(text, host.secrets);
    plain.push(...revealed.plain);
    return revealed.line;
  });
  const who = `FRR's ${session.daemon}`;
  const replies = await session.send(lines, signal, patience, (reply) => rejection(reply) !== undefined);
  const at = replies.findIndex((reply) => rejection(reply) !== undefined);
  if (at === -1) return;
  const [reply, line] = [replies[at], script[at]];
  const why = (reply && rejection(reply)) ?? "";
  const reset = ["end", "configure terminal", "XFRR_end_configuration"];
  // What was not sent any more includes the end of the batch: without it bgpd would hold its peers back.
  const isOpen = await session.send(reset, signal).then(
    () => true,
    () => false,
  );
  // The verdict over a group of lines, of which none has an effect then, arrives with the first line after it.
  const isGroup = reply?.status === 0;
  const culprit = isGroup && isOpen ? await culpritOf(groupBefore(script, at), again) : undefined;
  if (isOpen) await session.send(["end"], signal);
  const near = `lists, route-maps or routes at or before "${line?.text}"`;
  throw rejected(
    who,
    isGroup ? culprit?.command : (line?.command ?? (line && { context: [], line: line.text })),
    culprit?.why ?? why,
    plain,
    near,
  );

  async function again(some: readonly FrrCommand[]): Promise<string | undefined> {
    const texts = scriptFor(session.daemon, some).map(({ text }) => revealLine(text, host.secrets).line);
    const said = (await session.send(texts, signal, patience)).map(rejection).find((text) => text !== undefined);
    if (said !== undefined) await session.send(reset, signal);
    return said;
  }
}

/** The commands of the script that a daemon took together, as far as known, the last of them right before `at`. */
function groupBefore(script: readonly ScriptLine[], at: number): readonly FrrCommand[] {
  const commands = script.slice(0, at).flatMap(({ command }) => command ?? []);
  const isGrouped = ({ context, line }: FrrCommand) =>
    sharedKind(context, line) !== undefined || isRoute(context, line.replace(/^no /, ""));
  const last = commands.findLastIndex((command) => !isGrouped(command));
  return commands.slice(last + 1);
}
