import { describe, expect, it } from "vitest";
import { formatPath, parsePath } from "../../../schemas/json.ts";

describe("a path", () => {
  const value = { interfaces: { "external.25": { addresses: ["a", "b"] } }, routes: { "10.0.0.0/8": { via: "x" } } };

  it("is written with dots, indices in brackets, and quotes where a key holds a dot", () => {
    expect(formatPath(["routes", "10.0.0.0/8", "via"])).toBe('routes."10.0.0.0/8".via');
    expect(formatPath(["interfaces", "external", "addresses", 0])).toBe("interfaces.external.addresses[0]");
    expect(formatPath([])).toBe("");
  });

  it("is read back, quoted or not, by the keys that are there", () => {
    expect(parsePath('routes."10.0.0.0/8".via', [])).toEqual(["routes", "10.0.0.0/8", "via"]);
    expect(parsePath("routes.10.0.0.0/8.via", [value])).toEqual(["routes", "10.0.0.0/8", "via"]);
    expect(parsePath("interfaces.external.25.addresses.1", [value])).toEqual([
      "interfaces",
      "external.25",
      "addresses",
      1,
    ]);
    expect(parsePath("interfaces.external.25.addresses[1]", [value])).toEqual([
      "interfaces",
      "external.25",
      "addresses",
      1,
    ]);
    expect(parsePath("nothing.here", [value])).toEqual(["nothing", "here"]);
  });
});
