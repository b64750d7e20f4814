/** The evidence of one failed deployment as files: everything that one would ask for afterwards, cut to a bounded size. Pure. */
import { desiredTexts } from "../desired-text.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import { printableLines } from "../../schemas/printable.ts";
import type { Timeline } from "../health/timeline.ts";
import { maskData } from "../mask.ts";
import type { Survey } from "../planes.ts";
import { storyText } from "../report/story-text.ts";
import type { Status } from "../report/status.ts";
import type { Story } from "../story.ts";
import type { Gathered } from "./witness.ts";

/** Name → most bytes. Together a bundle is never larger than 2 MB. */
export const sizes = {
  "plan.txt": 200_000,
  "before.txt": 350_000,
  "failed.txt": 350_000,
  "after.txt": 350_000,
  "timeline.json": 200_000,
  "log.txt": 250_000,
  "status.json": 150_000,
  /** Written last: where it is, the bundle is whole. */
  "story.txt": 100_000,
} as const;

export type EvidenceFile = keyof typeof sizes;

export interface Exhibits {
  readonly story: Story;
  readonly gathered: Gathered;
  /** Lines of the agent's log, oldest first. */
  readonly log: readonly string[];
  readonly status: Status;
  /** One step of a plan for people. */
  readonly describe: (plan: Survey) => readonly string[];
  /** Takes every secret out of a text. */
  readonly mask: (text: string) => string;
}

/** The files, in the order in which they are to be written. What is not known has no file. */
export function bundle({ story, gathered, log, status, describe, mask }: Exhibits): ReadonlyMap<EvidenceFile, string> {
  const { plan, before, failed, after, timeline } = gathered;
  const written: readonly (readonly [EvidenceFile, string | undefined])[] = [
    ["plan.txt", lines(plan ? describe(plan) : story.runs.filter((run) => !run.back).flatMap(({ does }) => does))],
    ["before.txt", before && planes(before)],
    ["failed.txt", failed && planes(failed)],
    ["after.txt", after && planes(after)],
    ["timeline.json", timeline && moments(maskData(timeline, mask))],
    ["log.txt", lines(log)],
    ["status.json", `${JSON.stringify(status, undefined, 2)}\n`],
    ["story.txt", lines(storyText(story, timeline))],
  ];
  const files = new Map<EvidenceFile, string>();
  for (const [name, text] of written) {
    // Masked before it is cut: half a secret is one that nothing recognises.
    if (text !== undefined && text !== "") files.set(name, cut(printableLines(mask(text)), sizes[name]));
  }
  return files;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

/** A program reads it, so of a long one whole moments are left out of the middle. */
function moments(timeline: Timeline): string {
  const kept = [...timeline];
  const text = (): string => `${JSON.stringify(kept)}\n`;
  while (Buffer.byteLength(text()) > sizes["timeline.json"]) kept.splice(Math.floor(kept.length / 2), 1);
  return text();
}

/** What a plane shows, as it would be configured. */
function planes(desired: Desired): string {
  return desiredTexts(desired)
    .map(({ title, text }) => `# ${title}\n${text}\n`)
    .join("");
}

/** A text of at most `limit` bytes: of a longer one the middle is left out, and it says so. */
export function cut(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  const half = Math.floor((limit - 100) / 2);
  const whole = (part: Buffer): string => part.toString("utf8").replaceAll("\u{fffd}", "");
  const left = bytes.length - 2 * half;
  return `${whole(bytes.subarray(0, half))}\n… ${left} of ${bytes.length} bytes are left out here …\n${whole(bytes.subarray(-half))}`;
}
