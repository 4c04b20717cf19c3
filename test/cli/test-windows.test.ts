import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-test-'));
  file = path.join(folder, 'cars.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

describe('tests of rules that remember', () => {
  const windows = (tests: string): string => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: [localhost:9092]}
  rules:
    - name: mean
      sql: SELECT vin, AVG(payload.v) AS mean FROM "cars/{vin}" WHERE payload.v > 0 GROUP BY vin, TUMBLING(10s)
      state: {maxEntries: 2}
      sinks: [{kafka: {topic: means, key: "\${vin}"}}]
      tests:${tests}
`;

  it('have messages that follow one another, and windows that end as time passes, all of them in the end', async () => {
    await writeFile(
      file,
      windows(`
        - name: each car has its mean, in each window
          message: {topic: cars/7, payload: '{"v": 1}', timestamp: 1000}
          followedBy:
            - {topic: cars/7, payload: '{"v": 2}', timestamp: 9999}
            - {topic: bikes/7, payload: '{"v": 2}', timestamp: 9999}
            - {topic: cars/8, payload: '{"v": 0}', timestamp: 9999}
            - {topic: cars/7, payload: '{"v": 5}', timestamp: 10000}
          records:
            - {sink: 1, topic: means, key: "7", value: '{"vin": "7", "mean": 1.5}', timestamp: 10000, headers: []}
            - {key: "7", value: '{"vin": "7", "mean": 5.0}', timestamp: 20000}
        - name: a third car is one too many
          message: {topic: cars/1, payload: '{"v": 1}'}
          followedBy: [{topic: cars/2, payload: '{"v": 1}'}, {topic: cars/3, payload: '{"v": 1}'}]
          error: rule-state-full
        - name: a row that is not expected is shown
          message: {topic: cars/1, payload: '{"v": 1}'}
          rows: []`),
    );
    const { code, stdout } = await mkb(['test', file]);
    expect([code, stdout]).toEqual([1, expect.stringContaining('3 tests: 2 passed, 1 failed')]);
    expect(stdout).toContain('+   "mean": 1.0');
  });

  it('are refused when time goes back', async () => {
    await writeFile(
      file,
      windows(`
        - name: n
          message: {topic: cars/7, timestamp: 5000}
          followedBy: [{topic: cars/7, timestamp: 4999}]
          rows: []`),
    );
    const { code, stderr } = await mkb(['test', file]);
    expect([code, stderr]).toEqual([78, expect.stringContaining('5000, the time of the message before it, or later')]);
  });
});
