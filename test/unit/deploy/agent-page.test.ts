import { expect, it } from "vitest";
import { agentPage } from "../../../deploy/agent-page.ts";
import { parseSettings } from "../../../schemas/settings-file.ts";

function leaves(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`));
}

it("has every key of the settings with the default that the agent fills in", () => {
  const text = "machine: fra1/r1\nrepository: { folder: /srv/sites }\n";
  const { settings } = parseSettings("agent.yaml", new TextEncoder().encode(text));
  const written = ["machine", "repository.folder"];
  const page = agentPage();

  for (const [key, value] of leaves(settings, "")) {
    expect(page).toContain(
      `| \`${key}\` | ${written.includes(key) ? "" : `\`${JSON.stringify(value).replaceAll('"', "")}\``}`,
    );
  }
  expect(page).toContain("| `repository.remotes[].url` | *must be set* |");
});
