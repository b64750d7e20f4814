/** One appliance as the engine works with it: its outside, its memory, and where the state machine stands. */
import type { Host } from "../reconcilers/core.ts";
import type { BootFiles } from "./boot-files.ts";
import type { Failsafe } from "./failsafe.ts";
import type { Witness } from "./evidence/witness.ts";
import type { Prober } from "./health/probe.ts";
import type { Memory } from "./ledger.ts";
import type { Reconcilers } from "./planes.ts";
import type { Listener, Progress } from "./progress.ts";
import type { Peers } from "./rollout/peers.ts";
import type { Store } from "./store.ts";
import type { TrialMeans } from "./trial/means.ts";

/** The texts of secrets, kept with a generation so that going back needs no repository. */
export interface SecretKeeper {
  /** Sealed form → text of every secret that the text mentions. */
  collect(sealedText: string): Readonly<Record<string, string>>;
  learn(collected: Readonly<Record<string, string>>): void;
  /** The text without any of them, for people. */
  mask(text: string): string;
  /** Changes when a file changed from which secrets are resolved on this box. */
  inputs(): Promise<string>;
}

export interface Appliance {
  readonly host: Host;
  /** The boot environment that runs: environment.ts. */
  readonly environment: string;
  /** The agent's folder, which all boot environments share; and the one that goes with the boot. */
  readonly state: string;
  readonly runFolder: string;
  readonly reconcilers: Reconcilers;
  readonly secrets: SecretKeeper;
  readonly probe: Prober;
  readonly store: Store;
  readonly memory: Memory;
  readonly progress: Progress;
  readonly listener: Listener;
  readonly bootFiles: BootFiles;
  readonly failsafe: Failsafe;
  readonly witness: Witness;
  readonly peers: Peers;
  /** Keeps FRR and VPP from being changed by anybody else of this program, until disposed of. Rejects with FRR_BUSY or VPP_BUSY. */
  readonly hold: () => Promise<AsyncDisposable>;
  readonly means: TrialMeans;
}
