import { describe, expect, it } from "vitest";
import { AsPathList, CommunityList } from "../../../schemas/lists.ts";
import { RouteMap } from "../../../schemas/route-maps.ts";
import { type Sample, samples } from "../../lab/community-samples.ts";

function parse(list: Sample["list"], value: string) {
  if (list === "as-path") return AsPathList.safeParse({ entries: { 10: { regex: value } } });
  const entries = { 10: { value } };
  return CommunityList.safeParse(
    list === "community-regex" ? { match: "regex", entries } : { kind: list, match: "exact", entries },
  );
}

describe.each(samples)("an entry of a list ($list)", ({ list, taken, refused }) => {
  it.each(taken)("may be %s", (value) => {
    expect(parse(list, value).error).toBeUndefined();
  });

  it.each(refused)("may not be %s, and says so where it stands", (value) => {
    const issues = parse(list, value).error?.issues ?? [];

    expect(issues.map(({ path }) => path.slice(0, 2).join("."))).toEqual(["entries.10"]);
  });
});

it("names the one spelling of a community that has a name", () => {
  expect(parse("standard", "65535:666").error?.issues[0]?.message).toBe('"65535:666" must be written blackhole');
});

it("holds in what a route-map sets, too", () => {
  const wrong = (set: object) => RouteMap.safeParse({ entries: { 10: { set } } }).error?.issues.length;

  expect(wrong({ communities: ["64496:100", "no-export"], "large-communities": ["64496:1:2"] })).toBeUndefined();
  expect(wrong({ communities: ["70000:1"] })).toBe(1);
  expect(wrong({ "large-communities": ["4294967296:1:2"] })).toBe(1);
  expect(wrong({ "ext-communities": ["rt 64496:4294967296"] })).toBe(1);
});
