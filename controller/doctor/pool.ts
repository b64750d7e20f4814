/** Checks of the pool that the box runs from, and of what the boot loader will find there. */
import { mountsOf, rootDataset } from "../../reconcilers/bootenv/mounts.ts";
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { bootedEnvironment } from "../environment.ts";
import { advice, fault, ok, programMs, skipped, together } from "./check.ts";
import type { Check, Finding, Patient } from "./check.ts";

export const poolChecks: readonly Check[] = [
  { code: "pool", look: onZfs(pool) },
  { code: "datasets", look: onZfs(datasets) },
  { code: "boot-environment", look: onZfs(environment) },
  { code: "loader", look: onZfs(loader) },
  { code: "kernel", look: onZfs(kernel) },
];

/** Where the box runs from. */
interface Root {
  /** "tank/ROOT/2026.11". */
  readonly dataset: string;
  readonly pool: string;
  readonly mountinfo: string;
}

type Look = (patient: Patient, root: Root, signal: AbortSignal) => Promise<Finding>;

function onZfs(look: Look): Check["look"] {
  return async (patient, signal) => {
    const mountinfo = (await patient.host.readFile("/proc/self/mountinfo")) ?? "";
    const dataset = rootDataset(mountinfo);
    if (dataset === undefined) return skipped("The root is no ZFS dataset.");
    return look(patient, { dataset, pool: dataset.split("/")[0] ?? "", mountinfo }, signal);
  };
}

async function asked(
  host: Host,
  argv: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<RunResult["stdout"]> {
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: programMs, signal });
  if (exitCode === 0) return stdout;
  throw new Problem("HOST_COMMAND", `${argv.join(" ")}: ${stderr.trim() || `exit code ${exitCode}`}`);
}

async function pool({ host }: Patient, { pool: name }: Root, signal: AbortSignal): Promise<Finding> {
  const [health = "", capacity = ""] = (
    await asked(host, ["zpool", "list", "-H", "-o", "health,capacity", name], signal)
  )
    .trim()
    .split("\t");
  const remedy = `zpool status ${name} names the disk: zpool replace it; give the new one a boot partition as well.`;
  if (health === "DEGRADED")
    return advice(`Pool ${name} is DEGRADED: no image is tried until it is mended; configuration goes on.`, remedy);
  if (health !== "ONLINE") return fault(`Pool ${name} is ${health}.`, remedy);
  if (Number.parseInt(capacity, 10) >= 90)
    return advice(
      `Pool ${name} is ${capacity} full: there is no room for an image.`,
      "zfs list -o space says what takes it.",
    );
  return ok(`Pool ${name} is ONLINE, ${capacity} full.`);
}

/** What the agent keeps must outlive the boot environment. */
async function datasets({ settings }: Patient, { dataset, pool: name, mountinfo }: Root): Promise<Finding> {
  const mounts = mountsOf(mountinfo);
  const found = [settings.paths.state, settings.paths.cache].flatMap((folder): Finding[] => {
    const holding = mounts.filter(({ point }) => point === "/" || `${folder}/`.startsWith(`${point}/`));
    const nearest = holding.reduce((best, one) => (one.point.length >= best.point.length ? one : best), {
      point: "",
      source: "",
    });
    if (nearest.source !== dataset) return [];
    const text = `${folder} is part of the boot environment: the next image would start without it.`;
    return [
      fault(text, `zfs mount -a, or create a dataset of its own for it (${name}/persistent/…) and move it there.`),
    ];
  });
  return together(found, ok("What the agent keeps is on datasets of its own."));
}

