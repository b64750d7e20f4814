/** How what stands in storage, and this Incus does not know, because another boot environment's made it, comes to be known. */
import { Problem } from "../../schemas/problem.ts";
import { base, type Incus, type Sent } from "./api.ts";
import { type Answered, record } from "./http.ts";
import type { IncusObject, Instance, Pool } from "./model.ts";

/** Whether it was there, and is taken over: to make it anew would fail, and of an instance end what was there. */
export async function isBroughtAlong(
  incus: Incus,
  object: Exclude<IncusObject, Pool>,
  signal: AbortSignal,
): Promise<boolean> {
  if (object.kind !== "volume" && object.kind !== "instance") return false;
  const name = object.kind === "volume" ? object.pool : await poolOf(incus, object, signal);
  const there =
    name === undefined ? undefined : await incus.get(`${base}/storage-pools/${encodeURIComponent(name)}`, signal);
  if (name === undefined || there === undefined) return false;
  const { driver, config } = record(there);
  const body = { pools: [{ name, driver, description: "", config: { source: record(config).source } }] };
  const type = object.kind === "volume" ? ["volume", "custom"] : [object.type];
  const unknown = await unknownIn(incus, object, body, signal);
  const isOurs = (one: Answered): boolean =>
    one.name === object.name && type.includes(String(one.type)) && one.project === "default";
  if (!unknown.some(isOurs)) return false;
  await takeOver(incus, body, signal);
  return true;
}

/** The pool of an instance's own file system: it says so, or one of its profiles does; the last one counts. */
async function poolOf(incus: Incus, instance: Instance, signal: AbortSignal): Promise<string | undefined> {
  const own = Object.values(instance.devices).find(({ path }) => path === "/")?.["pool"];
  if (own !== undefined) return own;
  let found: string | undefined;
  for (const profile of instance.profiles) {
    const { devices } = record(await incus.get(`${base}/profiles/${encodeURIComponent(profile)}`, signal));
    const root = Object.values(record(devices))
      .map(record)
      .find(({ path }) => path === "/");
    if (typeof root?.pool === "string") found = root.pool;
  }
  return found;
}

async function unknownIn(
  incus: Incus,
  { kind, name }: IncusObject,
  body: Sent,
  signal: AbortSignal,
): Promise<readonly Answered[]> {
  try {
    const found = record(await incus.change({ method: "POST", path: "/internal/recover/validate", body }, signal));
    return Array.isArray(found.UnknownVolumes) ? found.UnknownVolumes.map(record) : [];
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof Problem) || thrown.code !== "INCUS_REFUSED") throw thrown;
    // To make a volume ends nothing that is there. What is left of an instance of which not even that stands written is of no use.
    if (kind === "volume" || thrown.message.includes(`/${name}/backup.yaml`)) return [];
    throw thrown;
  }
}

/** With what needs it: profiles are made empty, what else is missing is a Problem. */
export async function takeOver(incus: Incus, body: Sent, signal: AbortSignal): Promise<void> {
  const found = record(await incus.change({ method: "POST", path: "/internal/recover/validate", body }, signal));
  const errors = Array.isArray(found.DependencyErrors) ? found.DependencyErrors.map(String) : [];
  for (const name of errors.flatMap((error) => /^Profile "([^"]+)"/.exec(error)?.[1] ?? [])) {
    await incus.change({ method: "POST", path: `${base}/profiles`, body: { name } }, signal);
  }
  const others = errors.filter((error) => !error.startsWith("Profile "));
  if (others.length > 0) {
    throw new Problem("INCUS_FOREIGN", `Storage that is there needs ${others.join(", ")}, which is not.`, {
      remedy: "Make it by hand (incus network create …), or remove what needs it from the storage.",
    });
  }
  await incus.change({ method: "POST", path: "/internal/recover/import", body }, signal);
}
