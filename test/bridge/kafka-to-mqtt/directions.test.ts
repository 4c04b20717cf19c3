import { connect, createServer, type Server } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';
import { recordWriter } from '../support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let door: Server;
let client: MqttClient;
let bridge: Bridge;
const groupDenied = 30;
const topicDenied = 29;
/** Client ids that the door does not let in. */
const refused = new Set<string>();
const heard: string[] = [];

beforeEach(async () => {
  heard.length = 0;
  refused.clear();
  kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: ['commands', 'out'].map(name => ({ name, partitions: 1 })),
  });
  broker = await startEmbeddedMqtt();
  door = createServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', first => {
      // CONNECT of MQTT 3.1.1: 12 bytes, then the client id behind its length.
      const clientId = first.toString('utf8', 14, 14 + first.readUInt16BE(12));
      if (refused.has(clientId)) {
        socket.end(Buffer.of(0x20, 2, 0, 5));
        return;
      }
      const target = connect(broker.port, '127.0.0.1');
      target.on('error', () => undefined);
      target.write(first);
      socket.pipe(target).pipe(socket);
    });
  });
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  client = await mqtt.connectAsync(broker.url);
  client.on('message', (_topic, payload) => heard.push(payload.toString()));
  await client.subscribeAsync('commands/#', { qos: 1 });
});

afterEach(async () => {
  await bridge.stop();
  await client.endAsync(true);
  door.close();
  await broker.stop();
  await kafka.stop();
});

const forth = { name: 'forth', sql: 'SELECT payload FROM "v/{id}"', sinks: [{ kafka: { topic: 'out' } }] };
const back = {
  name: 'back',
  sql: 'SELECT * FROM "$kafka/commands"',
  sinks: [{ mqtt: { topic: 'commands/x', payload: '${value}' } }],
};

async function prepare(rules: readonly object[] = [forth, back], deadLetters?: string): Promise<Bridge> {
  const { port } = door.address() as { port: number };
  const reconnect = { minDelay: '20ms', maxDelay: '50ms' };
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: `mqtt://127.0.0.1:${port}`, version: '3.1.1', reconnect },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      rules,
      ...(deadLetters && { delivery: { onFailure: { deadLetter: { topic: deadLetters } } } }),
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  return bridge;
}

const messageFlows = async (): Promise<void> => {
  const before = kafka.records('out').length;
  await until('the session', () => bridge.session.connected);
  await client.publishAsync('v/1', 'up', { qos: 1 });
  await until('the record', () => kafka.records('out').length > before);
};

const recordFlows = async (): Promise<void> => {
  const before = heard.length;
  await recordWriter(kafka.bootstrap, 'commands', [{ value: 'down' }]);
  await until('the message', () => heard.length > before);
};

const unready = (...parts: readonly string[]) =>
  until(`/readyz to say ${parts.join(' and ')}`, () =>
    parts.every(part => bridge.missing().some(reason => reason.includes(part))),
  );

// The process ended, and messages from MQTT with it.
describe('what is refused to records from Kafka is reported and retried, and messages go on', () => {
  test.each([
    ['JoinGroup', groupDenied, 'kafka-not-authorised'],
    ['JoinGroup', 24, 'kafka-group-refused'],
    ['JoinGroup', 23, 'kafka-group-refused'],
    ['JoinGroup', 81, undefined],
    ['JoinGroup', 82, undefined],
    ['JoinGroup', 4711, undefined],
    ['SyncGroup', groupDenied, 'kafka-not-authorised'],
    ['FindCoordinator', groupDenied, 'kafka-not-authorised'],
  ] as const)('%s answers with error %i', async (api, error, code) => {
    const fault = kafka.faults.add({ api, error, times: Number.POSITIVE_INFINITY });
    await prepare();
    const started = bridge.start();
    await messageFlows();
    await fault.met(3);
    await unready('the consumer is not in its group');
    if (code)
      await until('the refusal', () => bridge.refusals.some(([to, error]) => to === 'consumer' && error.code === code));
    if (code) await unready(`not in its group: ${bridge.refusals[0]![1].message}`);
    fault.remove();
    await started;
    await recordFlows();
    expect(bridge.missing()).toEqual([]);
  });

  test.each([
    ['OffsetFetch', groupDenied],
    ['ListOffsets', topicDenied],
    ['Fetch', topicDenied],
  ] as const)('%s answers with error %i, once it is in its group', async (api, error) => {
    const fault = kafka.faults.add({ api, error, times: Number.POSITIVE_INFINITY });
    await prepare();
    await bridge.start();
    await messageFlows();
    await fault.met(2);
    await unready(api === 'Fetch' ? 'of its partitions cannot be read' : 'the consumer does not know its offsets');
    fault.remove();
    await recordFlows();
    expect([bridge.missing(), bridge.refusals]).toEqual([[], []]);
  });

  test('the topic that they are read from does not exist', async () => {
    await prepare([forth, { ...back, sql: 'SELECT * FROM "$kafka/later"' }]);
    const started = bridge.start();
    await messageFlows();
    await unready('The Kafka topic later does not exist');
    kafka.cluster.createTopic('later', 1);
    await started;
  });

  test('MQTT does not let the publisher in', async () => {
    refused.add('b-out');
    await prepare();
    const started = bridge.start();
    await messageFlows();
    await unready('the publisher is not connected to MQTT: The MQTT server does not let this client in');
    refused.clear();
    await started;
    await recordFlows();
  });
});

describe('what is refused to messages from MQTT is reported and retried, and records go on', () => {
  test('MQTT does not let the session in', async () => {
    refused.add('b');
    await prepare();
    const started = bridge.start();
    await until('the consumer', () => bridge.kafkaSource!.joined);
    await recordFlows();
    await unready('MQTT is not connected: The MQTT server does not let this client in');
    refused.clear();
    await started;
    await messageFlows();
  });

  test.each([
    ['', undefined],
    [', and there is one for dead letters', 'commands-dead'],
  ])('the topic that they are written to does not exist%s', async (_what, deadLetters) => {
    if (deadLetters) kafka.cluster.createTopic(deadLetters, 1);
    const sinks = [{ kafka: { topic: 'later' } }];
    await prepare([{ ...forth, sinks }, back], deadLetters);
    const started = bridge.start();
    await until('the consumer', () => bridge.kafkaSource!.joined);
    await recordFlows();
    await unready('The Kafka topic later does not exist');
    kafka.cluster.createTopic('later', 1);
    await started;
  });
});

describe('alone, a direction that is refused from the first ends the bridge with its error', () => {
  test('by Kafka', async () => {
    kafka.faults.add({ api: 'JoinGroup', error: groupDenied, times: Number.POSITIVE_INFINITY });
    await prepare([back]);
    await expect(bridge.start()).rejects.toMatchObject({ code: 'kafka-not-authorised' });
  });

  test('by MQTT', async () => {
    refused.add('b-out');
    await prepare([back]);
    await expect(bridge.start()).rejects.toMatchObject({ code: 'mqtt-not-authorised' });
  });
});

test('a group that refuses a bridge which was a member before never ends it', async () => {
  await prepare([back]);
  await bridge.start();
  await recordFlows();
  const faults = ['Heartbeat', 'JoinGroup'].map(api =>
    kafka.faults.add({ api: api as 'Heartbeat', error: groupDenied, times: Number.POSITIVE_INFINITY }),
  );
  await unready('the consumer is not in its group: Kafka does not allow');
  for (const fault of faults) fault.remove();
  await recordFlows();
});
