/**
 * What the agent orders of imp-update (deploy/update/), and what that tells of it: two files of lines, a key and a value each, in
 * the update folder. docs/package.md has them.
 */

/** Another version of the agent, whose package stands in the folder, checked. */
export interface Order {
  readonly version: string;
  /** SHA-256 of the package, 64 hex digits. */
  readonly digest: string;
  /** The version that is installed: what is gone back to. */
  readonly before: string;
  /** Where the agent has its sockets. */
  readonly run: string;
  /** Whether the failsafe must be fit for the new version to be up. */
  readonly failsafe: "required" | "off";
}

export type Ended =
  /** The new agent is up. */
  | "installed"
  /** It did not come up, or its package could not be installed: the one before runs. */
  | "rolled-back"
  /** The box, or imp-update, ended in the middle: the one before runs. */
  | "interrupted"
  /** Nothing was done. */
  | "refused"
  /** The one before was put back, and did not come up either. */
  | "unclear"
  /** It could not be put back. */
  | "stuck";

export interface Result {
  readonly version: string;
  readonly digest: string;
  readonly before: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly ended: Ended;
  /** One sentence or more. */
  readonly reason: string;
}

const ends: readonly string[] = ["installed", "rolled-back", "interrupted", "refused", "unclear", "stuck"];

export function orderText({ version, digest, before, run, failsafe }: Order): string {
  return `format 1\nversion ${version}\nsha256 ${digest}\nbefore ${before}\nrun ${run}\nfailsafe ${failsafe}\n`;
}

/** undefined: it is not whole, which a power cut does not make of it. */
export function parseResult(text: string): Result | undefined {
  const value = (key: string): string => new RegExp(`^${key} (.*)$`, "m").exec(text)?.[1] ?? "";
  const [digest, ended] = [value("sha256"), value("ended")];
  if (value("format") !== "1" || digest === "" || !isEnd(ended)) return undefined;
  const at = 1000 * Number(value("at"));
  return {
    version: value("version"),
    digest,
    before: value("before"),
    at: Number.isFinite(at) ? at : 0,
    ended,
    reason: value("reason"),
  };
}

function isEnd(word: string): word is Ended {
  return ends.includes(word);
}

/** For the history. */
export function resultText({ version, before, ended, reason }: Result): string {
  const words = {
    installed: `The agent is version ${version} now, and was ${before}.`,
    "rolled-back": `Version ${version} of the agent was tried, and ${before} put back.`,
    interrupted: `Version ${version} of the agent was being installed, and ${before} put back.`,
    refused: `Version ${version} of the agent was not installed.`,
    unclear: `Version ${version} of the agent was tried, and ${before} put back.`,
    stuck: `Version ${version} of the agent was tried.`,
  };
  return ended === "installed" ? words[ended] : `${words[ended]} ${reason}`;
}
