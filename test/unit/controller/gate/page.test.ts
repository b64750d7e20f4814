import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { waits } from "../../../../controller/reasons.ts";

it("has every reason to wait on the page for operators, in the order in which guards ask", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/gate.md"), "utf8");

  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|(?: [^|]+ \|){3}$/gm)].map(([, code]) => code);

  expect(rows).toEqual(Object.keys(waits));
});
