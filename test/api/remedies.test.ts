// `acks: 1` was answered with `Put it in quotes: "1"`, which was refused next.
import { expect, test } from 'vitest';
import { documentField } from '../../api/bridge.ts';
import { loadText } from '../../api/load.ts';
import type { Field } from '../../api/schema/fields.ts';
import { checkShape } from '../../api/shape.ts';

const problemsOf = (part: object, section: 'mqtt' | 'kafka') => {
  const spec = {
    mqtt: { url: 'mqtt://broker:1883' },
    kafka: { bootstrapServers: ['kafka:9092'] },
    rules: [{ name: 'all', sql: 'SELECT payload FROM "a"', sinks: [{ kafka: { topic: 'a' } }] }],
  };
  const changed = { ...spec, [section]: { ...spec[section], ...part } };
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'a' },
    spec: changed,
  };
  return loadText(JSON.stringify(document), 'a.json').problems;
};

test.each([
  [{ producer: { acks: 1 } }, /1 is `leader` here/],
  [{ producer: { acks: '1' } }, /1 is `leader` here/],
  [{ producer: { acks: -1 } }, /-1 is `all` here/],
  [{ producer: { acks: 0 } }, /0 is `none` here/],
  [{ producer: { linger: 5 } }, /as in 5ms\./],
  [{ producer: { batchBytes: 16_384 } }, /as in 16384KiB\./],
  [{ producer: { idempotent: 'yes' } }, /Write true\./],
  [{ producer: { idempotent: 'false' } }, /Leave the quotes out\./],
  [{ auth: { mechanism: 'AWS_MSK_IAM' } }, /Did you mean `aws-msk-iam`/],
  [{ auth: { mechanism: 'SCRAM-SHA-512', username: 'u', password: { value: 'p' } } }, /Did you mean `scram-sha-512`/],
  [{ auth: { mechanism: 'GSSAPI' } }, /Kerberos \(GSSAPI\) is not supported/],
  [{ auth: { mechanism: 'SSL' } }, /leave out `auth`, and give `tls`/],
  [{ topics: [{ name: 'a', replicas: '3' }] }, /Leave the quotes out\./],
  [{ topics: [{ name: 'a', replicas: 0 }] }, /or -1 for the cluster's own default/],
])('of Kafka: %j', (part, says) => {
  const [problem] = problemsOf(part, 'kafka');
  expect(`${problem!.message} ${problem!.remedy}`).toMatch(says);
});

test.each([
  [{ version: 5 }, /Put it in quotes: "5"\./],
  [{ version: 3 }, /Write "3\.1\.1"/],
  [{ version: 3.1 }, /Write "3\.1\.1"/],
  [{ version: 4 }, /write "3\.1\.1"/],
  [{ keepAlive: 30 }, /as in 30s\./],
  [{ keepAlive: 100_000 }, /as in 100000ms\./],
  [{ qos: '1' }, /Leave the quotes out\./],
])('of MQTT: %j', (part, says) => {
  const [problem] = problemsOf(part, 'mqtt');
  expect(`${problem!.message} ${problem!.remedy}`).toMatch(says);
});

/** Every field of the schema that is not a mapping or a list. */
function* scalars(field: Field, path = ''): Generator<[path: string, field: Field]> {
  if (field.items) yield* scalars(field.items, `${path}[]`);
  else if (field.properties)
    for (const [name, inner] of Object.entries(field.properties))
      yield* scalars(inner, path === '' ? name : `${path}.${name}`);
  else if (field.type !== 'object') yield [path, field];
}

const written: readonly unknown[] = [0, 1, -1, 5, 30, 500, 65_536, 1.5, true, false, 'yes', '1', '5', '0', 'true', ''];

const words: Readonly<Record<string, unknown>> = { 'Write true.': true, 'Write false.': false };

/** What a remedy says to write instead of `value`; undefined if it names no value. */
function proposal(remedy: string, value: unknown): unknown {
  const text = /^Put it in quotes: "(.*)"\.$|as in (\S+)\.$/.exec(remedy);
  if (text) return text[1] ?? text[2];
  return remedy === 'Leave the quotes out.' ? JSON.parse(String(value)) : words[remedy];
}

test.each([...scalars(documentField)])('what a remedy proposes for %s is accepted', (_, field) => {
  for (const value of written) {
    for (const { remedy = '' } of checkShape(field, value)) {
      const proposed = proposal(remedy, value);
      if (proposed !== undefined) expect(checkShape(field, proposed), `${value} -> ${proposed}`).toEqual([]);
    }
  }
});
