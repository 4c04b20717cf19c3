import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

const document = `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: [localhost:9092]}
  rules:
    - name: all
      sql: SELECT payload FROM "cars/{vin}/#", "trucks/+"
      sinks:
        - kafka: {topic: cars, key: "\${vin}"}
    - name: sensors
      sql: FOREACH payload.sensors AS s DO s.name AS name FROM "cars/#" WHERE qos > 0
      sinks:
        - kafka: {topic: "t-\${name}", headers: [{name: from, value: "\${payload.site}"}]}
    - name: averages
      sql: SELECT AVG(payload.v) AS mean FROM "cars/{vin}" WHERE CHANGED(payload.v) GROUP BY vin, HOPPING(1m, 10s)
      state: {maxEntries: 500}
      sinks:
        - kafka: {topic: averages, key: "\${vin}", value: "\${mean} at \${window_end}"}
`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-explain-'));
  file = path.join(folder, 'bridge.yaml');
  await writeFile(file, document);
});
afterAll(() => rm(folder, { recursive: true }));

it('tells for each rule what it matches, reads and makes, and where it goes', async () => {
  const { code, stdout } = await mkb(['explain', file]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${file}: cars

all
  matches  MQTT cars/+/# (level 2 is vin)
           MQTT trucks/+
  reads    payload, vin
  payload  is passed on byte for byte, not parsed
  row      payload
  sinks    Kafka topic cars
             value \${payload}
             key \${vin}

sensors
  matches  MQTT cars/#
  reads    payload.sensors, payload.site, qos
  payload  is parsed as JSON, once a message; one that is no JSON fails
  rows     one for each element of a list: name
  sinks    Kafka topic t-\${name}
             value \${.}
             header from \${payload.site}

averages
  matches  MQTT cars/+ (level 2 is vin)
  reads    payload.v, vin
  payload  is parsed as JSON, once a message; one that is no JSON fails
  window   HOPPING(1m, 10s) for each vin: messages are counted, and acknowledged at once
           at most 500 entries (state.maxEntries); a crash forgets windows that are open, a stop closes them
           each replica counts the messages that it gets
  memory   CHANGED(payload.v): at most 500 values (state.maxEntries); a restart forgets them
  row      mean
  sinks    Kafka topic averages
             value \${mean} at \${window_end}
             key \${vin}
`);
});

it('prints the same for programs', async () => {
  const { stdout } = await mkb(['explain', file, '--rule', 'sensors', '--json']);
  expect(JSON.parse(stdout)).toEqual([
    {
      file,
      name: 'cars',
      rules: [
        {
          name: 'sensors',
          sources: [{ kind: 'mqtt', topic: 'cars/#', captures: [] }],
          reads: ['payload.sensors', 'payload.site', 'qos'],
          payload: 'parsed',
          rows: 'any number',
          columns: ['name'],
          sinks: [
            { kind: 'kafka', templates: { topic: 't-${name}', value: '${.}', 'header from': '${payload.site}' } },
          ],
        },
      ],
    },
  ]);
});

it('ends with 1 for a rule that is not there, and suggests one', async () => {
  const { code, stderr } = await mkb(['explain', file, '--rule', 'sensor']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('No rule is named sensor. Did you mean sensors?')]);
});

it('ends with 78 for a document that is not valid, and says where', async () => {
  const { code, stderr } = await mkb(['explain', '-'], { stdin: document.replace('FROM "cars/#"', 'FORM "cars/#"') });
  expect(code).toBe(78);
  expect(stderr).toContain('<stdin>:13:59: ');
});
