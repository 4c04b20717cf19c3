/**
 * When the clock was set back an hour, windows gave no rows for that hour, and none after it was right again. The clock of a bridge jumps here
 * while messages flow: no message is lost, and rows of windows go on within seconds, with the new time.
 */
import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { settableClock } from '../real/faketime.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

const hour = 3600;

describeReal('faketime')('a clock that jumps', () => {
  let kafka: EmbeddedKafka;
  let server: EmbeddedMqtt;
  let bridge: MkbProcess;
  const folder = temporaryFolder('clock');
  afterEach(async () => {
    await bridge?.remove();
    await server?.stop();
    await kafka?.stop();
    removeFolder(folder);
  });

  const document = () => ({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'clock' },
    spec: {
      mqtt: { url: server.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules: [
        { name: 'carry', sql: 'SELECT payload FROM "v/#"', sinks: [{ kafka: { topic: 'carried' } }] },
        {
          name: 'once',
          sql: 'SELECT payload FROM "v/#" WHERE DEDUP(payload, 1h)',
          sinks: [{ kafka: { topic: 'once' } }],
        },
        {
          name: 'count',
          sql: 'SELECT window_start AS start, COUNT(*) AS n FROM "v/#" GROUP BY TUMBLING(1s)',
          sinks: [{ kafka: { topic: 'counted' } }],
        },
      ],
    },
  });

  const rows = () =>
    kafka.records('counted').map(({ value }) => JSON.parse(value!.toString()) as { start: number; n: number });

  test('back an hour, right again, and on an hour: every message arrives, and windows go on', async () => {
    const topics = ['carried', 'once', 'counted'].map(name => ({ name, partitions: 1 }));
    kafka = await startEmbeddedKafka({ topics });
    server = await startEmbeddedMqtt();
    const clock = settableClock(folder);
    bridge = new MkbProcess(document(), await freePort(), 0, clock.env);
    await bridge.start();
    const publisher = await mqtt.connectAsync(server.url);
    const acknowledged: Promise<unknown>[] = [];
    const timer = setInterval(
      () => acknowledged.push(publisher.publishAsync('v/1', `${acknowledged.length}`, { qos: 1 })),
      20,
    );
    try {
      for (const seconds of [0, -hour, 0, hour, 0]) {
        clock.set(seconds);
        const off = ({ start }: { start: number }) => Math.abs(start - Date.now() - seconds * 1000);
        const before = rows().length;
        await until(
          `rows of windows with the clock ${seconds} s off`,
          () =>
            rows()
              .slice(before)
              .filter(row => off(row) < 60_000).length >= 2,
        );
      }
    } finally {
      clearInterval(timer);
    }
    await Promise.all(acknowledged);
    expect(await bridge.stop()).toBe(0);
    await publisher.endAsync();
    const numbers = acknowledged.map((_, index) => `${index}`);
    expect(kafka.records('carried').map(({ value }) => value!.toString())).toEqual(numbers);
    expect(kafka.records('once').map(({ value }) => value!.toString())).toEqual(numbers);
    expect(rows().reduce((sum, { n }) => sum + n, 0)).toBe(numbers.length);
  });
});
