/** The topic of dead letters of a document, opened: what the commands of `mkb dead-letters` have alike. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import type { ConsumerOptions } from '../bridge/kafka/consumer/options.ts';
import { LetterGroup, letterGroupOf } from '../bridge/letters/letter-group.ts';
import { LetterReader } from '../bridge/letters/reader.ts';
import { consumerOptions } from '../bridge/settings.ts';
import type { TopicOptions } from './commands/dead-letters-options.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { lastingWarnings } from './lasting-warnings.ts';
import { printError, printProblems } from './output.ts';

/** A topic whose reader is open. */
export interface OpenTopic {
  readonly document: MqttKafkaBridge;
  readonly topic: string;
  readonly consumer: ConsumerOptions;
  readonly reader: LetterReader;
  /** Prints what is tried again, each kind once. */
  readonly warn: (error: MkbError) => void;
}

/** Opens the topic, works on it and closes it. Returns the exit code. */
export const withLetters = async (
  file: string,
  options: TopicOptions,
  work: (opened: OpenTopic) => Promise<number>,
): Promise<number> => {
  const document = await load(file);
  const prepared = document && (await prepare(document, options));
  if (prepared === undefined) return exitCodes.configuration;
  const { reader } = prepared;
  try {
    await reader.open();
    return await work(prepared);
  } catch (error) {
    printError(error);
    return codeOf(error as MkbError);
  } finally {
    reader.close();
  }
};

/** Who knows which letters are done. Let it leave at the end. @param lost called when it is somebody else's */
export const letterGroup = (
  { consumer, topic, reader, warn }: OpenTopic,
  lost: (error: MkbError) => void = () => undefined,
): LetterGroup => new LetterGroup(letterGroupOf(consumer, topic), topic, reader.cluster, { problem: warn, lost });

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
): Promise<OpenTopic | undefined> => {
  try {
    const topic = deadLetterTopic ?? document.spec.delivery.onFailure.deadLetter?.topic;
    if (topic === undefined) throw new MkbError('dead-letter-topic-missing', { bridge: document.metadata.name });
    const consumer = await consumerOptions(document, [], { secretsDir }, 0);
    const warn = lastingWarnings();
    return { document, topic, consumer, reader: new LetterReader(consumer, topic, warn), warn };
  } catch (error) {
    printError(error);
    return undefined;
  }
};

/** A letter that is not there is the caller's mistake; what a person has to change is said as such; anything else is Kafka's. */
const codeOf = ({ code }: MkbError): number => {
  // The document is checked: a template that does not compile is that of --to.
  if (code === 'dead-letter-rule-unknown' || code.startsWith('template-')) return exitCodes.usage;
  if (code === 'secret-unreadable' || code.startsWith('rule-')) return exitCodes.configuration;
  return code.startsWith('dead-letter-') ? exitCodes.failed : exitCodes.unavailable;
};
