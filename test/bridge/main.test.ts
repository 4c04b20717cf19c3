import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { freePort, freePorts } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { SchemaRegistry } from '../support/schema-registry.ts';

let kafka: EmbeddedKafka | undefined;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let publisher: MqttClient;
const bridges: Bridge[] = [];

beforeEach(async () => {
  broker = await startEmbeddedMqtt({ port: await freePort() });
  publisher = await mqtt.connectAsync(broker.url);
});

afterEach(async () => {
  await Promise.all(bridges.splice(0).map(bridge => bridge.stop()));
  await publisher.endAsync(true);
  await broker.stop();
  await kafka?.stop();
  kafka = undefined;
});

/** At a port that nobody takes while it is stopped: not one of those that outgoing connections have. */
const startKafka = async (port?: number): Promise<EmbeddedKafka> => {
  kafka = await startEmbeddedKafka({ port: port ?? (await freePort()), autoCreateTopics: false });
  return kafka;
};

/** A bridge of `v/+` to the topic t. `spec` overrides parts of its document. */
async function prepare(bootstrap: string, spec: Record<string, unknown> = {}): Promise<Bridge> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [bootstrap], topics: [{ name: 't', partitions: 2 }] },
      rules: [{ name: 'r', sql: 'SELECT payload FROM "v/{id}"', sinks: [{ kafka: { topic: 't', key: '${id}' } }] }],
      ...spec,
    },
  });
  const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  bridges.push(bridge);
  return bridge;
}

describe('starting', () => {
  test('creates the topics, connects both sides and lets messages through', async () => {
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap);
    expect(bridge.missing()).toEqual(['MQTT is not connected', 'Kafka is not connected']);
    await bridge.start();
    expect(bridge.missing()).toEqual([]);
    await publisher.publishAsync('v/1', 'hello', { qos: 1 });
    await until('the record', () => kafka!.records('t').length === 1);
    expect(kafka!.records('t')[0]?.value?.toString()).toBe('hello');
  });

  test('waits for a Kafka that comes later, and reads nothing from MQTT before', async () => {
    const [port] = await freePorts(1);
    const bridge = await prepare(`127.0.0.1:${port}`);
    const started = bridge.start();
    await until('a failed attempt', () => (bridge.retried.get('kafka-unreachable') ?? 0) > 0);
    expect(bridge.mqttConnected).toBe(false);
    await startKafka(port);
    await started;
    expect(bridge.missing()).toEqual([]);
  });

  test('fails permanently when a sink’s topic does not exist, and says which', async () => {
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap, { kafka: { bootstrapServers: [bootstrap] } });
    await expect(bridge.start()).rejects.toMatchObject({ code: 'kafka-unknown-topic', details: { topic: 't' } });
    await expect(bridge.ended).rejects.toMatchObject({ code: 'kafka-unknown-topic' });
  });

  test('can be broken off while Kafka is away', async () => {
    const [port] = await freePorts(1);
    const bridge = await prepare(`127.0.0.1:${port}`);
    const started = bridge.start();
    await until('a failed attempt', () => bridge.retried.size > 0);
    expect(await bridge.stop()).toEqual({ unacknowledged: 0, unpublished: 0, late: false });
    await started;
    await bridge.ended;
  });

  test('refuses a document that it could only run in part', async () => {
    const spec = {
      mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true } },
      rules: [{ name: 'r', sql: 'SELECT value FROM "$kafka/t"', sinks: [{ mqtt: { topic: 'a', retain: true } }] }],
    };
    await expect(prepare('localhost:9092', spec)).rejects.toMatchObject({ code: 'part-unsupported' });
  });
});

