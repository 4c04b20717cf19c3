/** Completion for fish. */
import type { CompletedCommand, CompletedOption } from './completion-model.ts';

export const fishScript = (commands: readonly CompletedCommand[]): string => {
  const lines = commands.flatMap(command => {
    const inner = commands.filter(({ path }) => path.length === command.path.length + 1 && isBelow(path, command.path));
    const named = inner.map(
      ({ path, description }) => `${begin(command)} -f -a '${path.at(-1)!}' -d '${quoted(description)}'`,
    );
    const others = command.words.filter(word => !inner.some(({ path }) => path.at(-1) === word));
    return [
      ...named,
      ...(others.length > 0 ? [`${begin(command)} -f -a '${others.join(' ')}'`] : []),
      ...command.options.map(option => `${begin(command)} ${optionText(option)}`),
    ];
  });
  return `# Completion of mkb for fish.\n${lines.join('\n')}\n`;
};

const isBelow = (path: readonly string[], above: readonly string[]): boolean =>
  above.every((word, at) => path[at] === word);

/** Where the command was called, and none of those below it. */
const begin = ({ path, words }: CompletedCommand): string => {
  const called = path.slice(1).map(word => `__fish_seen_subcommand_from ${word}`);
  const none = words.length > 0 ? [`not __fish_seen_subcommand_from ${words.join(' ')}`] : [];
  const conditions = [...called, ...none];
  return conditions.length === 0 ? 'complete -c mkb' : `complete -c mkb -n '${conditions.join('; and ')}'`;
};

const optionText = ({ flags, description, takesValue, choices }: CompletedOption): string => {
  const names = flags.map(flag => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
  const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
  return `${names}${value} -d '${quoted(description)}'`;
};

const quoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
