// A test passed, and in the bridge the same record was a dead letter, because no request has room for it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { TestMessage } from '../../../api/schema/rule-tests.ts';
import { messageOf } from '../../../cli/test-message.ts';
import { writtenBy } from '../../../cli/test-records.ts';
import { runSuites } from '../../../cli/test-suites.ts';
import { compileRule } from '../../../rules/compile.ts';
import { rowsOf } from '../../../rules/offline.ts';
import { Flow } from './support/flowing.ts';

const limit = 16 * 1024;
const tooLarge = 'kafka-message-too-large';
const sql = 'SELECT payload FROM "v/#"';

let flow: Flow | undefined;
afterEach(() => flow?.stop());

function offline(rule: object, payload: string, maxRecordBytes: number | undefined): string {
  const message = { topic: 'v/1', payload, qos: 1, retain: false, timestamp: 1000 } as TestMessage;
  const compiled = compileRule(sql);
  try {
    return writtenBy(rule as never, compiled, rowsOf(compiled, messageOf(message), []), '', maxRecordBytes)[0]!.topic;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Around the size of the payload with which a record is as large as the limit. */
const sizes = Array.from({ length: 120 }, (_, at) => limit - 160 + at);

test.each<[string, object]>([
  ['a value', {}],
  ['a key and a value', { key: '${topic}' }],
  ['headers', { headers: [{ name: 'n', value: '${topic}' }] }],
  ['what MQTT knows in headers', { mqttHeaders: true }],
])('the bridge and mkb test draw the line at the same byte, with %s', async (_, more) => {
  const rule = { name: 'r', sql, sinks: [{ kafka: { topic: 't', value: '${payload}', ...more } }] };
  flow = await Flow.start({ topics: ['t', 'dead'], deadLetter: 'dead', maxRequestBytes: '16KiB', rules: [rule] });
  for (const size of sizes) await flow.send({ topic: 'v/1', payload: 'x'.repeat(size) });
  const delivered = new Set(flow.kafka.records('t').map(({ value }) => value!.length));
  const live = sizes.map(size => (delivered.has(size) ? 't' : tooLarge));
  expect(new Set(live)).toEqual(new Set(['t', tooLarge]));
  expect(sizes.map(size => offline(rule, 'x'.repeat(size), limit))).toEqual(live);
  expect(flow.failures.map(({ code }) => code)).toEqual(live.filter(each => each === tooLarge));
});

test.each([
  ['none', true],
  ['zstd', false],
])('mkb test takes the limit of the document, with compression %s', async (compression, isLimited) => {
  const sink = { kafka: { topic: 't', value: '${payload}' } };
  const message = { topic: 'v/1', payload: 'x'.repeat(limit) };
  const tests = [{ name: 'large', message, ...(isLimited ? { error: tooLarge } : { records: [{ topic: 't' }] }) }];
  const spec = {
    mqtt: { url: 'mqtt://localhost' },
    kafka: { bootstrapServers: ['localhost:9092'], producer: { compression, maxRequestBytes: '16KiB' } },
    rules: [{ name: 'r', sql, sinks: [sink], tests }],
  };
  const document = { apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'b' }, spec };
  const folder = await mkdtemp(path.join(tmpdir(), 'mkb-size-'));
  const file = path.join(folder, 'b.json');
  await writeFile(file, JSON.stringify(document));
  const { results, problems } = await runSuites([file]).finally(() => rm(folder, { recursive: true }));
  expect([problems, results.map(({ difference }) => difference)]).toEqual([[], [[]]]);
});