describe('stopping', () => {
  test('delivers and acknowledges what was read', async () => {
    const { bootstrap } = await startKafka();
    const producer = { linger: '1m' };
    const bridge = await prepare(bootstrap, {
      kafka: { bootstrapServers: [bootstrap], producer, topics: [{ name: 't' }] },
    });
    await bridge.start();
    for (const payload of ['1', '2', '3']) await publisher.publishAsync('v/1', payload, { qos: 0 });
    await until('all to be read', () => bridge.account.received === 3);
    expect(await bridge.stop()).toEqual({ unacknowledged: 0, unpublished: 0, late: false });
    expect(kafka!.records('t').map(({ value }) => value?.toString())).toEqual(['1', '2', '3']);
    expect(bridge.account.count('delivered')).toBe(3);
  });

  test('ends when its time is over, and reports what was left', async () => {
    const { bootstrap, faults } = await startKafka();
    const bridge = await prepare(bootstrap, { delivery: { shutdownTimeout: '200ms' } });
    await bridge.start();
    const released = Promise.withResolvers<void>();
    faults.add({ api: 'Produce', until: released.promise, times: Number.POSITIVE_INFINITY });
    await publisher.publishAsync('v/1', 'stuck', { qos: 1 });
    await until('it to be read', () => bridge.account.inFlight === 1);
    expect(await bridge.stop()).toEqual({ unacknowledged: 1, unpublished: 0, late: true });
    released.resolve();
  });

  test('closes everything although one part fails to end', async () => {
    // The connections of the others would have kept the process alive.
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap);
    await bridge.start();
    bridge.windows.stop = () => {
      throw new RangeError('more rows than slots');
    };
    expect(await bridge.stop()).toEqual({ unacknowledged: 0, unpublished: 0, late: true });
    await bridge.ended;
    await until('the connection to MQTT to end', () => !bridge.mqttConnected);
    expect(bridge.retried.get('unexpected')).toBe(1);
  });

  test('is the same whoever asks for it, and how often', async () => {
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap);
    await bridge.start();
    expect(await Promise.all([bridge.stop(), bridge.stop()])).toEqual([
      { unacknowledged: 0, unpublished: 0, late: false },
      { unacknowledged: 0, unpublished: 0, late: false },
    ]);
    await bridge.ended;
    expect(bridge.missing()).toContain('it is stopping');
  });
});

test('it is ready again soon after Kafka was away, although nothing was sent meanwhile', async () => {
  const { bootstrap, cluster } = await startKafka();
  const bridge = await prepare(bootstrap);
  await bridge.start();
  await cluster.node(1).stop();
  await until('the loss to be noticed', () => bridge.missing().length > 0);
  await cluster.node(1).start();
  await until('it to be ready', () => bridge.missing().length === 0);
});

test('a message that is being acknowledged when the MQTT broker goes is counted once and delivered', async () => {
  const { bootstrap, faults } = await startKafka();
  const bridge = await prepare(bootstrap);
  await bridge.start();
  const released = Promise.withResolvers<void>();
  const fault = faults.add({ api: 'Produce', until: released.promise });
  await publisher.publishAsync('v/1', 'once', { qos: 1 });
  await fault.met();
  await broker.stop();
  await until('the loss to be noticed', () => !bridge.mqttConnected);
  released.resolve();
  await until('it to be settled', () => bridge.account.inFlight === 0);
  expect([bridge.account.received, bridge.account.count('delivered')]).toEqual([1, 1]);
});

