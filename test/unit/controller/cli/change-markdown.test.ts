import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { changeMarkdown, commentMarker } from "../../../../controller/cli/change-markdown.ts";
import { byImpact } from "../../../../controller/cli/change.ts";
import type { FleetChange, MachineChange } from "../../../../controller/cli/change.ts";
import type { Impact } from "../../../../reconcilers/core.ts";
import { Problem } from "../../../../schemas/problem.ts";

function machine(name: string, impact: Impact, more: { readonly diff?: string; readonly text?: string } = {}) {
  const step = { id: "frr/x", kind: "add", impact, text: more.text ?? "add neighbor 192.0.2.1" };
  const plane = {
    plane: "frr" as const,
    steps: [step],
    problems: [],
    notes: [],
    diff: more.diff ?? "@@ -1,0 +1,1 @@\n+x",
  };
  return {
    name,
    kind: "changed",
    worstImpact: impact,
    planes: [plane],
    notManaged: [],
    goesAfter: [],
  } satisfies MachineChange;
}

function change(machines: readonly MachineChange[], problems: readonly Problem[] = []): FleetChange {
  return { from: "a".repeat(40), to: "b".repeat(40), machines, untouched: 7, problems };
}

/** The lines that are not inside a fenced block, as a reader of CommonMark finds them. */
function outsideFences(markdown: string): string {
  const outside: string[] = [];
  let open: string | undefined;
  for (const line of markdown.split("\n")) {
    const fence = /^(`{3,})/.exec(line)?.[1];
    if (open === undefined && fence !== undefined) open = fence;
    else if (open !== undefined && fence !== undefined && fence.length >= open.length && /^`+$/.test(line))
      open = undefined;
    else if (open === undefined) outside.push(line);
  }
  expect(open).toBeUndefined();
  return outside.join("\n");
}

describe("the pull-request comment", () => {
  it("begins with its marker and the headline, and shows the steps and the diff folded", () => {
    const text = changeMarkdown(change([machine("fra1/r1", "session-reset")]));

    expect(
      text.startsWith(`${commentMarker}\n\n### impctl: 1 appliance affected, worst impact session-reset, 7 untouched`),
    ).toBe(true);
    expect(text).toContain("<details>\n<summary><code>fra1/r1</code>: 1 step");
    expect(text).toContain("```diff\n@@ -1,0 +1,1 @@\n+x\n```");
  });

  it("says so when no rendered byte changes", () => {
    expect(changeMarkdown(change([]))).toContain("touches no rendered byte of any appliance");
    expect(
      changeMarkdown(change([{ ...machine("a/b", "hitless"), kind: "same", worstImpact: undefined, planes: [] }])),
    ).toContain("touches no rendered byte");
  });

  it("cannot be closed, linked from or made to mention anybody by what stands in the repository", () => {
    const nasty = "````\n</details><script>@everyone [x](https://example.net) ![y](z) <!-- -->";
    const text = changeMarkdown(
      change([machine("x/@admin<b>`|", "flap", { diff: `+${nasty}`, text: nasty })], [new Problem("SCHEMA", nasty)]),
    );

    const outside = outsideFences(text);

    expect(outside).not.toMatch(/@|<script|\]\(|<b>/);
    expect(outside.match(/<\/details>/g)).toHaveLength(1);
  });

  it("keeps every text inside its block", () => {
    assert(
      property(string({ unit: "binary", maxLength: 200 }), (text) => {
        const outside = outsideFences(
          changeMarkdown(change([machine(`s/${text}`, "flap", { diff: `+${text}`, text })])),
        );
        expect(outside.match(/<details>/g)).toHaveLength(1);
        expect(outside).not.toContain("@");
      }),
    );
  });

  it("stays below the limit, shows the worst first and says what it left out", () => {
    const diff = Array.from({ length: 400 }, (_, index) => `+neighbor 192.0.2.${index} remote-as 64496`).join("\n");
    const many = Array.from({ length: 300 }, (_, index) =>
      machine(`site/r${index}`, index === 250 ? "restart" : "hitless", { diff }),
    );

    const text = changeMarkdown(change(many.toSorted(byImpact)));

    expect(text.length).toBeLessThanOrEqual(65_000);
    expect(text.indexOf("site/r250")).toBeLessThan(text.indexOf("site/r0<"));
    expect(text).toMatch(/Truncated: the details of \d+ more appliances/);
    outsideFences(text);
  });

  it("clips a huge list of problems", () => {
    const problems = Array.from({ length: 5000 }, () => new Problem("SCHEMA", "x".repeat(1000)));

    const text = changeMarkdown(change([], problems));

    expect(text.length).toBeLessThanOrEqual(65_000);
    expect(text).toContain("… and 4970 more");
  });
});
