import type { GitHttpRequest, HttpClient } from "isomorphic-git";
import { describe, expect, it } from "vitest";
import { listRefs } from "../../../../controller/git/refs.ts";

const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(40)) as [string, string, string];
const packet = (line: string) => `${(line.length + 4).toString(16).padStart(4, "0")}${line}`;
const prefixes = ["refs/heads/main", "refs/tags/approve/0123"];

/** A server with these answers, one after the other; `asked` gets the bodies of requests. */
function server(answers: readonly string[], asked: string[] = []): HttpClient {
  let next = 0;
  return {
    async request({ body, url, method }: GitHttpRequest) {
      let text = "";
      for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
      asked.push(`${method} ${url} ${text}`);
      const answer = Buffer.from(answers[next++] ?? "");
      const once = async function* () {
        yield answer;
      };
      return { url, method: "GET", headers: {}, statusCode: 200, statusMessage: "OK", body: once() };
    },
  };
}
const greeting = `${packet("# service=git-upload-pack\n")}0000`;

describe("listRefs", () => {
  it("asks a server of version 2 for all prefixes at once, and hears what tags are on", async () => {
    const asked: string[] = [];
    const refs = `${packet(`${one} refs/heads/main\n`)}${packet(`${two} refs/tags/approve/0123 peeled:${one}\n`)}0000`;
    const http = server([`${greeting}${packet("version 2\n")}${packet("ls-refs=unborn\n")}0000`, refs], asked);

    expect(await listRefs(http, "https://x/y", prefixes)).toEqual([
      { name: "refs/heads/main", id: one, target: undefined },
      { name: "refs/tags/approve/0123", id: two, target: one },
    ]);
    expect(asked).toEqual([
      "GET https://x/y/info/refs?service=git-upload-pack ",
      `POST https://x/y/git-upload-pack ${packet("command=ls-refs\n")}0001${packet("peel\n")}${prefixes
        .map((prefix) => packet(`ref-prefix ${prefix}\n`))
        .join("")}0000`,
    ]);
  });

  it("takes what it wants from all that an older server says by itself", async () => {
    const lines = [
      `${one} HEAD\0multi_ack side-band-64k\n`,
      `${one} refs/heads/main\n`,
      `${three} refs/heads/other\n`,
      `${two} refs/tags/approve/0123\n`,
      `${one} refs/tags/approve/0123^{}\n`,
      `${three} refs/tags/approve/0123-light\n`,
    ];

    expect(await listRefs(server([`${greeting}${lines.map(packet).join("")}0000`]), "https://x/y", prefixes)).toEqual([
      { name: "refs/heads/main", id: one, target: undefined },
      { name: "refs/tags/approve/0123", id: two, target: one },
      { name: "refs/tags/approve/0123-light", id: three, target: undefined },
    ]);
  });

  it("hears that an empty repository has none", async () => {
    const line = packet(`${"0".repeat(40)} capabilities^{}\0agent=git\n`);
    expect(await listRefs(server([`${greeting}${line}0000`]), "https://x/y", prefixes)).toEqual([]);
  });

  it.each([
    ["a page", "<h1>Sign in</h1>"],
    ["nothing", ""],
    ["a cut answer", `${greeting}${packet(`${one} refs/heads/main\n`)}`],
    ["half a line", `${greeting}${packet(`${one} refs/heads/main\n`).slice(0, -9)}`],
    ["no object", `${greeting}${packet("ERR access denied\n")}0000`],
    ["a length that cannot be", `${greeting}0003`],
  ])("takes %s for no list of refs", async (_, answer) => {
    await expect(listRefs(server([answer]), "https://x/y", prefixes)).rejects.toThrow(
      /cut off|no list of refs|no object/,
    );
  });
});
