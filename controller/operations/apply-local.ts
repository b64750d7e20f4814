import { createHash } from "node:crypto";
import type { LocalFile } from "../../schemas/local.ts";
import { Problem } from "../../schemas/problem.ts";
import { startOverlay } from "../overlay.ts";
import { durationIn, pollNow, reasonIn, textIn, type Answer, type Operation } from "./operation.ts";

/** As much as a ledger that is written whole can bear. */
const longestText = 32 * 1024;

/**
 * `impctl apply --local FILE --for --reason`: a change of this box alone, for a while, through the same gate, proof and
 * failsafe as a commit. Answers {applied: false} with every problem where the file does not fit.
 */
export const applyLocal: Operation = {
  name: "apply-local",
  changes: true,
  check(asked) {
    reasonIn(asked);
    durationIn(asked);
    textIn(asked, "name");
    if (textIn(asked, "text").length > longestText) {
      throw new Problem("USAGE", `a local change has at most ${longestText} bytes.`, {
        remedy: "Commit it to the sites repository.",
      });
    }
  },
  // Its text is not checked yet: whatever stands in it by mistake must not stand in log and history too.
  record: ({ text, ...asked }) => ({ ...asked, sha256: createHash("sha256").update(String(text)).digest("hex") }),
  async run(agent, asked, signal): Promise<Answer> {
    const file: LocalFile = { kind: "local", name: textIn(asked, "name"), text: textIn(asked, "text") };
    const { problems, started } = await startOverlay(agent, file, reasonIn(asked), durationIn(asked), signal);
    const reports = problems.map((problem) => problem.toJSON());
    if (!started) return { applied: false, problems: reports };
    return { applied: true, ...started, problems: reports, ...(await pollNow(agent, signal)) };
  },
};
