import { expect, it } from "vitest";
import { spelling } from "../../../../reconcilers/frr/spelling.ts";
import { Machine } from "../../../../schemas/machine.ts";

it("spells what a static route asks of BFD", () => {
  const spelled = (line: string) =>
    spelling(Machine.parse({}), {}, `${line}\n`).of({
      key: line,
      path: [],
      desired: undefined,
      live: line,
      isForeign: true,
    });
  const word = (value: object) => [[{ path: ["routing", "static", "10.0.0.0/8"], value }]];

  expect(spelled("ip route 10.0.0.0/8 192.0.2.1 tag 5 200 bfd profile fast")).toEqual(
    word({ via: ["192.0.2.1"], tag: 5, distance: 200, bfd: "fast" }),
  );
  expect(spelled("ip route 10.0.0.0/8 192.0.2.1 bfd")).toEqual(word({ via: ["192.0.2.1"], bfd: true }));
  expect(spelled("ip route 10.0.0.0/8 192.0.2.1")).toEqual(word({ via: ["192.0.2.1"] }));
});
