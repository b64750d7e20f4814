/** The status of a commit on GitHub, Gitea and Forgejo: the same document, and nearly the same address. */
import type { Notify } from "../../schemas/notify.ts";
import type { CommitState } from "./commit-state.ts";
import type { Destination } from "./courier.ts";
import { readCa, readKey } from "./credentials.ts";

/** `mask` takes secrets out of a text; `sender` goes into User-Agent. */
export function forge(
  settings: Notify["commit-status"][number],
  machine: string,
  mask: (text: string) => string,
  sender: string,
): Destination<CommitState> {
  const { kind, api = "https://api.github.com", repository, "token-file": tokenFile, "ca-file": caFile } = settings;
  return {
    label: `${new URL(api).origin} ${repository}`,
    async letter({ commit, state, description }) {
      const token = await readKey(tokenFile);
      const ca = await readCa(caFile);
      const text = mask(description);
      const headers: Record<string, string> =
        kind === "github"
          ? {
              authorization: `Bearer ${token}`,
              accept: "application/vnd.github+json",
              "x-github-api-version": "2022-11-28",
            }
          : { authorization: `token ${token}`, accept: "application/json" };
      return {
        url: `${api.replace(/\/+$/, "")}/repos/${repository}/statuses/${commit}`,
        headers: { ...headers, "user-agent": sender },
        body: JSON.stringify({ state, context: `imp/${machine}`, description: text }),
        ...(ca !== undefined && { ca }),
      };
    },
  };
}
