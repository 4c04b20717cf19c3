import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { loadExporter, loadExporterText } from '../../../exporter/config/load.ts';

const head = 'apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaExporter\nspec:\n';
const load = (spec: string) => loadExporterText(`${head}${spec}`, 'exporter.yaml');
/** Place and message of each problem. */
const problems = (spec: string) =>
  load(spec).problems.map(({ line, column, path: field, message }) => `${line}:${column} ${field}: ${message}`);

test('a document has its defaults filled in', () => {
  const { document } = load(
    '  mqtt: [{name: m, url: "mqtt://m", probe: {}}]\n  kafka: [{name: k, bootstrapServers: ["k:1"]}]\n',
  );
  expect(document?.spec).toMatchObject({
    interval: '10s',
    timeout: '5s',
    mqtt: [{ version: 'auto', sys: true, sysInterval: '1m', probe: { topic: 'mqtt-kafka-exporter/probe', qos: 1 } }],
    emqx: [],
    kafka: [{ topics: {}, groups: {} }],
  });
});

test('a mistyped field has its place, and the name that was meant', () => {
  expect(problems('  kafka: [{name: k, bootstrapservers: ["k:1"]}]\n')).toContain(
    '4:21 spec.kafka[0].bootstrapservers: `bootstrapservers` is not a field here. Did you mean `bootstrapServers`?',
  );
});

test.each([
  ['nothing to watch', '  interval: 5s\n', '3:1 spec: There is nothing to watch.'],
  [
    'a timeout longer than the interval',
    '  interval: 5s\n  timeout: 6s\n  mqtt: [{name: m, url: "mqtt://m"}]\n',
    '5:12 spec.timeout: `timeout` (6s) is longer than `interval` (5s).',
  ],
  [
    'two targets of one name',
    '  mqtt: [{name: m, url: "mqtt://m"}, {name: m, url: "mqtt://n"}]\n',
    '4:45 spec.mqtt[1].name: "m" is given twice: it is also item 1 of the list.',
  ],
  [
    'one broker whose figures would come from two sources',
    '  mqtt: [{name: m, url: "mqtt://m"}]\n  emqx: [{name: m, url: "http://m:1", apiKey: a, apiSecret: {value: b}}]\n',
    '4:17 spec.mqtt[0].name: The figures of "m" would come from `$SYS` and from the API of EMQX.',
  ],
  [
    'TLS for an address without',
    '  mqtt: [{name: m, url: "mqtt://m", tls: {}}]\n',
    '4:25 spec.mqtt[0].url: `tls` is given, but mqtt:// is not encrypted.',
  ],
  [
    'TLS for an API without',
    '  emqx: [{name: m, url: "http://m:1", apiKey: a, apiSecret: {value: b}, tls: {}}]\n',
    '4:25 spec.emqx[0].url: `tls` is given, but http:// is not encrypted.',
  ],
  [
    'a login without a password',
    '  kafka: [{name: k, bootstrapServers: ["k:1"], auth: {mechanism: plain, username: u}}]\n',
    '4:48 spec.kafka[0].auth: `password` is missing: plain needs it.',
  ],
  [
    'a probe to a topic filter',
    '  mqtt: [{name: m, url: "mqtt://m", probe: {topic: "a/+"}}]\n',
    '4:52 spec.mqtt[0].probe.topic: Found "a/+", expected a topic without + and #, not beginning with $.',
  ],
])('%s is refused', (_, spec, problem) => {
  expect(problems(spec)).toEqual([problem]);
});

test('one broker may be probed over MQTT and read by its API under one name', () => {
  const emqx = '  emqx: [{name: m, url: "http://m:1", apiKey: a, apiSecret: {value: b}}]\n';
  expect(problems(`  mqtt: [{name: m, url: "mqtt://m", sys: false, probe: {}}]\n${emqx}`)).toEqual([]);
});

test('no secret is shown in an excerpt', () => {
  const [problem] = load('  emqx: [{name: m, url: 5, apiKey: a, apiSecret: {value: hunter2}}]\n').problems;
  expect(problem?.sourceLine).toContain('apiSecret:');
  expect(problem?.sourceLine).not.toContain('hunter2');
});

test('a document of another kind is told as such', () => {
  const { problems: found } = loadExporterText('kind: MqttKafkaBridge\nspec: {}\n', 'bridge.yaml');
  expect(found.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '1 This is a document of the kind "MqttKafkaBridge", not MqttKafkaExporter.',
  ]);
});

test.each([
  ['', 'it holds no document'],
  ['a: 1\n---\nb: 2\n', 'it holds several documents, and the exporter has one'],
])('a file with %j has not one document', (text, reason) => {
  expect(loadExporterText(text, 'x.yaml').problems[0]?.message).toContain(reason);
});

test('standard input is read for -, and a file that is not there is told', async () => {
  const stdin = Readable.from([`${head}  mqtt: [{name: m, url: "mqtt://m"}]\n`]);
  expect((await loadExporter('-', { stdin })).document?.spec.mqtt).toHaveLength(1);
  expect((await loadExporter('no-such.yaml')).problems[0]?.code).toBe('document-unreadable');
});

test.each([
  'exporter.yaml',
  'compose/exporter/emqx.yaml',
  'compose/exporter/mosquitto.yaml',
])('demo/%s is valid', async file => {
  const demo = path.join(import.meta.dirname, '../../../demo', file);
  expect((await loadExporter(demo)).problems).toEqual([]);
});
