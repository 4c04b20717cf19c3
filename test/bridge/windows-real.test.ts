import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { readTopic } from './kafka/support/producing.ts';

const cars = 5;
const messages = 2000;

/** What a row of a window says. */
interface Row {
  readonly car: string;
  readonly n: number;
  readonly sum: number;
  readonly since: number;
  readonly until: number;
}

describeReal(
  'kafka',
  'kcat',
  'mosquitto',
)('windows, with a real Kafka and a real broker', () => {
  let kafka: RunningKafka;
  let mosquitto: RunningMosquitto;
  let bridge: MkbProcess;
  let publisher: MqttClient;

  beforeAll(async () => {
    [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto({ persistence: true })]);
  });
  afterAll(() => Promise.all([kafka?.stop(), mosquitto?.stop()]));

  beforeEach(async () => {
    publisher = await mqtt.connectAsync(mosquitto.url);
  });
  afterEach(async () => {
    await publisher.endAsync();
    await bridge?.remove();
  });

  const start = async (topic: string, window: string): Promise<void> => {
    const document = {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: topic },
      spec: {
        mqtt: { url: mosquitto.url },
        kafka: { bootstrapServers: [kafka.bootstrap], topics: [{ name: topic, partitions: 3 }] },
        rules: [
          {
            name: 'sums',
            sql: `SELECT car, COUNT(*) AS n, SUM(payload.v) AS sum, window_start AS since, window_end AS until FROM "${topic}/{car}" WHERE payload.v >= 0 GROUP BY car, ${window}`,
            sinks: [{ kafka: { topic, key: '${car}' } }],
          },
        ],
      },
    };
    const [port] = await freePorts(1);
    bridge = new MkbProcess(document, port!);
    await bridge.start();
  };

  /** Publishes `messages` messages by turns for each car, with the values 0, 1, 2, ... and one between them that WHERE refuses. */
  const publish = (topic: string): Promise<unknown> =>
    Promise.all(
      Array.from({ length: messages }, (_, v) => {
        const name = `${topic}/car-${v % cars}`;
        return Promise.all([
          publisher.publishAsync(name, JSON.stringify({ v }), { qos: 1 }),
          publisher.publishAsync(name, '{"v": -1}', { qos: 1 }),
        ]);
      }),
    );

  const allCounted = () =>
    until(
      'all messages to be counted',
      async () => (await bridge.metrics()).sum('mkb_messages_received_total', 'mqtt') === 2 * messages,
    );

  const rows = async (topic: string): Promise<Row[]> =>
    (await readTopic(kafka.bootstrap, topic)).map(({ value }) => JSON.parse(value!));

  const totals = (found: readonly Row[]) => ({
    n: found.reduce((total, { n }) => total + n, 0),
    sum: found.reduce((total, { sum }) => total + sum, 0),
    cars: new Set(found.map(({ car }) => car)).size,
  });

  const whole = { n: messages, sum: (messages * (messages - 1)) / 2, cars };

  test('rows come when windows end, and add up to the messages that passed', async () => {
    await start('ticking', 'TUMBLING(500ms)');
    await publish('ticking');
    await allCounted();
    await until('the windows to end', async () => (await bridge.metrics()).sum('mkb_rule_state_entries') === 0);
    await until('the rows to be there', async () => totals(await rows('ticking')).n === messages);
    const found = await rows('ticking');
    expect(totals(found)).toEqual(whole);
    expect(found.every(row => row.since % 500 === 0 && row.until - row.since === 500)).toBe(true);
    const metrics = await bridge.metrics();
    expect(metrics.sum('mkb_window_rows_total')).toBe(found.length);
    expect(metrics.sum('mkb_rule_passed_total')).toBe(messages);
    expect(metrics.sum('mkb_messages_dropped_total', 'mqtt')).toBe(2 * messages);
  });

  test('a stop closes windows early, and what came meanwhile is counted after the restart', async () => {
    await start('stopped', 'TUMBLING(7d)');
    await publish('stopped');
    await allCounted();
    expect(await rows('stopped')).toEqual([]);
    expect(await bridge.stop()).toBe(0);
    const before = await rows('stopped');
    expect([totals(before), before.length]).toEqual([whole, cars]);
    expect(before.every(row => row.until - row.since < 7 * 86_400_000)).toBe(true);

    await publish('stopped');
    await bridge.start();
    await allCounted();
    expect(await bridge.stop()).toBe(0);
    const after = await rows('stopped');
    expect([totals(after), after.length]).toEqual([{ n: 2 * whole.n, sum: 2 * whole.sum, cars }, 2 * cars]);
    expect(new Set(after.map(({ since }) => since)).size).toBe(1);
  });

  test('a crash forgets the windows that are open, and nothing else', async () => {
    await start('crashed', 'TUMBLING(7d)');
    // Of QoS 0, so that the broker cannot deliver them again.
    const count = async () => {
      await publisher.publishAsync('crashed/a', '{"v": 1}');
      await until('it to be counted', async () => (await bridge.metrics()).sum('mkb_rule_passed_total') === 1);
    };
    await count();
    await bridge.kill();
    await bridge.start();
    await count();
    expect(await bridge.stop()).toBe(0);
    expect(totals(await rows('crashed'))).toEqual({ n: 1, sum: 1, cars: 1 });
  });
});
