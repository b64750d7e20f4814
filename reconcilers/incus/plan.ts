/** The steps from what Incus has to what it is to have. Pure and total. */
import { Problem } from "../../schemas/problem.ts";
import type { Foreign, Impact, Plan } from "../core.ts";
import { changesOf } from "./describe.ts";
import { instanceChange, leaving } from "./instance-change.ts";
import {
  idOf,
  imageOf,
  type IncusDesired,
  type IncusObject,
  type IncusObserved,
  type IncusStep,
  isMarked,
  type LiveObject,
  type Network,
  type Pool,
  type Profile,
} from "./model.ts";
import { absent } from "./observe.ts";
import { type Part, step } from "./steps.ts";

const nothing = { steps: [], foreign: [], problems: [], notes: [] };

/** Implements Reconciler.plan: what goes away first, then what comes and changes in the order of making, unused networks last. */
export function planIncus(
  desired: IncusDesired,
  observed: IncusObserved,
  owned: readonly IncusDesired[],
): Plan<IncusStep> {
  const { objects, prune, spares = false } = desired;
  if (observed.silent !== undefined) return whileSilent(objects ?? [], observed.silent);
  const live = new Map(observed.objects.map((one) => [idOf(one.object), one]));
  if (objects === undefined) return { ...nothing, foreign: foreignOf([...live.values()]) };
  const wanted = new Map(objects.map((object) => [idOf(object), object]));
  const ours = new Set(owned.flatMap((one) => (one.objects ?? []).map(idOf)));
  const left = [...live.values()].filter(({ object }) => !wanted.has(idOf(object)));
  const goes = (one: LiveObject): boolean =>
    isRemovable(one.object) &&
    (prune === "all" || (isMarked(one.object) && (one.isLater === true || ours.has(idOf(one.object)))));
  const [gone, stays] = [left.filter(goes), left.filter((one) => !goes(one))];
  const unbound = spares ? gone.filter(({ object }) => object.kind !== "instance") : gone;
  const networks = networksGone(unbound, live, wanted);
  const instances = gone.map((one) => leaving(one, spares));
  const changed = objects.map((object) => changeOf(object, live.get(idOf(object)), spares));
  const going = owned.flatMap((one) => one.objects ?? []).filter((object) => !wanted.has(idOf(object)));
  const making = changed.flatMap(({ steps }) => steps).map((one) => takingOver(one, going, spares));
  const isUsed = ({ users }: LiveObject): boolean => spares && users.some((user) => user.startsWith("instance "));
  return {
    steps: [
      ...instances.flatMap(({ steps }) => steps),
      ...making,
      ...gone.flatMap((one) =>
        one.object.kind === "profile" && !isUsed(one) ? [step("remove", one.object, "hitless")] : [],
      ),
      ...networks.steps,
    ],
    foreign: foreignOf(stays),
    problems: [
      ...changed.flatMap(({ problems }) => problems),
      ...withoutImage(making, observed.images),
      ...ofVersion(making, observed.version),
    ],
    notes: [...changed.flatMap(({ notes }) => notes), ...instances.flatMap(({ notes }) => notes), ...networks.notes],
  };
}

/** Of a box that has no Incus only what needs one is in the way: the bridge may be somebody else's. */
function whileSilent(objects: readonly IncusObject[], silent: string): Plan<IncusStep> {
  const needs = objects.filter(({ kind }) => kind !== "network");
  if (objects.length === 0 || (silent === absent && needs.length === 0)) return nothing;
  const problem = new Problem(
    "INCUS_UNREACHABLE",
    silent === absent ? "Incus is not installed, and services are to run in it." : silent,
    {
      remedy:
        silent === absent
          ? "Deploy an image that has it, or take the instances out of services."
          : "See `systemctl status incus`, or leave Incus alone: `incus: { mode: off }` in agent.yaml.",
      transient: silent !== absent,
    },
  );
  return { ...nothing, problems: [problem] };
}

/** Pools and volumes hold data, which no plan destroys; the default profile is Incus's own. */
function isRemovable(object: IncusObject): boolean {
  if (object.kind === "pool" || object.kind === "volume") return false;
  return object.kind !== "profile" || object.name !== "default";
}

function foreignOf(live: readonly LiveObject[]): readonly Foreign[] {
  return live.flatMap(({ object, users }) => {
    const id = `incus/${idOf(object)}`;
    if (object.kind === "profile" && object.name === "default") return [];
    if (object.kind !== "volume" && object.kind !== "pool") return [{ id, text: idOf(object) }];
    // A pool or a volume that somebody uses is told with its user.
    return users.length > 0 ? [] : [{ id, text: `${idOf(object)}, which nobody uses: its data is kept` }];
  });
}

/** An instance is not made anew, and of a pool that is taken over goes what nobody asks for. */
function takingOver(one: IncusStep, going: readonly IncusObject[], spares: boolean): IncusStep {
  const instances = one.object.kind === "pool" ? going.filter((object) => object.kind === "instance") : [];
  return { ...one, ...(spares && { spares }), ...(instances.length > 0 && { going: instances }) };
}

