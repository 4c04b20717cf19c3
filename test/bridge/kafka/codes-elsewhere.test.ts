/** Error codes in answers to everything but Produce: what is not known to be final is retried there too. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { coordinatorOf } from '../../../bridge/kafka/consumer/coordinator.ts';
import { groupError, isMemberUnknown } from '../../../bridge/kafka/consumer/group-errors.ts';
import { identitiesOf } from '../../../bridge/kafka/identity.ts';
import { createTopics } from '../../../bridge/kafka/topic-admin.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { kafkaCodes, reactionTo, refuses } from '../../../network/kafka/error-codes.ts';
import { producerFor, type TestProducer } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;
beforeAll(async () => {
  kafka = await startEmbeddedKafka({ autoCreateTopics: false });
  producer = await producerFor(kafka.bootstrap);
});
afterAll(async () => {
  producer.close();
  await kafka.stop();
});

/** Two that Kafka does not have, and all that are an error. */
const codes = [134, -7, ...kafkaCodes.map(({ code }) => code)].filter(code => code !== 0);
const isDenied = (code: number) => reactionTo(code) === 'denied';

/** How a request fails whose answer has the code. */
async function failure(api: 'CreateTopics' | 'InitProducerId' | 'FindCoordinator', code: number): Promise<string> {
  kafka.faults.clear();
  kafka.faults.add({ api, error: code, times: Number.POSITIVE_INFINITY });
  const { cluster } = producer;
  const asked = {
    CreateTopics: () => createTopics(cluster, [{ name: `t${code}`, partitions: 1, replicas: 1, config: {} }]),
    InitProducerId: () => identitiesOf(cluster)(),
    FindCoordinator: () => coordinatorOf(cluster, 'group'),
  }[api];
  try {
    await asked();
    return 'none';
  } catch (error) {
    return (error as MkbError).kind;
  }
}

test.each([
  'CreateTopics',
  'InitProducerId',
  'FindCoordinator',
] as const)('%s is given up only for codes that are final for it', async api => {
  const found: [number, string][] = [];
  const expected = codes.map(code => {
    if (api === 'CreateTopics' && code === 36) return [code, 'none'];
    const final = isDenied(code) || (api === 'CreateTopics' && refuses(code, 'topic'));
    return [code, final ? 'permanent' : 'retryable'];
  });
  for (const code of codes) found.push([code, await failure(api, code)]);
  expect(found).toEqual(expected);
});

test.each(codes)('a group that is answered %d is left only if that is final for a group', code => {
  const { kind } = groupError(code, 'group', 'join');
  expect(kind).toBe(isDenied(code) || refuses(code, 'group') ? 'permanent' : 'retryable');
  expect(isMemberUnknown(code) && kind === 'permanent').toBe(false);
});
