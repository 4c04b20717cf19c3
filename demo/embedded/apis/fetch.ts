/**
 * Fetch: waits until there is enough to read, or until the client's patience ends (long poll).
 *
 * There are no fetch sessions (KIP-227): the answer's session id 0 makes a client name all its partitions each time. Batches are
 * given whole, from the one that holds the asked offset on; a client skips the records before it.
 */
import type { RecordBatch } from '../batch.ts';
import { code } from '../codes.ts';
import type { Partition } from '../topic.ts';
import type { AnswerWriter, RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';

interface PartitionRequest {
  readonly topic: string;
  readonly index: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

interface Request {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly sessionId: number;
  readonly topics: { readonly topic: string; readonly partitions: PartitionRequest[] }[];
}

interface PartitionAnswer {
  readonly index: number;
  readonly error: number;
  readonly endOffset: number;
  readonly startOffset: number;
  readonly batches: RecordBatch[];
}

interface Answer {
  readonly error: number;
  readonly topics: { readonly topic: string; readonly partitions: PartitionAnswer[] }[];
}

export const fetch = defineApi<Request, Answer>({
  name: 'Fetch',
  versions: [4, 12],
  flexibleFrom: 12,

  read(from) {
    from.readInt32(); // replica id
    const maxWaitMs = from.readInt32();
    const minBytes = from.readInt32();
    const maxBytes = from.readInt32();
    from.readInt8(); // isolation level: without transactions both are the same
    const sessionId = from.since(7, () => from.readInt32(), 0);
    from.since(7, () => from.readInt32(), 0); // session epoch
    return { maxWaitMs, minBytes, maxBytes, sessionId, topics: from.list(() => readTopic(from)) };
  },

  targets: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ index }) => ({ topic, partition: index }))),

  async act(request, call) {
    if (request.sessionId !== 0) return { error: code.FETCH_SESSION_ID_NOT_FOUND, topics: [] };
    const deadline = performance.now() + request.maxWaitMs;
    for (;;) {
      const answer = look(request, call);
      const left = deadline - performance.now();
      if (left <= 0 || call.signal.aborted || isEnough(answer, request.minBytes)) return answer;
      await change(request, call, left);
    }
  },

  write(to, { error, topics }) {
    to.throttle();
    to.since(7, () => to.appendInt16(error).appendInt32(0));
    to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, partition => writePartition(to, partition));
    });
  },
});

function readTopic(from: RequestReader): Request['topics'][number] {
  const topic = from.text();
  const partitions = from.list(() => {
    const index = from.readInt32();
    const leaderEpoch = from.since(9, () => from.readInt32(), -1);
    const offset = Number(from.readInt64());
    from.since(12, () => from.readInt32(), -1); // epoch of the last record read: a log here never diverges
    from.since(5, () => from.readInt64(), 0n); // the follower's log start
    return { topic, index, leaderEpoch, offset, maxBytes: from.readInt32() };
  });
  return { topic, partitions };
}

/** What can be given now. The first batch of all is given whatever its size. */
function look(request: Request, call: Call): Answer {
  let left = request.maxBytes;
  let first = true;
  const readPartition = (wanted: PartitionRequest): PartitionAnswer => {
    const partition = locate(wanted, call);
    if (typeof partition === 'number') return refused(wanted.index, partition);
    const { startOffset, endOffset } = partition.log;
    if (wanted.offset < startOffset || wanted.offset > endOffset) {
      return refused(wanted.index, code.OFFSET_OUT_OF_RANGE);
    }
    const batches = partition.log.read(wanted.offset, Math.min(left, wanted.maxBytes), first);
    if (batches.length > 0) first = false;
    left -= bytesOf(batches);
    return { index: wanted.index, error: code.NONE, startOffset, endOffset, batches };
  };
  return {
    error: code.NONE,
    topics: request.topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(readPartition) })),
  };
}

function locate({ topic, index, leaderEpoch }: PartitionRequest, { cluster, faults, node }: Call): Partition | number {
  return faults.instead(topic, index) || cluster.locate(topic, index, node, leaderEpoch);
}

function refused(index: number, error: number): PartitionAnswer {
  return { index, error, endOffset: -1, startOffset: -1, batches: [] };
}

const bytesOf = (batches: readonly RecordBatch[]): number =>
  batches.reduce((sum, batch) => sum + batch.bytes.length, 0);

/** An error is answered at once: the client has to look elsewhere. */
function isEnough({ topics }: Answer, minBytes: number): boolean {
  const partitions = topics.flatMap(each => each.partitions);
  if (partitions.some(({ error }) => error !== code.NONE)) return true;
  return partitions.reduce((sum, { batches }) => sum + bytesOf(batches), 0) >= minBytes;
}

/** Ends when one of the partitions has changed, the time is over, or the client has gone. */
async function change({ topics }: Request, { cluster, signal }: Call, maxMs: number): Promise<void> {
  const { promise, resolve: wake } = Promise.withResolvers<void>();
  const timer = setTimeout(wake, maxMs);
  signal.addEventListener('abort', () => wake(), { once: true });
  const watched = topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ index }) => cluster.partition(topic, index).onChange(wake)),
  );
  await promise;
  clearTimeout(timer);
  for (const forget of watched) forget();
}

function writePartition(to: AnswerWriter, { index, error, endOffset, startOffset, batches }: PartitionAnswer): void {
  to.appendInt32(index).appendInt16(error).offset(endOffset);
  to.offset(endOffset); // last stable offset
  to.since(5, () => to.offset(startOffset));
  to.list([], () => {}); // aborted transactions
  to.since(11, () => to.appendInt32(-1)); // preferred read replica
  to.pieces(batches.map(batch => batch.bytes));
}
