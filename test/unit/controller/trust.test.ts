import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCommit, type Commit } from "../../../controller/git/commit.ts";
import { linuxHost } from "../../../controller/host/linux.ts";
import { asSigned, checkSigned, type Trust } from "../../../controller/trust.ts";
import { Problem } from "../../../schemas/problem.ts";
import { makeSitesRepository, type SitesRepository } from "../../lab/sites-repository.ts";

const hasPrograms = [["git", "--version"] as const, ["ssh-keygen", "-?"] as const].every(
  ([program, option]) => spawnSync(program, [option]).error === undefined,
);
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const principal = "nora@example.net";

describe.skipIf(!hasPrograms)("who may sign a commit (needs git and ssh-keygen)", () => {
  let top: string;
  let sites: SitesRepository;

  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), "imp-trust-"));
    sites = makeSitesRepository(top);
    sites.git("config", "gpg.format", "ssh");
    for (const [name, type] of Object.entries({ ed25519: "ed25519", ecdsa: "ecdsa", rsa: "rsa", other: "ed25519" })) {
      execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", name, "-f", join(top, name)]);
    }
  });
  afterAll(() => rmSync(top, { recursive: true, force: true }));

  const publicKey = (key: string) =>
    readFileSync(join(top, `${key}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const file = (name: string, content: string) => {
    writeFileSync(join(top, name), content);
    return join(top, name);
  };
  const signers = (options: string, key = "ed25519") =>
    file("allowed", `${principal} ${options === "" ? "" : `${options} `}${publicKey(key)}\n`);
  const raw = (commit: string) =>
    execFileSync("git", ["-C", sites.clone, "cat-file", "commit", commit], { stdio: ["ignore", "pipe", "inherit"] });

  /** A new commit, signed with this key, made at this time. */
  function signed(key: string | undefined, date = new Date(), message = "Change VLAN 25 für Köln"): Commit {
    const options = key === undefined ? [] : ["-c", `user.signingKey=${join(top, key)}`];
    const flag = key === undefined ? "--no-gpg-sign" : "--gpg-sign";
    const id = sites
      .git(...options, "commit", "--quiet", "--allow-empty", flag, "-m", message, `--date=${date.toISOString()}`)
      .concat(sites.git("rev-parse", "HEAD"))
      .trim();
    return parseCommit(raw(id));
  }

  async function verdict(commit: Commit, trust: Partial<Trust> & { readonly "allowed-signers": string }) {
    const all: Trust = { signatures: "required", namespace: "git", ...trust };
    const found = await checkSigned(asSigned(commit), {
      trust: all,
      host,
      folder: join(top, "signatures"),
      signal: new AbortController().signal,
    });
    return "signer" in found ? found.signer : found.problem.code;
  }

  /** The same commit with its committer's time moved and signed again by hand, as a thief of the key would. */
  function backdated(key: string, seconds: number): Commit {
    const unsigned = parseCommit(raw(signed(undefined).id)).payload.toString("utf8");
    const payload = unsigned.replace(/^(committer .*> )\d+/m, `$1${seconds}`);
    const signature = execFileSync("ssh-keygen", ["-Y", "sign", "-q", "-n", "git", "-f", join(top, key)], {
      input: payload,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    const header = `gpgsig ${signature.trimEnd().replaceAll("\n", "\n ")}`;
    return parseCommit(Buffer.from(payload.replace("\n\n", `\n${header}\n\n`)));
  }

  it.each(["ed25519", "ecdsa", "rsa"])("believes a commit signed with an allowed %s key", async (key) => {
    const commit = signed(key);

    expect(commit.subject).toBe("Change VLAN 25 für Köln");
    expect(await verdict(commit, { "allowed-signers": signers('namespaces="git"', key) })).toBe(principal);
  });

  it.each(["ed25519", "ecdsa", "rsa"])("does not believe an altered commit signed with an %s key", async (key) => {
    const commit = signed(key);
    const altered = { ...commit, payload: Buffer.from(commit.payload.toString("utf8").replace("25", "26")) };

    expect(await verdict(altered, { "allowed-signers": signers("", key) })).toBe("TRUST_BAD_SIGNATURE");
  });

  it("tells an unsigned commit, a stranger's and a damaged signature apart", async () => {
    const allowed = { "allowed-signers": signers("") };
    const good = signed("ed25519");

    expect(await verdict(signed(undefined), allowed)).toBe("TRUST_UNSIGNED");
    expect(await verdict(signed("other"), allowed)).toBe("TRUST_UNKNOWN_SIGNER");
    expect(await verdict({ ...good, signature: good.signature?.slice(0, 80) }, allowed)).toBe("TRUST_BAD_SIGNATURE");
  });

  it("quotes a stranger's subject and author without what they would do to a terminal", async () => {
    const commit = {
      ...signed(undefined),
      subject: "evil \u001B]0;owned\u0007",
      author: "A\u001B[31mB <a@example.net>",
    };

    const found = await checkSigned(asSigned(commit), {
      trust: { signatures: "required", namespace: "git", "allowed-signers": signers("") },
      host,
      folder: join(top, "signatures"),
      signal: new AbortController().signal,
    });

    expect("problem" in found && found.problem.message).toMatch(
      /"evil \\u\{1b\}\]0;owned\\u\{7\}" by A\\u\{1b\}\[31mB <a@example\.net> is not signed/,
    );
  });

  it("says that OpenPGP is not supported", async () => {
    const commit = {
      ...signed(undefined),
      signature: "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n",
    };
    const found = await checkSigned(asSigned(commit), {
      trust: { signatures: "required", namespace: "git", "allowed-signers": signers("") },
      host,
      folder: join(top, "signatures"),
      signal: new AbortController().signal,
    });

    expect(found).toMatchObject({ problem: { code: "TRUST_UNKNOWN_SIGNER" } });
    expect("problem" in found && found.problem.message).toContain("OpenPGP signature; only SSH signatures");
  });

  it("does not believe a signature that was made for another commit", async () => {
    const [one, other] = [signed("ed25519"), signed("ed25519", new Date(), "Another change")];

    expect(await verdict({ ...one, signature: other.signature }, { "allowed-signers": signers("") })).toBe(
      "TRUST_BAD_SIGNATURE",
    );
  });

  it("does not believe a commit with a second signature, or with words beside it", async () => {
    const allowed = { "allowed-signers": signers("") };
    const [commit, stranger] = [raw(signed("ed25519").id).toString(), signed("other")];
    const second = (stranger.signature ?? "").trimEnd().replaceAll("\n", "\n ");
    const withHeader = (header: string) => parseCommit(Buffer.from(commit.replace("\n\n", `\n${header}\n\n`)));

    expect(await verdict(parseCommit(Buffer.from(commit)), allowed)).toBe(principal);
    for (const header of [`gpgsig ${second}`, "gpgsig and more"]) {
      expect(withHeader(header).payload).toEqual(parseCommit(Buffer.from(commit)).payload);
      expect(await verdict(withHeader(header), allowed)).toBe("TRUST_BAD_SIGNATURE");
    }
  });

  it("takes patterns and lists of names for one key", async () => {
    const commit = signed("ed25519");
    const named = (names: string) =>
      verdict(commit, { "allowed-signers": file("named", `${names} ${publicKey("ed25519")}\n`) });

    expect(await named("*@example.net")).toBe("*@example.net");
    expect(await named("olga@example.net,nora@example.net")).toBe("olga@example.net");
    expect(await named('nora@example.net namespaces="file,g*"')).toBe(principal);
  });

  it("takes certificates of an authority for the names that it may vouch for, and never its own key", async () => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, "authority")]);
    const certified = (name: string, ...options: string[]) => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, name)]);
      const sign = ["-q", "-s", join(top, "authority"), "-I", name, "-n", `${name}@example.net`, ...options];
      execFileSync("ssh-keygen", [...sign, join(top, `${name}.pub`)]);
      return signed(`${name}-cert.pub`);
    };
    const [lena, late] = [certified("lena"), certified("late", "-V", "20190101:20200101")];
    const by = (pattern: string) => ({
      "allowed-signers": file("authorities", `${pattern} cert-authority ${publicKey("authority")}\n`),
    });

    expect(await verdict(lena, by("*@example.net"))).toBe("lena@example.net");
    expect(await verdict(lena, by("*@example.org"))).toBe("TRUST_UNKNOWN_SIGNER");
    expect(await verdict(lena, { "allowed-signers": signers("", "authority") })).toBe("TRUST_UNKNOWN_SIGNER");
    expect(await verdict(late, by("*@example.net"))).toBe("TRUST_UNKNOWN_SIGNER");
    expect(await verdict(backdated("late-cert.pub", Date.UTC(2019, 5) / 1000), by("*@example.net"))).toBe(
      "TRUST_KEY_EXPIRED",
    );
    expect(await verdict(backdated("lena-cert.pub", Date.UTC(2019, 5) / 1000), by("*@example.net"))).toBe(
      "lena@example.net",
    );
    expect(await verdict(signed("authority"), by("*@example.net"))).toBe("TRUST_UNKNOWN_SIGNER");
    const revoked = { ...by("*@example.net"), "revoked-keys": join(top, "lena.pub") };
    expect(await verdict(lena, revoked)).toBe("TRUST_KEY_REVOKED");
  });

  it("takes a signature only for the purpose that the settings name", async () => {
    const commit = signed("ed25519");

    expect(await verdict(commit, { "allowed-signers": signers(""), namespace: "sites" })).toBe("TRUST_BAD_SIGNATURE");
    expect(await verdict(commit, { "allowed-signers": signers('namespaces="file"') })).toBe("TRUST_UNKNOWN_SIGNER");
  });

  it("refuses a key before and after its validity", async () => {
    const commit = signed("ed25519");

    expect(await verdict(commit, { "allowed-signers": signers('valid-before="20200101"') })).toBe("TRUST_KEY_EXPIRED");
    expect(await verdict(commit, { "allowed-signers": signers('valid-after="20990101"') })).toBe("TRUST_KEY_EXPIRED");
    expect(
      await verdict(commit, { "allowed-signers": signers('valid-after="20200101",valid-before="20990101"') }),
    ).toBe(principal);
  });

  it("refuses an expired key also for a commit that claims to be older, and a fresh key for one from before", async () => {
    const inTheYear = (year: number) => backdated("ed25519", Date.UTC(year, 5) / 1000);

    expect(await verdict(inTheYear(2019), { "allowed-signers": signers("") })).toBe(principal);
    expect(await verdict(inTheYear(2019), { "allowed-signers": signers('valid-before="20200101"') })).toBe(
      "TRUST_KEY_EXPIRED",
    );
    expect(await verdict(inTheYear(2019), { "allowed-signers": signers('valid-after="20200101"') })).toBe(
      "TRUST_KEY_EXPIRED",
    );
    expect(await verdict(inTheYear(2098), { "allowed-signers": signers('valid-before="20970101"') })).toBe(
      "TRUST_KEY_EXPIRED",
    );
  });

  it.each(["list of keys", "KRL"])("refuses a revoked key (%s)", async (kind) => {
    const revoked = kind === "KRL" ? join(top, "krl") : file("revoked", `${publicKey("ed25519")}\n`);
    if (kind === "KRL") execFileSync("ssh-keygen", ["-q", "-k", "-f", revoked, join(top, "ed25519.pub")]);
    const listed = (key: string) => ({ "allowed-signers": signers("", key), "revoked-keys": revoked });

    expect(await verdict(signed("ed25519"), listed("ed25519"))).toBe("TRUST_KEY_REVOKED");
    expect(await verdict(signed("rsa"), listed("rsa"))).toBe(principal);
  });

  it("accepts nothing while the lists on the box cannot be read", async () => {
    const missing = join(top, "missing");
    const lists = [{ "allowed-signers": missing }, { "allowed-signers": signers(""), "revoked-keys": missing }];

    for (const trust of lists) {
      await expect(verdict(signed("ed25519"), trust)).rejects.toThrow(Problem);
      await expect(verdict(signed("ed25519"), trust)).rejects.toMatchObject({ code: "SETTINGS" });
    }
  });

  it("does not check text that could change without changing what is checked", async () => {
    const commit = signed("ed25519");
    const latin1 = { ...commit, payload: Buffer.from(commit.payload.toString("utf8"), "latin1") };

    expect(await verdict(latin1, { "allowed-signers": signers("") })).toBe("TRUST_BAD_SIGNATURE");
  });
});
