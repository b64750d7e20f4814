/** What the failsafe did while the agent could not, as it wrote it down: lines of a key and a value. */
export interface Acted {
  readonly deployment: string;
  /** The generation that was being tried. */
  readonly generation: string;
  /** Wall clock in milliseconds; 0 where it is not told. */
  readonly at: number;
  readonly why: "deadline" | "agent-failed";
  /** What it restored or did, in order: "frr", "reboot". */
  readonly did: readonly string[];
  readonly ended: "restored" | "held" | "rebooting";
  readonly notes: readonly string[];
}

/** Reads it. Whatever was torn off is left out: that it acted at all is what matters. */
export function parseActed(text: string): Acted {
  const all = (key: string): string[] =>
    text.split("\n").flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1).trim()] : []));
  const [ended = "held"] = all("ended");
  const wall = Number(all("at")[0]?.split(" ")[2]);
  return {
    deployment: all("deployment")[0] ?? "",
    generation: all("generation")[0] ?? "",
    at: Number.isFinite(wall) ? wall * 1000 : 0,
    why: all("why")[0] === "agent-failed" ? "agent-failed" : "deadline",
    did: all("did"),
    ended: ended === "restored" || ended === "rebooting" ? ended : "held",
    notes: all("note"),
  };
}

/** In one sentence. */
export function actedText({ why, did, ended, notes }: Acted): string {
  const cause = why === "deadline" ? "The agent did not end it in time" : "The agent's unit failed";
  const done = did.length > 0 ? `it restored ${did.join(", ")}` : "it touched nothing";
  const result = { restored: "all is fine again", held: "it holds", rebooting: "it rebooted" }[ended];
  const more = notes.length > 0 ? ` (${notes.join("; ")})` : "";
  return `${cause}, so the failsafe acted: ${done}; ${result}${more}.`;
}
