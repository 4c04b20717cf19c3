/** `mkb dead-letters`: what the topic of dead letters of a bridge holds, and why. */
import { Command } from 'commander';
import { listCommand } from './dead-letters-list.ts';
import { showCommand } from './dead-letters-show.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';

const help = `
Reads the topic that delivery.onFailure.deadLetter of the document names, with the document's login. It takes part in no consumer group and
changes nothing, so the bridge may be running. A place is PARTITION:OFFSET, as list prints it.

Examples:
  mkb dead-letters list bridge.yaml --summary
  mkb dead-letters list bridge.yaml --rule positions --age 1h
  mkb dead-letters show bridge.yaml 0:1200
${exitCodeHelp(
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'there is no such letter'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'Kafka cannot be read'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const deadLettersCommand = (): Command =>
  new Command('dead-letters')
    .description('look at messages that failed: which, why, and what they hold')
    .addHelpText('after', help)
    .addCommand(listCommand())
    .addCommand(showCommand());
