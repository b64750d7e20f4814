import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commentMarker } from "../../../controller/cli/change-markdown.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: {
    readonly impctl: { readonly steps: readonly Step[]; readonly env: Readonly<Record<string, string>> };
  };
}

async function workflow(forge: string): Promise<Workflow> {
  return load(await readFile(new URL(`../../../deploy/ci/${forge}.yml`, import.meta.url), "utf8")) as Workflow;
}

describe.each([
  ["github", "github-actions[bot]"],
  ["gitea", "gitea-actions"],
])("the %s workflow", (forge, author) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "impctl-ci-"));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  it("runs on pull requests with no more rights than it needs", async () => {
    const { on, permissions } = await workflow(forge);

    expect(on).toBe("pull_request");
    expect(permissions).toEqual({ contents: "read", "pull-requests": "write" });
  });

  it("puts no expression into a script, and pins what it uses", async () => {
    const { steps } = (await workflow(forge)).jobs.impctl;

    expect(steps.map((step) => step.run ?? "").join("\n")).not.toContain("${{");
    expect(steps.flatMap((step) => step.uses ?? []).filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });

  it.skipIf(!hasCurl)(
    "posts a first comment, and updates it the second time, its own and no other (needs curl)",
    async () => {
      const forgeServer = await serve([{ id: 1, user: { login: "somebody" }, body: `${commentMarker} not mine` }]);
      const script = (await workflow(forge)).jobs.impctl.steps.find((step) => step.name === "Comment")?.run ?? "";
      const post = async (body: string) => {
        await writeFile(join(folder, "comment.md"), body);
        const environment = {
          PATH: process.env["PATH"],
          RUNNER_TEMP: folder,
          GITHUB_API_URL: forgeServer.url,
          GITHUB_REPOSITORY: "noc/sites",
          TOKEN: "job-token",
          NUMBER: "7",
          AUTHOR: author,
        };
        await promisify(execFile)("bash", ["-e", "-o", "pipefail", "-c", script], { env: environment });
      };
      try {
        await post(`${commentMarker}\nfirst "quoted" $(x) \``);
        await post(`${commentMarker}\nsecond`);

        expect(forgeServer.comments.map((comment) => comment.body)).toEqual([
          `${commentMarker} not mine`,
          `${commentMarker}\nsecond`,
        ]);
        expect(forgeServer.requests).toContain("POST /repos/noc/sites/issues/7/comments");
        expect(forgeServer.requests).toContain("PATCH /repos/noc/sites/issues/comments/2");
        expect(forgeServer.tokens.every((token) => /^(Bearer|token) job-token$/.test(token))).toBe(true);
      } finally {
        await forgeServer.close();
      }
    },
  );

  interface Comment {
    readonly id: number;
    readonly user: { readonly login: string };
    body: string;
  }

  /** As much of a forge's API as the script uses. */
  async function serve(comments: Comment[]) {
    const [requests, tokens]: [string[], string[]] = [[], []];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        requests.push(`${request.method} ${request.url}`);
        tokens.push(request.headers.authorization ?? "");
        const sent =
          chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as { body: string }) : { body: "" };
        const found = comments.find((comment) => request.url?.endsWith(`/issues/comments/${comment.id}`));
        if (request.method === "POST")
          comments.push({ id: comments.length + 1, user: { login: author }, body: sent.body });
        if (request.method === "PATCH" && found) found.body = sent.body;
        response.end(JSON.stringify(request.method === "GET" ? comments : {}));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const close = async () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { url: `http://127.0.0.1:${port}`, comments, requests, tokens, close };
  }
});
