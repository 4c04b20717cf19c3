/** What the commands of `mkb dead-letters` have alike on their command lines. */
import { type Command, Option } from 'commander';
import { secretsDirOption } from './process-options.ts';

export interface TopicOptions {
  readonly secretsDir: string;
  readonly deadLetterTopic?: string;
}

export const addTopicOptions = (command: Command): Command =>
  command
    .argument('<file>', 'a file with one document, or - for standard input')
    .addOption(new Option('--dead-letter-topic <topic>', 'a topic of dead letters other than the one in the document'))
    .addOption(secretsDirOption());
