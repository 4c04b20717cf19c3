import { code } from '../codes.ts';
import type { PartitionLog } from '../log.ts';
import { type Call, defineApi } from './api.ts';

interface PartitionRequest {
  readonly index: number;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970, or one of the marks below. */
  readonly timestamp: number;
}

interface PartitionAnswer {
  readonly index: number;
  readonly error: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

interface OfTopic<T> {
  readonly topic: string;
  readonly partitions: T[];
}

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;

/** ListOffsets: the first offset, the next one, or the first record from a time on. */
export const listOffsets = defineApi<OfTopic<PartitionRequest>[], OfTopic<PartitionAnswer>[]>({
  name: 'ListOffsets',
  versions: [1, 7],
  flexibleFrom: 6,

  read(from) {
    from.readInt32(); // replica id
    from.since(2, () => from.readInt8(), 0); // isolation level: without transactions both are the same
    return from.list(() => ({
      topic: from.text(),
      partitions: from.list(() => ({
        index: from.readInt32(),
        leaderEpoch: from.since(4, () => from.readInt32(), -1),
        timestamp: Number(from.readInt64()),
      })),
    }));
  },

  targets: topics =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ index }) => ({ topic, partition: index }))),

  act: (topics, call) =>
    topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(each => list(topic, each, call)) })),

  write(to, topics) {
    to.since(2, () => to.throttle());
    to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ index, error, timestamp, offset, leaderEpoch }) => {
        to.appendInt32(index).appendInt16(error).offset(timestamp).offset(offset);
        to.since(4, () => to.appendInt32(leaderEpoch));
      });
    });
  },
});

function list(topic: string, { index, leaderEpoch, timestamp }: PartitionRequest, call: Call): PartitionAnswer {
  const { cluster, faults, node } = call;
  const partition = faults.instead(topic, index) || cluster.locate(topic, index, node, leaderEpoch);
  if (typeof partition === 'number') return { index, error: partition, timestamp: -1, offset: -1, leaderEpoch: -1 };
  return { index, error: code.NONE, ...find(partition.log, timestamp), leaderEpoch: partition.leaderEpoch };
}

/** Offset and timestamp are -1 when there is no such record. */
function find(log: PartitionLog, timestamp: number): { offset: number; timestamp: number } {
  if (timestamp === LATEST) return { offset: log.endOffset, timestamp: -1 };
  if (timestamp === EARLIEST) return { offset: log.startOffset, timestamp: -1 };
  const record = timestamp === MAX_TIMESTAMP ? log.newest() : log.find(timestamp);
  return record === undefined ? { offset: -1, timestamp: -1 } : { offset: record.offset, timestamp: record.timestamp };
}