describe('events of the bridge’s own connections', () => {
  const rules = [
    {
      name: 'connections',
      sql: `SELECT event, reason, session_present FROM "$events/bridge/mqtt_connected", "$events/bridge/mqtt_disconnected",
        "$events/bridge/kafka_connected", "$events/bridge/kafka_disconnected"`,
      sinks: [{ kafka: { topic: 't' } }],
    },
    { name: 'r', sql: 'SELECT payload FROM "v/{id}"', sinks: [{ kafka: { topic: 't' } }] },
  ];
  const events = () =>
    kafka!
      .records('t')
      .map(({ value }) => JSON.parse(value!.toString()))
      .map(({ event, reason }) => (reason === undefined ? event : `${event} ${reason}`))
      .sort();

  test('tell when MQTT came, went and came back', async () => {
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap, { rules });
    await bridge.start();
    await until('the first events', () => events().length === 2);
    expect(events()).toEqual(['bridge.kafka_connected', 'bridge.mqtt_connected']);
    await broker.stop();
    broker = await startEmbeddedMqtt({ port: Number(new URL(broker.url).port) });
    await until('the other events', () => events().length === 4);
    expect(events()).toEqual([
      'bridge.kafka_connected',
      'bridge.mqtt_connected',
      'bridge.mqtt_connected',
      expect.stringMatching(/^bridge\.mqtt_disconnected mqtt-/),
    ]);
    expect(bridge.account.received).toBe(0);
  });

  test('tell of Kafka when it is back', async () => {
    const { bootstrap } = await startKafka();
    const bridge = await prepare(bootstrap, { rules });
    await bridge.start();
    await until('the first events', () => events().length === 2);
    kafka!.faults.add({ api: 'Produce', times: 1, drop: 'before' });
    await publisher.publishAsync('v/1', '{"event": "of the message"}', { qos: 1 });
    await until('all of them', () => events().length === 5);
    expect(events()).toEqual([
      'bridge.kafka_connected',
      'bridge.kafka_connected',
      'bridge.kafka_disconnected',
      'bridge.mqtt_connected',
      'of the message',
    ]);
  });
});

describe('a registry that is unavailable', () => {
  // One registry that was down kept a bridge from starting at all: its other rules too, and the other direction.
  test.each<[string, SchemaRegistry['failure'] | 'refused']>([
    ['refuses connections', 'refused'],
    ['does not answer', 'silence'],
    ['answers 500', { status: 500 }],
    ['has no such subject', { status: 404 }],
  ])('and %s holds the rules that need it, until it comes', async (_, failure) => {
    const { bootstrap } = await startKafka();
    const registry = await SchemaRegistry.start();
    const [port] = await freePorts(1);
    const url = failure === 'refused' ? `http://127.0.0.1:${port}` : registry.url;
    if (failure !== 'refused') registry.failure = failure;
    const sinks = [{ kafka: { topic: 't' } }];
    const bridge = await prepare(bootstrap, {
      schemas: [{ name: 'cars', registry: { url, subject: 'cars-value', requestTimeout: '200ms' } }],
      rules: [
        {
          name: 'needs',
          sql: `SELECT schema_encode('cars', {x: 5}) AS payload FROM "v/+"`,
          sinks: [{ kafka: { topic: 't', value: '${payload}' } }],
        },
        { name: 'other', sql: 'SELECT payload FROM "w/+"', sinks },
        {
          name: 'down',
          sql: 'SELECT value AS payload FROM "$kafka/t"',
          sinks: [{ mqtt: { topic: 'down', payload: '${payload}' } }],
        },
      ],
    });
    const down: string[] = [];
    await publisher.subscribeAsync('down');
    publisher.on('message', (_topic, payload) => down.push(payload.toString('latin1')));
    await bridge.start();
    await until('a failure', () => bridge.retried.size > 0);
    await publisher.publishAsync('v/1', '', { qos: 1 });
    await publisher.publishAsync('w/1', 'other', { qos: 1 });
    await until('the other rule and direction', () => down.includes('other'));
    expect(bridge.missing()).toEqual([expect.stringMatching(/^rules wait for schema cars: .*127\.0\.0\.1/)]);
    expect(kafka!.records('t').length).toBe(1);
    if (failure === 'refused') {
      await registry.stop();
      await registry.listen(port!);
    }
    registry.add('cars-value', {
      id: 9,
      schema: '{"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}]}',
    });
    registry.failure = undefined;
    await until('what waited', () => down.includes('\0\0\0\0\x09\x0a'));
    await until('nothing to be missing', () => bridge.missing().length === 0);
    await registry.stop();
  });
});
