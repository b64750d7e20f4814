import { describe, expect, it } from "vitest";
import { outlineOf } from "../../../../reconcilers/frr/outline-text.ts";
import { relevantParts } from "../../../../reconcilers/frr/relevant.ts";
import { printConfig } from "../../../../reconcilers/frr/tree.ts";

/** What of a file matters that says one line more than what is live. */
function matters(live: string, more: string): string {
  const file = outlineOf(`${live}${more}\n`);
  return printConfig(relevantParts(file, outlineOf(live)).part(file));
}

const lists = "ip prefix-list A seq 5 permit 10.0.0.0/8\nip prefix-list B seq 5 permit any\n";
const maps = "route-map M permit 10\n match tag 7\nexit\nroute-map M permit 20\nexit\nroute-map N permit 10\nexit\n";

describe("what of a configuration a difference is about", () => {
  it.each([
    ["an entry", "no ip prefix-list A seq 5"],
    ["all", "no ip prefix-list A"],
  ])("is the whole list of which a line takes %s away", (_, line) => {
    expect(matters(lists, line)).toBe(`ip prefix-list A seq 5 permit 10.0.0.0/8\n${line}\n`);
  });

  it.each([
    ["an entry", "no route-map M permit 20"],
    ["all", "no route-map M"],
  ])("is the whole route-map of which a line takes %s away", (_, line) => {
    expect(matters(maps, line)).toBe(`route-map M permit 10\n match tag 7\nexit\nroute-map M permit 20\n${line}\n`);
  });
});
