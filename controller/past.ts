/** What happened on this box, as it stands on its disk: read without the loop, by a running agent or instead of a dead one. */
import type { Host } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";
import { openShelf } from "./evidence/shelf.ts";
import type { Timeline } from "./health/timeline.ts";
import { readHistory } from "./journal.ts";
import { find, tell, type Entry, type Story } from "./story.ts";

export interface Past {
  /** The newest entries of the history, oldest first. */
  history(limit: number): Promise<readonly Entry[]>;
  /** One deployment, the newest without a name: `find` of story.ts. Rejects with USAGE when there is none. */
  show(which: string | undefined): Promise<Shown>;
}

export interface Shown {
  readonly story: Story;
  /** The folder with its evidence, where it failed and that was kept. */
  readonly evidence?: string;
  /** What was red while it was proven, as the evidence has it. */
  readonly timeline?: Timeline;
}

/** Of the state folder. */
export function openPast(host: Host, folder: string): Past {
  const entries = async (): Promise<readonly Entry[]> => tell(await readHistory(host, `${folder}/journal`));
  const shelf = openShelf(host, folder);
  return {
    history: async (limit) => (await entries()).slice(-limit),
    async show(which) {
      const story = find(await entries(), which);
      if (!story) throw unknown(which);
      if (!(await shelf.has(story.id))) return { story };
      const timeline = parseTimeline(await shelf.read(story.id, "timeline.json"));
      return { story, evidence: shelf.home(story.id), ...(timeline && { timeline }) };
    },
  };
}

function parseTimeline(text: string | undefined): Timeline | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as Timeline) : undefined;
  } catch {
    return undefined; // the story is told without it
  }
}

function unknown(which: string | undefined): Problem {
  return new Problem(
    "USAGE",
    which === undefined ? "There was no deployment yet." : `There is no deployment ${which}.`,
    {
      remedy: "`impctl history` lists them; of old ones nothing is kept.",
    },
  );
}
