import type { Connection } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { BufferPool } from '../../../bridge/kafka/buffer-pool.ts';
import type { Identity } from '../../../bridge/kafka/identity.ts';
import { Lane } from '../../../bridge/kafka/lane.ts';
import type { Link } from '../../../bridge/kafka/link.ts';
import type { ProducerOptions } from '../../../bridge/kafka/producer-options.ts';
import { draft } from '../../../bridge/kafka/record.ts';
import { Requests } from '../../../bridge/kafka/requests.ts';

/** Requests whose batches take as long to compress as the test likes, and a lane that has something to send. */
function setup() {
  const compressed = Promise.withResolvers<Buffer>();
  const identity = { ready: true, current: { producerId: 1n, producerEpoch: 0 } };
  const sent: unknown[] = [];
  const connection = { send: (...request: unknown[]) => sent.push(request) } as unknown as Connection;
  const link = { inFlight: 0, connection } as Link;
  const options = { acks: 'all', maxRequestBytes: 1_000_000, cluster: { requestTimeoutMs: 1000 } } as ProducerOptions;
  const requests = new Requests(
    options,
    { identity: identity as Identity, codec: { attribute: 1, compress: () => compressed.promise }, now: () => 0 },
    { answered: () => undefined, tooLarge: () => undefined },
  );
  const lane = new Lane('t', 0);
  lane.leader = 1;
  lane.append(draft({ value: Buffer.from('value') }), 1, () => 0, 1000, new BufferPool(1024 * 1024));
  requests.send(link, [lane]);
  const written = async () => {
    compressed.resolve(Buffer.from('compressed'));
    await new Promise(resolve => setImmediate(resolve));
  };
  return { lane, link, identity, sent, written };
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
