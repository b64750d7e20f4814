/** What docs/services.md shows is valid, and becomes instances. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderIncus } from "../../../reconcilers/incus/render.ts";
import { Machine } from "../../../schemas/machine.ts";
import { checkMachine } from "../../../schemas/semantics/check-machine.ts";
import { parseYaml } from "../../../schemas/yaml.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/services.md"), "utf8");
const examples = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = ""]) => text);

describe("the page about services", () => {
  it("has Unbound, Kea and Suricata as examples", () => {
    const all = examples.join("\n");
    for (const name of ["unbound", "kea", "suricata"]) expect(all).toMatch(new RegExp(`^  ${name}:$`, "m"));
  });

  it.each(examples)("has an example that is valid: %#", (text) => {
    const { document, problems } = parseYaml("docs/services.md", new TextEncoder().encode(text));
    const machine = Machine.parse(document?.value);

    expect(problems).toEqual([]);
    expect(checkMachine(machine).filter(({ severity }) => severity === "error")).toEqual([]);
    const made = renderIncus(machine)
      .objects?.filter(({ kind }) => kind === "instance")
      .map(({ name }) => name);
    expect(made).toEqual(Object.keys(machine.services));
  });
});
