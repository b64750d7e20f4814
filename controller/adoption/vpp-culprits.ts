/** Which value of a draft asks for an object of VPP that is not there as it says. */
import type { VppObject, VppStep } from "../../reconcilers/vpp/model.ts";
import { isObject, type JsonObject, type JsonValue, type Path, valueAt } from "../../schemas/json.ts";

/** undefined: nobody knows. */
export function vppCulprit(step: VppStep, draft: JsonObject): Path | undefined {
  const ofNat: Path | undefined = draft["nat"] === undefined ? undefined : ["nat"];
  // Nothing is asked of it but what translation asks.
  if (step.instance === "nat") return ofNat;
  if (!("before" in step || "after" in step)) return undefined;
  const object = step.after ?? step.before;
  if (object === undefined) return undefined;
  const own = ownPlace(object, draft);
  if (own !== undefined || isOfNat(object)) return own ?? ofNat;
  return placeOnPort(object, draft) ?? ofContainers(object, draft);
}

/** Links, what is steered to them, and the ways to the pools: what nothing else in the draft asks for. */
function isOfNat(object: VppObject): boolean {
  const kinds: readonly VppObject["kind"][] = ["memif-socket", "memif", "acl", "abf-policy", "abf-attachment", "route"];
  return kinds.includes(object.kind) || ("on" in object && object.on.startsWith("memif"));
}

function ofContainers(object: VppObject, draft: JsonObject): Path | undefined {
  const device = valueAt(draft, ["containers", "host-interface"]);
  const ref = "on" in object ? object.on : "name" in object ? object.name : undefined;
  return typeof device === "string" && ref === `host-${device}` ? ["containers"] : undefined;
}

/** Of what has an entry of its own. */
function ownPlace(object: VppObject, draft: JsonObject): Path | undefined {
  const where = (section: string, is: (one: JsonObject) => boolean): Path | undefined => {
    const all = Object.entries(asMap(draft[section]));
    const name = all.find(([, one]) => isObject(one) && is(one))?.[0];
    return name === undefined ? undefined : [section, name];
  };
  const bridge = (id: number) => where("bridges", (one) => one["id"] === id);
  switch (object.kind) {
    case "acl":
      return valueAt(draft, ["acls", object.tag]) === undefined ? undefined : ["acls", object.tag];
    case "abf-policy":
      return where("abf", (one) => one["id"] === object.id);
    case "abf-attachment":
      return where("abf", (one) => one["id"] === object.policy);
    case "raw":
      return ["raw-vpp", object.name];
    case "policer":
      return ["policers", object.name];
    case "bond":
      return ["bonds", object.name];
    case "bond-member":
      return ["bonds", object.bond];
    case "bridge":
      return bridge(object.id);
    case "bridge-port":
      return bridge(object.bridge);
    case "tag-rewrite":
      return where("bridges", (one) => asList(one["members"]).includes(object.on)) ?? connected(object.on, where);
    case "cross-connect":
      return connected(object.on, where);
    case "vrrp":
      return where("vrrp", (one) => one["interface"] === object.on && one["id"] === object.id);
    case "dhcp-relay":
      return where("dhcp-relay", (one) => one["server"] === object.server);
    case "vrf":
      return where("vrfs", (one) => one["table"] === object.table);
    case "route": {
      const vrf = where("vrfs", (one) => one["table"] === object.table);
      return vrf && [...vrf, "routes", object.prefix];
    }
    case "lldp":
      return ["lldp"];
    case "lldp-port":
      return ["lldp", "interfaces", object.on];
    default:
      return undefined;
  }
}

/** By itself, or by a VLAN that it passes on. */
function connected(
  ref: string,
  where: (section: string, is: (one: JsonObject) => boolean) => Path | undefined,
): Path | undefined {
  const parent = ref.replace(/\.\d+$/, "");
  const ends = (one: JsonObject) => [one["from"], one["to"]];
  return (
    where("cross-connects", (one) => ends(one).includes(ref)) ??
    where("cross-connects", (one) => one["vlan"] !== undefined && ends(one).includes(parent))
  );
}

/** Of what is on an interface: the value, or the whole interface. */
function placeOnPort(object: VppObject, draft: JsonObject): Path | undefined {
  const ref = "on" in object ? object.on : "name" in object ? object.name : undefined;
  const port = ref === undefined ? undefined : portPath(ref, draft);
  if (port === undefined) return ref === undefined ? undefined : connectedVlan(ref, draft);
  switch (object.kind) {
    case "address": {
      const at = asList(valueAt(draft, [...port, "addresses"])).indexOf(object.address);
      return at === -1 ? port : [...port, "addresses", at];
    }
    case "unnumbered":
      return [...port, "unnumbered"];
    case "neighbor":
      return [...port, "neighbors", object.address];
    case "vrf-member":
      return [...port, "vrf"];
    case "interface-acls":
      return [...port, "acl"];
    case "policer-use":
      return [...port, "policer"];
    case "unicast-rpf":
      return [...port, "unicast-rpf"];
    case "router-advertisements":
    case "advertised-prefix":
      return [...port, "router-advertisements"];
    default:
      return port;
  }
}

/** A VLAN that only a cross-connect knows. */
function connectedVlan(ref: string, draft: JsonObject): Path | undefined {
  return connected(ref, (section, is) => {
    const name = Object.entries(asMap(draft[section])).find(([, one]) => isObject(one) && is(one))?.[0];
    return name === undefined ? undefined : [section, name];
  });
}

function portPath(ref: string, draft: JsonObject): Path | undefined {
  const [parent = "", number] = ref.split(".");
  const bvi = /^bvi(\d+)$/.exec(ref)?.[1];
  if (bvi !== undefined) {
    const bridge = Object.entries(asMap(draft["bridges"])).find(([, one]) => valueAt(one, ["id"]) === Number(bvi));
    return bridge && ["bridges", bridge[0], "bvi"];
  }
  const found = ["interfaces", "bonds", "loopbacks", "taps", "vxlan"]
    .map((section) => [section, parent])
    .find((path) => valueAt(draft, path));
  const path = found && number !== undefined ? [...found, "sub-interfaces", number] : found;
  return path && valueAt(draft, path) !== undefined ? path : undefined;
}

function asMap(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
