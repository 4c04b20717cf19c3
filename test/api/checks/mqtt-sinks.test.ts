import { expect, test } from 'vitest';
import { loadText } from '../../../api/load.ts';

const documentWith = (version: string, sink: string) => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: b}
spec:
  mqtt: {url: "mqtt://m", version: ${version}}
  kafka: {bootstrapServers: ["k:9092"]}
  rules:
    - name: r
      sql: SELECT * FROM "$kafka/t"
      sinks: [{mqtt: {topic: t, ${sink}}}]
`;

const fields = [
  'userProperties: [{name: a, value: b}]',
  'contentType: text/plain',
  'responseTopic: t',
  'correlationData: c',
  'messageExpiry: "60"',
  'payloadFormat: utf8',
  'outcome: {topic: o, answerWithin: 1s}',
];

// The field was accepted and never sent.
test.each(fields)('what MQTT 3.1.1 does not have is refused where the document asks for 3.1.1: %s', field => {
  const problems = (version: string) =>
    loadText(documentWith(version, field), 'b.yaml').problems.map(({ code }) => code);
  expect(problems('"3.1.1"')).toEqual(['field-conflict']);
  expect(problems('"5"')).toEqual([]);
  expect(problems('auto')).toEqual([]);
});

test.each(['responseTopic: t', 'correlationData: c'])('answers that the bridge waits for exclude a %s', field => {
  const text = documentWith('auto', `${field}, outcome: {topic: o, answerWithin: 1s}`);
  expect(loadText(text, 'b.yaml').problems.map(({ code }) => code)).toEqual(['field-conflict']);
  expect(loadText(documentWith('"3.1.1"', 'outcome: {topic: o}'), 'b.yaml').problems).toEqual([]);
});
