/** The product as one file that needs nothing but Node: what `npm run build` leaves in dist/, and what the package has inside. */
import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { ascii } from "./ascii.ts";

const root = join(import.meta.dirname, "..");

/** The last to see the code, which is printed anew after all others. */
const asciiOnly: Plugin = {
  name: "ascii",
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) if (part.type === "chunk") part.code = ascii(part.code);
  },
};

/** Writes it to `file`, which begins with `banner`; `entry`: something else than the product, that is to run as it does. */
export async function bundleInto(file: string, banner?: string, entry = "controller/main.ts"): Promise<void> {
  const input = await rolldown({
    input: join(root, entry),
    platform: "node",
    cwd: root,
    logLevel: "warn",
  });
  await input.write({
    file,
    format: file.endsWith(".mjs") ? "esm" : "cjs",
    codeSplitting: false,
    ...(banner === undefined ? {} : { banner }),
    plugins: [asciiOnly],
  });
  await input.close();
}
