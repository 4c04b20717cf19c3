/** What holds messages up is said: which topic or broker, since when, and how many acknowledgements wait behind it. */
import { createServer } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { createLog } from '../../../bridge/observe/log.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { freePort, freePorts } from '../../real/ports.ts';
import { until } from '../../real/until.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let publisher: MqttClient;
let bridge: Bridge | undefined;
const lines: { level: number; msg: string; code?: string; heldBack?: number }[] = [];

beforeEach(async () => {
  lines.length = 0;
  kafka = await startEmbeddedKafka({ port: await freePort(), autoCreateTopics: false });
  broker = await startEmbeddedMqtt();
  publisher = await mqtt.connectAsync(broker.url);
});

afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
  await publisher.endAsync(true);
  await Promise.all([broker.stop(), kafka.stop()]);
});

/** A bridge of `a/+` to topic a and `b/+` to topic b. */
async function prepare(delivery: object = {}, bootstrap = kafka.bootstrap): Promise<Bridge> {
  const rule = (name: string) => ({
    name,
    sql: `SELECT payload FROM "${name}/{id}"`,
    sinks: [{ kafka: { topic: name, key: '${id}' } }],
  });
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'bridge' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: {
        bootstrapServers: [bootstrap],
        topics: ['a', 'b', 'dead'].map(name => ({ name, partitions: 1 })),
        producer: { linger: '1ms' },
      },
      rules: [rule('a'), rule('b')],
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, shutdownTimeout: '0s', ...delivery },
    },
  });
  const log = createLog('info', () => ({ write: line => lines.push(JSON.parse(line)) }));
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log });
  return bridge;
}

async function start(delivery?: object): Promise<Bridge> {
  const started = await prepare(delivery);
  await started.start();
  return started;
}

const publish = async (...topics: string[]) => {
  for (const topic of topics) await publisher.publishAsync(topic, topic, { qos: 1 });
};
const values = (topic: string) => kafka.records(topic).map(({ value }) => value?.toString());
const always = Number.POSITIVE_INFINITY;

describe('one topic of several that cannot be written to', () => {
  // A topic with too few replicas held the acknowledgements of all others, and nothing said so: /readyz was 200.
  test.each([
    ['has too few replicas', 'NOT_ENOUGH_REPLICAS', { api: 'Produce', error: 'NOT_ENOUGH_REPLICAS' }],
    ['was deleted', 'UNKNOWN_TOPIC_OR_PARTITION', undefined],
    ['may not be written to', 'TOPIC_AUTHORIZATION_FAILED', { api: 'Produce', error: 'TOPIC_AUTHORIZATION_FAILED' }],
    ['may not be described', 'TOPIC_AUTHORIZATION_FAILED', { api: 'Metadata', error: 'TOPIC_AUTHORIZATION_FAILED' }],
  ] as const)('is named with what it holds back when it %s', async (_name, reason, fault) => {
    const running = await start();
    if (fault) kafka.faults.add({ ...fault, topic: 'a', times: always });
    else kafka.cluster.deleteTopic('a');
    if (fault?.api === 'Metadata') kafka.faults.add({ api: 'Produce', topic: 'a', notLeader: true, times: always });
    await publish('a/1', 'b/1', 'b/2', 'b/3');
    await until('it to be noticed', () => running.waits[0]?.reason === reason && running.window?.heldBack === 3);
    expect(running.missing().join('\n')).toMatch(new RegExp(`1 record waits for topic a since \\d+ s: ${reason}`));
    expect(running.missing().join('\n')).toContain('3 acknowledgements are held back');
    expect(running.waits).toMatchObject([{ topic: 'a', records: 1, reason }]);
    expect(running.account.inFlight).toBe(1);
    await until('a line of the log', () => lines.some(({ code }) => code === 'kafka-topic-waits'));
    expect(lines.find(({ code }) => code === 'kafka-topic-waits')).toMatchObject({ level: 40, heldBack: 3 });

    kafka.faults.clear();
    if (!fault) kafka.cluster.createTopic('a', 1);
    await until('all to be delivered', () => running.account.inFlight === 0);
    expect([running.window?.heldBack, running.waits, running.missing()]).toEqual([0, [], []]);
    expect([values('a'), values('b')]).toEqual([['a/1'], ['b/1', 'b/2', 'b/3']]);
    await until('the line that it is over', () => lines.some(({ msg }) => msg.includes('waits for topic a any more')));
  });
});

