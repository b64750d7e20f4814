/**
 * Several whole agents, each on a simulated appliance of its own, that ask each other over real TLS on loopback. Their
 * commits are files of a sites repository: who goes first is loaded from them as an agent does.
 */
import type { AddressInfo } from "node:net";
import { digestOf } from "../../controller/generation.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { limits, listen, type Listening } from "../../controller/report/http.ts";
import { fingerprintOf, openStatusKey, type StatusKey } from "../../controller/report/tls.ts";
import { askStatus } from "../../controller/rollout/ask.ts";
import { rolloutOf } from "../../controller/rollout/asked.ts";
import { loadMachine } from "../../schemas/load.ts";
import { loadPlace } from "../../schemas/load-rollout.ts";
import { memoryTree } from "./memory-tree.ts";
import { generation, story, type Story } from "./story.ts";

export interface FleetStory extends AsyncDisposable {
  /** By name. */
  readonly appliances: ReadonlyMap<string, Story>;
  appliance(name: string): Story;
  /** What the repository says of where an appliance is asked. */
  status(name: string): string;
  /** Makes these files the newest commit for all. Throws what is wrong with them. */
  push(commit: string, files: Readonly<Record<string, string>>): Promise<void>;
  /** Stops answering for an appliance, or answers again. */
  answer(name: string, how: "not at all" | "well"): Promise<void>;
  /** Lets the same time pass everywhere until `claim` holds; throws after `limitMs`. */
  until(claim: () => boolean, what: string, limitMs?: number): Promise<void>;
  pass(ms: number): Promise<void>;
}

/** `folder` is for the keys. Static routes, peers and their passwords are the lines of a plane; each has the peer 192.0.2.1 beside. */
export async function fleetStory(names: readonly string[], folder: string): Promise<FleetStory> {
  let asking = 0;
  const host = linuxHost({ seal: () => "", reveal: () => undefined });
  const appliances = new Map<string, Story>();
  const doors = new Map<string, { readonly key: StatusKey; readonly port: number; listening: Listening | undefined }>();

  const open = async (name: string, key: StatusKey, port: number): Promise<Listening> => {
    const status = () => appliances.get(name)?.status();
    const pages = { metrics: async () => "", status, late: () => undefined };
    return listen(`127.0.0.1:${port}`, pages, limits, key);
  };
  for (const name of names) {
    const key = await openStatusKey(host, `${folder}/${name.replace("/", "-")}.pem`, new AbortController().signal);
    const listening = await open(name, key, 0);
    doors.set(name, { key, port: (listening.address as AddressInfo).port, listening });
    const one = story({
      settings: { machine: name },
      isBusy: () => asking > 0,
      async ask(place, signal) {
        asking += 1;
        try {
          return await askStatus(place, signal);
        } finally {
          asking -= 1;
        }
      },
    });
    one.answering.add("192.0.2.1");
    one.push("", { generation: undefined, problems: [] });
    one.start();
    appliances.set(name, one);
  }

  function appliance(name: string): Story {
    const one = appliances.get(name);
    if (!one) throw new Error(`There is no ${name}.`);
    return one;
  }
  function door(name: string) {
    const one = doors.get(name);
    if (!one) throw new Error(`There is no ${name}.`);
    return one;
  }
  async function pass(ms: number): Promise<void> {
    for (const one of appliances.values()) await one.sim.pass(ms);
  }

  return {
    appliances,
    appliance,
    pass,
    status(name) {
      const { key, port } = door(name);
      return `status: { address: "127.0.0.1:${port}", fingerprint: "${fingerprintOf(key.cert)}" }\n`;
    },
    async push(commit, files) {
      const tree = memoryTree(files);
      for (const [name, one] of appliances) {
        const { loaded, problems } = await loadMachine(tree, name);
        const place = loaded && (await loadPlace(tree, loaded));
        const wrong = [...problems, ...(place?.problems ?? [])].filter(({ severity }) => severity === "error");
        if (!loaded || !place || wrong.length > 0) {
          one.push(commit, { generation: undefined, problems: wrong });
          continue;
        }
        const { static: routes, bgp } = loaded.machine.routing;
        const lines = [
          ...Object.keys(routes).map((prefix) => `ip route ${prefix}`),
          ...Object.values(bgp?.peers ?? {}).flatMap(({ address, password }) => [
            `neighbor ${address}`,
            `password ${password?.secret} of ${address}`,
          ]),
        ];
        const digest = digestOf(loaded, { version: () => "" });
        const rollout = await rolloutOf(loaded, place, tree);
        one.push(
          commit,
          generation(["router bgp 64500", "neighbor 192.0.2.1", ...lines], { machine: name, digest, rollout }),
        );
      }
    },
    async answer(name, how) {
      const one = door(name);
      if (how === "well") one.listening ??= await open(name, one.key, one.port);
      else {
        await one.listening?.close();
        one.listening = undefined;
      }
    },
    async until(claim, what, limitMs = 900_000) {
      for (let passed = 0; !claim(); passed += 1000) {
        if (passed > limitMs) {
          const how = [...appliances].map(([name, one]) => `${name} ${one.status().state}: ${one.status().reason}`);
          throw new Error(`After ${limitMs / 1000} s still not: ${what}. ${how.join("; ")}`);
        }
        await pass(1000);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const one of appliances.values()) await one.close();
      for (const { listening } of doors.values()) await listening?.close();
    },
  };
}
