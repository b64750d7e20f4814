/** Who made an image: the SSH signature of its manifest, by the signers that this box's own settings name. */
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { checkSigned, type TrustOptions } from "../trust.ts";

/** What an owner of a key says with a signature for it: this may boot on appliances. */
export const imageNamespace = "imp-image";

/** Where the signature of a manifest is: beside it. */
export function signatureOf(manifest: string): string {
  return `${manifest}.sig`;
}

/** Gives who signed it. Rejects with the Problem of a signature that does not count (TRUST_…). */
export async function mustBeSigned(
  name: string,
  manifest: Uint8Array,
  signature: string | undefined,
  options: TrustOptions,
): Promise<string> {
  const verdict = await checkSigned(
    {
      name: `the manifest ${name}`,
      signature,
      payload: Buffer.from(manifest),
      sign: "Sign it with `impctl image sign`, and put the signature beside it.",
      instead: "sign it with a key that is there (`impctl image sign`)",
    },
    { ...options, trust: { ...options.trust, namespace: imageNamespace } },
  );
  if ("problem" in verdict) throw verdict.problem;
  return verdict.signer;
}

/** A signature of the manifest by a private key, or by a public one whose other half an SSH agent holds. Rejects with USAGE. */
export async function sign(
  manifest: Uint8Array,
  key: string,
  host: Pick<Host, "run">,
  signal: AbortSignal,
): Promise<string> {
  const argv = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", imageNamespace] as const;
  const input = Buffer.from(manifest).toString("utf8");
  // Somebody may have to type a passphrase, or touch a token.
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: 300_000, signal, input });
  if (exitCode === 0) return stdout.endsWith("\n") ? stdout : `${stdout}\n`;
  throw new Problem("USAGE", `${key} does not sign: ${stderr.trim().split("\n").at(-1) ?? ""}`, {
    remedy: "Name a private SSH key, or a public one that your SSH agent has.",
  });
}
