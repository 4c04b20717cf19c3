/** The command line of `mkb dead-letters show`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Place, ShowOptions } from '../dead-letters-show.ts';
import { addTopicOptions } from './dead-letters-options.ts';

const help = `
Examples:
  mkb dead-letters show bridge.yaml 0:1200
  mkb dead-letters show bridge.yaml 0:1200 --payload hex
  mkb dead-letters show bridge.yaml 0:1200 --payload raw > payload.bin`;

export const showCommand = (): Command =>
  addTopicOptions(new Command('show'))
    .description('print one dead letter: the reason, its remedy, headers and payload')
    .argument('<place>', 'PARTITION:OFFSET, as list prints it', parsePlace)
    .addOption(
      new Option(
        '--payload <form>',
        'how to print the payload; auto is JSON or text if it is that, and hex otherwise; raw is its bytes alone',
      )
        .choices(['auto', 'text', 'json', 'hex', 'raw'])
        .default('auto'),
    )
    .option('--json', 'print JSON for programs')
    .addHelpText('after', help)
    .action(async (file: string, place: Place, options: ShowOptions) => {
      const { showLetter } = await import('../dead-letters-show.ts');
      process.exitCode = await showLetter(file, place, options);
    });

const parsePlace = (text: string): Place => {
  const [, partition, offset] = /^(\d{1,9}):(\d{1,18})$/.exec(text) ?? [];
  if (offset === undefined) throw new InvalidArgumentError('Write a place such as 0:1200.');
  return { partition: Number(partition), offset: BigInt(offset) };
};
