/** `mkb validate`: everything that is wrong with documents, without connecting anywhere. */
import { Command } from 'commander';
import type { Loaded } from '../api/load.ts';
import { userProblems } from '../api/load-user.ts';
import { userKind } from '../api/mqtt-user.ts';
import { hasErrors } from '../api/problems.ts';
import { configurationProblems, operatorKind } from '../operator/configuration.ts';
import { loadChecked } from './documents.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

const help = `
Examples:
  mkb validate bridge.yaml
  mkb validate operator.yaml              the operator's configuration, of the kind MqttKafkaOperator
  mkb validate vehicle-2.yaml             a user, of the kind MqttUser
  mkb validate deploy/                    every .yaml, .yml and .json file of the folder
  kubectl get mqttkafkabridge cars -o yaml | mkb validate -
  mkb validate --json bridge.yaml | jq -r '.problems[] | "\\(.file):\\(.line) \\(.message)"'
${exitCodeHelp([exitCodes.ok, 'all documents are valid'], [exitCodes.configuration, 'at least one is not'])}`;

export const validateCommand = (): Command =>
  new Command('validate')
    .description('check documents, without connecting anywhere, and report everything that is wrong')
    .argument('<file...>', 'files, folders, or - for standard input')
    .option('--json', 'print one JSON object for programs')
    .addHelpText('after', help)
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const others = { [operatorKind]: configurationProblems, [userKind]: userProblems };
      const loaded = await loadChecked(files, 'anywhere', others);
      if (json) process.stdout.write(`${JSON.stringify(summary(loaded), null, 2)}\n`);
      else tell(loaded);
      process.exitCode = hasErrors(loaded.problems) ? exitCodes.configuration : exitCodes.ok;
    });

const summary = ({ documents, problems }: Loaded) => ({
  valid: !hasErrors(problems),
  documents: documents.map(({ file, document }) => ({ file, name: document.metadata.name })),
  problems,
});

const tell = ({ documents, others, problems }: Loaded): void => {
  printProblems(problems);
  for (const { file, document } of documents) process.stdout.write(`${file}: ${document.metadata.name} is valid\n`);
  for (const { file, kind } of others) process.stdout.write(`${file}: the ${kind} is valid\n`);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) process.stderr.write(`\n${errors} ${errors === 1 ? 'error' : 'errors'}\n`);
};
