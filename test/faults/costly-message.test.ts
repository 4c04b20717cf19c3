/** One message whose rows each kept its whole payload made 1.6 GB, stopped /healthz for minutes, lost the keep-alive and was delivered again, for ever. */
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

let kafka: EmbeddedKafka;
let server: EmbeddedMqtt;
let bridge: MkbProcess;
afterEach(async () => {
  await bridge?.remove();
  await server?.stop();
  await kafka?.stop();
});

/** How long the main thread of a process has run on a processor, milliseconds: unlike a clock it does not run while others do. */
const ranMs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

const list = (elements: number): string =>
  JSON.stringify({ list: Array.from({ length: elements }, (_, index) => `an element of some length ${index}`) });

test.runIf(process.platform === 'linux').each([
  [
    'its rows hold too much',
    { bytesPerMessage: '64MiB' },
    'FOREACH payload.list AS i FROM "v/#"',
    'rule-bytes-exceeded',
  ],
  [
    'it makes too many rows',
    { rowsPerMessage: 5000 },
    'FOREACH payload.list AS i DO i FROM "v/#"',
    'rule-rows-exceeded',
  ],
])(
  'while a message is worked on of which %s, /healthz answers, and the message behind it arrives',
  async (_what, limits, sql, code) => {
    kafka = await startEmbeddedKafka({ topics: ['t', 'dead'].map(name => ({ name, partitions: 1 })) });
    server = await startEmbeddedMqtt();
    const document = {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'costly' },
      spec: {
        mqtt: { url: server.url, version: '3.1.1', maximumPacketSize: '1MiB' },
        kafka: { bootstrapServers: [kafka.bootstrap] },
        delivery: { limits, onFailure: { deadLetter: { topic: 'dead' } } },
        rules: [{ name: 'all', sql, sinks: [{ kafka: { topic: 't' } }] }],
      },
    };
    bridge = new MkbProcess(document, await freePort());
    await bridge.start();
    const publisher = await mqtt.connectAsync(server.url);
    try {
      const before = ranMs(bridge.pid);
      publisher.publish('v/1', list(6000), { qos: 1 });
      publisher.publish('v/1', list(1), { qos: 1 });
      let longest = 0;
      await until(
        'both to have an outcome',
        async () => {
          const asked = ranMs(bridge.pid);
          expect((await fetch(`${bridge.httpUrl}/healthz`)).status).toBe(200);
          longest = Math.max(longest, ranMs(bridge.pid) - asked);
          return (await bridge.metrics()).sum('mkb_messages_delivered_total') === 1;
        },
        { everyMs: 10 },
      );
      // It was work, of which an answer waits for a small part.
      expect(ranMs(bridge.pid) - before).toBeGreaterThan(longest);
      expect(longest).toBeLessThan(100);
      const [letter, ...others] = kafka.records('dead');
      expect(others).toEqual([]);
      expect(letter!.headers.find(([name]) => name === 'mkb.error.code')?.[1]?.toString()).toBe(code);
      expect(bridge.residentBytes()).toBeLessThan(600e6);
    } finally {
      await publisher.endAsync(true);
    }
  },
);
