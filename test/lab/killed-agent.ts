/**
 * A process of its own that runs the agent on the real host, with FRR's reconciler on real unix sockets, and kills itself
 * with SIGKILL at a given effect. Prints how many effects there were when it comes to rest instead.
 */
import { quickTrials } from "./trial-means.ts";
import { system } from "../../reconcilers/system/system.ts";
import { createAgent } from "../../controller/agent.ts";
import { bootFiles } from "../../controller/boot-files.ts";
import { openFailsafe } from "../../controller/failsafe.ts";
import { prober } from "../../controller/health/probe.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import type { Connection, Host } from "../../reconcilers/core.ts";
import { incusOff } from "../../reconcilers/incus/incus.ts";
import { vppOff } from "../../reconcilers/vpp/off.ts";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Settings } from "../../schemas/settings.ts";

export interface Errand {
  readonly folder: string;
  readonly commit: string;
  readonly generation: Generation;
  /** Effects count from 1: the moment before a write, the moment after it was begun, the moment before a send. */
  readonly killAt: number | undefined;
  readonly outage: boolean;
}

/** It is always well. */
const failsafe = "/bin/true";

/** Runs the agent until it is at rest; resolves with the number of effects and the last status. */
export async function run(errand: Errand): Promise<{ readonly effects: number; readonly state: string }> {
  const { folder } = errand;
  let effects = 0;
  const host = killing(linuxHost({ seal: () => "<secret:0000000000000000>", reveal: () => undefined }), () => {
    effects += 1;
    if (effects === errand.killAt) process.kill(process.pid, "SIGKILL");
  });
  const sockets = `${folder}/frr`;
  const closing = new AbortController();
  let polls = 0;
  const settings = {
    machine: "fra1/r1",
    mode: "apply",
    repository: { "poll-seconds": 0.05, branch: "main" },
    failsafe: { mode: "required", program: failsafe },
    vpp: { mode: "off" },
    paths: {
      state: `${folder}/state`,
      cache: `${folder}/cache`,
      run: `${folder}/run`,
      "frr-config": `${folder}/frr.conf`,
    },
  } as unknown as Settings;
  const files = bootFiles(host, settings.paths.state, [
    {
      plane: "frr",
      name: "frr.conf",
      path: `${folder}/frr.conf`,
      unit: "frr.service",
      mode: 0o640,
      owner: async () => undefined,
      holds: (text, { frr }) => text === frr.config,
      text: ({ desired }) => desired.frr.config,
      isOurs: () => true,
    },
  ]);
  const agent = createAgent({
    settings,
    version: "0.0.0",
    host,
    source: {
      head: async () => {
        if (errand.outage) throw new Error("no remote answers");
        return { commit: errand.commit, remote: folder, failed: [] };
      },
      accept: async () => {
        if (errand.outage) throw new Error("no cache either");
        return { revision: undefined, read: async () => undefined, list: async () => [] };
      },
    },
    load: async () => ({ generation: errand.generation, problems: [] }),
    reconcilers: {
      system: system({ managed: [], run: `${folder}/run` }),
      vpp: vppOff,
      frr: frr({ sockets }),
      incus: incusOff,
    },
    secrets: { collect: () => ({}), learn: () => undefined, mask: (text) => text, inputs: async () => "" },
    probe: prober({ host, sockets, dataplane: "dataplane" }),
    bootFiles: files,
    failsafe: openFailsafe(host, settings, files),
    hold: async () => ({ [Symbol.asyncDispose]: async () => undefined }),
    fetchPackage: async () => undefined,
    means: quickTrials,
    stageImage: async () => undefined,
    clearStaging: async () => undefined,
    ask: async () => {
      throw new Error("nobody is there");
    },
    observer: {
      event: (event) => {
        if (event.type === "polled") polls += 1;
      },
      status: ({ state }) => {
        if (polls >= 2 && ["idle", "held", "waiting"].includes(state)) closing.abort();
      },
    },
  });
  await agent.run(closing.signal);
  return { effects, state: agent.status().state };
}

/** Calls `point` before each durable effect, and for writes again as soon as they are begun. */
function killing(host: Host, point: () => void): Host {
  async function around<T>(begin: () => Promise<T>): Promise<T> {
    point();
    const begun = begin();
    point();
    return begun;
  }
  return {
    ...host,
    // The failsafe is the only program here: the network of the machine that the tests run on is nobody's anchor.
    run: (argv, options) =>
      argv[0] === failsafe ? host.run(argv, options) : Promise.reject(new Error("no other programs here")),
    writeFile: (...args) => around(() => host.writeFile(...args)),
    appendFile: (...args) => around(() => host.appendFile(...args)),
    writeLink: (...args) => around(() => host.writeLink(...args)),
    remove: (...args) => around(() => host.remove(...args)),
    async connect(...args): Promise<Connection> {
      const connection = await host.connect(...args);
      return {
        ...connection,
        write(bytes) {
          point();
          return connection.write(bytes);
        },
      };
    },
  };
}

if (import.meta.main) {
  const result = await run(JSON.parse(process.argv[2] ?? "") as Errand);
  process.stdout.write(JSON.stringify(result));
}
