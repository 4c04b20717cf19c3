/** `mkb dead-letters`: what the topic of dead letters of a bridge holds, and why; and what is to become of it. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { dropCommand } from './dead-letters-drop.ts';
import { listCommand } from './dead-letters-list.ts';
import { replayCommand } from './dead-letters-replay.ts';
import { showCommand } from './dead-letters-show.ts';

const help = `
Works on the topic that delivery.onFailure.deadLetter of the document names, with the document's login. The bridge may be running. A letter is open
until it is replayed or dropped; the consumer group of the letters remembers which are done. list and show take part in no group and change nothing.
A place is PARTITION:OFFSET, as list prints it.

Examples:
  mkb dead-letters list bridge.yaml --summary
  mkb dead-letters list bridge.yaml --rule positions --age 1h
  mkb dead-letters show bridge.yaml 0:1200
  mkb dead-letters replay bridge.yaml --rule positions
  mkb dead-letters drop bridge.yaml --rule old-rule
${exitCodeHelp(
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'there is no such letter, letters failed again, or not all is done'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'Kafka or MQTT cannot be used'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const deadLettersCommand = (): Command =>
  new Command('dead-letters')
    .addHelpText('after', help)
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())
    .addCommand(dropCommand());
