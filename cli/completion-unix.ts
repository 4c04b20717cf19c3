/** Completion for bash and zsh, which are given the same three questions: where we are, which values an option has, and which words may come. */
import type { CompletedCommand } from './completion-model.ts';

export const bashScript = (commands: readonly CompletedCommand[]): string => `# Completion of mkb for bash.
_mkb() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at=mkb words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${knownPaths(commands)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$at $prev" in
${valueCases(commands, words => `COMPREPLY=($(compgen -W '${words}' -- "$cur")); return`, 'return')}
  esac
  case "$at" in
${wordCases(commands)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _mkb mkb
`;

export const zshScript = (commands: readonly CompletedCommand[]): string => `#compdef mkb
# Completion of mkb for zsh.
_mkb() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} at=mkb next='' i
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${knownPaths(commands)}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at $prev" in
${valueCases(commands, words => `compadd -- ${words}; return`, '_files; return')}
  esac
  case "$at" in
${wordCases(commands, 'next')}
  esac
  compadd -- \${=next}
  [[ $cur == -* ]] || _files
}
if [[ $funcstack[1] == _mkb ]]; then _mkb "$@"; else compdef _mkb mkb; fi
`;

const knownPaths = (commands: readonly CompletedCommand[]): string =>
  commands
    .filter(({ path }) => path.length > 1)
    .map(({ path }) => `'${path.join(' ')}'`)
    .join('|');

/** @param any what to do for an option with any value: the shell completes names of files */
const valueCases = (commands: readonly CompletedCommand[], choose: (words: string) => string, any: string): string => {
  const cases = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices }) => {
        const patterns = flags.map(flag => `'${path.join(' ')} ${flag}'`).join('|');
        return `    ${patterns}) ${choices.length > 0 ? choose(choices.join(' ')) : any} ;;`;
      }),
  );
  return cases.join('\n');
};

/** Options are offered to who begins one, or where nothing else may come. */
const wordCases = (commands: readonly CompletedCommand[], variable = 'words'): string =>
  commands
    .map(({ path, options, words }) => {
      const flags = options.flatMap(option => option.flags).join(' ');
      const pattern = `    '${path.join(' ')}')`;
      return `${pattern} ${variable}='${words.join(' ')}'; [[ $cur == -* ]] && ${variable}='${flags}' ;;`;
    })
    .join('\n');
