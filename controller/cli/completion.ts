/** `impctl completion`: shell scripts that ask `impctl __complete` what could come next, so that no list is kept twice. */
import { Argument } from "commander";
import type { Command } from "commander";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";

// An empty answer means "file names", which is what the shells do by default.
const scripts = {
  bash: `_impctl() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(impctl __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _impctl impctl
`,
  zsh: `#compdef impctl
_impctl() {
  local -a found
  found=("\${(@f)$(impctl __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
# The first TAB loads this file as the function itself: it has to answer as well.
if [[ "\${funcstack[1]}" == _impctl ]]; then _impctl "$@"; else compdef _impctl impctl; fi
`,
  fish: `function __impctl
  set -l words (commandline -opc) (commandline -ct)
  impctl __complete -- $words[2..-1] 2>/dev/null
end
complete -c impctl -a '(__impctl)'
`,
} as const;

type Shell = keyof typeof scripts;

export function define(command: Command, terminal: Terminal): void {
  command
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(scripts)))
    .option("--json", "write JSON")
    .action((shell: Shell, options: { readonly json?: boolean }) => {
      terminal.out(options.json ? JSON.stringify({ shell, script: scripts[shell] }) : scripts[shell]);
    });
  examples(command, [
    "source <(impctl completion bash)",
    "impctl completion zsh > ~/.zfunc/_impctl",
    "impctl completion fish > ~/.config/fish/completions/impctl.fish",
  ]);
}
