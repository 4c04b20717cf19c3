/**
 * With dead letters the payload of each message was kept beside its small record and nobody counted it: 1,690 MiB for a `delivery.buffer.maxBytes`
 * of 64. Whatever waits is counted, and the source is paused when it is more than that.
 */
import { afterEach, expect, test } from 'vitest';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const large = 'x'.repeat(10_000);
const limit = 256 * 1024;

interface Way {
  readonly sql?: string;
  readonly sink?: object;
  readonly topic?: (index: number) => string;
  readonly payload?: string;
  readonly options?: Partial<FlowOptions>;
  /** What a message holds at least, bytes. */
  readonly each: number;
}

const ways: [what: string, way: Way][] = [
  ['payloads that are kept for dead letters', { sql: 'SELECT topic FROM "v/#"', payload: large, each: 10_000 }],
  ['values', { payload: large, each: 10_000 }],
  [
    'headers',
    {
      sql: 'SELECT qos FROM "v/#"',
      sink: { headers: [{ name: 'h', value: '${payload}' }] },
      payload: large,
      each: 20_000,
    },
  ],
  ['rows', { sql: 'FOREACH [1..10] AS i DO i, payload FROM "v/#"', payload: `{"a": "${large}"}`, each: 100_000 }],
  ['long topics', { topic: index => `v/${index}/${'t'.repeat(5000)}`, each: 5000 }],
  ['records of a topic that is not known yet', { sink: { topic: 'u' }, payload: large, each: 10_000 }],
  ['what a message holds beside its bytes', { payload: '', each: 50 }],
];

test.each(
  ways,
)('a source is paused when there is too much of these, and goes on when Kafka has them: %s', async (_what, way) => {
  const { sql = 'SELECT payload FROM "v/#"', sink = {}, topic = () => 'v/1', payload = 'x', each } = way;
  const rules = [{ name: 'r', sql, sinks: [{ kafka: { topic: 't', ...sink } }] }];
  flow = await Flow.start({ topics: ['t', 'u', 'dead'], deadLetter: 'dead', rules, maxBytes: '256KiB' });
  const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
  const faults = (['Produce', 'Metadata'] as const).map(api =>
    flow.kafka.faults.add({ api, until: thawed, times: Number.POSITIVE_INFINITY }),
  );
  let sent = 0;
  while (flow.brakes.length === 0 && sent * each <= 4 * limit) flow.hand({ topic: topic(sent++), payload });
  expect(flow.brakes).toEqual(['pause']);
  expect(sent * each).toBeLessThan(2 * limit);
  for (const fault of faults) fault.remove();
  thaw();
  await flow.settledAll();
  expect([flow.count('delivered'), flow.brakes.at(-1), flow.bufferedBytes]).toEqual([sent, 'resume', 0]);
});
