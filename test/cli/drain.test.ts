import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

// Several processes a test, each of which waits for silence.

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-drain-'));
  broker = await startEmbeddedMqtt();
  kafka = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 1 }], autoCreateTopics: false });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all([broker.stop(), kafka.stop(), rm(folder, { recursive: true })]);
});

interface Changes {
  mqtt?: Record<string, unknown>;
  kafka?: Record<string, unknown>;
  topic?: string;
}

const documentOf = ({ mqtt: mqttChanges, kafka: kafkaChanges, topic = 'cars' }: Changes = {}): string =>
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1', ...mqttChanges },
      kafka: { bootstrapServers: [kafka.bootstrap], ...kafkaChanges },
      rules: [{ name: 'all', sql: 'SELECT payload FROM "cars/{vin}"', sinks: [{ kafka: { topic } }] }],
    },
  });

const write = async (content: string): Promise<string> => {
  const file = path.join(folder, 'bridge.yaml');
  await writeFile(file, content);
  return file;
};

/** Makes the session of a bridge, as its last run left it, and has messages wait in it. */
const leaveSession = async (payloads: readonly string[]): Promise<void> => {
  const member = await mqtt.connectAsync(broker.url, { clientId: 'cars', clean: false });
  await member.subscribeAsync('cars/+', { qos: 1 });
  await member.endAsync();
  const publisher = await mqtt.connectAsync(broker.url);
  for (const payload of payloads) await publisher.publishAsync('cars/7', payload, { qos: 1 });
  await publisher.endAsync();
};

const payloads = () => kafka.records('cars').map(({ value }) => value?.toString());

describe('a session with messages', () => {
  it('is drained and ended, and the next drain finds nothing: one line each, and 0', async () => {
    await leaveSession(['1', '2', '3']);
    const { code, stdout, stderr } = await mkb(['drain', '-'], { stdin: documentOf() });
    expect([code, stdout], stderr).toEqual([0, 'Drained cars: 3 messages (3 delivered). Its session is ended.\n']);
    expect(payloads()).toEqual(['1', '2', '3']);
    const again = await mkb(['drain', await write(documentOf())]);
    expect([again.code, again.stdout]).toEqual([0, 'Nothing to drain: the MQTT broker has no session of cars.\n']);
  });

  it('is kept when the timeout passes before Kafka is there: 1, and what was away', async () => {
    await leaveSession(['1']);
    const away = await write(documentOf({ kafka: { bootstrapServers: ['127.0.0.1:1'] } }));
    const { code, stdout, stderr } = await mkb(['drain', away, '--timeout', '8s', '--log-level', 'fatal']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      'error: The MQTT session of cars is not drained: the timeout of 8s has passed, and MQTT is not connected, and Kafka is not connected, ' +
        'and it is starting: Kafka at 127.0.0.1:1 cannot be reached: nothing listens at this port, or a firewall refuses. ' +
        'Drained: 0; read and not in Kafka: 0. [drain-unfinished]\n  remedy: ',
    );
    const { stdout: drained } = await mkb(['drain', await write(documentOf())]);
    expect(drained).toContain('Drained cars: 1 message ');
  });

  it('is kept when SIGTERM comes before it is empty: 1, and another drain has the rest', async () => {
    await leaveSession(['1']);
    const released = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until: released.promise });
    const child = startMkb(['drain', await write(documentOf())]);
    children.push(child);
    const [stdout, stderr] = [text(child.stdout!), text(child.stderr!)];
    const exit = new Promise(resolve => child.once('close', resolve));
    await fault.met();
    child.kill('SIGTERM');
    released.resolve();
    expect([await exit, await stdout]).toEqual([1, '']);
    expect(await stderr).toContain('is not drained: it was stopped. Drained: 1; read and not in Kafka: 0.');
    expect(payloads()).toEqual(['1']);
    const { stdout: drained } = await mkb(['drain', await write(documentOf())]);
    expect(drained).toBe('Drained cars: 0 messages. Its session is ended.\n');
  });

  it('ends at once with the second signal', async () => {
    await leaveSession(['1']);
    const fault = kafka.faults.add({ api: 'Produce', delayMs: 20_000 });
    const child = startMkb(['drain', await write(documentOf())]);
    children.push(child);
    const exit = new Promise(resolve => child.once('close', resolve));
    await fault.met();
    child.kill('SIGTERM');
    await until('the first signal to be taken', () => {
      child.kill('SIGTERM');
      return child.exitCode !== null;
    });
    expect(await exit).toBe(143);
  });
});

describe('what cannot be drained', () => {
  it('ends with 1 and the remedy when no waiting fixes it', async () => {
    const { code, stderr } = await mkb(['drain', await write(documentOf({ topic: 'gone' }))]);
    expect(code).toBe(1);
    expect(stderr).toContain('error: The Kafka topic gone does not exist. [kafka-unknown-topic]\n  remedy: ');
  });

  it('ends with 2 when replicas share a subscription and none of them is named', async () => {
    const document = await write(documentOf({ mqtt: { url: broker.url, share: 'group' } }));
    const { code, stderr } = await mkb(['drain', document]);
    expect(code).toBe(2);
    expect(stderr).toContain('[drain-ordinal-missing]\n  remedy: Say with --ordinal N whose session to drain');
  });

  it('ends with 78 for a document that is not valid, for several, and for a secret that cannot be read', async () => {
    const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
    const auth = { username: 'me', password };
    const other = documentOf().replace('"name":"cars"', '"name":"others"');
    const cases = [
      [documentOf({ mqtt: { version: '4' } }), 'at spec.mqtt.version'],
      [`${documentOf()}\n---\n${other}`, 'it holds several documents, and a drain has one'],
      [documentOf({ mqtt: { auth } }), 'The secret from secretKeyRef mqtt/password cannot be read'],
    ] as const;
    for (const [content, message] of cases) {
      const { code, stdout, stderr } = await mkb(['drain', await write(content)]);
      expect([code, stdout]).toEqual([78, '']);
      expect(stderr).toContain(message);
    }
  });

  it.each([
    [['x.yaml', '--timeout', 'soon'], '"soon" is not a duration such as 5ms, 1.5s, 1h30m or 24h.'],
    [['x.yaml', '--ordinal', '-1'], 'Write a whole number from 0.'],
    [['x.yaml', 'y.yaml'], 'too many arguments'],
    [[], "missing required argument 'file'"],
  ])('ends with 2 for %j', async (args, message) => {
    const { code, stderr } = await mkb(['drain', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
