/**
 * What the agent makes of the words in commits: they stand in the ledger from when their commit is accepted until a
 * generation is committed, and one that lets a generation be tried again does so once.
 */
import type { Ledger, Word } from "./ledger.ts";
import type { Words } from "./source.ts";
import { withoutVerdicts } from "./verdicts.ts";

/** A verdict that a signed commit takes back. */
export interface Retried {
  /** The whole digest. */
  readonly generation: string;
  readonly reason: string;
  readonly commit: string;
  readonly signer: string;
}

/** The verdicts of this box that `words` take back. A generation that was never tried here, or was good, has none. */
export function retriedBy({ verdicts }: Ledger, { retries }: Words): readonly Retried[] {
  const tried = Object.entries(verdicts).filter(([, { verdict }]) => verdict !== "good");
  return retries.flatMap((one) => {
    const meant = tried.filter(([generation, { below }]) =>
      [generation, below].some((named) => named?.startsWith(one.generation)),
    );
    return meant.map(([generation]) => ({ ...one, generation }));
  });
}

/**
 * The ledger with `commit` accepted, and with what it and those before it say. `during`: the deployment that was in flight;
 * what is heard meanwhile belongs to what comes after it.
 */
export function withAccepted(ledger: Ledger, commit: string, words: Words | undefined, during?: string): Ledger {
  const accepted = { ...ledger, accepted: commit, overrides: { rewrite: false, commits: [] } };
  if (!words) return accepted;
  const again = retriedBy(ledger, words).map(({ generation }) => generation);
  const { verdicts } = withoutVerdicts(ledger, again);
  const mark = (said: Word): Word => ({ ...said, ...(during !== undefined && { during }) });
  const ignored = [...words.ignored, ...(ledger.words.ignored ?? [])].slice(0, keptIgnored);
  return {
    ...accepted,
    verdicts,
    words: {
      ...ledger.words,
      ...(words.allowRemoval && { allowRemoval: mark(words.allowRemoval) }),
      ...(words.allowDowngrade && { allowDowngrade: words.allowDowngrade }),
      ...(words.emergency && { emergency: mark(words.emergency) }),
      ...(ignored.length > 0 && { ignored }),
    },
  };
}

/** The ledger when `deployment` is committed, or when nothing is left to do: only what was heard since then still counts. */
export function withoutWords(ledger: Ledger, deployment?: string): Ledger {
  const { allowRemoval, allowDowngrade, emergency } = ledger.words;
  const isLater = (word: Word | undefined) =>
    word !== undefined && deployment !== undefined && word.during === deployment;
  return {
    ...ledger,
    words: {
      ...(isLater(allowRemoval) && { allowRemoval }),
      ...(allowDowngrade && { allowDowngrade }),
      ...(isLater(emergency) && { emergency }),
    },
  };
}

const keptIgnored = 5;
