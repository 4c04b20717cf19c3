/**
 * `mkb completion`: a script for a shell that completes commands, options and their values. It is made of the commands' own tables of options, and
 * needs no process of ours when Tab is pressed.
 */
import type { Command, Option } from 'commander';
import { fishScript } from './completion-fish.ts';
import type { CompletedCommand, CompletedOption } from './completion-model.ts';
import { powershellScript } from './completion-powershell.ts';
import { bashScript, zshScript } from './completion-unix.ts';

export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

export const printCompletion = (mkb: Command, shell: Shell): void => {
  process.stdout.write(scripts[shell](completed(mkb, ['mkb'])));
};

const scripts: { readonly [shell in Shell]: (commands: readonly CompletedCommand[]) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

/** The command and all below it. */
const completed = (command: Command, path: readonly string[]): CompletedCommand[] => {
  const help = command.createHelp();
  const inner = command.commands.filter(each => each.name() !== 'help');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const own = {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map(completedOption),
    words: [...inner.map(each => each.name()), ...choices],
  };
  return [own, ...inner.flatMap(each => completed(each, [...path, each.name()]))];
};

const completedOption = ({ short, long, description, argChoices = [], ...option }: Option): CompletedOption => ({
  flags: [short, long].filter(flag => flag !== undefined),
  description,
  takesValue: option.required || option.optional,
  choices: argChoices,
});
