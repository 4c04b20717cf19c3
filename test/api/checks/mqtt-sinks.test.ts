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
];

// The field was accepted and never sent.
test.each(fields)('what MQTT 3.1.1 does not have is refused where the document asks for 3.1.1: %s', field => {
  const problems = (version: string) =>
    loadText(documentWith(version, field), 'b.yaml').problems.map(({ code }) => code);
  expect(problems('"3.1.1"')).toEqual(['field-conflict']);
  expect(problems('"5"')).toEqual([]);
  expect(problems('auto')).toEqual([]);
});
