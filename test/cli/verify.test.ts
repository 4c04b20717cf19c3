import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../../cli/verify-faults.ts';
import { startKafka } from '../real/kafka.ts';
import { startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

const documentFor = (mqtt: string, kafka: string): string =>
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: { url: mqtt },
      kafka: { bootstrapServers: [kafka] },
      rules: [{ name: 'all', sql: 'SELECT payload FROM "cars/{vin}"', sinks: [{ kafka: { topic: 'cars' } }] }],
    },
  });

const short = ['--faults', 'bridge', '--duration', '2s', '--away', '1s'];

// A queue that is too small shows only when a bridge is away for long, in production.
describeReal('kafka', 'mosquitto')('mkb verify, with a real Kafka', () => {
  it('says that nothing is lost, or what is lost and which setting is at fault, and leaves nothing behind', async () => {
    const [kafka, keeps, drops] = await Promise.all([
      startKafka(),
      startMosquitto({ persistence: true }),
      startMosquitto({ persistence: true, maxInflight: 10, config: { max_queued_messages: '50' } }),
    ]);
    try {
      await kafka.createTopic('cars', { partitions: 2, config: { 'unclean.leader.election.enable': 'true' } });
      const admin = kafka.client().admin();
      await admin.connect();
      const topics = async () => (await admin.listTopics()).filter(name => !name.startsWith('__'));

      const good = await mkb(['verify', '-', ...short, '--json'], { stdin: documentFor(keeps.url, kafka.bootstrap) });
      const report = JSON.parse(good.stdout);
      expect([good.code, report.lost, report.reordered, report.problems]).toEqual([0, 0, 0, []]);
      expect(report.acknowledged).toBeGreaterThan(10);
      expect(report.kafkaTopicLike).toBe('cars');
      expect(report.risks.map(({ message }: { message: string }) => message.split(' can ')[0])).toEqual([
        'one replica',
        'unclean.leader.election.enable=true',
      ]);
      expect(await topics()).toEqual(['cars']);

      const options = [...short, '--patience', '20s', '--rate', '600'];
      const bad = await mkb(['verify', '-', ...options], { stdin: documentFor(drops.url, kafka.bootstrap) });
      expect(bad.code).toBe(1);
      expect(bad.stdout).toMatch(/^LOST [1-9]\d* of \d+ acknowledged messages\.$/m);
      expect(bad.stdout).toMatch(/^failed {3}\d+ messages are lost of .*max_queued_messages.*\[verify-queue-limit\]$/m);

      const child = startMkb(['verify', '-', '--faults', 'bridge', '--duration', '1h']);
      child.stdin!.end(documentFor(keeps.url, kafka.bootstrap));
      const ended = new Promise(resolve => child.once('close', resolve));
      let said = '';
      child.stderr!.on('data', data => (said += data));
      child.stdout!.resume();
      await until('it to publish', () => said.includes('Publishing to mkb-verify-'));
      expect(await topics()).toHaveLength(2);
      child.kill('SIGINT');
      expect([await ended, said.split('\n').at(-2)]).toEqual([130, 'Stopped. Nothing was found out.']);
      await until('the topic to be gone', async () => (await topics()).length === 1);
      await admin.disconnect();
    } finally {
      await Promise.all([kafka.stop(), keeps.stop(), drops.stop()]);
    }
  });
});

it.each<[string, string[], number, string]>([
  ['compose without names', ['--faults', 'compose'], 2, '--faults is "compose", which is not complete'],
  ['names without a place', ['--mqtt', 'mosquitto'], 2, '--mqtt or --kafka is "mosquitto"'],
  ['too many messages', ['--rate', '20000', '--duration', '10h'], 2, 'at most 2000000 messages'],
  ['a prefix that is no topic', ['--prefix', 'a/+'], 2, 'Write up to 60 letters'],
  ['a payload without room for a number', ['--payload-bytes', '10'], 2, 'a whole number from 80'],
])('%s is refused before anything is made', async (_name, args, code, message) => {
  const refused = await mkb(['verify', '-', ...args], { stdin: documentFor('mqtt://127.0.0.1:1', '127.0.0.1:1') });
  expect(refused.stderr).toContain(message);
  expect([refused.code, refused.stdout]).toEqual([code, '']);
});

it('servers that are down are reported with their remedy', async () => {
  const refused = await mkb(['verify', '-', ...short], { stdin: documentFor('mqtt://127.0.0.1:1', '127.0.0.1:1') });
  expect([refused.code, refused.stdout]).toEqual([69, '']);
  expect(refused.stderr).toContain('[kafka-unreachable]\n  remedy: ');
});

describe('faults', () => {
  let folder: string;
  const before = process.env.PATH;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mkb-verify-'));
    const log = path.join(folder, 'log');
    for (const program of ['docker', 'kubectl']) {
      const file = path.join(folder, program);
      writeFileSync(
        file,
        `#!/bin/sh\necho "${program} $*" >> ${log}\ncase "$*" in *nope*) echo "no such thing: nope" >&2; exit 1;; esac\n`,
      );
      chmodSync(file, 0o755);
    }
    process.env.PATH = `${folder}:${before}`;
  });
  afterAll(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true });
  });

  const called = async (options: Partial<Parameters<typeof faultsOf>[0]>): Promise<string[]> => {
    writeFileSync(path.join(folder, 'log'), '');
    const faults = faultsOf({ faults: 'compose', mqttTargets: ['mosquitto'], kafkaTargets: ['k1'], ...options });
    expect(faults.map(({ side }) => side)).toEqual(['bridge', 'mqtt', 'kafka']);
    for (const { act } of faults) await act(new AbortController().signal);
    return readFileSync(path.join(folder, 'log'), 'utf8').split('\n').filter(Boolean);
  };

  it('in Compose are restarts of the services, or kills', async () => {
    expect(await called({})).toEqual(['docker compose restart mosquitto', 'docker compose restart k1']);
    expect(await called({ kill: true, composeFile: 'c.yaml' })).toEqual([
      'docker compose --file c.yaml kill mosquitto',
      'docker compose --file c.yaml start mosquitto',
      'docker compose --file c.yaml kill k1',
      'docker compose --file c.yaml start k1',
    ]);
  });

  it('in Kubernetes are Pods that are deleted', async () => {
    const options = { faults: 'kubernetes', namespace: 'brokers', context: 'prod' } as const;
    const place = 'kubectl --context prod --namespace brokers delete pod';
    expect(await called(options)).toEqual([`${place} mosquitto --wait=true`, `${place} k1 --wait=true`]);
    expect((await called({ ...options, kill: true }))[0]).toBe(
      `${place} mosquitto --wait=true --grace-period=0 --force`,
    );
  });

  it('that cannot be done say what failed', async () => {
    const [, fault] = faultsOf({ faults: 'compose', mqttTargets: ['nope'], kafkaTargets: [] });
    await expect(fault!.act(new AbortController().signal)).rejects.toMatchObject({
      message: '`docker compose restart nope` failed: no such thing: nope.',
    });
  });

  it('of a person wait for the answer', async () => {
    const questions: string[] = [];
    const faults = faultsOf({ faults: 'ask', mqttTargets: [], kafkaTargets: [] }, async question => {
      questions.push(question);
    });
    for (const { act } of faults) await act(new AbortController().signal);
    expect(questions).toEqual([
      'Restart your MQTT server now, or pull its plug. When it runs again, press Enter: ',
      'Restart a broker of your Kafka now, or pull its plug. When it runs again, press Enter: ',
    ]);
  });
});
