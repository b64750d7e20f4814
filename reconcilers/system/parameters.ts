/**
 * What kernel parameters were before our file named them, for when it names them no more: systemd-sysctl sets values, and takes
 * none back. In the agent's run folder, as text of sysctl.d(5): a boot begins with what is on the disk.
 */
import type { Host } from "../core.ts";

export const parametersFile = "/etc/sysctl.d/90-imp.conf";
export const parametersUnit = "systemd-sysctl.service";
const program = "/usr/lib/systemd/systemd-sysctl";
const limitMs = 30_000;

function place(run: string): string {
  return `${run}/sysctl-before.conf`;
}

/** Keeps the values of what `text` will name and the file on the disk does not; what was kept already is older. */
export async function keepParameters(host: Host, run: string, text: string): Promise<void> {
  const [kept, named] = [await parametersAt(host, place(run)), await parametersAt(host, parametersFile)];
  const all = new Map(kept);
  for (const name of parametersOf(text).keys()) {
    if (kept.has(name) || named.has(name)) continue;
    const value = await live(host, name);
    if (value !== undefined) all.set(name, value);
  }
  if (all.size > kept.size) await host.writeFile(place(run), textOf(all), { mode: 0o600 });
}

/** Whether something is to be put back. */
export async function hasStrayParameters(host: Host, run: string): Promise<boolean> {
  return (await strays(host, run)).size > 0;
}

/** Puts back what the file names no more. A value that the kernel does not take stays as it is until the next boot. */
export async function putBackParameters(host: Host, run: string, signal: AbortSignal): Promise<void> {
  const back = await strays(host, run);
  if (back.size === 0) return;
  const file = `${run}/sysctl-back.conf`;
  await host.writeFile(file, textOf(back), { mode: 0o600 });
  await host.run([program, file], { timeoutMs: limitMs, signal }).catch(() => signal.throwIfAborted());
  await host.remove(file);
  const rest = [...(await parametersAt(host, place(run)))].filter(([name]) => !back.has(name));
  if (rest.length > 0) await host.writeFile(place(run), textOf(new Map(rest)), { mode: 0o600 });
  else await host.remove(place(run));
}

type Parameters = ReadonlyMap<string, string>;

async function strays(host: Host, run: string): Promise<Parameters> {
  const kept = await parametersAt(host, place(run));
  if (kept.size === 0) return kept;
  const named = await parametersAt(host, parametersFile);
  return new Map([...kept].filter(([name]) => !named.has(name)));
}

async function parametersAt(host: Host, path: string): Promise<Parameters> {
  return parametersOf((await host.readFile(path)) ?? "");
}

/** sysctl.d(5): a line each. Names with * stand for many, and are not followed. */
function parametersOf(text: string): Parameters {
  const lines = text.split("\n").map((line) => /^\s*-?([^#;=\s][^=*]*?)\s*=\s*(.*?)\s*$/.exec(line));
  return new Map(lines.flatMap((found) => (found ? [[found[1] ?? "", found[2] ?? ""] as const] : [])));
}

function textOf(parameters: Parameters): string {
  return [...parameters].map(([name, value]) => `${name} = ${value}\n`).join("");
}

/** undefined: it cannot be read, or not be said in a line. */
async function live(host: Host, name: string): Promise<string | undefined> {
  const text = await host.readFile(`/proc/sys/${pathOf(name)}`).catch(() => undefined);
  const value = text?.trim();
  return value === "" || value?.includes("\n") ? undefined : value;
}

/** Where the first separator is a dot, dots and slashes change places. */
function pathOf(name: string): string {
  if (/^[^./]*\//.test(name)) return name;
  return name.replaceAll(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}
