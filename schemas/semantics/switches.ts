/** What a BGP peer cannot take back from its group: FRR 8.4 keeps a flag of the group, and shows no negation of it. */
type Values = Readonly<Record<string, unknown>>;

/** Keys of a session and of an address family that are on or off. */
const flags = [
  "shutdown",
  "passive",
  "bfd",
  "capability-extended-next-hop",
  "enforce-first-as",
  "next-hop-self",
  "soft-reconfiguration",
  "remove-private-as",
  "route-server-client",
  "route-reflector-client",
  "default-originate",
] as const;

const sent: Readonly<Record<string, readonly string[]>> = {
  all: ["standard", "extended", "large"],
  both: ["standard", "extended"],
  standard: ["standard"],
  extended: ["extended"],
  large: ["large"],
  none: [],
};

/** The keys that a peer, or its family, has otherwise than it can, and what its group says of them. */
export function switchedOff(
  own: object | undefined,
  group: object | undefined,
): readonly (readonly [key: string, says: string])[] {
  if (own === undefined || group === undefined) return [];
  const [ours, shared] = [own as Values, group as Values];
  const off = flags.filter((key) => ours[key] === false && shared[key] !== undefined && shared[key] !== false);
  const found = off.map((key) => [key, `${word(shared[key])} in the group`] as const);
  const [asked, allowed] = [ours["send-community"], shared["send-community"]].map((value) => sent[word(value)]);
  const more = asked?.some((kind) => allowed?.includes(kind) === false) === true;
  return more ? [...found, ["send-community", `${word(shared["send-community"])} in the group`] as const] : found;
}

function word(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
