import { expect, it } from "vitest";
import type { Recorded } from "../../../../controller/journal.ts";
import { historyText } from "../../../../controller/report/history-text.ts";
import { tell } from "../../../../controller/story.ts";

const stamp = { at: Date.UTC(2026, 0, 5, 12), uptime: 0, boot: "b" };

function said(asked: string, details: Record<string, unknown> = {}): string {
  const records: readonly Recorded[] = [{ ...stamp, asked, details }];
  return historyText(tell(records))[0]?.replace("2026-01-05 12:00:00  ", "") ?? "";
}

it.each([
  ["breakglass", { for: "2h", reason: "optics" }, "an operator: breakglass for 2h: optics"],
  ["sync", {}, "an operator: sync"],
  ["drift discard", { plane: "frr", reason: "" }, "an operator: drift discard plane frr"],
  ["apply", { file: "x".repeat(100), reason: "git is down" }, "an operator: apply: git is down"],
  ["approve", { tag: "ok-1", signer: "noc", reason: "seen" }, "a signed tag: approve tag ok-1 signer noc: seen"],
  ["retry", { commit: "c0ffee", reason: "repaired" }, "a commit: retry commit c0ffee: repaired"],
  ["emergency", { commit: "c0ffee", reason: "DDoS" }, "a commit: emergency commit c0ffee: DDoS"],
  ["break-glass-ended", { why: "over", reason: "optics" }, "break-glass ended, its time was over: optics"],
  ["break-glass-ended", { why: "operator", reason: "optics" }, "break-glass ended, by an operator: optics"],
  [
    "deviation",
    { difference: ["frr: + a", "frr: - b", "c", "d"], more: 2 },
    "by hand: frr: + a; frr: - b; c and 3 more",
  ],
  ["deviation", { difference: [] }, "by hand: nothing differs any more"],
  ["overlay-ended", { kind: "drain", name: "peer x", why: "over" }, "The drain of peer x ended: its time was over."],
])("says who said %s %j", (asked, details, text) => {
  expect(said(asked, details)).toBe(text);
});
