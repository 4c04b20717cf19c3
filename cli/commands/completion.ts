/** The command line of `mkb completion`. */
import { Argument, Command } from 'commander';
import type { Shell } from '../completion.ts';

const help = `
Examples:
  mkb completion bash > ~/.local/share/bash-completion/completions/mkb
  source <(mkb completion bash)                                           in this shell alone
  mkb completion zsh > "\${fpath[1]}/_mkb"
  mkb completion fish > ~/.config/fish/completions/mkb.fish
  mkb completion powershell | Out-String | Invoke-Expression`;

const shells: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];

export const completionCommand = (): Command =>
  new Command('completion')
    .addArgument(new Argument('<shell>', 'the shell that completes').choices(shells))
    .addHelpText('after', help)
    .action(async (shell: Shell, _options: object, command: Command) => {
      const { printCompletion } = await import('../completion.ts');
      printCompletion(command.parent!, shell);
    });
