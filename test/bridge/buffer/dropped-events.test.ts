// A buffer dropped messages by the thousand, and a rule that reads "$events/message/dropped" saw nothing.
import mqtt from 'mqtt';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { prepareBridge } from '../../../bridge/main.ts';
import { startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';

test.each(['dropNewest', 'dropOldest'])('what a buffer drops is an event, a group at a time: %s', async whenFull => {
  const topics = ['out', 'losses'].map(name => ({ name, partitions: 1 }));
  const kafka = await startEmbeddedKafka({ autoCreateTopics: false, topics });
  const broker = await startEmbeddedMqtt();
  const client = await mqtt.connectAsync(broker.url);
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { buffer: { mode: 'memory', maxBytes: '1MiB', whenFull } },
      rules: [
        { name: 'r', sql: 'SELECT payload FROM "in/#"', sinks: [{ kafka: { topic: 'out' } }] },
        {
          name: 'losses',
          sql: 'SELECT reason, error, error_message FROM "$events/message/dropped"',
          sinks: [{ kafka: { topic: 'losses' } }],
        },
      ],
    },
  });
  const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
  const released = Promise.withResolvers<void>();
  try {
    kafka.faults.add({ api: 'Produce', until: released.promise });
    const payload = 'x'.repeat(20_000);
    for (let count = 0; count < 400; count++) await client.publishAsync('in/a', payload);
    const dropped = () => bridge.account.count('buffer_full');
    await until('every message is here', () => bridge.account.received + (bridge.buffer?.waiting ?? 0) >= 400);
    expect(dropped()).toBeGreaterThan(0);
    released.resolve();
    await until('all are delivered or dropped', () => bridge.account.count('delivered') + dropped() === 400);
    const losses = () => kafka.records('losses').map(({ value }) => JSON.parse(value!.toString()));
    const told = () => losses().reduce((sum, loss) => sum + Number(/\d+/.exec(loss.error_message)), 0);
    await until('the events', () => told() === dropped());
    expect(losses()[0]).toMatchObject({ reason: 'buffer_full', error: 'buffer-full' });
  } finally {
    released.resolve();
    await bridge.stop();
    await client.endAsync(true);
    await broker.stop();
    await kafka.stop();
  }
});
