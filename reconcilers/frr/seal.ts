/** Which words of FRR's configuration are secrets: they are sealed as soon as they are read, and revealed only on the wire. */
import { Problem } from "../../schemas/problem.ts";
import { sealedSecret, type Secrets } from "../core.ts";

/** What comes before a secret that runs to the end of its line, or (group 2 given) to the next blank. */
const secretLines: readonly RegExp[] = [
  // Words shortened as FRR takes them, too.
  /^(\s*(?:no )?nei\w* \S+ (?:pa|pas\w*) (?:[08] )?)(.+)$/,
  // A digit may say how it is encrypted elsewhere; a number before an address is the key.
  /^(\s*(?:no )?ip os\w* (?:\S+ )?authentication-\w* (?:\d (?![\d.]+$))?)(\S+)/,
  /^(\s*(?:no )?ip os\w* .*\bmd5 )(\S+)/,
  /^(\s*(?:no )?area .* (?:md5|authentication-\w+) )(\S+)/,
  /^(\s*ipv6 ospf6 authentication .*\bkey )(\S+)/,
  /^(\s*key-string )(.+)$/,
  /^(\s*(?:area-password|domain-password|isis password) (?:clear|md5) )(\S+)/,
  /^(\s*ip rip authentication string )(.+)$/,
  /^(\s*(?:enable )?password (?:8 )?)(\S+)/,
];

/** The same text with every secret in it sealed. A text that is sealed already stays as it is. */
export function sealConfig(text: string, seal: (secret: string) => string): string {
  if (!/ pa| md5 |password|key|authentication-|authentication string/.test(text)) return text;
  return text.replaceAll(/^.*(?: pa| md5 |password|key|authentication-|authentication string).*$/gm, (line) =>
    sealLine(line, seal),
  );
}

/** One line with its secret sealed. */
export function sealLine(line: string, seal: (secret: string) => string): string {
  for (const pattern of secretLines) {
    const match = pattern.exec(line);
    const [whole, before, secret] = match ?? [];
    if (whole === undefined || before === undefined || secret === undefined) continue;
    const known = secret.match(sealedSecret)?.[0] === secret;
    return before + (known ? secret : seal(secret)) + line.slice(whole.length);
  }
  return line;
}

/** RFC 2328, D.3: FRR cuts longer ones off without a word. */
const longestMd5Key = 16;
/** RFC 2328, D.2: the same. */
const longestSimpleKey = 8;

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
    const longest = before.endsWith("md5 ")
      ? longestMd5Key
      : before.endsWith("authentication-key ")
        ? longestSimpleKey
        : Infinity;
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
