/** Where objects stand in Incus' API, and what is sent of them. */
import { base, type Incus, type Sent } from "./api.ts";
import { type Answered, record } from "./http.ts";
import type { IncusObject, Pool } from "./model.ts";
import { isKept } from "./observe.ts";

export function pathOf(object: IncusObject): string {
  const name = encodeURIComponent(object.name);
  if (object.kind === "volume")
    return `${base}/storage-pools/${encodeURIComponent(object.pool)}/volumes/custom/${name}`;
  if (object.kind === "pool") return `${base}/storage-pools/${name}`;
  return `${base}/${object.kind}s/${name}`;
}

/** What is sent of it, but for what only its making takes. */
export function bodyOf(object: Exclude<IncusObject, Pool>): Sent {
  const { name } = object;
  switch (object.kind) {
    case "network":
      return { name, type: "bridge", config: object.config };
    case "profile":
      return { name, description: object.description, config: object.config, devices: object.devices };
    case "volume":
      return { name, type: "custom", content_type: "filesystem", config: object.config };
    case "instance": {
      const { description, config, devices, profiles } = object;
      return { description, config, devices, profiles };
    }
    default:
      return object satisfies never;
  }
}

/** Gives what is there all that is asked of it, and these keys; what Incus keeps there by itself stays. */
export async function put(
  incus: Incus,
  object: Exclude<IncusObject, Pool>,
  { config: before, architecture }: Answered,
  marks: Sent,
  signal: AbortSignal,
): Promise<void> {
  const all = Object.entries(record(before));
  const kept = object.kind === "volume" ? all : all.filter(([key]) => isKept(key));
  const config = { ...Object.fromEntries(kept), ...object.config, ...marks };
  const { name: _, type: __, ...body } = { name: "", type: "", ...bodyOf(object) };
  await incus.change({ method: "PUT", path: pathOf(object), body: { ...body, architecture, config } }, signal);
}

/** A key of an object that is there. */
export function keyOf({ config }: Answered, key: string): unknown {
  return new Map(Object.entries(record(config))).get(key);
}