describe('with delivery.retry.maxAge', () => {
  test('what waited too long is a dead letter as soon as dead letters are taken, and what follows is delivered', async () => {
    const running = await start({ retry: { maxAge: '1s' } });
    await publish('a/before');
    await until('it to be delivered', () => running.account.count('delivered') === 1);
    const stuck = kafka.faults.add({ api: 'Produce', topic: 'a', error: 'NOT_ENOUGH_REPLICAS', times: always });
    const deadStuck = kafka.faults.add({ api: 'Produce', topic: 'dead', error: 'NOT_ENOUGH_REPLICAS', times: always });
    await publish('a/1', 'b/1', 'a/2');
    // One dead letter is tried, and waits; the others are not given up before it is taken.
    await until('a dead letter to wait', () => running.waits.some(({ topic }) => topic === 'dead'));
    expect([running.account.count('dead_lettered'), running.window?.heldBack]).toEqual([0, 1]);
    deadStuck.remove();
    await until('both to be dead letters', () => running.account.inFlight === 0);
    expect([running.account.count('dead_lettered'), running.account.count('delivered')]).toEqual([2, 2]);
    expect(values('dead').toSorted()).toEqual(['a/1', 'a/2']);
    const headers = kafka.records('dead').map(record => Object.fromEntries(record.headers.map(h => h.map(String))));
    expect(headers[0]).toMatchObject({ 'mkb.error.code': 'kafka-retries-exhausted', 'mqtt.topic': 'a/1' });
    stuck.remove();
    // The sequence numbers of what was given up are not used again: the broker takes none of these for a repetition.
    await publish('a/3', 'a/4');
    await until('the others to be delivered', () => running.account.count('delivered') === 4);
    expect(values('a')).toEqual(['a/before', 'a/3', 'a/4']);
    expect(running.account.received).toBe(6);
  });

  test('nothing is given up while no broker can be reached, and all is delivered afterwards', async () => {
    const running = await start({ retry: { maxAge: '1s' } });
    await kafka.cluster.node(1).stop();
    await publish('a/1', 'b/1');
    await until('the oldest to be too old', () => running.waits.length === 2 && running.waits[0]!.seconds > 7);
    await kafka.cluster.node(1).start();
    await until('the line that it is back', () => lines.some(({ msg }) => msg === 'Kafka is connected again.'));
    await until('both to have an outcome', () => running.account.inFlight === 0);
    expect(running.account.count('delivered')).toBe(2);
  });
});

describe('a leader that cannot be reached', () => {
  // With advertised.listeners of a container, /readyz was 200 and mkb_kafka_connected 1, and nothing was ever delivered.
  test('is named with its address and advertised.listeners, before anything waits and after', async () => {
    const [closed] = await freePorts(1);
    const node = kafka.cluster.node(1);
    const { port } = node;
    // Made before: to make a topic, the controller has to be reached.
    for (const name of ['a', 'b', 'dead']) kafka.cluster.createTopic(name, 1);
    Object.defineProperty(node, 'port', { value: closed, configurable: true });
    const running = await start();
    const named = new RegExp(`led at 127.0.0.1:${closed}, .*nothing listens.*advertised.listeners`);
    expect(running.missing()).toEqual([expect.stringMatching(named)]);
    expect(running.kafkaConnected).toBe(false);
    await publish('a/1');
    await until('its record to wait', () => running.waits.length === 1);
    expect(running.missing().join('\n')).toMatch(named);

    Object.defineProperty(node, 'port', { value: port, configurable: true });
    await until('it to be ready', () => running.missing().length === 0 && running.kafkaConnected);
    expect(values('a')).toEqual(['a/1']);
  });
});

// A Kafka that was dead for an hour was asked a thousand times a minute, and each time was a line of the log.
test.each([
  'refuses connections',
  'takes connections and closes them',
])('a Kafka that %s is tried ever more seldom, in a few lines', async kind => {
  const [port] = await freePorts(1);
  let connections = 0;
  const server = createServer(socket => {
    connections++;
    socket.destroy();
  });
  if (kind !== 'refuses connections') await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const waiting = await prepare({}, `127.0.0.1:${port}`);
  const started = waiting.start();
  // Attempts come after 0.1, 0.2, 0.4 ... and then 5 s at the most: seven on average. A second look at what it may be makes four of each.
  const before = performance.now();
  const failures = () => [...waiting.retried.values()].reduce((sum, count) => sum + count, 0);
  await until('the time to be over, and some attempts', () => performance.now() - before > 4000 && failures() > 2);
  expect(connections).toBeLessThan(40);
  expect(failures()).toBeLessThan(30);
  expect(lines.filter(({ level }) => level >= 40).length).toBeLessThan(6);
  expect(waiting.missing().join('\n')).toContain('it is starting: ');
  await waiting.stop();
  await started;
  server.close();
});
