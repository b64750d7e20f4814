import { describe, expect, it } from "vitest";
import { applies, When } from "../../../schemas/when.ts";

describe("when", () => {
  it.each([
    [">=24.06", "26.06", true],
    [">=24.06", "24.02", false],
    [">=24.06 <26", "25.10-rc1~3", true],
    [">=24.06 <26", "26.02", false],
    ["9", "9.1.2", true],
    ["=9.1", "9.10", false],
    [">9", "9.1", false],
    ["<=8.4", "8.4.4-1.1~deb12u2", true],
    ["<10", "9.99", true],
  ])("%s of version %s is %s", (range, frr, fits) => {
    expect(applies(When.parse({ frr: range }), { frr })).toBe(fits);
  });

  it("applies everywhere when it is left out", () => {
    expect(applies(undefined, {})).toBe(true);
  });

  it("fits no version that is not known", () => {
    expect(applies({ vpp: ">=1" }, { frr: "9.0" })).toBe(false);
  });

  it("needs every program to fit", () => {
    expect(applies({ vpp: ">=24", frr: ">=10" }, { vpp: "26.06", frr: "8.4.4" })).toBe(false);
  });

  it.each(["newest", ">= 9", ">=9,<10", ""])("refuses the range %j", (range) => {
    expect(When.safeParse({ frr: range }).success).toBe(false);
  });
});
