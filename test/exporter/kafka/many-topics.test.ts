/**
 * 10,000 topics cost the exporter 543 MB and Prometheus 180,000 series: every figure was shown of every partition, and was kept a second
 * time for the scrape.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { freePort } from '../../real/ports.ts';
import { ServerProcess } from '../../real/server-process.ts';
import { until } from '../../real/until.ts';
import { Scrape } from '../support/scrape.ts';

const count = 10_000;
const topics = Array.from({ length: count }, (_, index) => ({ name: `vehicle-${index}`, partitions: 3 }));

test('10,000 topics of three partitions are five series each, in the memory that its container has', async () => {
  const kafka = await startEmbeddedKafka({ topics });
  onTestFinished(() => kafka.stop());
  const folder = temporaryFolder('many-topics');
  const document = join(folder, 'exporter.json');
  writeFileSync(
    document,
    JSON.stringify({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaExporter',
      spec: { interval: '12s', timeout: '12s', kafka: [{ name: 'k', bootstrapServers: kafka.bootstrap.split(',') }] },
    }),
  );
  const port = await freePort();
  // Where memory is plentiful Node would keep what each round leaves behind.
  const args = ['cli/mkb.ts', 'exporter', document, '--http', `127.0.0.1:${port}`];
  const logFile = join(folder, 'log');
  const exporter = new ServerProcess({ name: 'the exporter', command: process.execPath, args, logFile });
  await exporter.launch();
  onTestFinished(async () => {
    await exporter.kill();
    removeFolder(folder);
  });
  const scrape = async () => new Scrape(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  const rounds = (page: Scrape) => page.value('exporter_collections_total', { outcome: 'ok' }) ?? 0;
  // Several rounds and a scrape after each, as Prometheus does: what they leave behind must not add up.
  for (let round = 1; round <= 3; round++) {
    await until(`round ${round}`, async () => rounds(await scrape().catch(() => new Scrape(''))) >= round, {
      everyMs: 2000,
    });
  }
  const page = await scrape();
  const ofKafka = ['partitions', 'leaderless_partitions', 'under_replicated_partitions', 'start_offset', 'end_offset'];
  for (const name of ofKafka) expect(page.series(`kafka_topic_${name}`), name).toHaveLength(count);
  expect(page.series('kafka_topic_partition_leader')).toEqual([]);
  // About 160 MiB with the sources, whose types Node strips itself; 450 and more if it kept what it need not.
  expect(page.value('process_resident_memory_bytes')).toBeLessThan(256 * 2 ** 20);
});
