/** Carries steps out through the daemons' vty sockets: batches, pipelined, every reply looked at. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { type Daemon, daemons, type FrrCommand, type FrrStep } from "./model.ts";
import { daemonMissing, unsupported } from "./obstacles.ts";
import { batchesOf, settles } from "./batches.ts";
import { daemonsOf, isSupported } from "./route.ts";
import { scriptFor, type ScriptLine } from "./script.ts";
import { maskText, revealLine } from "./seal.ts";
import { rejection, type Reply, tryVty, type VtySession } from "./vty.ts";

/**
 * Until a route that staticd gave up has left zebra and what redistributes it: no daemon says when. Before that no filter
 * may open that kept it in.
 */
const settlingMs = 250;
/** A daemon may think about a batch of lists for this long before it says anything. */
const patience = 300_000;

/**
 * Implements Reconciler.apply. Without steps it only ends what an agent that died in the middle left open: bgpd holds new
 * peers back until it is told that the configuration is complete.
 */
export async function* applyFrr(
  steps: readonly FrrStep[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): AsyncIterable<FrrStep> {
  // Whatever cannot be revealed or has nobody to take it is found out before anything is sent.
  for (const step of steps) for (const { line } of step.commands) revealLine(line, host.secrets);
  const sessions = await openAll(steps, host, sockets, signal);
  try {
    let isSettling = false;
    for (const batch of batchesOf(steps)) {
      const commands = batch.flatMap((step) => step.commands);
      if (isSettling) await host.sleep(settlingMs, signal);
      isSettling = settles(commands);
      for (const session of sessions) await sendBatch(session, commands, host, signal);
      yield* batch;
    }
    for (const session of sessions) await session.ask("end", signal);
  } finally {
    for (const session of sessions) session.close();
  }
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
    const opening = ["show version", "configure terminal", "XFRR_start_configuration", "XFRR_end_configuration"];
    const [version, ...modes] = await session.send(opening, signal);
    const number = /^FRRouting (\d+(?:\.\d+)*)/m.exec(version?.text ?? "")?.[1] ?? "unknown";
    if (!isSupported(number)) throw unsupported(number);
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
  const replies = await session.send(lines, signal, patience, (reply) => rejection(reply) !== undefined);
  const at = replies.findIndex((reply) => rejection(reply) !== undefined);
  if (at === -1) return;
  // What was not sent any more includes the end of the batch: without it bgpd would hold its peers back.
  await session.send(["end", "configure terminal", "XFRR_end_configuration", "end"], signal);
  throw rejected(session.daemon, script, at, replies, plain);
}

function rejected(
  daemon: Daemon,
  script: readonly ScriptLine[],
  at: number,
  replies: readonly Reply[],
  plain: readonly string[],
): Problem {
  const why = maskText(rejection(replies[at] ?? { text: "", status: 0 }) ?? "", plain)
    .replaceAll(/\s+/g, " ")
    .slice(0, 500);
  const line = script[at];
  const command = line?.command;
  const place = command && command.context.length > 0 ? ` in "${command.context.join(" / ")}"` : "";
  // The verdict over a group of lists and route-maps arrives with the first line after it.
  const group = replies[at]?.status === 0;
  const what = group ? `lists or route-maps at or before "${line?.text}"` : `"${line?.text}"${place}`;
  return new Problem("FRR_REJECTED", `FRR's ${daemon} rejected ${what}: ${why}`, {
    remedy: "Correct the line in the machine file, or the raw block that it comes from.",
  });
}
