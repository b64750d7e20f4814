/** Checks of what the agent keeps on the disk, and of what it finds there. */
import { dirname } from "node:path";
import type { Host } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import { parseIdentities } from "../age.ts";
import { bootedEnvironment } from "../environment.ts";
import { openStore } from "../store.ts";
import { fault, ok, programMs, skipped, together, advice } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

/** Below this the agent cannot be relied on to finish a deployment, which writes generation, journal and evidence. */
const leastBytes = 32 * 2 ** 20;
const fewBytes = 512 * 2 ** 20;

export const fileChecks: readonly Check[] = [
  {
    code: "settings",
    look: async ({ file, unusable }) =>
      unusable.length === 0
        ? ok(`${file} is well.`)
        : fault(unusable.map((problem) => problem.toString()).join(" "), "Correct it, or run `impctl bootstrap`."),
  },
  { code: "permissions", look: permissions },
  { code: "age-key", needsSettings: true, look: ageKey },
  { code: "state-folder", look: (patient, signal) => writable(patient, patient.settings.paths.state, signal) },
  { code: "cache-folder", look: (patient, signal) => writable(patient, patient.settings.paths.cache, signal) },
  { code: "machine-id", look: machineId },
  { code: "committed", look: committed },
];

/** Files of secrets are for their owner alone; what is believed, and folders, for its hand alone: [path, the bits that nobody else may have]. */
function guarded({ file, settings }: Patient): readonly (readonly [string, number])[] {
  const { "age-key": ageKey, "seal-key": sealKey, folder } = settings.secrets;
  const remotes = settings.repository.remotes ?? [];
  const keys = [
    file,
    ageKey,
    sealKey,
    ...remotes.flatMap((remote) => [remote["token-file"] ?? [], remote["key-file"] ?? []].flat()),
  ];
  const { trust } = settings;
  const believed = [
    trust["allowed-signers"],
    ...[trust["revoked-keys"] ?? []].flat(),
    ...remotes.flatMap((remote) => [remote["ca-file"] ?? [], remote["known-hosts-file"] ?? []].flat()),
  ];
  const folders = new Set([settings.paths.state, ...[...keys, ...believed].map((file) => dirname(file))]);
  return [
    ...keys.map((key) => [key, 0o077] as const),
    [folder, 0o077],
    ...believed.map((one) => [one, 0o022] as const),
    ...[...folders].map((one) => [one, 0o022] as const),
  ];
}

async function permissions(patient: Patient, signal: AbortSignal): Promise<Finding> {
  const wanted = guarded(patient);
  // What is missing is another check's.
  const found = await owners(
    patient.host,
    wanted.map(([path]) => path),
    signal,
  );
  const faults = wanted.flatMap(([path, others]): Finding[] => {
    const one = found.get(path);
    if (!one) return [];
    const open = (one.mode & others) !== 0;
    const right = others === 0o077 ? (path === patient.settings.secrets.folder ? "0700" : "0600") : "go-w";
    const mode = one.mode.toString(8).padStart(4, "0");
    return [
      ...(open ? [fault(`${path} is open to other users (mode ${mode}).`, `chmod ${right} ${path}.`)] : []),
      ...(one.uid === 0 ? [] : [fault(`${path} belongs to user ${one.uid}.`, `chown root: ${path}.`)]),
    ];
  });
  return together(faults, ok("Nobody but root can read the keys, or change what the agent keeps or goes by."));
}

/** Of those paths that are there: mode and owner of what they lead to. */
async function owners(
  host: Host,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, { readonly mode: number; readonly uid: number }>> {
  const argv = ["stat", "-L", "-c", "%a %u %n", ...paths] as const;
  const { stdout } = await host.run(argv, { timeoutMs: programMs, signal });
  return new Map(
    stdout.split("\n").flatMap((line): [string, { mode: number; uid: number }][] => {
      const [, mode = "", uid, path] = /^(\d+) (\d+) (.+)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, { mode: Number.parseInt(mode, 8), uid: Number(uid) }]];
    }),
  );
}

async function ageKey({ host, settings }: Patient): Promise<Finding> {
  const path = settings.secrets["age-key"];
  const text = await host.readFile(path);
  if (text === undefined) {
    return fault(
      `This box has no age key (${path}): it cannot read secrets of the repository.`,
      "Restore it, or run `impctl bootstrap`: it makes one and shows what to put into the machine file. Then `impctl secret rekey`.",
    );
  }
  parseIdentities(text, path);
  return ok(`The age key is there (${path}).`);
}

async function writable({ host }: Patient, folder: string, signal: AbortSignal): Promise<Finding> {
  if (!(await owners(host, [folder], signal)).has(folder))
    return fault(`${folder} is missing.`, "Mount it: `zfs mount -a`; on a fresh box, `impctl bootstrap` makes it.");
  const probe = `${folder}/.doctor`;
  try {
    await host.writeFile(probe, "written by impctl doctor\n", { mode: 0o600 });
    await host.remove(probe);
  } catch (thrown) {
    const { message } = asProblem(thrown);
    if (/ENOSPC|EDQUOT/.test(message)) return full(folder, 0);
    const remedy = `See \`findmnt -T ${folder}\`: it must be mounted, and not read-only. \`zfs get readonly\` says why.`;
    return fault(`${folder} cannot be written: ${message}`, remedy);
  }
  const free = await host.freeBytes(folder);
  if (free < leastBytes) return full(folder, free);
  const left = `${Math.floor(free / 2 ** 20)} MiB`;
  if (free < fewBytes) return advice(`${folder} has ${left} left.`, `Make room: \`du -xsh ${folder}/*\`.`);
  return ok(`${folder} can be written.`);
}

function full(folder: string, free: number): Finding {
  return fault(
    `${folder} is full: ${Math.floor(free / 2 ** 20)} MiB are left.`,
    `Make room: \`du -xsh ${folder}/*\`, \`zfs list -o space\`. The cache may be deleted at any time.`,
  );
}

async function machineId({ host }: Patient): Promise<Finding> {
  const text = (await host.readFile("/etc/machine-id"))?.trim();
  if (text !== undefined && /^[0-9a-f]{32}$/.test(text)) return ok("/etc/machine-id is there.");
  return fault(
    text === undefined ? "/etc/machine-id is missing." : "/etc/machine-id holds no machine-id.",
    "Run `imp-boot identity`, which lays the one that this box has kept, or `systemd-machine-id-setup`.",
  );
}

async function committed({ host, settings }: Patient, signal: AbortSignal): Promise<Finding> {
  const { state } = settings.paths;
  const environment = await bootedEnvironment(host, signal);
  const links = (await host.readFolder(`${state}/committed.d`)).filter((name) => !name.startsWith("."));
  const dangling: Finding[] = [];
  for (const name of links) {
    const digest = (await host.readLink(`${state}/committed.d/${name}`))?.split("/").at(-1);
    if (digest !== undefined && (await host.readFile(`${state}/generations/${digest}/generation.json`)) !== undefined)
      continue;
    const text = `${state}/committed.d/${name} leads to no generation${digest === undefined ? "" : ` (${digest.slice(0, 12)})`}.`;
    const remedy = `Restore generations/ from a backup or a snapshot of ${state}, or point the link at one that is there: \`imp-rescue generations\`.`;
    dangling.push(name === environment ? fault(text, remedy) : advice(text, remedy));
  }
  if (dangling.length > 0) return together(dangling, ok(""));
  if (!links.includes(environment)) return skipped("Nothing was ever committed by this boot environment.");
  const generation = await openStore(host, state, environment).committed();
  return ok(`Generation ${generation?.digest.slice(0, 12)} is committed.`);
}
