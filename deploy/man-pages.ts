/** The manual pages of the package, from what the programs say of themselves. roff(7), section 8. */
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { commandHelp } from "./cli-page.ts";

/** Text that stands as it is written, below a heading of its own. */
interface Section {
  readonly title: string;
  readonly text: string;
}

const scripts = [
  { path: "deploy/failsafe/imp-failsafe", does: "puts the appliance back when the agent does not", page: "failsafe" },
  { path: "deploy/failsafe/imp-rescue", does: "the appliance by hand, on its console", page: "rescue" },
  { path: "deploy/boot/imp-boot", does: "what a box needs at boot, without the agent", page: "boot" },
] as const;

/** Name of the page → its text. `footer` is the version, `day` as in 2026-11-23. */
export async function manPages(footer: string, day: string): Promise<ReadonlyMap<string, string>> {
  const page = (name: string, does: string, sections: readonly Section[], documents: string): [string, string] => [
    name,
    [
      `.TH ${name.toUpperCase()} 8 ${day} "${footer}"`,
      `.SH NAME\n${plain(name)} \\- ${plain(does)}`,
      ...sections.map(({ title, text }) => `.SH "${plain(title)}"\n.nf\n${plain(text)}\n.fi`),
      `.SH "SEE ALSO"\n${plain(`/usr/share/doc/imp/${documents}.md`)}`,
      "",
    ].join("\n"),
  ];
  const [program, ...commands] = await commandHelp(78);
  const description = { title: "DESCRIPTION", text: program?.text ?? "" };
  return new Map([
    page("impctl", "brings a router appliance to what its sites repository says", [description, ...commands], "cli"),
    ...scripts.map(({ path, does, page: documents }) =>
      page(basename(path), does, [{ title: "SYNOPSIS", text: usage(path) }], documents),
    ),
  ]);
}

function usage(script: string): string {
  const { stdout, stderr } = spawnSync("sh", [join(import.meta.dirname, "..", script), "help"], { encoding: "utf8" });
  return `${stdout}${stderr}`.trim();
}

/** Backslashes and hyphens as themselves; no line is taken for a request, which begins with a dot or an apostrophe. */
function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");
}
