import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../schemas/json.ts";
import { collisions, idleNulls, locate, merge, origins, type Layer } from "../../../schemas/merge.ts";
import { parseYaml } from "../../../schemas/yaml.ts";

function layer(name: string, text: string): Layer {
  const { document } = parseYaml(`${name}.yaml`, new TextEncoder().encode(text));
  if (!document) throw new Error(`${name} is not YAML`);
  return { name, value: document.value, locate: (path, part) => document.locate(path, part) };
}

describe("merging", () => {
  const fleet = layer("fleet", "bgp:\n  asn: 64500\n  timers: {hold: 90}\nntp: [192.0.2.1]\nlldp: {tx: 5}\n");
  const site = layer("site", "bgp:\n  timers: {keepalive: 10}\nntp: [198.51.100.1]\n");
  const appliance = layer("r1", "bgp:\n  timers: {hold: 30}\nlldp: null\n");
  const layers = [fleet, site, appliance];

  it("merges maps, replaces lists and scalars, and deletes by null", () => {
    expect(merge(layers.map(({ value }) => value))).toEqual({
      bgp: { asn: 64500, timers: { hold: 30, keepalive: 10 } },
      ntp: ["198.51.100.1"],
    });
  });

  it("does not fall for keys that every object has", () => {
    const odd: JsonObject = { toString: { a: 1 }, valueOf: [1] };
    expect(merge([{}, odd])).toEqual(odd);
    expect(origins([fleet], ["toString"])).toEqual([]);
  });

  it("finds who set a value, most specific first, with what it overrides", () => {
    expect(origins(layers, ["bgp", "timers", "hold"])).toEqual([
      { at: { file: "r1.yaml", line: 2, column: 18 }, value: 30, layer: "r1" },
      { at: { file: "fleet.yaml", line: 3, column: 18 }, value: 90, layer: "fleet" },
    ]);
    expect(origins(layers, ["lldp", "tx"]).map(({ layer, value }) => [layer, value])).toEqual([
      ["r1", null],
      ["fleet", 5],
    ]);
    expect(origins(layers, ["nothing"])).toEqual([]);
  });

  it("points a missing key at the layer that sets most of the way to it", () => {
    expect(locate(layers, ["bgp", "router-id"], "value")).toEqual({ file: "r1.yaml", line: 1, column: 1 });
    expect(locate(layers, ["bgp", "asn"], "value")).toEqual({ file: "fleet.yaml", line: 2, column: 8 });
    expect(locate(layers, ["hostname"], "value")?.file).toBe("r1.yaml");
  });

  it("finds nulls that delete nothing", () => {
    expect(idleNulls(fleet.value, { lldp: null, bgp: { peers: null, asn: null }, loopbacks: { l0: null } })).toEqual([
      ["bgp", "peers"],
      ["loopbacks", "l0"],
    ]);
  });

  it("finds leaves that two files of one rank set", () => {
    expect(collisions({ a: { b: 1, c: 2 }, d: [1] }, { a: { c: 2, e: 1 }, d: [2] })).toEqual([["a", "c"], ["d"]]);
  });
});
