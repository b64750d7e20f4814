import { expect, it } from "vitest";
import { parseSettings } from "../../../schemas/settings-file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

it("fills in what the settings leave out", () => {
  const { settings, problems } = parseSettings(
    "agent.yaml",
    bytes("machine: fra1/r1\nrepository: { folder: /srv/sites }\n"),
  );

  expect(problems).toEqual([]);
  expect(settings).toMatchObject({ mode: "apply", listen: "127.0.0.1:9709", paths: { run: "/run/imp" } });
});

it("shows every mistake at its line and column", () => {
  const { settings, problems } = parseSettings(
    "agent.yaml",
    bytes("machine: nonsense\nmode: sometimes\nfrobnicate: 1\n"),
  );

  expect(settings).toBeUndefined();
  expect(problems.map(String)).toEqual([
    'agent.yaml:1:10: machine: must be "<site>/<appliance>"',
    expect.stringMatching(/^agent\.yaml:1:1: repository: /),
    expect.stringMatching(/^agent\.yaml:2:7: mode: /),
    expect.stringMatching(/^agent\.yaml:3:1: frobnicate: unknown key/),
  ]);
  expect(problems.every((problem) => problem.code === "SETTINGS")).toBe(true);
});

it("shows where the YAML itself is broken", () => {
  expect(String(parseSettings("agent.yaml", bytes("machine: [\n")).problems[0])).toMatch(/^agent\.yaml:\d+:\d+: /);
});

it("takes no interval between polls that a timer could not keep", () => {
  const text = "machine: fra1/r1\nrepository: { folder: /srv/sites, poll-seconds: 3000000 }\n";

  expect(parseSettings("agent.yaml", bytes(text)).problems.map(String)).toEqual([
    "agent.yaml:2:49: repository.poll-seconds: must be at most 3600",
  ]);
});
