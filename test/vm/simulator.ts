/**
 * The lab's simulated VPP as files for the appliance under test, where Node is and nothing else of the checkout: the program,
 * and what VPP's package would tell of its binary API.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { apiJson } from "../lab/vpp/definitions.ts";
import { table } from "../lab/vpp/messages.ts";

const top = join(import.meta.dirname, "../..");
/** Below the root, as in the checkout: the program looks for its table beside itself. */
const home = "usr/lib/imp-vm";
const messages = "reconcilers/vpp/api/messages.def";

export interface GuestFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

export async function simulator(): Promise<readonly GuestFile[]> {
  const input = await rolldown({
    input: join(top, "test/lab/vpp/main.ts"),
    platform: "node",
    cwd: top,
    logLevel: "warn",
  });
  const { output } = await input.generate({ format: "es", codeSplitting: false });
  await input.close();
  const [document] = JSON.parse(apiJson(table)) as readonly unknown[];
  return [
    { path: `${home}/test/lab/vpp/main.mjs`, text: output[0].code, mode: 0o644 },
    { path: `${home}/${messages}`, text: readFileSync(join(top, messages), "utf8"), mode: 0o644 },
    { path: "usr/share/vpp/api/core/simulated.api.json", text: JSON.stringify(document), mode: 0o644 },
    ...["vpp", "vppctl"].map((name) => ({
      path: `usr/bin/${name}`,
      text: readFileSync(join(import.meta.dirname, `${name}-stand-in`), "utf8"),
      mode: 0o755,
    })),
  ];
}
