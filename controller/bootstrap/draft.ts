/** The settings that a bootstrap would write, and the files that they name: pure, so that all can be tried before it is written. */
import { isObject, type JsonObject, type JsonValue } from "../../schemas/json.ts";

/** What the operator said; undefined: as it is. Files are texts here: whatever was named may be on a stick. */
export interface Wishes {
  readonly machine?: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly username?: string;
  readonly token?: string;
  readonly sshKey?: string;
  /** PEM. */
  readonly ca?: string;
  /** Lines of ssh's known_hosts. */
  readonly knownHosts?: string;
  /** Who may sign; "off": commits need no signature. */
  readonly signers?: { readonly text: string } | "off";
  readonly mode?: string;
  /** A git repository on this box that stands in for one that does not answer. */
  readonly from?: string;
}

export interface Draft {
  readonly settings: JsonObject;
  /** By absolute path: what the settings name, for root alone. */
  readonly files: ReadonlyMap<string, string>;
}

/** `before` with what is wished; new files are in `folder`. What nobody spoke of stays. */
export function draftOf(before: JsonObject, wishes: Wishes, folder: string): Draft {
  const files = new Map<string, string>();
  const named = (key: string, name: string, text: string | undefined): JsonObject => {
    if (text === undefined) return {};
    files.set(`${folder}/${name}`, text.endsWith("\n") ? text : `${text}\n`);
    return { [key]: `${folder}/${name}` };
  };
  const repository = objectOf(before["repository"]);
  const [first, ...others] = remotesOf(before);
  const isNew = wishes.repository !== undefined && wishes.repository !== first?.["url"];
  const remote: JsonObject = {
    ...(isNew ? {} : first),
    ...(wishes.repository !== undefined && { url: wishes.repository }),
    ...(wishes.username !== undefined && { username: wishes.username }),
    ...named("token-file", "git-token", wishes.token),
    ...named("key-file", "ssh_key", wishes.sshKey),
    ...named("ca-file", "ca.pem", wishes.ca),
    ...named("known-hosts-file", "known_hosts", wishes.knownHosts),
  };
  const rest = wishes.repository === undefined ? others : [];
  const standIn =
    wishes.from === undefined || rest.some(({ url }) => url === wishes.from) ? [] : [{ url: wishes.from }];
  const { folder: development, ...kept } = repository;
  const remotes = [...("url" in remote ? [remote] : []), ...rest, ...standIn];
  const followed =
    remotes.length > 0 ? { ...kept, remotes } : { ...kept, ...(development !== undefined && { folder: development }) };
  const trust = trustOf(objectOf(before["trust"]), wishes, named);
  return {
    settings: {
      ...before,
      ...(wishes.machine !== undefined && { machine: wishes.machine }),
      repository: { ...followed, ...(wishes.branch !== undefined && { branch: wishes.branch }) },
      ...(Object.keys(trust).length > 0 && { trust }),
      ...(wishes.mode !== undefined && { mode: wishes.mode }),
    },
    files,
  };
}

function trustOf(
  before: JsonObject,
  { signers }: Wishes,
  named: (key: string, name: string, text: string) => JsonObject,
): JsonObject {
  if (signers === undefined) return before;
  if (signers === "off") return { ...before, signatures: "off" };
  return { ...before, signatures: "required", ...named("allowed-signers", "allowed_signers", signers.text) };
}

/** The remotes of settings that may be unfinished. */
export function remotesOf(settings: JsonObject): readonly JsonObject[] {
  const remotes = objectOf(settings["repository"])["remotes"];
  return Array.isArray(remotes) ? remotes.filter((one: JsonValue) => isObject(one)) : [];
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
