import { checkBatch, RecordBatch } from '../batch.ts';
import { code } from '../codes.ts';
import type { Partition } from '../topic.ts';
import type { RequestReader } from '../wire.ts';
import { type Call, defineApi, hangUp, noAnswer } from './api.ts';

interface PartitionData {
  readonly partition: number;
  readonly records: Buffer;
}

interface Request {
  readonly transactionalId: string | null;
  /** -1 all in-sync replicas, 1 the leader, 0 no answer. */
  readonly acks: number;
  readonly topics: { readonly topic: string; readonly partitions: PartitionData[] }[];
}

interface PartitionAnswer {
  readonly partition: number;
  readonly error: number;
  readonly baseOffset: number;
  readonly logStartOffset: number;
}

type Answer = { readonly topic: string; readonly partitions: PartitionAnswer[] }[];

/**
 * Produce: appends one record batch per partition.
 *
 * Versions 0 to 2 are named by ApiVersions and refused, as Kafka 4 does: librdkafka concludes from them which compressions a broker
 * can take.
 */
export const produce = defineApi<Request, Answer>({
  name: 'Produce',
  versions: [3, 9],
  advertisedFrom: 0,
  flexibleFrom: 9,

  read(from) {
    const transactionalId = from.textOrNull();
    const acks = from.readInt16();
    from.readInt32(); // timeout: nothing has to be waited for
    return { transactionalId, acks, topics: from.list(() => readTopic(from)) };
  },

  targets: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),

  act({ transactionalId, acks, topics }, call) {
    const answer = topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(data => {
        if (transactionalId !== null) {
          return refused(data.partition, code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
        }
        return append(topic, data, acks, call);
      }),
    }));
    if (acks !== 0) return answer;
    // Nobody waits for an answer, so an error is reported by closing the connection, as Kafka does.
    if (answer.some(({ partitions }) => partitions.some(({ error }) => error !== code.NONE))) return hangUp;
    return noAnswer;
  },

  write(to, answer) {
    to.list(answer, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ partition, error, baseOffset, logStartOffset }) => {
        to.appendInt32(partition).appendInt16(error).offset(baseOffset);
        to.offset(-1); // log append time: the topic keeps the producer's
        to.since(5, () => to.offset(logStartOffset));
        to.since(8, () => to.list([], () => {}).text(null)); // record errors and their message (KIP-467)
      });
    });
    to.throttle();
  },
});

function readTopic(from: RequestReader): Request['topics'][number] {
  return {
    topic: from.text(),
    partitions: from.list(() => ({ partition: from.readInt32(), records: from.bytes() })),
  };
}

function append(
  topic: string,
  { partition: index, records }: PartitionData,
  acks: number,
  call: Call,
): PartitionAnswer {
  const { cluster, faults, version } = call;
  const instead = faults.instead(topic, index);
  if (instead !== code.NONE) return refused(index, instead);
  const partition = cluster.locate(topic, index, call.node);
  if (typeof partition === 'number') return refused(index, partition);
  const { settings } = cluster.topic(topic)!;
  const error = checkReplicas(partition, acks, call) || checkBatch(records, version, settings['max.message.bytes']);
  if (error !== code.NONE) return refused(index, error);
  const result = cluster.append(partition, new RecordBatch(records));
  if (result.error !== code.NONE) return refused(index, result.error);
  const afterwards = faults.afterwards(topic, index);
  if (afterwards !== code.NONE) return refused(index, afterwards);
  return {
    partition: index,
    error: code.NONE,
    baseOffset: result.baseOffset,
    logStartOffset: partition.log.startOffset,
  };
}

function checkReplicas(partition: Partition, acks: number, { cluster }: Call): number {
  if (acks < -1 || acks > 1) return code.INVALID_REQUIRED_ACKS;
  const alive = partition.replicas.filter(node => cluster.isAlive(node)).length;
  const needed = cluster.topic(partition.topic)!.settings['min.insync.replicas'];
  return acks === -1 && alive < needed ? code.NOT_ENOUGH_REPLICAS : code.NONE;
}

function refused(partition: number, error: number): PartitionAnswer {
  return { partition, error, baseOffset: -1, logStartOffset: -1 };
}
