import { expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

const rule = (name: string, from: string, ...sinks: object[]) => ({ name, sql: `SELECT payload FROM ${from}`, sinks });
const graph = (spec: object) =>
  mkb(['graph', '-'], {
    stdin: JSON.stringify({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'cars' },
      spec: { mqtt: { url: 'mqtt://a' }, kafka: { bootstrapServers: ['a:9092'] }, ...spec },
    }),
  });

it('a rule has arrows from what it reads to where it writes, and what is the same is one node', async () => {
  const { code, stdout, stderr } = await graph({
    rules: [
      rule('all', '"cars/{vin}"', { kafka: { topic: 'cars', key: '${vin}' } }),
      rule('alarms', '"cars/{vin}", "$kafka/cars"', { kafka: { topic: 'alarms' } }, { mqtt: { topic: 'alarms/"x"' } }),
    ],
    delivery: { onFailure: { deadLetter: { topic: 'letters' } } },
  });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(`flowchart LR
  subgraph g1["cars"]
    n1
    n5
  end
  n1["all"]
  n2(["MQTT cars/+"])
  n2 --> n1
  n3[("Kafka cars")]
  n1 --> n3
  n4[("Kafka letters")]
  n1 -. what fails .-> n4
  n5["alarms"]
  n2 --> n5
  n3 --> n5
  n6[("Kafka alarms")]
  n5 --> n6
  n7[("MQTT alarms/#34;x#34;")]
  n5 --> n7
  n5 -. what fails .-> n4
`);
});

it('of a document that is not valid there is none', async () => {
  const { code, stdout } = await graph({ rules: [{ name: 'x', sql: 'SELECT', sinks: [] }] });
  expect([code, stdout]).toEqual([78, '']);
});
