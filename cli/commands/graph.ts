/** The command line of `mkb graph`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Prints each rule with what it reads and where it writes, as a flowchart of Mermaid: GitHub, GitLab and most editors draw it.

Examples:
  mkb graph bridge.yaml
  (echo '\`\`\`mermaid'; mkb graph bridge.yaml; echo '\`\`\`') > flow.md
${exitCodeHelp([exitCodes.ok, 'printed'], [exitCodes.configuration, 'the document is not valid'])}`;

export const graphCommand = (): Command =>
  new Command('graph')
    .argument('<file...>', 'files, folders, or - for standard input')
    .addHelpText('after', help)
    .action(async (files: string[]) => {
      const { printGraph } = await import('../graph.ts');
      process.exitCode = await printGraph(files);
    });
