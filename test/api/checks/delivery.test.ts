import { expect, test } from 'vitest';
import { loadText } from '../../../api/load.ts';

const documentWith = (buffer: string) => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: b}
spec:
  mqtt: {url: "mqtt://m"}
  kafka: {bootstrapServers: ["k:9092"]}
  rules:
    - name: r
      sql: SELECT * FROM "t"
      sinks: [{kafka: {topic: t}}]
  delivery: {buffer: ${buffer}}
`;

const load = (buffer: string) => loadText(documentWith(buffer), 'b.yaml');

// An option that is accepted and does nothing is found out on the day that it was meant for.
test.each([
  ['{path: /b}', 'path'],
  ['{mode: memory, fsync: always}', 'fsync'],
  ['{mode: none, encryptionKey: {value: k}}', 'encryptionKey'],
  ['{mode: none, whenFull: block}', 'whenFull'],
  ['{mode: none, maxAge: 1h}', 'maxAge'],
  ['{mode: none, drainRate: 10}', 'drainRate'],
])('what the mode of a buffer has no use for is refused: %s', (buffer, name) => {
  expect(load(buffer).problems).toMatchObject([{ code: 'field-conflict', path: `spec.delivery.buffer.${name}` }]);
});

test('a buffer on disk needs a path', () => {
  expect(load('{mode: disk}').problems).toMatchObject([{ code: 'field-missing', path: 'spec.delivery.buffer' }]);
});

test.each([
  ['{mode: none}', '64MiB'],
  ['{}', '64MiB'],
  ['{mode: memory, whenFull: dropOldest, maxAge: 1h, drainRate: 10}', '64MiB'],
  ['{mode: disk, path: /b}', '1GiB'],
  ['{mode: disk, path: /b, fsync: interval, whenFull: block, maxAge: 1h, drainRate: 10, maxBytes: 2GiB}', '2GiB'],
])('is valid: %s', (buffer, maxBytes) => {
  const { documents, problems } = load(buffer);
  expect(problems).toEqual([]);
  expect(documents[0]!.document.spec.delivery.buffer.maxBytes).toBe(maxBytes);
});

test.each([
  ['delivery: {retry: {backoff: {minDelay: 2s}}}', '', 'spec.delivery.retry.backoff'],
  [
    '',
    '{kafka: {topic: t, retry: {backoff: {minDelay: 10s, maxDelay: 9s}}}}',
    'spec.rules[0].sinks[0].kafka.retry.backoff',
  ],
  ['', '{mqtt: {topic: t, retry: {backoff: {maxDelay: 99ms}}}}', 'spec.rules[0].sinks[0].mqtt.retry.backoff'],
])('pauses that end before they begin are refused: %s%s', (delivery, sink, path) => {
  const text = documentWith('{}')
    .replace('delivery: {buffer: {}}', delivery)
    .replace('{kafka: {topic: t}}', sink || '{kafka: {topic: t}}');
  expect(loadText(text, 'b.yaml').problems).toMatchObject([{ code: 'field-conflict', path }]);
});
