/** Which words of FRR's configuration are secrets: they are sealed as soon as they are read, and revealed only on the wire. */
import { Problem } from "../../schemas/problem.ts";
import { sealedSecret, type Secrets } from "../core.ts";

/** Words as FRR takes them: any beginning of each, of a letter or more, or of what stands before a "|" in it. */
function words(text: string): string {
  return text.split(" ").map(word).join(" ");
}

function word(text: string): string {
  const [least = "", rest] = text.includes("|") ? text.split("|") : [text.slice(0, 1), text.slice(1)];
  const more = (rest ?? "").split("");
  return least + more.map((letter) => `(?:${letter}`).join("") + ")?".repeat(more.length);
}

/** A word of any kind. */
const any = "[^ \n]+ ";
/** A digit that says how a key is encrypted elsewhere; one before an address is the key. */
const form = "(?:[0-9] (?![0-9.]+$))?";
/** What else an interface, or a virtual link, authenticates by. */
const other = `(?:${words("message-digest")}|${words("null")}|${words("key-|chain")}|[0-9.]+)(?: |$)`;

/** The words before keys of OSPF: those that have a longest length. */
const md5Key = `${words("message-digest-key")} ${any}${words("md5")} ${form}`;
const simpleKey = `(?:${words("authentication-|key")} |${words("authentication")} (?!${other}))${form}`;
const ofOspf = `(?:${words("ip ospf")} (?:${any})?|${words("area")} ${any}${words("virtual-link")} ${any}(?:.* )?)`;

/** What comes before a secret that is a word. */
const beforeWord = [
  `${ofOspf}(?:${md5Key}|${simpleKey})`,
  `${words("ipv6 ospf6 authentication key-id")} ${any}${words("hash-algo")} ${any}${words("key")} `,
  `(?:${words("area-password")}|${words("domain-password")}|${words("isis password")}) (?:${words("clear")}|${words("md5")}) `,
  `${words("ip nhrp authentication")} `,
  `(?:${words("enable")} )?${words("pa|ssword")} (?:8 )?`,
];
/** What comes before a secret that runs to the end of its line. */
const beforeRest = [
  `${words("neighbor")} ${any}${words("password")} (?:[08] )?`,
  `(?:${words("key-|string")}|${words("key")}) (?![0-9]+$|${words("chain")} )`,
  `${words("ip rip authentication string")} `,
];

const negation = "[ \t]*(?:no? )?";
/** Both in one: texts are long. */
const secretLines = new RegExp(
  `^${negation}(?:(?:${beforeWord.join("|")})([^ \n]+)|(?:${beforeRest.join("|")})([^\n]+))`,
  "gm",
);

/** The same text with every secret in it sealed. A text that is sealed already stays as it is. */
export function sealConfig(text: string, seal: (secret: string) => string): string {
  return text.replaceAll(secretLines, (line: string, word: string | undefined, rest: string | undefined) => {
    const secret = word ?? rest ?? "";
    return secret.match(sealedSecret)?.[0] === secret ? line : line.slice(0, -secret.length) + seal(secret);
  });
}

/** RFC 2328, D.3 and D.2: FRR cuts longer ones off without a word. */
const lengths = [
  [new RegExp(`^${negation}${ofOspf}${md5Key}$`), 16],
  [new RegExp(`^${negation}${ofOspf}${simpleKey}$`), 8],
] as const;

/**
 * A line as FRR must see it, and the secrets in it. Throws SECRET_UNREADABLE when one was not resolved, FRR_REJECTED when
 * FRR would not take it as it is.
 */
export function revealLine(
  line: string,
  secrets: Secrets,
): { readonly line: string; readonly plain: readonly string[] } {
  const plain: string[] = [];
  const revealed = line.replaceAll(sealedSecret, (sealed, at: number) => {
    const text = secrets.reveal(sealed);
    if (text === undefined) {
      throw new Problem("SECRET_UNREADABLE", `The secret in "${line}" was not resolved here.`, {
        remedy: "Check that the secret exists and is encrypted to this box: impctl secret check.",
      });
    }
    const before = line.slice(0, at);
    const [, longest = Infinity] = lengths.find(([keys]) => keys.test(before)) ?? [];
    if (/\s/.test(text) || text.length > longest) {
      throw new Problem("FRR_REJECTED", `The secret in "${line}" is no word that FRR takes whole.`, {
        remedy: `Use a secret without blanks${longest === Infinity ? "" : `, of at most ${longest} characters`}.`,
      });
    }
    plain.push(text);
    return text;
  });
  return { line: revealed, plain };
}

/** What FRR said, without the secrets that it was told. */
export function maskText(text: string, plain: readonly string[]): string {
  let masked = text;
  for (const secret of plain) if (secret !== "") masked = masked.replaceAll(secret, "<secret>");
  return masked;
}
