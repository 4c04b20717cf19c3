/**
 * What a session has received by QoS 2 and the server has not let go of, as a record of a compacted topic: written within the transaction of the
 * messages, and read back when the bridge starts.
 *
 * Each record is whole, so the last one says everything:
 *
 *     key    the transactional id
 *     value  {"version": 1, "server": "mqtt://broker:1883", "clientId": "orders", "packetIds": "1-200 305"}
 *
 * Packet identifiers mean something only in the session that they are of. So what was written for another server or client id counts as nothing.
 */
import { MkbError } from '../../api/errors.ts';
import type { KafkaTopic } from '../../api/schema/kafka.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import { LetterReader } from '../letters/reader.ts';

export interface ReceiptLogOptions {
  readonly topic: string;
  /** The transactional id. */
  readonly key: string;
  /** As it is shown, without a login. */
  readonly server: string;
  readonly clientId: string;
  /** For reading the topic. */
  readonly consumer: ConsumerOptions;
}

const version = 1;

/** The topics to make and this one, unless they name it. It is read as a whole at each start, so it must stay small. */
export const withReceiptTopic = (topics: readonly KafkaTopic[], name: string | undefined): readonly KafkaTopic[] =>
  name === undefined || topics.some(topic => topic.name === name)
    ? topics
    : [...topics, { name, partitions: 1, replicas: -1, config }];

const config = {
  'cleanup.policy': 'compact',
  'segment.ms': '600000',
  'segment.bytes': '16777216',
  'min.cleanable.dirty.ratio': '0.1',
  'delete.retention.ms': '60000',
};

export class ReceiptLog {
  readonly #options: ReceiptLogOptions;
  readonly key: Buffer;

  constructor(options: ReceiptLogOptions) {
    this.#options = options;
    this.key = Buffer.from(options.key);
  }

  get topic(): string {
    return this.#options.topic;
  }

  /** The value of the record. @param packetIds in order */
  valueOf(packetIds: readonly number[]): Buffer {
    const { server, clientId } = this.#options;
    return Buffer.from(JSON.stringify({ version, server, clientId, packetIds: rangesOf(packetIds) }));
  }

  /** Reads what was committed last. Throws why that cannot be, and `kafka-receipts-unreadable`. Call when nobody else may write any more. */
  async read(problem: (error: MkbError) => void): Promise<readonly number[]> {
    const { topic, consumer } = this.#options;
    const reader = new LetterReader(consumer, topic, problem);
    let last: Buffer | undefined;
    try {
      await reader.open();
      await reader.read({
        letter: ({ key, value }) => {
          if (key?.equals(this.key)) last = value;
        },
        room: () => undefined,
        enough: false,
      });
    } finally {
      reader.close();
    }
    return last === undefined ? [] : this.#decode(last);
  }

  #decode(value: Buffer): readonly number[] {
    const { topic, server, clientId, key } = this.#options;
    const parsed = parse(value);
    if (parsed?.version !== version || typeof parsed.packetIds !== 'string')
      throw new MkbError('kafka-receipts-unreadable', { topic, key });
    if (parsed.server !== server || parsed.clientId !== clientId) return [];
    return numbersOf(parsed.packetIds);
  }
}

function parse(value: Buffer): Partial<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Partial<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** `1-200 305` of numbers in order. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: string[] = [];
  for (let first = 0, at = 0; at < numbers.length; at++) {
    if (numbers[at + 1] === numbers[at]! + 1) continue;
    ranges.push(first === at ? `${numbers[at]}` : `${numbers[first]}-${numbers[at]}`);
    first = at + 1;
  }
  return ranges.join(' ');
}

/** The opposite of `rangesOf`: packet identifiers, 1 to 65,535. */
export function numbersOf(ranges: string): number[] {
  const numbers: number[] = [];
  for (const [, first, last = first] of ranges.matchAll(/(\d{1,5})(?:-(\d{1,5}))?/g))
    for (let each = Number(first); each <= Math.min(Number(last), 65_535); each++) numbers.push(each);
  return numbers;
}
