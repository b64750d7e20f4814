import { Problem } from "../../schemas/problem.ts";
import { withApproval } from "../gate/allowed.ts";
import { textIn, type Operation } from "./operation.ts";

/** `impctl approve`: the newest generation may be applied, whatever it disturbs or removes. It names what was looked at. */
export const approve: Operation = {
  name: "approve",
  changes: true,
  check(asked) {
    if (/^[0-9a-f]{12,64}$/.test(textIn(asked, "generation"))) return;
    throw new Problem("USAGE", "a generation is named by its first 12 hex digits, or more.", {
      remedy: "`impctl status` shows them.",
    });
  },
  async run(agent, asked) {
    const { desired, overlaid, committed, waiting, deployment, state } = agent.status();
    const named = textIn(asked, "generation");
    const meant = overlaid?.generation?.startsWith(named) ? overlaid : desired;
    const wanted = meant?.generation;
    if (wanted === undefined) {
      throw new Problem("USAGE", "No generation is wanted that could be approved.", {
        remedy: "`impctl why` says what is wrong with the newest commit.",
      });
    }
    if (!wanted.startsWith(named)) {
      throw new Problem("USAGE", `Meanwhile another generation is wanted: ${wanted.slice(0, 12)}.`, {
        remedy: "Look at `impctl plan` again, and approve that one.",
      });
    }
    if (wanted === committed?.generation && !waiting) {
      throw new Problem("USAGE", "That generation is committed: nothing waits for an approval.");
    }
    if (wanted === deployment?.generation && (state === "rolling-back" || state === "stranded")) {
      throw new Problem("USAGE", "That generation failed here, and is rolled back.", {
        remedy: "`impctl show` says why. Once the box is back, `impctl retry --reason` lets it be tried again.",
      });
    }
    const reason = typeof asked["reason"] === "string" ? asked["reason"] : "";
    const approval = { reason, at: agent.clock.now(), by: "operator" } as const;
    await agent.memory().remember((ledger) => withApproval(ledger, wanted, approval));
    agent.polls.hasten();
    return { generation: wanted, commit: meant?.commit };
  },
};
