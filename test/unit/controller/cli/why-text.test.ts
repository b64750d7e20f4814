import { expect, it } from "vitest";
import { whyText } from "../../../../controller/cli/why-text.ts";
import { silentTerminal } from "./terminal.ts";

const now = Date.parse("2026-01-05T12:00Z");

it("tells an operator why nothing happens, what would change that, and when it is looked at", () => {
  const text = whyText(
    [
      {
        why: "window",
        reason: "Its impact is restart.",
        since: now - 3 * 3_600_000,
        unblock: "It begins when night opens.",
        next: now + 10 * 3_600_000,
      },
      { why: "invalid", reason: "Commit has 2 errors.", details: ["a.yaml:1:1: x", "a.yaml:2:1: y"], next: now - 5 },
    ],
    now,
    silentTerminal("/"),
  );

  expect(text.split("\n")).toEqual([
    "why          window, for 3 h",
    "             Its impact is restart.",
    "to change it It begins when night opens.",
    "looked at    2026-01-05T22:00:00Z, in 10 h",
    "",
    "also         invalid",
    "             Commit has 2 errors.",
    "               a.yaml:1:1: x",
    "               a.yaml:2:1: y",
    "looked at    2026-01-05T11:59:59Z, now",
  ]);
});

it("tells until when a deployment may take, and spells out what a stranger's words would do to the terminal", () => {
  const reason = "evil \u001B[2J";

  expect(whyText([{ why: "in-flight", reason, next: now + 90_000 }], now, silentTerminal("/")).split("\n")).toEqual([
    "why          in-flight",
    String.raw`             evil \u{1b}[2J`,
    "until        2026-01-05T12:01:30Z, in 90 s",
  ]);
});
