/**
 * How much memory the exporter takes that watches a cluster with many topics: its resident memory after
 * each scrape, and how much of that no file is behind: the rest is the program itself, which the system may drop.
 *
 *     npm run build && node bench/exporter-memory.ts [topics] [flags of Node...]
 *
 * It measures what is in the image, so it runs what was built: Node that strips types from the sources itself takes 30 MB more.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbeddedKafka } from '../demo/embedded/kafka.ts';

const [count = '10000', ...flags] = process.argv.slice(2);
const rounds = 6;
const partitions = 3;

const kafka = await startEmbeddedKafka({
  topics: Array.from({ length: Number(count) }, (_, index) => ({ name: `vehicle-${index}`, partitions })),
});
const folder = mkdtempSync(join(tmpdir(), 'exporter-memory-'));
const file = join(folder, 'exporter.json');
writeFileSync(
  file,
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaExporter',
    spec: { interval: '6s', timeout: '6s', kafka: [{ name: 'k', bootstrapServers: kafka.bootstrap.split(',') }] },
  }),
);
const mkb = join(import.meta.dirname, '..', 'dist', 'cli', 'mkb.js');
const exporter = spawn(process.execPath, [...flags, mkb, 'exporter', file, '--http', '127.0.0.1:0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const line = String(await new Promise(resolve => exporter.stdout.once('data', resolve)));
  const address = /http:\S+/.exec(line)![0];
  const mib = (name: string) => {
    const status = readFileSync(`/proc/${exporter.pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1024);
  };
  const seen: string[] = [];
  let bytes = 0;
  let ok = 0;
  while (ok < rounds) {
    await pause(2500);
    const text = await (await fetch(address, { headers: { connection: 'close' } })).text();
    bytes = text.length;
    ok = Number(/^exporter_collections_total\{[^}]*outcome="ok"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
    seen.push(`${mib('VmRSS')}/${mib('RssAnon')}`);
  }
  console.log(`${count} topics, ${partitions} partitions each; ${flags.join(' ') || 'no flags'}`);
  console.log(
    `a scrape: ${Math.round(bytes / 1024)} KiB; resident, and of that anonymous, after each: ${seen.join(' ')} MiB; most: ${mib('VmHWM')} MiB`,
  );
} finally {
  exporter.kill();
  await kafka.stop();
  rmSync(folder, { recursive: true });
}
