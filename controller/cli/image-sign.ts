/** `impctl image sign`: signs a manifest, so that appliances believe it. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { parsed, readManifestFile } from "../images/manifest.ts";
import { sign, signatureOf } from "../images/signature.ts";
import { imageCommand, plainHost } from "./image-command.ts";
import type { Terminal } from "./terminal.ts";

export function defineSign(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "sign <manifest>", "sign a manifest, so that appliances believe it", [
    "impctl image sign imp-v1.4.0.json --key ~/.ssh/id_ed25519",
  ])
    .requiredOption("-k, --key <file>", "a private SSH key, or a public one that your SSH agent has the other half of")
    .action(async (file: string, options: { readonly key: string; readonly json?: boolean }) => {
      const path = resolve(terminal.folder, file);
      const read = await readManifestFile(path);
      parsed({ ...read, location: file });
      const host = plainHost();
      const signature = await sign(read.bytes, resolve(terminal.folder, options.key), host, terminal.signal);
      await host.writeFile(signatureOf(path), signature, { mode: 0o644 });
      terminal.out(options.json ? JSON.stringify({ signature: signatureOf(path) }) : `signed: ${signatureOf(file)}`);
    });
}
