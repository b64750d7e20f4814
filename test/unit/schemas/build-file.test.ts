import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseBuild } from "../../../schemas/build-file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const problemsOf = (text: string) => parseBuild("image.yaml", bytes(text)).problems.map(String);

it("fills in what a build file leaves out", () => {
  const { build, problems } = parseBuild("image.yaml", bytes("debs: [imp.deb]\nepoch: 0\n"));

  expect(problems).toEqual([]);
  expect(build).toMatchObject({ suite: "bookworm", components: ["main", "contrib"], packages: [], sources: [] });
});

it("shows every mistake at its line and column", () => {
  const text = `suite: trixie
debs: ["imp.deb; reboot"]
packages: [Frr]
sources:
  - { uri: "file:///srv", suite: bookworm, key: k.asc }
exclude: ["/usr/share/doc'"]
epok: 1
`;

  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^image\.yaml:1:8: suite: must be bookworm/),
    expect.stringMatching(/^image\.yaml:5:12: sources\[0\]\.uri: must be a URL/),
    expect.stringMatching(/^image\.yaml:3:12: packages\[0\]: must be the name of a Debian package/),
    expect.stringMatching(/^image\.yaml:2:8: debs\[0\]: must be a path/),
    expect.stringMatching(/^image\.yaml:6:11: exclude\[0\]: must be a path in the image/),
    expect.stringMatching(/^image\.yaml:1:1: epoch: /),
    expect.stringMatching(/^image\.yaml:7:1: epok: unknown key/),
  ]);
});

it("does not take a security archive beside nothing", () => {
  const text = 'debs: [imp.deb]\nepoch: 1\nsecurity-mirror: "https://mirror.example.net/security"\n';

  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^image\.yaml:3:18: security-mirror: stands beside mirror only/),
  ]);
});

it("takes the build file that is an example", () => {
  const file = new URL("../../../deploy/image/image.yaml", import.meta.url);

  expect(parseBuild("image.yaml", readFileSync(file)).problems.map(String)).toEqual([]);
});
