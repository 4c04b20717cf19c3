/**
 * The Fetch request, version 11 (Kafka 2.4 and later). What a partition holds is left as the bytes that came: the library would decode
 * all of it at once, check no checksum, and throw for the whole answer at the first batch that it cannot read.
 */
import { createAPI, type Reader, Writer } from '@platformatic/kafka';
import type { TopicPartition } from './group-protocol.ts';

/** From where on a partition is asked for. */
export interface FetchedFrom extends TopicPartition {
  readonly from: bigint;
}

export interface FetchLimits {
  /** How long the broker may wait for a record before it answers with nothing, milliseconds. */
  readonly maxWaitMs: number;
  /** Bytes of the answer, and of one partition in it. The first batch comes whole even so (KIP-74). */
  readonly maxBytes: number;
  readonly partitionBytes: number;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** What a broker says of one partition. */
export interface PartitionAnswer extends TopicPartition {
  /** 0 for success. */
  readonly errorCode: number;
  /** No record at or behind it is given away. */
  readonly highWatermark: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches, the last of them perhaps cut off. */
  readonly bytes: Buffer;
}

export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly PartitionAnswer[];
}

const consumer = -1;
/** Only what is committed: nothing of an open transaction, and who aborted theirs (KIP-98). */
const readCommitted = 1;
/** No fetch session (KIP-227): what is asked for changes with every answer. */
const noSession = { id: 0, epoch: -1 };

function write(wanted: readonly FetchedFrom[], { maxWaitMs, maxBytes, partitionBytes }: FetchLimits): Writer {
  return Writer.create()
    .appendInt32(consumer)
    .appendInt32(maxWaitMs)
    .appendInt32(1)
    .appendInt32(maxBytes)
    .appendInt8(readCommitted)
    .appendInt32(noSession.id)
    .appendInt32(noSession.epoch)
    .appendArray(
      [...Map.groupBy(wanted, ({ topic }) => topic)],
      (topicWriter, [topic, partitions]) => {
        topicWriter.appendString(topic, false).appendArray(
          partitions,
          (partitionWriter, { partition, from }) => {
            partitionWriter
              .appendInt32(partition)
              .appendInt32(-1) // leader epoch: any
              .appendInt64(from)
              .appendInt64(-1n) // a follower's log start
              .appendInt32(partitionBytes);
          },
          false,
          false,
        );
      },
      false,
      false,
    )
    .appendInt32(0) // topics that a session forgets
    .appendString('', false); // rack
}

/** Throws for an answer that is not as long as what it holds. */
function read(_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): FetchAnswer {
  reader.readInt32(); // throttle: the broker holds its answers back by itself
  const errorCode = reader.readInt16();
  reader.readInt32(); // session
  const partitions = reader.readArray(
    topicReader => {
      const topic = topicReader.readString(false);
      return topicReader.readArray(partitionReader => readPartition(topic, partitionReader), false, false);
    },
    false,
    false,
  );
  if (reader.remaining !== 0) throw new RangeError(`${reader.remaining} bytes too many`);
  return { errorCode, partitions: partitions.flat() };
}

function readPartition(topic: string, reader: Reader): PartitionAnswer {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64();
  reader.readInt64(); // last stable offset
  reader.readInt64(); // log start offset
  const abortedTransactions = reader.readNullableArray(
    each => ({ producerId: each.readInt64(), firstOffset: each.readInt64() }),
    false,
    false,
  );
  reader.readInt32(); // preferred replica: none without a rack
  const start = reader.position;
  const bytes = reader.readNullableBytes(false);
  if (reader.position < start) throw new RangeError('a negative length');
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    abortedTransactions: abortedTransactions ?? [],
    bytes: (bytes ?? noBytes) as Buffer,
  };
}

const noBytes = Buffer.alloc(0);

/** Asks a broker for records: `(connection, wanted, limits)`. */
export const fetchRecords = createAPI<[readonly FetchedFrom[], FetchLimits], FetchAnswer>(
  1,
  11,
  write,
  read,
  false,
  false,
);
