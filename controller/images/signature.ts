/** Who made an image: the SSH signature of its manifest, by the signers that this box's own settings name. */
import { access, constants } from "node:fs/promises";
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

/** Rejects with USAGE where there is no such key: before hours are spent on what it is to sign. */
export async function mustHaveKey(key: string): Promise<void> {
  await access(key, constants.R_OK).catch((cause: unknown) => {
    throw new Problem("USAGE", `The key ${key} cannot be read.`, {
      remedy: "Name a private SSH key, or a public one that your SSH agent has.",
      cause,
    });
  });
}

/** Whether the signature in a file is one of these bytes, by this key where one is named. */
export async function isSigned(
  manifest: Uint8Array,
  file: string,
  key: string | undefined,
  host: Pick<Host, "run">,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { timeoutMs: 60_000, signal };
  const check = ["ssh-keygen", "-Y", "check-novalidate", "-n", imageNamespace, "-s", file] as const;
  const said = await host.run(check, { ...options, input: Buffer.from(manifest).toString("utf8") });
  if (said.exitCode !== 0 || key === undefined) return said.exitCode === 0;
  const [, fingerprint] = (await host.run(["ssh-keygen", "-l", "-f", key], options)).stdout.split(" ");
  return fingerprint !== undefined && `${said.stdout}${said.stderr}`.includes(fingerprint);
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
