import { expect, it } from 'vitest';
import { startKafka } from '../real/kafka.ts';
import { startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { mkb } from './mkb-process.ts';

const documentFor = (spec: object, topic = 'cars', sql = 'SELECT payload FROM "cars/{vin}"'): string =>
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: { rules: [{ name: 'all', sql, sinks: [{ kafka: { topic } }] }], ...spec },
  });

// Whether a bridge could run showed only when it ran, one fault after the other.
describeReal('kafka', 'mosquitto')('mkb doctor', () => {
  it('finds what is missing at a real Kafka and Mosquitto, and changes nothing', async () => {
    const [kafka, mosquitto] = await Promise.all([
      startKafka({ config: { 'offsets.topic.num.partitions': '1' } }),
      startMosquitto(),
    ]);
    try {
      await kafka.createTopic('cars', { partitions: 2 });
      const admin = kafka.client().admin();
      await admin.connect();
      // A cluster that had no group yet has no coordinator for a moment.
      const answers = () => admin.fetchOffsets({ groupId: 'g', topics: ['cars'] });
      await until('the coordinator', () =>
        answers().then(
          () => true,
          () => false,
        ),
      );
      const mqtt = { url: mosquitto.url, share: 'cars' };
      const spec = { mqtt, kafka: { bootstrapServers: [kafka.bootstrap] } };
      const well = await mkb(['doctor', '-'], { stdin: documentFor(spec) });
      expect([well.stderr, well.code]).toEqual(['', 0]);
      expect(well.stdout).toContain(`ok       MQTT ${mosquitto.url}: lets us in, speaks MQTT 5\n`);
      expect(well.stdout).toContain('ok       MQTT subscription $share/.../cars/+: granted with QoS 1');
      expect(well.stdout).toContain('ok       Kafka topic cars: may be used, 2 partitions\n');
      const dry = await mkb(['run', '--dry-run', '-'], { stdin: documentFor(spec, 'nope') });
      expect(dry.code).toBe(1);
      expect(dry.stdout).toContain(
        'failed   Kafka topic nope: The Kafka topic nope does not exist. [kafka-unknown-topic]\n         Create it',
      );
      const reads = documentFor(
        { ...spec, kafka: { ...spec.kafka, consumer: { groupId: 'g' } } },
        'cars',
        'SELECT value FROM "$kafka/other"',
      );
      const json = await mkb(['doctor', '--json', '-'], { stdin: reads });
      const checks = JSON.parse(json.stdout) as { name: string; state: string; code?: string }[];
      expect(checks.filter(({ state }) => state !== 'ok').map(({ name, code }) => [name, code])).toEqual([
        ['Kafka topic other', 'kafka-unknown-topic'],
      ]);
      expect(checks.find(({ name }) => name === 'Kafka group g')?.state).toBe('ok');
      const [topics, { groups }] = await Promise.all([admin.listTopics(), admin.listGroups()]);
      await admin.disconnect();
      expect([topics.filter(name => !name.startsWith('__')), groups]).toEqual([['cars'], []]);
    } finally {
      await Promise.all([kafka.stop(), mosquitto.stop()]);
    }
  });
});

it('a document that is wrong is refused before anything is asked', async () => {
  const { code, stdout } = await mkb(['doctor', '-'], { stdin: documentFor({ mqtt: { url: 'x' } }) });
  expect([code, stdout]).toEqual([78, '']);
});
