/** A rule across values: what it asks for, and what to do where it is broken. */
import type { Finding } from "./finding.ts";

export interface Rule {
  readonly severity: Finding["severity"];
  readonly rule: string;
  readonly remedy: string;
}

/** What certainly cannot work or cannot be meant. */
export const error = (rule: string, remedy: string): Rule => ({ severity: "error", rule, remedy });

/** All else. */
export const warning = (rule: string, remedy: string): Rule => ({ severity: "warning", rule, remedy });
