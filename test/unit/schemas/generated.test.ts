import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { generated } from "../../../deploy/generate.ts";

const top = join(import.meta.dirname, "../../..");

it.each([...(await generated())])("%s is what `npm run generate` writes", async (path, content) => {
  expect(await readFile(join(top, path), "utf8")).toBe(content);
});
