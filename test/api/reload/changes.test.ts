// A field that a reload does not know of would be accepted and ignored until somebody restarts the bridge, months later.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentField, type MqttKafkaBridge } from '../../../api/bridge.ts';
import { completeDocument } from '../../../api/complete.ts';
import { minimalDocument } from '../../../api/minimal.ts';
import { formatPath, type Path, parsePath } from '../../../api/problems.ts';
import { changesOf } from '../../../api/reload/changes.ts';
import { documentHash } from '../../../api/reload/document-hash.ts';
import { handlingOf } from '../../../api/reload/fields.ts';
import { startPart } from '../../../api/reload/start-part.ts';
import type { Field } from '../../../api/schema/fields.ts';
import { setAt, valueAt } from '../../../api/values.ts';

const document = (spec: object = {}, metadata: object = {}): MqttKafkaBridge =>
  completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars', ...metadata },
    spec: {
      mqtt: { url: 'mqtt://localhost' },
      kafka: { bootstrapServers: ['localhost:9092'] },
      rules: [{ name: 'all', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'cars' } }] }],
      ...spec,
    },
  });

/** Every field that stands nowhere below a section with a handling, and every section above one that does. */
function* leaves(field: Field, path: Path = []): Generator<string> {
  if (handlingOf[formatPath(path)] !== undefined) return;
  if (field.properties === undefined) yield formatPath(path);
  else for (const [name, inner] of Object.entries(field.properties)) yield* leaves(inner, [...path, name]);
}

function fieldAt(path: Path): Field | undefined {
  return path.reduce<Field | undefined>((field, name) => field?.properties?.[name], documentField);
}

describe('every field of the document', () => {
  test('has a handling, itself or by its section', () => {
    expect([...leaves(documentField)]).toEqual([]);
  });

  test('that has a handling is one of the schema', () => {
    expect(Object.keys(handlingOf).filter(path => fieldAt(parsePath(path)) === undefined)).toEqual([]);
  });

  test('of a section with a handling has none of its own', () => {
    const paths = Object.keys(handlingOf);
    expect(paths.filter(path => paths.some(other => path.startsWith(`${other}.`)))).toEqual([]);
  });

  test('that changes is among the changes, with the handling of its section', () => {
    const sample = document();
    for (const [path, handling] of Object.entries(handlingOf)) {
      const changed = structuredClone(sample);
      const before = valueAt(changed, parsePath(path));
      const other =
        fieldAt(parsePath(path))!.type === 'integer' ? Number(before ?? 0) + 1 : { of: ['another', 'value'] };
      setAt(changed, parsePath(path), other);
      // A bridge of another name is another one to its brokers too.
      const changes = changesOf(sample, changed).filter(
        each => each.path !== 'metadata.annotations' || path === each.path,
      );
      expect(changes.length, path).toBeGreaterThan(0);
      for (const change of changes) {
        expect(change.path.startsWith(path), `${change.path} of ${path}`).toBe(true);
        expect(change.handling, path).toBe(handling);
      }
    }
  });
});

test.each<[string, object, string, string]>([
  ['an address', { mqtt: { url: 'mqtt://other' } }, 'spec.mqtt.url', 'restart'],
  ['a client id', { mqtt: { url: 'mqtt://localhost', clientId: 'other' } }, 'spec.mqtt.clientId', 'restart'],
  [
    'how long a batch waits',
    { kafka: { bootstrapServers: ['localhost:9092'], producer: { linger: '1s' } } },
    'spec.kafka.producer.linger',
    'live',
  ],
  [
    'a group',
    { kafka: { bootstrapServers: ['localhost:9092'], consumer: { groupId: 'g' } } },
    'spec.kafka.consumer.groupId',
    'restart',
  ],
  [
    'what a message may cost',
    { delivery: { limits: { rowsPerMessage: 5 } } },
    'spec.delivery.limits.rowsPerMessage',
    'live',
  ],
  ['a login that comes', { mqtt: { url: 'mqtt://localhost', auth: { username: 'u' } } }, 'spec.mqtt.auth', 'restart'],
  ['replicas', { bridge: { replicas: 2 } }, 'spec.bridge', 'unread'],
  [
    'a rule',
    { rules: [{ name: 'all', sql: 'SELECT 1 FROM "cars/#"', sinks: [{ kafka: { topic: 'cars' } }] }] },
    'spec.rules',
    'rules',
  ],
])('%s is one change, with its name', (_what, spec, path, handling) => {
  expect(changesOf(document(), document(spec))).toEqual([{ path, handling }]);
});

test('what a cluster writes into an object is nothing to reload', () => {
  const stored = document({}, { resourceVersion: '7', generation: 3, uid: 'a', annotations: { note: 'x' } });
  expect(changesOf(document(), stored).every(({ handling }) => handling === 'unread')).toBe(true);
});

test('who the bridge is to its brokers needs a restart', () => {
  const other = document({}, { annotations: { 'mqttkafka.dev/identity': 'other' } });
  expect(changesOf(document(), other)).toContainEqual({ path: 'metadata.annotations', handling: 'restart' });
});

test('whatever is different is among the changes, and nothing else is', () => {
  const names = Object.keys(handlingOf).filter(path => path.startsWith('spec.'));
  const some = fc.subarray(names);
  fc.assert(
    fc.property(some, changed => {
      const before = document();
      const after = structuredClone(before);
      for (const path of changed) setAt(after, parsePath(path), ['something else']);
      const found = changesOf(before, after).map(({ path }) =>
        names.find(name => path === name || path.startsWith(`${name}.`)),
      );
      expect(new Set(found)).toEqual(new Set(changed));
      expect(changesOf(after, after)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

// The operator rolls Pods by one of the two, and the bridge refuses by the other.
test('a change needs a restart exactly when the start part of the document changes', () => {
  const names = Object.keys(handlingOf).filter(path => path.startsWith('spec.'));
  fc.assert(
    fc.property(fc.subarray(names), fc.boolean(), (changed, renamed) => {
      const before = document();
      const after = document({}, renamed ? { annotations: { 'mqttkafka.dev/identity': 'other' } } : {});
      for (const path of changed) setAt(after, parsePath(path), ['something else']);
      const restarts = changesOf(before, after).some(({ handling }) => handling === 'restart');
      expect(isDeepStrictEqual(startPart(before), startPart(after))).toBe(!restarts);
    }),
    { numRuns: 200 },
  );
});

describe('the number of a document', () => {
  test('is another for each rule, and the same for what means the same', () => {
    const plain = documentHash(document());
    expect(documentHash(document({ rules: [] }))).not.toBe(plain);
    expect(documentHash(completeDocument(minimalDocument(document())))).toBe(plain);
    const reordered = Object.fromEntries(Object.entries(document().spec).reverse());
    expect(documentHash({ ...document(), spec: reordered as MqttKafkaBridge['spec'] })).toBe(plain);
    expect(Number.isSafeInteger(plain)).toBe(true);
  });

  // A bridge of an image that is a version older was never reported to run the newest document.
  test('has no part in defaults, which another version may have more of', () => {
    const older = document();
    delete (older.spec.delivery as Partial<MqttKafkaBridge['spec']['delivery']>).limits;
    expect(documentHash(older)).toBe(documentHash(document()));
  });

  test('says nothing of secrets', () => {
    const of = (value: string) =>
      document({ mqtt: { url: 'mqtt://localhost', auth: { username: 'u', password: { value } } } });
    expect(documentHash(of('one'))).toBe(documentHash(of('other')));
  });
});
