/** One remote of the sites repository: which kind of place its URL names, and the credentials for it. */
import { readFile, stat } from "node:fs/promises";
import { Problem } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";

export type RemoteSettings = NonNullable<Settings["repository"]["remotes"]>[number];

/** A remote as the child gets it: plain data. `label` is the URL without credentials, the only form that people see. */
export type Remote =
  | {
      readonly kind: "http";
      readonly label: string;
      readonly url: string;
      /** The whole Authorization header. */
      readonly authorization?: string;
      /** PEM, beside the system's authorities. */
      readonly ca?: string;
    }
  | { readonly kind: "path"; readonly label: string; readonly path: string }
  | {
      readonly kind: "ssh";
      readonly label: string;
      readonly url: string;
      /** More words for ssh, each of plain characters. */
      readonly options?: readonly string[];
    };

/** The URL without user and password. */
export function remoteLabel(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, "$1");
}

/** The server that a remote's URL names, the port where it is given; undefined of a path. */
export function serverOf(url: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const parsed = /^(?:https?|ssh):\/\//i.test(url) ? URL.parse(url) : null;
  if (parsed) {
    return {
      host: parsed.hostname.replace(/^\[|\]$/g, ""),
      port: parsed.port === "" ? undefined : Number(parsed.port),
    };
  }
  const host = /^(?:[^@/:]+@)?(\[[^\]]+\]|[^:/]+):(?!\/\/)/.exec(url)?.[1]?.replace(/^\[|\]$/g, "");
  return host === undefined ? undefined : { host, port: undefined };
}

/**
 * Reads credentials and CA anew at each call, so that a rotated token needs no restart. Rejects with SETTINGS when the
 * URL is of no known kind or a file cannot be used.
 */
export async function resolveRemote(settings: RemoteSettings): Promise<Remote> {
  const label = remoteLabel(settings.url);
  if (settings.url.startsWith("/")) return { kind: "path", label, path: await gitFolder(settings.url) };
  if (/^https?:\/\//i.test(settings.url)) return httpRemote(settings, label);
  // ssh://host/path and user@host:path, but none of git's own "helper::address" forms, which run programs.
  if (/^ssh:\/\/[^-]/i.test(settings.url) || /^[A-Za-z0-9_[][\w.@[\]-]*:(?!\/\/|:)/.test(settings.url)) {
    const options = sshOptions(settings);
    return { kind: "ssh", label, url: settings.url, ...(options.length > 0 && { options }) };
  }
  throw new Problem("SETTINGS", `repository.remotes: "${label}" is no address of a git repository`, {
    remedy: "Write https://…, an absolute path, ssh://… or user@host:path.",
  });
}

function sshOptions(settings: RemoteSettings): readonly string[] {
  const { "key-file": key, "known-hosts-file": known } = settings;
  return [
    ...(key === undefined ? [] : ["-i", key, "-o", "IdentitiesOnly=yes"]),
    ...(known === undefined ? [] : ["-o", `UserKnownHostsFile=${known}`]),
  ];
}

/** A bare repository itself, or the one inside a work tree. */
async function gitFolder(path: string): Promise<string> {
  const inside = `${path}/.git`;
  const isWorkTree = await stat(inside).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isWorkTree ? inside : path;
}

/** An address with credentials, as resolveRemote gives one. */
export async function httpRemote(
  settings: Pick<RemoteSettings, "url" | "username" | "token-file" | "ca-file">,
  label = remoteLabel(settings.url),
): Promise<Extract<Remote, { readonly kind: "http" }>> {
  const url = parseUrl(settings.url, label);
  const username = settings.username ?? decodeURIComponent(url.username);
  const tokenFile = settings["token-file"];
  const password = tokenFile === undefined ? decodeURIComponent(url.password) : await readToken(tokenFile);
  url.username = "";
  url.password = "";
  const hasCredentials = username !== "" || password !== "";
  if (hasCredentials && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new Problem("SETTINGS", `${label}: a password would cross the network unencrypted`, {
      remedy: "Use https://.",
    });
  }
  const caFile = settings["ca-file"];
  // Every forge takes a token as the password of Basic; those that look at the user name at all accept this one.
  const basic = `${username === "" ? "x-access-token" : username}:${password}`;
  return {
    kind: "http",
    label,
    url: url.href.replace(/\/+$/, ""),
    ...(hasCredentials && { authorization: `Basic ${Buffer.from(basic).toString("base64")}` }),
    ...(caFile !== undefined && { ca: await readSettingsFile(caFile) }),
  };
}

function parseUrl(text: string, label: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new Problem("SETTINGS", `"${label}" is not a URL`, {
      remedy: "agent.yaml names it.",
    });
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

async function readToken(file: string): Promise<string> {
  const token = (await readSettingsFile(file)).trim();
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new Problem("SETTINGS", `${file} holds a token and can be read by other users`, {
      remedy: `Run "chmod 600 ${file}".`,
    });
  }
  if (token === "") throw new Problem("SETTINGS", `${file} is empty`);
  return token;
}

async function readSettingsFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Problem("SETTINGS", `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? "unknown"}`, {
      remedy: "agent.yaml names it.",
      cause,
    });
  }
}
