/** The command line of `mkb validate`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

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
    .argument('<file...>', 'files, folders, or - for standard input')
    .option('--json', 'print one JSON object for programs')
    .addHelpText('after', help)
    .action(async (files: string[], options: { json?: true }) => {
      const { validate } = await import('../validate.ts');
      process.exitCode = await validate(files, options);
    });
