/** Which lines VPP's CLI is not given: raw blocks refuse them, and so does whoever is about to send one. */

const haunts = "what ABF or det44 have of an interface stays when it goes, and haunts the next of its number";

/** Lines, in words that may be cut short as VPP takes them, and why not. What these do the plane itself does, knowing what VPP has. */
const wrong: readonly (readonly [RegExp, string])[] = [
  [/[\r\n]/, "it is more than one line."],
  [
    /^#/,
    "it is a comment, which the boot commands have a use of their own for. Write it in YAML, or as the description.",
  ],
  [/^exe?c?\s/, "nobody knows what the file holds by then. Write its lines here."],
  [/^(?:un)?def\w*\s+imp\b/, "the macro imp counts the boot commands."],
  [/^ab\w*\s+[pa]/, "VPP crashes of ABF commands that do not fit what it has. Describe it under nat or containers."],
  [/^det\w*\s+a/, "VPP aborts where its heap has no room for the sessions of a det44 mapping. Describe it under nat."],
  [/^det\w*\s+p\w*\s+d/, "VPP leaves det44 on its interfaces then, until it restarts. Describe it under nat."],
  [
    /^s\w*\s+in\w*\s+de\w*(?:\s+(?:in|out)side\s+\S+)*\s+del/,
    "VPP puts det44 on the interface once more instead of taking it off, until it restarts. Describe it under nat.",
  ],
  [
    /^pol\w*\s+[io]\w*(?:\s+(?:name|index)\s+\S+|\s+(?!una|name\s|index\s)\S+)*\s+una/,
    "VPP crashes of taking a policer off where none was put on. Describe it under policers.",
  ],
  [/^del\w*\s+su/, `${haunts}. Describe it under sub-interfaces.`],
  [/^del\w*\s+lo/, `${haunts}. Describe it under loopbacks.`],
  [/^del\w*\s+ho/, `${haunts}. Describe it under interfaces.`],
  [/^del\w*\s+bo/, `${haunts}. Describe it under bonds.`],
  [/^del\w*\s+ta/, `${haunts}. Describe it under taps.`],
  [/^bvi\s+d/, `${haunts}. Describe it under bridges.`],
];

/** Why VPP may not be given this line, as a sentence, or undefined. */
export function wrongVppLine(text: string): string | undefined {
  const line = text.trim();
  return wrong.find(([words]) => words.test(line))?.[1];
}
