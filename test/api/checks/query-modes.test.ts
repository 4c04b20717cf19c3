import { expect, test } from 'vitest';
import { loadText } from '../../../api/load.ts';

const problemsOf = (delivery: string, sinks: readonly string[], acks = 'all') =>
  loadText(
    `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: b}
spec:
  mqtt: {url: "mqtt://m"}
  kafka: {bootstrapServers: ["k:9092"], producer: {acks: ${acks}}}
  rules:
${sinks.map((sink, at) => `    - {name: r${at}, sql: SELECT * FROM "x/#", sinks: [{${sink}}]}`).join('\n')}
  delivery: {mode: ${delivery}}
`,
    'b.yaml',
  ).problems.map(({ code, message }) => `${code}: ${message}`);

const kafka = (mode: string, topic = 't') => `kafka: {topic: "${topic}", queryMode: ${mode}}`;

test.each([
  ['two modes for one topic', 'async', [kafka('async'), kafka('sync')], 'all', /r0, which writes to t too/],
  [
    'two modes for one topic, one of them inherited',
    'sync',
    ['kafka: {topic: t}', kafka('async')],
    'all',
    /delivery.mode: sync/,
  ],
  ['waiting for answers that Kafka does not give', 'async', [kafka('sync')], 'none', /`acks: none`/],
  ['the same of all sinks', 'sync', ['kafka: {topic: t}'], 'none', /`delivery.mode: sync`/],
  ['waiting for a PUBACK of QoS 0', 'async', ['mqtt: {topic: t, qos: 0, queryMode: sync}'], 'all', /`qos: 0`/],
  ['the same of all sinks', 'sync', ['mqtt: {topic: t, qos: 0}'], 'all', /`delivery.mode: sync`/],
])('refused: %s', (_what, delivery, sinks, acks, reason) => {
  const problems = problemsOf(delivery, sinks, acks);
  expect(problems).toEqual([expect.stringMatching(/^field-conflict: /)]);
  expect(problems[0]).toMatch(reason);
});

test.each([
  ['async', [kafka('sync'), kafka('sync'), kafka('async', 'u')]],
  ['async', [kafka('sync', 't-${topic}'), kafka('async', 't-${topic}')]],
  ['sync', ['mqtt: {topic: t}', 'mqtt: {topic: t, qos: 0, queryMode: async}', kafka('async'), kafka('sync', 'u')]],
])('taken: delivery.mode %s, %j', (delivery, sinks) => {
  expect(problemsOf(delivery, sinks)).toEqual([]);
});
