/** Checks of the way to the sites repository: names, the server, who may sign, the clock by which that is judged. */
import { isIP } from "node:net";
import { asProblem } from "../../schemas/problem.ts";
import { serverOf } from "../git/remote.ts";
import { advice, fault, ok, programMs, skipped, together } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const repositoryChecks: readonly Check[] = [
  { code: "clock", look: clock },
  { code: "dns", needsSettings: true, look: dns },
  { code: "repository", needsSettings: true, look: repository },
  { code: "allowed-signers", needsSettings: true, look: allowedSigners },
];

async function clock({ host }: Patient, signal: AbortSignal): Promise<Finding> {
  const argv = ["timedatectl", "show", "--property=NTPSynchronized", "--value"] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: programMs, signal });
  if (exitCode !== 0) return skipped(`Nobody can be asked: ${stderr.trim().split("\n")[0] ?? "no systemd"}`);
  if (stdout.trim() === "yes") return ok("The clock is synchronised.");
  return advice(
    `The clock is not synchronised: it is ${new Date(host.now()).toISOString().slice(0, 16)}Z here. Certificates, signers' keys and windows are judged by it.`,
    "See `timedatectl timesync-status`: management.ntp in the machine file must name servers that answer.",
  );
}

async function dns({ host, settings }: Patient, signal: AbortSignal): Promise<Finding> {
  const servers = (settings.repository.remotes ?? []).flatMap(({ url }) => serverOf(url)?.host ?? []);
  const names = [...new Set(servers)].filter((name) => isIP(name) === 0 && name !== "localhost");
  if (names.length === 0) return skipped("The sites repository is named without a host name.");
  const asked = await Promise.all(
    names.map(async (name): Promise<Finding[]> => {
      const answer = await host
        .run(["getent", "ahosts", name], { timeoutMs: programMs, signal })
        .catch((thrown: unknown) => ({ exitCode: 1, stdout: "", stderr: asProblem(thrown).message }));
      if (answer.exitCode === 0) return [];
      const remedy = "See `resolvectl status`: management.dns in the machine file must name servers that answer.";
      return [fault(`${name} cannot be resolved.${answer.stderr === "" ? "" : ` ${answer.stderr}`}`, remedy)];
    }),
  );
  return together(asked.flat(), ok(`${names.join(", ")} can be resolved.`));
}

async function repository({ head }: Patient, signal: AbortSignal): Promise<Finding> {
  try {
    const { commit, remote, failed } = await head(signal);
    if (failed.length === 0) return ok(`${remote} offers commit ${commit.slice(0, 12)}.`);
    const told = failed.map((problem) => problem.toString()).join(" ");
    return advice(`Only ${remote} answers. ${told}`, "Mend the other remotes, or take them out of agent.yaml.");
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message, remedy } = asProblem(thrown);
    const next = 'See "When it does not work" in docs/git.md. The agent goes on with the last accepted commit.';
    return fault(
      `${code}: ${message}.`.replace(/\.\.$/, "."),
      remedy === undefined || remedy.startsWith("The agent keeps trying") ? next : remedy,
    );
  }
}

async function allowedSigners({ host, settings, isUpdateWanted }: Patient, signal: AbortSignal): Promise<Finding> {
  const { signatures, "allowed-signers": file, "revoked-keys": revoked } = settings.trust;
  const text = await host.readFile(file);
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (signatures === "off") {
    if (lines.length > 0 || !(await isUpdateWanted(signal).catch(() => false)))
      return skipped("Commits need no signature here (trust.signatures: off).");
    return advice(
      `Another version of the agent is wanted, and ${file} names nobody who may sign its package.`,
      "Put the public keys of those who sign packages there: docs/package.md.",
    );
  }
  if (lines.length === 0) {
    const what = text === undefined ? "is missing" : "names nobody";
    const remedy = "Put the operators' public keys there: docs/git.md, or `impctl bootstrap --allowed-signers <file>`.";
    return fault(`${file} ${what}: no commit is accepted.`, remedy);
  }
  if (revoked !== undefined && (await host.readFile(revoked)) === undefined)
    return fault(
      `${revoked} is missing: no commit is accepted.`,
      `It may be empty, but it must be there: touch ${revoked}.`,
    );
  return ok(`${lines.length === 1 ? "1 key" : `${lines.length} keys`} may sign.`);
}