async function environment({ host }: Patient, { dataset, pool: name }: Root, signal: AbortSignal): Promise<Finding> {
  await bootedEnvironment(host, signal);
  const bootfs = (await asked(host, ["zpool", "list", "-H", "-o", "bootfs", name], signal)).trim();
  const parent = dataset.slice(0, dataset.lastIndexOf("/"));
  const list = await asked(host, ["zfs", "list", "-H", "-r", "-o", "name,mountpoint,canmount", parent], signal);
  const overRoot = list.split("\n").flatMap((line): Finding[] => {
    const [one = "", point, canmount] = line.split("\t");
    if (point !== "/" || canmount !== "on" || one === dataset) return [];
    return [fault(`${one} would be mounted over / by "zfs mount -a".`, `zfs set canmount=noauto ${one}.`)];
  });
  const boots =
    bootfs === "-"
      ? [
          fault(
            `Pool ${name} names no boot environment: the next boot stops in the boot menu.`,
            `zpool set bootfs=${dataset} ${name}.`,
          ),
        ]
      : bootfs === dataset
        ? []
        : [
            advice(
              `${dataset} runs, and ${bootfs} boots next.`,
              `Reboot, or impctl be activate ${dataset.slice(parent.length + 1)}.`,
            ),
          ];
  return together([...boots, ...overRoot], ok(`${dataset} runs, and boots next.`));
}

interface Block {
  readonly name?: string;
  readonly pkname?: string | null;
  readonly parttype?: string | null;
}

/** GPT types: EFI system partition; BIOS boot partition. */
const bootTypes = ["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "21686148-6449-6e6f-744e-656564454649"];

/** Each disk of the pool must be able to boot alone. */
async function loader({ host }: Patient, { pool: name }: Root, signal: AbortSignal): Promise<Finding> {
  const status = await asked(host, ["zpool", "status", "-L", "-P", name], signal);
  const leaves = [...poolDisks(status).matchAll(/^\s+(\/dev\/\S+)\s/gm)].map(([, path]) => path ?? "");
  const argv = ["lsblk", "--json", "--list", "--paths", "--output", "NAME,PKNAME,PARTTYPE"] as const;
  const blocks = blocksOf(await asked(host, argv, signal));
  const disks = [...new Set(leaves.map((leaf) => diskOf(leaf, blocks)))];
  if (disks.length === 0) return skipped(`zpool status names no disk of ${name}.`);
  const lacking = disks.filter(
    (disk) => !blocks.some(({ pkname, parttype }) => pkname === disk && bootTypes.includes(parttype ?? "")),
  );
  if (lacking.length === 0) return ok(`Every disk of ${name} has a boot partition: ${disks.join(", ")}.`);
  const remedy = `Partition it as the others are (sgdisk -R), make the file system, and copy the boot loader there.`;
  const text = `${lacking.join(", ")} of ${name} has no boot partition`;
  if (lacking.length === disks.length) return fault(`${text}: this box does not boot.`, remedy);
  return advice(`${text}: without the other disk this box does not boot.`, remedy);
}

/** What stands before the disks that nothing boots from: those are below headings of one word, where the pool's name is. */
function poolDisks(status: string): string {
  return status.split(/^\t(?:logs|cache|spares|special|dedup)\s*$/m)[0] ?? "";
}

function blocksOf(text: string): readonly Block[] {
  const document: unknown = JSON.parse(text);
  if (typeof document !== "object" || document === null || !("blockdevices" in document)) return [];
  return Array.isArray(document.blockdevices) ? document.blockdevices : [];
}

function diskOf(path: string, blocks: readonly Block[]): string {
  const above = blocks.find(({ name }) => name === path)?.pkname;
  return above === undefined || above === null || above === path ? path : diskOf(above, blocks);
}

/** ZFSBootMenu boots a kernel that has an initrd of the same name. */
async function kernel({ host }: Patient): Promise<Finding> {
  const names = await host.readFolder("/boot");
  const versions = names.flatMap((name) => /^(?:vmlinuz|vmlinux|linux|kernel)(-.+)?$/.exec(name)?.[1] ?? []);
  const whole = versions.filter((version) =>
    names.some((name) => /^init(?:rd|ramfs)/.test(name) && name.replace(/\.img$/, "").endsWith(version)),
  );
  if (whole.length > 0)
    return ok(`/boot has a kernel with its initrd: ${whole.map((one) => one.slice(1)).join(", ")}.`);
  return fault(
    "/boot has no kernel with an initrd: the boot loader would find nothing to boot.",
    "update-initramfs -c -k all.",
  );
}
