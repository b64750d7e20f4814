/**
 * The refs that a server over HTTP offers, by several prefixes in one question: protocol version 2 where it speaks that, else
 * all that it says by itself. Two requests, or one.
 */
import type { GitHttpRequest, HttpClient } from "isomorphic-git";

export interface Ref {
  readonly name: string;
  /** 40 hex digits. */
  readonly id: string;
  /** Of an annotated tag: the object that it tags at last. */
  readonly target: string | undefined;
}

/** Rejects with what `http` rejects with, and with an Error when the answer is not a git server's. */
export async function listRefs(http: HttpClient, url: string, prefixes: readonly string[]): Promise<readonly Ref[]> {
  const service = "git-upload-pack";
  const greeting = await request(http, {
    url: `${url}/info/refs?service=${service}`,
    method: "GET",
    headers: { "Git-Protocol": "version=2" },
  });
  const lines = greeting.filter((line) => !line.startsWith("# service="));
  if (lines[0] !== "version 2")
    return advertised(lines).filter(({ name }) => prefixes.some((one) => name.startsWith(one)));
  const asked = ["peel", ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
  const answer = await request(http, {
    url: `${url}/${service}`,
    method: "POST",
    headers: {
      "Git-Protocol": "version=2",
      "content-type": `application/x-${service}-request`,
      accept: `application/x-${service}-result`,
    },
    body: once(`${packet("command=ls-refs\n")}0001${asked.map((one) => packet(`${one}\n`)).join("")}0000`),
  });
  return answer.map((line) => {
    const [id = "", name = "", ...attributes] = line.split(" ");
    return { name, id: mustBeId(id), target: attributes.find((one) => one.startsWith("peeled:"))?.slice(7) };
  });
}

/** Version 0 and 1: "<id> <name>\0<capabilities>" and more lines, a tag's target as one of its own below it. */
export function advertised(lines: readonly string[]): readonly Ref[] {
  const pairs = lines
    .filter((line) => line !== "version 1" && !line.startsWith("shallow "))
    .map((line) => (line.split("\0", 1)[0] ?? "").split(" "));
  const targets = new Map(pairs.map(([id = "", name = ""]) => [name, mustBeId(id)]));
  return pairs.flatMap(([id = "", name = ""]) =>
    name.endsWith("^{}") ? [] : [{ name, id, target: targets.get(`${name}^{}`) }],
  );
}

async function request(
  http: HttpClient,
  asked: Required<Pick<GitHttpRequest, "url">> & GitHttpRequest,
): Promise<string[]> {
  const { body } = await http.request(asked);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return packets(Buffer.concat(chunks));
}

async function* once(text: string): AsyncIterableIterator<Uint8Array> {
  yield Buffer.from(text);
}

function packet(line: string): string {
  return `${(line.length + 4).toString(16).padStart(4, "0")}${line}`;
}

/** The lines of a whole answer, without their line feeds. Throws when it is cut off, or no such thing. */
function packets(bytes: Buffer): string[] {
  const lines: string[] = [];
  let ended = false;
  for (let at = 0; at < bytes.length;) {
    const size = /^[0-9a-f]{4}$/i.test(bytes.toString("latin1", at, at + 4))
      ? Number.parseInt(bytes.toString("latin1", at, at + 4), 16)
      : -1;
    if (size === 3 || size < 0 || at + size > bytes.length) throw new Error("its answer is no list of refs");
    ended = size < 4;
    if (size >= 4) lines.push(bytes.toString("utf8", at + 4, at + size).replace(/\n$/, ""));
    at += Math.max(size, 4);
  }
  if (!ended) throw new Error("its answer is cut off");
  return lines;
}

function mustBeId(text: string): string {
  if (/^[0-9a-f]{40}$/.test(text)) return text;
  throw new Error("it names something that is no object");
}
