import { expect, it } from "vitest";
import { renderFrr } from "../../../../reconcilers/frr/render/render.ts";
import { Machine } from "../../../../schemas/machine.ts";

function rendered(kind: string, value: string): string {
  const routing = { "community-lists": { x: { kind, entries: { 10: { value } } } } };
  return renderFrr(Machine.parse({ routing }), {}, (name) => name).config.trim();
}

it("writes the communities of an entry in the order in which FRR prints them", () => {
  expect(rendered("standard", "no-peer 64496:2  llgr-stale 64496:1")).toBe(
    "bgp community-list standard x seq 10 permit 64496:1 64496:2 llgr-stale no-peer",
  );
  expect(rendered("extended", "soo 1:1 rt 65536:1 rt 192.0.2.1:1 rt 2:2")).toBe(
    "bgp extcommunity-list standard x seq 10 permit rt 2:2 soo 1:1 rt 192.0.2.1:1 rt 65536:1",
  );
});
