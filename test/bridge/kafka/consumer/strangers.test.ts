import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../../api/complete.ts';
import { encodeSubscription } from '../../../../bridge/kafka/consumer/group-protocol.ts';
import { encodeFacts, strangersIn } from '../../../../bridge/kafka/consumer/strangers.ts';
import { type Bridge, prepareBridge } from '../../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../../demo/embedded/mqtt.ts';
import { until } from '../../../real/until.ts';

describe('a member of the group', () => {
  const own = { bridge: 'cars', ordinal: 0, host: 'here', instance: 'mine' };
  const member = (memberMetadata: Buffer, clientId = 'cars') => ({
    memberId: `${clientId}-1`,
    clientId,
    clientHost: '/10.0.0.7',
    memberMetadata,
    memberAssignment: Buffer.alloc(0),
  });
  const saying = (facts: object) => member(encodeSubscription(['t'], encodeFacts({ ...own, ...facts })));
  test.each([
    ['that is this process', saying({}), []],
    ['that is another replica', saying({ ordinal: 1, instance: 'other' }), []],
    ['of an older version that says nothing', member(encodeSubscription(['t'])), []],
    [
      'that is the same replica in another process',
      saying({ instance: 'other', host: 'there' }),
      ['bridge cars, replica 0, on host there'],
    ],
    [
      'that is another bridge',
      saying({ bridge: 'vans', ordinal: 3, instance: 'other' }),
      ['bridge vans, replica 3, on host here'],
    ],
    ['that is another program', member(encodeSubscription(['t']), 'kcat'), ['client kcat at /10.0.0.7']],
    ['that says something else', member(Buffer.from('nonsense'), 'x'), ['client x at /10.0.0.7']],
    ['that says nothing at all', member(Buffer.alloc(0), 'x'), ['client x at /10.0.0.7']],
  ])('%s', (_what, each, strangers) => {
    expect(strangersIn([each], own, 'cars')).toEqual(strangers);
  });
});

describe('a bridge', () => {
  let kafka: EmbeddedKafka;
  let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
  const bridges: Bridge[] = [];
  const lines: { code?: string; msg: string }[] = [];

  beforeEach(async () => {
    lines.length = 0;
    kafka = await startEmbeddedKafka({ topics: [{ name: 'commands', partitions: 2 }] });
    broker = await startEmbeddedMqtt();
  });
  afterEach(async () => {
    await Promise.all(bridges.splice(0).map(bridge => bridge.stop()));
    await broker.stop();
    await kafka.stop();
  });

  async function start(mqtt: object, ordinal = 0): Promise<Bridge> {
    const document = completeDocument({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'cars' },
      spec: {
        mqtt: { url: broker.url, version: '3.1.1', ...mqtt },
        kafka: { bootstrapServers: [kafka.bootstrap] },
        rules: [{ name: 'r', sql: 'SELECT * FROM "$kafka/commands"', sinks: [{ mqtt: { topic: 't' } }] }],
      },
    });
    const log = pino({ level: 'warn' }, { write: line => lines.push(JSON.parse(line)) });
    const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log, ordinal });
    bridges.push(bridge);
    await bridge.start();
    return bridge;
  }

  test('does not take replicas for strangers', async () => {
    const first = await start({ share: 's' });
    const second = await start({ share: 's' }, 1);
    await until(
      'a partition each',
      () => first.kafkaSource!.partitions.length === 1 && second.kafkaSource!.partitions.length === 1,
    );
    expect([first.kafkaSource!.strangers, second.kafkaSource!.strangers]).toEqual([[], []]);
  });

  // The same document in two places on one Kafka: each published half of the records, and no error said so.
  test('says when a second one of its name is in its group, and so does that one', async () => {
    const first = await start({ clientId: 'a' });
    const second = await start({ clientId: 'b' });
    await until(
      'both to notice',
      () => first.kafkaSource!.strangers.length === 1 && second.kafkaSource!.strangers.length === 1,
    );
    const said = lines.filter(({ code }) => code === 'kafka-group-shared').map(({ msg }) => msg);
    expect(said[0]).toMatch(/^The consumer group cars has others in it, .*: bridge cars, replica 0, on host /);
    expect(said).toHaveLength(2);
    await second.stop();
    await until('it to be alone again', () => first.kafkaSource!.strangers.length === 0);
  });

  test('says when another program is in its group', async () => {
    const bridge = await start({});
    const consumer = new Kafka({ clientId: 'other', brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).consumer({
      groupId: 'cars',
      partitionAssigners: [
        () => ({
          name: 'roundrobin',
          version: 0,
          protocol: () => ({ name: 'roundrobin', metadata: encodeSubscription(['commands']) }),
          assign: async () => [],
        }),
      ],
    });
    await consumer.connect();
    await consumer.subscribe({ topic: 'commands' });
    await consumer.run({ eachMessage: async () => undefined });
    await until('it to notice', () => bridge.kafkaSource!.strangers.length === 1);
    await consumer.disconnect();
    expect(lines.find(({ code }) => code === 'kafka-group-shared')?.msg).toContain('client other at');
  });
});
