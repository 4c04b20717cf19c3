import { type Connection, NetworkError, TimeoutError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { BufferPool } from '../../../bridge/kafka/buffer-pool.ts';
import type { Numbers } from '../../../bridge/kafka/identity.ts';
import { Lane } from '../../../bridge/kafka/lane.ts';
import type { Link } from '../../../bridge/kafka/link.ts';
import type { ProducerOptions } from '../../../bridge/kafka/producer-options.ts';
import { draft } from '../../../bridge/kafka/record.ts';
import { type Lost, Requests } from '../../../bridge/kafka/requests.ts';

/** Requests whose batches take as long to compress as the test likes, and a lane that has something to send. */
function setup() {
  const compressed = Promise.withResolvers<Buffer>();
  const identity = { ready: true, current: { producerId: 1n, producerEpoch: 0 }, admits: () => true };
  /** How each request that was sent ends. */
  const sent: ((error: Error) => void)[] = [];
  const outcomes: Lost[] = [];
  const connection = { send: (...request: unknown[]) => sent.push(request[6] as never) } as unknown as Connection;
  const link = { inFlight: 0, connection } as Link;
  const options = {
    acks: 'all',
    maxRequestBytes: 1_000_000,
    maxGrownBytes: 1_000_000,
    cluster: { requestTimeoutMs: 1000 },
  } as ProducerOptions;
  const requests = new Requests(
    options,
    {
      identity: identity as unknown as Numbers,
      codec: { attribute: 1, compress: () => compressed.promise },
      now: () => 0,
    },
    { answered: (_link, _lanes, outcome) => outcomes.push(outcome as Lost), tooLarge: () => undefined },
  );
  const lane = new Lane('t', 0);
  lane.leader = 1;
  lane.append(draft({ value: Buffer.from('value') }), 1, () => 0, 1000, new BufferPool(1024 * 1024));
  requests.send(link, [lane]);
  const written = async () => {
    compressed.resolve(Buffer.from('compressed'));
    await new Promise(resolve => setImmediate(resolve));
  };
  return { lane, link, identity, sent, outcomes, written };
}

test('a batch is sent when it is compressed', async () => {
  const { lane, link, sent, written } = setup();
  await written();
  expect([sent.length, lane.sending, lane.numbered, link.inFlight]).toEqual([1, true, true, 1]);
});

// It would have gone without a number, and its repetition would have been a copy.
test('a batch is not sent without a number when the producer id is given up while it is compressed', async () => {
  const { lane, link, identity, sent, written } = setup();
  identity.ready = false;
  await written();
  expect([sent.length, lane.sending, lane.numbered, link.inFlight]).toEqual([0, false, false, 0]);
});

// Its number would have been given out a second time, when the partition is known again.
test('a batch is not sent when its partition is gone while it is compressed', async () => {
  const { lane, link, sent, written } = setup();
  lane.leader = -1;
  await written();
  expect([sent.length, lane.sending, lane.numbered, link.inFlight]).toEqual([0, false, false, 0]);
});

test('a request is lost with its connection when that ends, and not when its time is over', async () => {
  const { lane, sent, outcomes, written } = setup();
  await written();
  sent[0]!(new TimeoutError('Request timed out'));
  // The library ends the connection then: what else was under way is not to blame either.
  sent[0]!(new NetworkError('Connection closed'));
  expect([outcomes.map(({ ended }) => ended), lane.head!.endings]).toEqual([[false, false], 0]);
  const other = setup();
  await other.written();
  other.sent[0]!(new NetworkError('Connection closed'));
  expect([other.outcomes[0]!.ended, other.lane.head!.endings]).toEqual([true, 1]);
});

// Requests grew to eight times what the broker takes, which ended the connection with each of them, and nobody heard of the records in it.
test.each([
  ['all', 10],
  ['leader', 10],
  ['none', 1],
] as const)('with acks %s, requests of up to %i batches are sent after ten that were written at once', async (acks, most) => {
  const written: (() => void)[] = [];
  const connection = {
    send: (...request: unknown[]) => written.push(() => (request[6] as (...args: unknown[]) => void)(null, {})),
  };
  const link = { inFlight: 0, connection: connection as unknown as Connection } as Link;
  const cluster = { requestTimeoutMs: 1000 };
  const options = { acks, maxRequestBytes: 200, maxGrownBytes: 100_000, cluster } as ProducerOptions;
  const counts: number[] = [];
  const requests = new Requests(
    options,
    {
      identity: { ready: true, current: undefined, admits: () => true } as unknown as Numbers,
      codec: undefined,
      now: () => 0,
    },
    {
      answered: (_link, lanes) => {
        counts.push(lanes.length);
        for (const lane of lanes) lane.settleHead(true);
      },
      tooLarge: () => undefined,
    },
  );
  const pool = new BufferPool(1024 * 1024);
  for (let round = 0; round < 10; round++) {
    const lanes = Array.from({ length: 10 }, (_, partition) => new Lane('t', partition));
    for (const lane of lanes) {
      lane.leader = 1;
      lane.append(draft({ value: Buffer.alloc(60) }), 1, () => 0, 1000, pool);
    }
    requests.send(link, lanes);
    written.pop()!();
  }
  expect(counts.at(-1)).toBe(most);
});
