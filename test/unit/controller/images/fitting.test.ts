import { describe, expect, it } from "vitest";
import { refusal, smallestStream, type Fitted } from "../../../../controller/images/fitting.ts";
import type { Manifest } from "../../../../schemas/manifest.ts";

const sha = `sha256:${"0".repeat(64)}`;
const stream = (size: number, base?: string) => ({
  file: `s-${base ?? "whole"}`,
  ...(base !== undefined && { base }),
  snapshot: "9",
  size,
  sha256: sha,
  chunkBytes: 65_536,
  chunks: [sha],
});
const manifest: Manifest = {
  format: 1,
  name: "imp-v2",
  version: "2",
  epoch: 5,
  built: "2027-01-10T09:30:00Z",
  source: "9fceb02",
  versions: { kernel: "6.1", vpp: "25.06", frr: "8.4.4", zfs: "2.3.2", agent: "0.2.0" },
  packages: sha,
  hardware: [],
  journal: 1,
  streams: [stream(900), stream(50, "7"), stream(20, "8")],
};
const box: Fitted = { hardware: ["amd64", "lab"], journal: 1, epoch: 5 };
const why = (changed: Partial<Manifest>, on: Partial<Fitted> = {}) =>
  refusal({ ...manifest, ...changed }, { ...box, ...on })?.toString();

describe("an image", () => {
  it("may come where one of its tags fits, or where it has none", () => {
    expect(why({})).toBeUndefined();
    expect(why({ hardware: ["other", "lab"] })).toBeUndefined();
    expect(why({ hardware: ["other"] })).toBe(
      "imp-v2 is for other, and this box is amd64, lab. Name another image, or say in agent.yaml what this box is: images.hardware.",
    );
  });

  it("may not come with an agent that cannot go on from the journal here", () => {
    expect(why({ journal: 2 })).toMatch(/^The agent in imp-v2 cannot go on .* Update this box's agent first/);
    expect(why({ journal: 2 }, { journal: 3 })).toBeUndefined();
  });

  it("may not come when it is older, unless a commit names it or it was committed here", () => {
    expect(why({ epoch: 4 })).toBe(
      'imp-v2 is a downgrade: its epoch is 4, and 5 is committed here. If that is meant, say "Imp-Allow-Downgrade: imp-v2 <reason>" in a commit\'s message.',
    );
    expect(why({ epoch: 4 }, { allowed: ["imp-v1"] })).toMatch(/downgrade/);
    expect(why({ epoch: 4 }, { allowed: ["imp-v2"] })).toBeUndefined();
    expect(why({ epoch: 4 }, { committed: ["9"] })).toBeUndefined();
    expect(why({ epoch: 4 }, { epoch: 4 })).toBeUndefined();
  });

  it("comes by the smallest stream whose base is here", () => {
    const chosen = (...here: string[]) => smallestStream(manifest, new Set(here)).file;
    expect(chosen()).toBe("s-whole");
    expect(chosen("7")).toBe("s-7");
    expect(chosen("7", "8")).toBe("s-8");
    const large = { ...manifest, streams: [stream(10), stream(50, "7")] };
    expect(smallestStream(large, new Set(["7"])).file).toBe("s-whole");
  });
});
