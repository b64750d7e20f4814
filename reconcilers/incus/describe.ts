/** Objects and steps of Incus as people read them, a line each. */
import {
  dueMark,
  imageMark,
  imageOf,
  type Config,
  type Devices,
  idOf,
  type ImageSource,
  type IncusObject,
  type IncusStep,
  type Instance,
  laterMark,
  mark,
} from "./model.ts";

/** Of many changes only the first are told. */
const told = 4;

/** Implements Reconciler.describe. */
export function describeStep({ kind, object, changes }: IncusStep): string {
  const of = idOf(object);
  if (kind === "add") return `add ${objectText(object)}`;
  if (kind === "rebuild" && object.kind === "instance") return `rebuild ${of} from ${imageText(imageOf(object))}`;
  if (kind === "remove" && object.kind === "instance") return `remove ${of}, with its own file system`;
  if (kind === "leave") return `stop ${of}, which goes once this is committed`;
  if (kind !== "set") return `${kind} ${of}`;
  const more = changes.length > told ? `, ${changes.length - told} more` : "";
  return `set ${of}: ${changes.slice(0, told).join(", ")}${more}`;
}

/** "network incusbr0 ipv4.address=10.0.0.1/24 ipv4.nat=false" */
export function objectText(object: IncusObject): string {
  const words = ownWords(object);
  return words === "" ? idOf(object) : `${idOf(object)} ${words}`;
}

function ownWords(object: IncusObject): string {
  switch (object.kind) {
    case "pool":
      return `${object.driver} on ${object.source}`;
    case "network":
    case "volume":
      return configText(object.config);
    case "profile":
      return [configText(object.config), devicesText(object.devices)].filter((text) => text !== "").join(" ");
    case "instance":
      return instanceText(object);
    default:
      return object satisfies never;
  }
}

function instanceText(instance: Instance): string {
  const { type, config, devices, profiles, running } = instance;
  return [
    `${type} from ${imageText(imageOf(instance))}`,
    `with ${profiles.join(", ")}`,
    configText(config),
    devicesText(devices),
    running ? "running" : "stopped",
  ]
    .filter((text) => text !== "")
    .join(" ");
}

/** "debian/12 of https://images.example.net" */
export function imageText(source: ImageSource | undefined): string {
  if (source === undefined) return "an image that nobody wrote down";
  const { alias, fingerprint, server } = source;
  const name = alias ?? fingerprint ?? "";
  return server === undefined ? name : `${name} of ${server}`;
}

function configText(config: Config): string {
  return Object.entries(config)
    .filter(([key]) => !isMark(key))
    .map(([key, value]) => `${key}=${shortly(value)}`)
    .join(" ");
}

function devicesText(devices: Devices): string {
  return Object.entries(devices)
    .map(([name, device]) => `${name}=[${configText(device)}]`)
    .join(" ");
}

function isMark(key: string): boolean {
  return key === mark || key === imageMark || key === dueMark || key === laterMark;
}

/** What differs between two objects of one id, for people; nothing: they are the same. */
export function changesOf(before: IncusObject, after: IncusObject): readonly string[] {
  if (before.kind === "pool" || after.kind === "pool") return [];
  // Of a volume only what was asked for counts.
  const kept = after.kind === "volume" ? Object.keys(after.config) : undefined;
  const changes = configChanges("", before.config, after.config, kept);
  if (!("devices" in before) || !("devices" in after)) return changes;
  const devices = [...new Set([...Object.keys(before.devices), ...Object.keys(after.devices)])].flatMap((name) => {
    const [was, will] = [before.devices[name], after.devices[name]];
    if (!was) return [`device ${name} added`];
    return will ? configChanges(`device ${name} `, was, will) : [`device ${name} removed`];
  });
  const description = before.description === after.description ? [] : [`description ${shortly(after.description)}`];
  if (before.kind !== "instance" || after.kind !== "instance") return [...description, ...changes, ...devices];
  const [had, has] = [before.profiles.join(", "), after.profiles.join(", ")];
  return [...description, ...changes, ...(had === has ? [] : [`profiles from ${had} to ${has}`]), ...devices];
}

function configChanges(where: string, before: Config, after: Config, only?: readonly string[]): readonly string[] {
  const keys = only ?? [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [was, will] = [before[key], after[key]];
    if (was === will) return [];
    if (key === mark) return [will === undefined ? "given back" : "taken over"];
    if (key === imageMark) return ["image"];
    if (was === undefined) return [`${where}${key} ${shortly(will ?? "")}`];
    return [will === undefined ? `no ${where}${key}` : `${where}${key} from ${shortly(was)} to ${shortly(will)}`];
  });
}

/** Of a long value, as cloud-init has it, only that it is long. */
function shortly(value: string): string {
  if (value === "") return '""';
  return value.length > 60 || value.includes("\n") ? `(${value.length} characters)` : value;
}
