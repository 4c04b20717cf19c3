/** The topic of dead letters of a document, opened: what `mkb dead-letters list` and `show` have alike. */
import { type Command, Option } from 'commander';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { LetterReader } from '../bridge/letters/reader.ts';
import { consumerOptions } from '../bridge/settings.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';
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

/** Opens the topic, works on it and closes it. Returns the exit code. */
export const withLetters = async (
  file: string,
  options: TopicOptions,
  work: (reader: LetterReader) => Promise<void>,
): Promise<number> => {
  const document = await load(file);
  const reader = document && (await prepare(document, options));
  if (reader === undefined) return exitCodes.configuration;
  try {
    await reader.open();
    await work(reader);
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    return MkbError.is(error, 'dead-letter-missing') ? exitCodes.failed : exitCodes.unavailable;
  } finally {
    reader.close();
  }
};

const load = async (file: string): Promise<MqttKafkaBridge | undefined> => {
  const { documents, problems } = await loadChecked([file]);
  printProblems(problems);
  if (hasErrors(problems)) return undefined;
  if (documents.length === 1) return documents[0]!.document;
  printError(new MkbError('document-unreadable', { file, reason: 'it holds several documents, and one is needed' }));
  return undefined;
};

const prepare = async (
  document: MqttKafkaBridge,
  { secretsDir, deadLetterTopic }: TopicOptions,
): Promise<LetterReader | undefined> => {
  try {
    const topic = deadLetterTopic ?? document.spec.delivery.onFailure.deadLetter?.topic;
    if (topic === undefined) throw new MkbError('dead-letter-topic-missing', { bridge: document.metadata.name });
    const consumer = await consumerOptions(document, [], { secretsDir }, 0);
    return new LetterReader(consumer, topic, warnOnce());
  } catch (error) {
    printError(error);
    return undefined;
  }
};

/** What is tried again is said once: what it came to is said at the end. */
const warnOnce = () => {
  const said = new Set<string>();
  return (error: MkbError): void => {
    if (said.has(error.code)) return;
    said.add(error.code);
    process.stderr.write(`warning: ${error.message} [${error.code}]\n`);
  };
};
