import { describe, expect, it } from "vitest";
import { draftOf } from "../../../../controller/bootstrap/draft.ts";

const folder = "/persistent/config/imp";
const before = {
  machine: "fra1/r1",
  mode: "observe",
  repository: {
    "poll-seconds": 5,
    remotes: [
      { url: "https://git.example.net/sites.git", username: "r1", "token-file": `${folder}/git-token` },
      { url: "/mnt/sites" },
    ],
  },
  trust: { "revoked-keys": "/etc/revoked" },
};

describe("the settings of a bootstrap", () => {
  it("are those that are there when nothing is asked", () => {
    expect(draftOf(before, {}, folder)).toEqual({ settings: before, files: new Map() });
  });

  it("change a token alone, beside all that is there", () => {
    const { settings, files } = draftOf(before, { token: "new" }, folder);

    expect(settings).toEqual(before);
    expect([...files]).toEqual([[`${folder}/git-token`, "new\n"]]);
  });

  it("lead to another repository without the credentials of the one before, and without what stood in for it", () => {
    const { settings } = draftOf(before, { repository: "ssh://git.example.org/sites", knownHosts: "x\n" }, folder);

    expect(settings["repository"]).toEqual({
      "poll-seconds": 5,
      remotes: [{ url: "ssh://git.example.org/sites", "known-hosts-file": `${folder}/known_hosts` }],
    });
  });

  it("keep the credentials when the same repository is named again", () => {
    const [remote] = before.repository.remotes;

    expect(draftOf(before, { repository: "https://git.example.net/sites.git" }, folder).settings["repository"]).toEqual(
      {
        "poll-seconds": 5,
        remotes: [remote],
      },
    );
  });

  it("ask the repository before the folder that stands in for it", () => {
    const wishes = { machine: "fra1/r2", repository: "https://git.example.net/sites.git", from: "/mnt/stick" };

    expect(draftOf({ repository: { folder: "/srv/work" } }, wishes, folder).settings).toEqual({
      machine: "fra1/r2",
      repository: { remotes: [{ url: "https://git.example.net/sites.git" }, { url: "/mnt/stick" }] },
    });
  });

  it("require signatures by the list that was given, or none", () => {
    const { settings, files } = draftOf(before, { signers: { text: "nora ssh-ed25519 AAAA" } }, folder);

    expect(settings["trust"]).toEqual({
      "revoked-keys": "/etc/revoked",
      signatures: "required",
      "allowed-signers": `${folder}/allowed_signers`,
    });
    expect(files.get(`${folder}/allowed_signers`)).toBe("nora ssh-ed25519 AAAA\n");
    expect(draftOf({}, { signers: "off" }, folder).settings["trust"]).toEqual({ signatures: "off" });
  });
});
