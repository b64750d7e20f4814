/** What one look sees of VPP: all of it asked at once, over one connection to each instance. */
import type { Host } from "../../reconcilers/core.ts";
import { commands } from "../../reconcilers/vpp/api/cli.ts";
import type { Vpp } from "../../reconcilers/vpp/api/vpp.ts";
import type { InstanceName } from "../../reconcilers/vpp/model.ts";
import { instances } from "../../reconcilers/vpp/model.ts";
import type { VppCheck } from "../../schemas/health.ts";
import { asProblem } from "../../schemas/problem.ts";

/** An interface, as VPP sees it. */
export interface VppLink {
  readonly isEnabled: boolean;
  /** Of a memif: whether its other end is joined. */
  readonly hasCarrier: boolean;
}

export interface VppSight {
  /** By VPP's names. */
  readonly links: ReadonlyMap<string, VppLink>;
  /** Prefixes in the main table that the API or the boot commands put there. */
  readonly routes: ReadonlySet<string>;
  /** "10.0.0.0/24 203.0.113.0/29" */
  readonly mappings: ReadonlySet<string>;
  /** Threads that VPP counts and Linux does not run any more. */
  readonly lostThreads: readonly string[];
  /** How many packets were dropped, or counted as errors, since it started. */
  readonly errors: number;
  /** Of this run of VPP. */
  readonly incarnation: string;
}

/** An instance that does not answer is a reason, as a sentence's end: "does not answer on /run/vpp/core-api.sock". */
export type VppSights = Readonly<Partial<Record<InstanceName, VppSight | string>>>;

/** Connects to an instance. Rejects with a Problem. */
export type OpenInstance = (instance: InstanceName, signal: AbortSignal) => Promise<Vpp>;

/** Looks at the instances that the checks are about. Rejects only when the signal aborts. */
export async function lookAtVpp(
  host: Host,
  open: OpenInstance,
  wanted: readonly VppCheck[],
  signal: AbortSignal,
): Promise<VppSights> {
  const asked = instances.filter((instance) => wanted.some((check) => instanceOf(check) === instance));
  const seen = asked.map(async (instance) => {
    try {
      const vpp = await open(instance, signal);
      try {
        return [instance, await sightOf(host, vpp)] as const;
      } finally {
        vpp.close();
      }
    } catch (thrown) {
      signal.throwIfAborted();
      return [instance, asProblem(thrown).message] as const;
    }
  });
  return Object.fromEntries(await Promise.all(seen));
}

/** The instance that a check looks at. */
export function instanceOf(check: VppCheck): InstanceName {
  return "instance" in check ? check.instance : "nat";
}

const all = 0xffff_ffff;
/** Who made a route: API and CLI (VPP's fib_source.h). */
const sources = [8, 9] as const;

async function sightOf(host: Host, vpp: Vpp): Promise<VppSight> {
  const routes = sources.flatMap((src) =>
    [false, true].map((is_ip6) => vpp.dump("ip_route_v2_dump", { src, table: { table_id: 0, is_ip6, name: "" } })),
  );
  const [links, mappings, threads, errors, ...found] = await Promise.all([
    vpp.dump("sw_interface_dump", { sw_if_index: all }),
    vpp.has("det44_map_dump") ? vpp.dump("det44_map_dump") : [],
    // What it does not print nobody can tell; what it does not answer the others tell.
    vpp.cli(commands.threads).catch(() => ""),
    vpp.cli(commands.errors).catch(() => ""),
    ...routes,
  ]);
  return {
    links: new Map(
      links.map(({ interface_name: name, flags }) => [
        name,
        { isEnabled: (flags & 1) !== 0, hasCarrier: (flags & 2) !== 0 },
      ]),
    ),
    routes: new Set(found.flat().map(({ route }) => route.prefix)),
    mappings: new Set(mappings.map((one) => `${one.in_addr}/${one.in_plen} ${one.out_addr}/${one.out_plen}`)),
    lostThreads: await lostThreads(host, vpp.incarnation, threads),
    errors: errorsIn(errors),
    incarnation: vpp.incarnation,
  };
}

/** A row a thread: number, name, type (nothing of the main thread), the thread's number in Linux, and more. */
export function threadsIn(text: string): readonly { readonly name: string; readonly number: number }[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", number] = /^\d+\s+(\S+)\s+(?:[a-z]\S*\s+)?(\d+)\s/.exec(line.trim()) ?? [];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
}

async function lostThreads(host: Host, incarnation: string, text: string): Promise<readonly string[]> {
  const pid = /: vpp (\d+)@/.exec(incarnation)?.[1];
  if (pid === undefined) return [];
  const stats = threadsIn(text).map(async ({ name, number }) => {
    const stat = await host.readFile(`/proc/${pid}/task/${number}/stat`);
    return stat === undefined || /^[ZX] /.test(stat.slice(stat.lastIndexOf(")") + 2)) ? [name] : [];
  });
  return (await Promise.all(stats)).flat();
}

/** The sum of the counts of `show errors`: a row a counter, with its count first and its severity last; some only inform. */
export function errorsIn(text: string): number {
  const counts = text.split("\n").map((line) => /^(\d+)\s.*\s(?:error|warn)$/.exec(line.trim())?.[1]);
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
}
