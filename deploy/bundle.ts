/** The product as one file that needs nothing but Node: what `npm run build` leaves in dist/, and what the package has inside. */
import { join } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");

/** Writes it to `file`, which begins with `banner`. */
export async function bundleInto(file: string, banner?: string): Promise<void> {
  const input = await rolldown({
    input: join(root, "controller/main.ts"),
    platform: "node",
    cwd: root,
    logLevel: "warn",
  });
  await input.write({
    file,
    format: "cjs",
    codeSplitting: false,
    ...(banner === undefined ? {} : { banner }),
  });
  await input.close();
}
