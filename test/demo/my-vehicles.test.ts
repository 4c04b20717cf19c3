import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareBridge } from '../../bridge/main.ts';
import { createLog } from '../../bridge/observe/log.ts';
import { loadDemoDocument, withPorts } from '../../demo/document.ts';
import { startFleet } from '../../demo/vehicles/fleet.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

describeReal('kafka', 'mosquitto')('the document of the demo, with a real Mosquitto and a real Kafka', () => {
  let kafka: RunningKafka;
  let mosquitto: RunningMosquitto;
  beforeAll(async () => {
    [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  });
  afterAll(() => Promise.all([kafka?.stop(), mosquitto?.stop()]));

  test('brings what ten vehicles publish into ten partitions', async () => {
    const ports = { mqtt: mosquitto.port, kafka: Number(kafka.bootstrap.split(':')[1]) };
    const document = withPorts(await loadDemoDocument(), ports);
    const bridge = await prepareBridge(document, { secrets: { secretsDir: 'secrets' }, log: createLog('silent') });
    await bridge.start();
    await startFleet({ url: mosquitto.url, intervalMs: 50, limit: 200 }).finished;
    await until('200 delivered', () => bridge.account.count('delivered') === 200);
    await bridge.stop();
    const admin = kafka.client().admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets('my-vehicles');
    await admin.disconnect();
    expect(offsets).toHaveLength(10);
    expect(offsets.reduce((sum, { offset }) => sum + Number(offset), 0)).toBe(200);
  });
});
