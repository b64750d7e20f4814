/**
 * The demo's appliance: real FRR in a network namespace with two BIRD upstreams where this machine can run them, else a
 * simulated FRR on the same sockets; and a simulated VPP on the socket of the binary API. Either way the agent is the real
 * one and does not know which it is.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Bird, startBird, whyNoBird } from "../lab/bird.ts";
import { startFrr, whyNoFrr } from "../lab/frr.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { makeNamespace, makeWire, whyNoNamespaces } from "../lab/netns.ts";
import { type SimVpp, simVpp } from "../lab/vpp/sim-vpp.ts";

export interface DemoAppliance extends Routing {
  /** Folder of VPP's sockets. */
  readonly vppSockets: string;
  /** VPP ends as by a crash, and comes up with nothing. */
  restartVpp(): void;
  /** Its interfaces, by name. */
  interfaces(): readonly string[];
}

interface Routing extends AsyncDisposable {
  /** What it is, in two lines for a person. */
  readonly what: readonly string[];
  /** Folder of the daemons' vty sockets. */
  readonly sockets: string;
  /** The dataplane's namespace. */
  readonly namespace: string;
  /** What the upstreams say of their session with the appliance. */
  upstreams(): Promise<readonly string[]>;
}

const upstreams = [
  { name: "transit-a", asn: 64496, us: "192.0.2.2", them: "192.0.2.1", tap: "external.25", sends: "198.51.100.128/25" },
  { name: "transit-b", asn: 64497, us: "192.0.2.6", them: "192.0.2.5", tap: "external.26", sends: "198.51.100.64/26" },
] as const;

export async function startAppliance(folder: string): Promise<DemoAppliance> {
  const why = whyNoNamespaces() ?? whyNoFrr() ?? whyNoBird();
  await using stack = new AsyncDisposableStack();
  const routing = stack.use(why === undefined ? await real() : await simulated(folder, why));
  const { namespace } = routing;
  const sim = simVpp({ physical: ["external"], linuxCp: { sync: true, autoSubint: false, namespace } });
  const vppSockets = join(folder, "vpp");
  mkdirSync(vppSockets);
  const listening = await sim.listen(join(vppSockets, "core-api.sock"));
  stack.defer(() => listening.close());
  const held = stack.move();
  return {
    ...routing,
    what: [...routing.what, "VPP: SIMULATED, on the socket of the binary API, as 26.06 behaves"],
    vppSockets,
    restartVpp: () => {
      sim.stop();
      sim.start();
    },
    interfaces: () => namesOf(sim),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function real(): Promise<Routing> {
  await using stack = new AsyncDisposableStack();
  const dataplane = stack.use(makeNamespace("dp"));
  const speakers: { readonly name: string; readonly bird: Bird }[] = [];
  for (const upstream of upstreams) {
    const namespace = stack.use(makeNamespace(upstream.name.slice(-1)));
    makeWire(
      { namespace: dataplane, name: upstream.tap, addresses: [`${upstream.us}/30`] },
      { namespace, name: "to-r1", addresses: [`${upstream.them}/30`] },
    );
    const session = {
      name: "r1",
      localAddress: upstream.them,
      localAs: upstream.asn,
      peerAddress: upstream.us,
      peerAs: 64500,
      announces: [upstream.sends],
    };
    speakers.push({ name: upstream.name, bird: stack.use(await startBird(namespace, upstream.them, [session])) });
  }
  const frr = stack.use(await startFrr(dataplane, ["zebra", "staticd", "bgpd"]));
  const held = stack.move();
  return {
    what: [
      `real FRR in network namespace ${dataplane.name}; veth pairs stand for VPP's linux-cp taps`,
      "upstreams transit-a (AS 64496) and transit-b (AS 64497): BIRD 2 in namespaces of their own",
    ],
    sockets: frr.sockets,
    namespace: dataplane.name,
    upstreams: () =>
      Promise.all(
        speakers.map(async ({ name, bird }) => {
          const text = await bird.protocol("r1");
          const state = /BGP state:\s+(\w+)/.exec(text)?.[1] ?? "unknown";
          const prefixes = state === "Established" ? await bird.received("r1") : [];
          return line(name, state, prefixes);
        }),
      ),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function simulated(folder: string, why: string): Promise<Routing> {
  const sockets = join(folder, "frr");
  const frr = simFrr({ running: ["zebra", "staticd", "bgpd"] });
  for (const { them, asn } of upstreams) frr.peers.set(them, { as: asn });
  const listening = await frr.listen(sockets);
  return {
    what: [
      `SIMULATED FRR on real vty sockets: real FRR ${why}`,
      "upstreams transit-a (AS 64496) and transit-b (AS 64497): simulated",
    ],
    sockets,
    namespace: "dataplane",
    upstreams: () => {
      frr.settle();
      return Promise.resolve(
        upstreams.map(({ name, them }) => {
          const session = frr.sessions().find((one) => one.peer === them);
          return line(name, session?.state ?? "Idle", session?.state === "Established" ? ["203.0.113.0/24"] : []);
        }),
      );
    },
    [Symbol.asyncDispose]: () => listening.close(),
  };
}

/** As people name them, but for local0. */
function namesOf(sim: SimVpp): readonly string[] {
  const names = [...sim.state.interfaces.values()].map(({ name }) => name);
  return names.filter((name) => name.startsWith("external")).toSorted();
}

function line(name: string, state: string, prefixes: readonly string[]): string {
  return `${name.padEnd(10)} ${state}${prefixes.length > 0 ? `, hears ${prefixes.join(", ")} from us` : ""}`;
}
