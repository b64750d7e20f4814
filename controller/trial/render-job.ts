/**
 * What the agent of one boot environment asks the impctl of another, and is answered: both are JSON, and either may be newer. Neither ever
 * holds the text of a secret.
 */
import type { Generation } from "../../reconcilers/generation.ts";
import type { LocalFile } from "../../schemas/local.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import type { SecretUse } from "../../schemas/secrets.ts";
import type { Settings } from "../../schemas/settings.ts";

export const renderFormat = 1;

export interface RenderJob {
  readonly format: typeof renderFormat;
  readonly commit: string;
  /** Path → content in base64. */
  readonly files: Readonly<Record<string, string>>;
  readonly overlays: readonly LocalFile[];
  readonly settings: Pick<Settings, "machine" | "identity" | "system" | "vpp"> & Partial<Pick<Settings, "incus">>;
  /** Where FRR reads its file. */
  readonly frrConfig: string;
  readonly box: { readonly uuid?: string; readonly macs: readonly string[] };
  /** Left out: nothing was resolved yet. */
  readonly secrets?: Readonly<Record<string, SealedForm>>;
}

/** All that is known of a secret where its text is not. */
export interface SealedForm {
  readonly sealed: string;
  readonly version: string;
}

/** A file of a generation, as the boot script lays it down; its secrets are sealed. */
export interface KeptFile {
  /** Below the generation's folder: "files/frr.conf", "restore". */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

export interface RenderAnswer {
  readonly format: typeof renderFormat;
  /** Version of the agent that answers. */
  readonly agent: string;
  /** The newest format of the journal that it goes on from. */
  readonly journal: number;
  /** Secrets that it needs first: then there is nothing else. */
  readonly uses?: readonly SecretUse[];
  readonly problems: readonly ProblemReport[];
  readonly generation?: Generation;
  readonly files?: readonly KeptFile[];
}
