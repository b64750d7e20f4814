import { createConnection } from "node:net";
import { expect, it } from "vitest";
import { takeInstance } from "../../../controller/hold.ts";

it("lets go although somebody came to the name and stays", async () => {
  const sockets = `/run/imp-hold-test-${process.pid}`;
  {
    await using _ = await takeInstance("frr", sockets, "command");
    const stays = createConnection({ path: `\0imp-frr:${sockets}`, allowHalfOpen: true });
    stays.on("error", () => undefined);
    stays.resume();
    await new Promise((resolve) => stays.once("connect", resolve));
  }
  await using again = await takeInstance("frr", sockets, "command");
  expect(again).toBeDefined();
}, 20_000);
