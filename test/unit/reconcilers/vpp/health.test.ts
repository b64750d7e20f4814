import { expect, it } from "vitest";
import { vppChecks } from "../../../../reconcilers/vpp/health.ts";
import { checkKey } from "../../../../schemas/health.ts";

it("has each instance answer, with its interfaces, routes and mappings, but for what may be down", () => {
  const checks = vppChecks(
    {
      core: {
        objects: [
          { kind: "physical", name: "external" },
          { kind: "settings", on: "external", up: true },
          { kind: "settings", on: "spare", up: false },
          { kind: "settings", on: "lab", up: true },
          { kind: "route", prefix: "203.0.113.0/29", paths: [{ via: "100.64.0.3" }] },
        ],
      },
      nat: { objects: [{ kind: "det44-mapping", inside: "10.0.0.0/24", outside: "203.0.113.0/29" }] },
    },
    new Set(["lab"]),
  );

  expect(checks.map((check) => `${check.required ? "" : "advisory "}${checkKey(check)}`)).toEqual([
    "vpp core",
    "vpp-interface core external",
    "vpp-route core 203.0.113.0/29",
    "advisory vpp-errors core",
    "vpp nat",
    "det44-mapping 10.0.0.0/24 to 203.0.113.0/29",
    "advisory vpp-errors nat",
  ]);
  expect(vppChecks({}, new Set())).toEqual([]);
});
