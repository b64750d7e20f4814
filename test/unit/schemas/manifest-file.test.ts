import { describe, expect, it } from "vitest";
import { mostManifestBytes, parseManifest } from "../../../schemas/manifest-file.ts";

const sha = (digit: string) => `sha256:${digit.repeat(64)}`;
const sound = {
  format: 1,
  name: "imp-v1.4.0",
  version: "1.4.0",
  epoch: 3,
  built: "2027-01-10T09:30:00Z",
  source: "9fceb02",
  versions: { kernel: "6.1.0-56-amd64", vpp: "25.06", frr: "8.4.4", zfs: "2.3.2", agent: "0.2.0+20270110093000" },
  packages: sha("a"),
  hardware: ["x86-64"],
  journal: 1,
  streams: [
    {
      file: "a.zfs.zst",
      snapshot: "42",
      size: 400_000,
      sha256: sha("b"),
      chunkBytes: 262_144,
      chunks: [sha("c"), sha("d")],
    },
  ],
};
const stream = sound.streams[0];

function problemsOf(value: unknown): readonly string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  return parseManifest("m.json", Buffer.from(text)).problems.map(String);
}

describe("a manifest", () => {
  it("is read as it is written", () => {
    const text = `${JSON.stringify(sound, undefined, 2)}\n`;
    const { manifest, problems } = parseManifest("m.json", Buffer.from(text));
    expect(problems).toEqual([]);
    expect(manifest).toEqual(sound);
  });

  it.each([
    ["a missing field", { ...sound, epoch: undefined }, /^m\.json:1:1: epoch: .*missing/],
    ["an unknown field", { ...sound, color: "red" }, /^m\.json:\d+:3: color: /],
    ["a later format", { ...sound, format: 2 }, /^m\.json:2:13: format: must be 1: another format needs a newer agent/],
    ["a name that is no data set's", { ...sound, name: "a/b" }, /^m\.json:3:11: name: must be a name/],
    ["a digest in upper case", { ...sound, packages: sha("A") }, /^m\.json:15:15: packages: must be "sha256:"/],
    [
      "a GUID as a number",
      { ...sound, streams: [{ ...stream, snapshot: 42 }] },
      /m\.json:23:19: streams\[0\]\.snapshot: /,
    ],
    ["a file elsewhere", { ...sound, streams: [{ ...stream, file: "../a" }] }, /m\.json:22:15: .*without a folder/],
    [
      "too few chunks",
      { ...sound, streams: [{ ...stream, size: 700_000 }] },
      /streams\[0\]: must have a digest for each chunk/,
    ],
    ["no whole stream", { ...sound, streams: [{ ...stream, base: "7" }] }, /streams: must have a stream without base/],
    [
      "two snapshots",
      { ...sound, streams: [stream, { ...stream, base: "7", file: "b", snapshot: "43" }] },
      /all make the same/,
    ],
    ["no streams", { ...sound, streams: [] }, /streams: /],
    [
      "text that is cut",
      JSON.stringify(sound, undefined, 2).slice(0, 200),
      /^m\.json:\d+:\d+: the file is not well-formed JSON\. Make it/,
    ],
    ["YAML that is no JSON", "format: 1\n", /^m\.json:1:\d+: the file is not well-formed JSON/],
    ["a list", "[]", /^m\.json:1:1: the file is no JSON object/],
    ["a key twice", '{\n "format": 1,\n "format": 1\n}', /^m\.json:3:2: format stands here a second time/],
  ])("is refused for %s, with the place and a remedy", (_, value, told) => {
    const problems = problemsOf(value);
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
    expect(problems.every((problem) => /\. [A-Z]/.test(problem))).toBe(true);
  });

  it("is refused before it is read whole when it is too large", () => {
    const { problems } = parseManifest("m.json", Buffer.alloc(mostManifestBytes + 1, 32));
    expect(problems.map(String)).toEqual([expect.stringContaining("more than 1048576. Use larger chunks.")]);
  });

  it("is refused, and nothing else happens, whatever bytes it has", () => {
    for (const bytes of [[0xff, 0xfe], [0], [], [0x7b]].map((list) => Buffer.from(list))) {
      expect(parseManifest("m.json", bytes).problems.map(({ code }) => code)).toEqual(["IMAGE_MANIFEST"]);
    }
  });
});
