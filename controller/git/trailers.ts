/**
 * The trailers of a commit message, as git itself finds them ("git interpret-trailers", "%(trailers)"): the last paragraph,
 * never the first, when all its lines are trailers, or a quarter of them beside a line that git wrote.
 */

export interface Trailer {
  /** As it was written: keys are compared without regard to case. */
  readonly key: string;
  /** One line: folded ones are joined by a space. */
  readonly value: string;
}

/** Characters of a message that is looked at. A longer one says nothing. */
const longestMessage = 64 * 1024;

/** In their order. Total: whatever the text is. */
export function trailersOf(message: string): readonly Trailer[] {
  if (message.length > longestMessage) return [];
  // What git shows of a message ends at a zero byte: nobody would see what stands behind it.
  const lines = (message.split("\0", 1)[0] ?? "").replace(/^\n+/, "").split("\n");
  while (lines.length > 0 && (isBlank(lines.at(-1) ?? "") || isComment(lines.at(-1) ?? ""))) lines.pop();
  const unfolded: string[] = [];
  let follows = false;
  for (const line of lines.slice(blockStart(lines))) {
    if (follows && isFolded(line)) {
      unfolded.push(`${unfolded.pop()} ${line.trim()}`);
      continue;
    }
    follows = !isComment(line) && key(line) !== undefined;
    if (follows) unfolded.push(line);
  }
  return unfolded.map((line) => ({ key: key(line) ?? "", value: line.slice(line.indexOf(":") + 1).trim() }));
}

/** The number of the line with which the trailers begin; the number of lines when there are none. */
function blockStart(lines: readonly string[]): number {
  const title = lines.findIndex((line) => !isComment(line) && isBlank(line));
  const first = title === -1 ? lines.length : title;
  let [trailers, others, continued, isGits] = [0, 0, 0, false];
  for (let at = lines.length - 1; at >= first; at--) {
    const line = lines[at] ?? "";
    if (isComment(line)) {
      others += continued;
      continued = 0;
    } else if (isBlank(line)) {
      others += continued;
      return (isGits && trailers * 3 >= others) || (trailers > 0 && others === 0) ? at + 1 : lines.length;
    } else if (/^(Signed-off-by: |\(cherry picked from commit )/.test(line) || key(line) !== undefined) {
      isGits ||= /^(Signed-off-by: |\()/.test(line);
      trailers += 1;
      continued = 0;
    } else if (isFolded(line)) {
      continued += 1;
    } else {
      others += 1 + continued;
      continued = 0;
    }
  }
  return lines.length;
}

function key(line: string): string | undefined {
  return /^([A-Za-z0-9-]+)[ \t]*:/.exec(line)?.[1];
}

/** Git's own white space, no more: a line that only looks blank must not end a paragraph here alone. */
function isBlank(line: string): boolean {
  return /^[ \t\r]*$/.test(line);
}

function isFolded(line: string): boolean {
  return /^[ \t\r]/.test(line);
}

function isComment(line: string): boolean {
  return line.startsWith("#");
}