function changeOf(object: IncusObject, live: LiveObject | undefined, spares: boolean): Part {
  const part = { steps: [], problems: [], notes: [] };
  if (object.kind === "instance") return instanceChange(object, live, spares);
  if (!live) return { ...part, steps: [step("add", object, "hitless")] };
  const before = live.object;
  if (object.kind === "pool") return { ...part, problems: poolProblems(object, before) };
  const changes = changesOf(before, object);
  if (changes.length === 0) return part;
  const isTaken = isMarked(object) && !isMarked(before) && !isBare(before);
  const notes = isTaken
    ? [`${idOf(object)} was not made by impctl, and is changed. Going back puts it back as it was.`]
    : [];
  return {
    ...part,
    notes,
    steps: [step("set", object, live.users.length > 0 ? objectImpact(before, object) : "hitless", changes)],
  };
}

/** What Incus has by itself, or what has no settings that could be lost. */
function isBare(object: IncusObject): boolean {
  if (object.kind === "volume") return true;
  return object.kind === "profile" && Object.keys({ ...object.config, ...object.devices }).length === 0;
}

/** Instances lose packets while a device or an address of theirs changes. */
function objectImpact(before: IncusObject, after: IncusObject): Impact {
  if (after.kind === "network" && before.kind === "network") {
    return changesOf({ ...before, config: unmarked(before) }, { ...after, config: unmarked(after) }).length > 0
      ? "flap"
      : "hitless";
  }
  return after.kind === "profile" && changesOf(before, after).some((change) => /\bdevice /.test(change))
    ? "flap"
    : "hitless";
}

function unmarked({ config }: Network): Network["config"] {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("user.")));
}

function poolProblems(pool: Pool, before: IncusObject): readonly Problem[] {
  if (before.kind !== "pool" || (before.driver === pool.driver && before.source === pool.source)) return [];
  return [
    new Problem(
      "INCUS_FOREIGN",
      `Storage pool ${pool.name} is ${before.driver} on ${before.source}, and is to be ${pool.driver} on ${pool.source}.`,
      { remedy: "No plan moves data: say in containers.storage what is there, or give the new pool another name." },
    ),
  ];
}

/** What is to be made of an image that is nowhere. Of a server nobody knows what it has; in a pool that is taken over all may be there. */
function withoutImage(steps: readonly IncusStep[], images: readonly string[] | undefined): readonly Problem[] {
  const isTakenOver = steps.some(({ kind, object }) => kind === "add" && object.kind === "pool");
  if (images === undefined || isTakenOver) return [];
  return steps.flatMap(({ kind, object }) => {
    if (object.kind !== "instance" || (kind !== "add" && kind !== "rebuild")) return [];
    const { alias, fingerprint, server } = imageOf(object) ?? {};
    if (server !== undefined || (alias === undefined && fingerprint === undefined)) return [];
    const isThere = images.some((one) => one === alias || (fingerprint !== undefined && one.startsWith(fingerprint)));
    return isThere
      ? []
      : [
          new Problem(
            "INCUS_REFUSED",
            `Incus has no image ${alias ?? fingerprint}, of which ${idOf(object)} is to be made.`,
            {
              remedy:
                "Correct its name, say of which of containers.remotes it is, or bring it: incus image copy, incus image import.",
            },
          ),
        ];
  });
}

/** To make a volume where one is, of which it did not know, older ones undo by removing that. */
function ofVersion(steps: readonly IncusStep[], version: string | undefined): readonly Problem[] {
  const [, major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version ?? "") ?? []).map((part) =>
    Number(part ?? 0),
  );
  const isSafe = major > 6 || (major === 6 && (minor >= 11 || (minor === 0 && patch >= 4)));
  const makes = steps.some(({ kind, object: made }) => kind === "add" && made.kind === "volume");
  if (version === undefined || isSafe || !makes) return [];
  return [
    new Problem("INCUS_VERSION", `Incus ${version} may remove the data of a volume that is to be made and is there.`, {
      remedy: "Deploy an image with Incus 6.0.4 or a later 6.0, or with 6.11 or later.",
    }),
  ];
}

/** Networks go when nobody is left who uses them; the default profile lets go of them. */
function networksGone(
  gone: readonly LiveObject[],
  live: ReadonlyMap<string, LiveObject>,
  wanted: ReadonlyMap<string, IncusObject>,
): Pick<Part, "steps" | "notes"> {
  const going = new Set(gone.map(({ object }) => idOf(object)));
  const usual = live.get("profile default")?.object;
  const parts = gone.flatMap(({ object, users }): Pick<Part, "steps" | "notes">[] => {
    if (object.kind !== "network") return [];
    const byDefault = users.includes("profile default") && !wanted.has("profile default");
    const others = users.filter((user) => !going.has(user) && !wanted.has(user) && user !== "profile default");
    if (others.length > 0)
      return [{ steps: [], notes: [`network ${object.name} stays: ${others.join(", ")} uses it.`] }];
    const letsGo = byDefault && usual?.kind === "profile" ? [without(usual, object)] : [];
    return [{ steps: [...letsGo, step("remove", object, "hitless")], notes: [] }];
  });
  return { steps: parts.flatMap(({ steps }) => steps), notes: parts.flatMap(({ notes }) => notes) };
}

function without(profile: Profile, { name }: Network): IncusStep {
  const devices = Object.entries(profile.devices).filter(([, device]) => device["network"] !== name);
  const after = { ...profile, devices: Object.fromEntries(devices) };
  return step("set", after, "flap", changesOf(profile, after));
}
