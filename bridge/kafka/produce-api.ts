/**
 * The Produce request, version 8 (Kafka 2.4 and later): batches go in as the bytes they are, and an error of one partition does not
 * hide the answers of the others.
 */
import { createAPI, type Reader, Writer } from '@platformatic/kafka';

/** A batch for one partition. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** The broker's answer for one partition. */
export interface PartitionResult {
  readonly topic: string;
  readonly partition: number;
  /** 0 for success, see kafka/error-codes.ts. */
  readonly errorCode: number;
  readonly baseOffset: bigint;
  /** Positions in the batch of the records that the broker refused, with its reasons; empty unless it names them. */
  readonly refused: readonly { readonly index: number; readonly reason: string | null }[];
  readonly errorMessage: string | null;
}

export interface ProduceAnswer {
  readonly results: readonly PartitionResult[];
  /** How long the broker asks us to send nothing, milliseconds. */
  readonly throttleMs: number;
}

function write(
  acks: number,
  timeoutMs: number,
  batches: readonly PartitionBatch[],
  transactionalId: string | null,
): Writer {
  const byTopic = Map.groupBy(batches, batch => batch.topic);
  const writer = Writer.create()
    .appendString(transactionalId, false)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray(
      [...byTopic],
      (topicWriter, [topic, partitions]) => {
        topicWriter.appendString(topic, false).appendArray(
          partitions,
          (partitionWriter, { partition, bytes }) => {
            partitionWriter.appendInt32(partition).appendInt32(bytes.length).append(bytes);
          },
          false,
          false,
        );
      },
      false,
      false,
    );
  // With acks 0 a broker sends no answer at all.
  if (acks === 0) writer.context.noResponse = true;
  return writer;
}

function read(_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): ProduceAnswer {
  const topics = reader.readArray(
    topicReader => {
      const topic = topicReader.readString(false);
      return topicReader.readArray(partitionReader => readPartition(topic, partitionReader), false, false);
    },
    false,
    false,
  );
  return { results: topics.flat(), throttleMs: reader.readInt32() };
}

function readPartition(topic: string, reader: Reader): PartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const baseOffset = reader.readInt64();
  reader.readInt64(); // log append time
  reader.readInt64(); // log start offset
  const refused = reader.readArray(
    recordReader => ({ index: recordReader.readInt32(), reason: recordReader.readNullableString(false) }),
    false,
    false,
  );
  return { topic, partition, errorCode, baseOffset, refused, errorMessage: reader.readNullableString(false) };
}

/** Sends batches to one broker: `(connection, acks, timeoutMs, batches, transactionalId, callback)`. With acks 0 the callback comes when it is written. */
export const produce = createAPI<[number, number, readonly PartitionBatch[], string | null], ProduceAnswer>(
  0,
  8,
  write,
  read,
  false,
  false,
);
