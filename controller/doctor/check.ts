/** What `impctl doctor` is made of: checks that look at one thing that the agent relies on, and say how to mend it. */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, type Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Head } from "../source.ts";

/** skipped: it does not apply here; advice: it works, and should be mended; fault: something does not work, or will not. */
export type Severity = "ok" | "skipped" | "advice" | "fault";

export interface Finding {
  readonly severity: Severity;
  /** One sentence: what was seen, or why it was not looked at. */
  readonly text: string;
  /** What to do, with the command; of advice and faults only. */
  readonly remedy?: string;
}

/** A box as the checks look at it. */
export interface Patient {
  readonly host: Host;
  /** Where the settings are. */
  readonly file: string;
  /** Defaults where the file cannot be used. */
  readonly settings: Settings;
  /** What is wrong with the file. */
  readonly unusable: readonly Problem[];
  /** Asks the sites repository what is newest. Rejects with a GIT_ Problem. */
  readonly head: (signal: AbortSignal) => Promise<Head>;
  /** The version of the agent that runs. Rejects when none answers. */
  readonly agentVersion: (signal: AbortSignal) => Promise<string>;
  /** Whether the machine file names an agent that is not the one that runs. Rejects when none answers. */
  readonly isUpdateWanted: (signal: AbortSignal) => Promise<boolean>;
  /** Where VPP's API definitions are, as its packages put them. */
  readonly vppApi: string;
  /** Where VPP's instances have their sockets. */
  readonly vppRun: string;
}

export interface Check {
  /** Stable: "age-key". */
  readonly code: string;
  /** Looks only at what the settings name, so that defaults in their place would mislead. */
  readonly needsSettings?: true;
  readonly look: (patient: Patient, signal: AbortSignal) => Promise<Finding>;
}

/** A finding with the code of its check. */
export interface Diagnosis extends Finding {
  readonly code: string;
}

/** Limit of each check, milliseconds. */
const limitMs = 40_000;
/** For a program that only looks. */
export const programMs = 15_000;

export function ok(text: string): Finding {
  return { severity: "ok", text };
}

export function skipped(why: string): Finding {
  return { severity: "skipped", text: why };
}

export function advice(text: string, remedy: string): Finding {
  return { severity: "advice", text, remedy };
}

export function fault(text: string, remedy: string): Finding {
  return { severity: "fault", text, remedy };
}

/** Several sentences as one finding of the worst severity; `otherwise` where there is none. */
export function together(found: readonly Finding[], otherwise: Finding): Finding {
  if (found.length === 0) return otherwise;
  const severity = found.some((one) => one.severity === "fault") ? "fault" : "advice";
  const remedy = [...new Set(found.flatMap((one) => one.remedy ?? []))].join(" ");
  return { severity, text: found.map(({ text }) => text).join(" "), remedy };
}

/** All checks at once, in their order. A check that fails itself is a fault. */
export async function diagnose(
  checks: readonly Check[],
  patient: Patient,
  signal: AbortSignal,
): Promise<readonly Diagnosis[]> {
  return Promise.all(
    checks.map(async ({ code, needsSettings, look }) => {
      if (needsSettings && patient.unusable.length > 0) {
        return { code, ...skipped(`${patient.file} cannot be used.`) };
      }
      const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const finding = await look(patient, limited).catch((thrown: unknown) => {
        signal.throwIfAborted();
        const { message, remedy } = asProblem(thrown);
        return fault(message, remedy ?? "See what stands in the way, and ask again.");
      });
      return { code, ...finding };
    }),
  );
}
