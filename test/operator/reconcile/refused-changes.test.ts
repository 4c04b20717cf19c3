/** Changes after which messages or commands would be read by nobody: refused, with the way to do it. */
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import { refusedAtApply, refusedChanges } from '../../../operator/reconcile/refused-changes.ts';
import { bufferVolume } from '../../../operator/resources/buffer-volume.ts';
import { type KitNote, noteAnnotation, notedTopics } from '../../../operator/resources/kit-note.ts';
import { sessionIdentity } from '../../../operator/resources/session-identity.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { documentIn } from '../support/resources.ts';

type Spec = NonNullable<Parameters<typeof documentIn>[0]>;

const noteOf = (spec: Spec): KitNote => {
  const document = documentIn(spec);
  return {
    identity: sessionIdentity(document),
    groupId: document.spec.kafka.consumer.groupId,
    topics: notedTopics(document),
    volume: bufferVolume(document),
    ...{ files: {}, oldFilters: [], filters: '', content: '' },
  };
};
const withAnnotation = (spec: Spec, value: string) => {
  const document = documentIn(spec);
  const annotations = { 'mqttkafka.dev/accept-changes': value };
  return { ...document, metadata: { ...document.metadata, annotations } };
};
const commands = (consumer: object, topic = 'commands'): Spec => ({
  kafka: { bootstrapServers: ['k:9092'], consumer },
  rules: [{ name: 'r', sql: `SELECT value FROM "$kafka/${topic}"`, sinks: [{ mqtt: { topic: 'a' } }] }],
});

const buffered = (buffer: object = {}, more: object = {}): Spec => ({
  mqtt: { url: 'mqtt://a' },
  delivery: { buffer: { mode: 'disk', path: '/b', maxBytes: '2GiB', ...buffer } },
  bridge: more,
});

const refused: [string, Spec, Spec, string][] = [
  ['session-address-changed', { mqtt: { url: 'mqtt://a' } }, { mqtt: { url: 'mqtts://a' } }, 'mqtt.url'],
  ['session-address-changed', { mqtt: { url: 'mqtt://a' } }, { mqtt: { urls: ['mqtt://b'] } }, 'mqtt.urls'],
  ['session-address-changed', { mqtt: { url: 'mqtt://a' } }, { mqtt: { brokerRef: { name: 'e' } } }, 'mqtt.brokerRef'],
  [
    'session-group-changed',
    { mqtt: { url: 'mqtt://a', share: 's' } },
    { mqtt: { url: 'mqtt://a', share: 't' } },
    'mqtt.share',
  ],
  ['buffer-volume-given-up', buffered(), { mqtt: { url: 'mqtt://a' } }, 'delivery.buffer.mode'],
  ['consumer-group-changed', commands({ groupId: 'a' }), commands({ groupId: 'b' }), 'kafka.consumer.groupId'],
];

describe('a change', () => {
  it.each(refused)('that would leave messages behind is refused: %s', (code, old, now, field) => {
    const [problem, ...others] = refusedChanges([noteOf(old)], documentIn(now));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code, inRules: false });
    expect(problem!.message).toMatch(new RegExp(`^spec\\.${field.replaceAll('.', '\\.')}: `));
    expect(problem!.message).toContain('mqttkafka.dev/accept-changes');
  });

  it.each(refused)('that a person accepts is not (%s)', (_, old, now, field) => {
    expect(refusedChanges([noteOf(old)], withAnnotation(now, `some.other, ${field}`))).toEqual([]);
    expect(refusedChanges([noteOf(old)], withAnnotation(now, 'some.other'))).toHaveLength(1);
  });

  // The new document would have gone to where an older one is just being drained, under the same client id.
  it('to sessions that are being drained is refused whatever a person says', () => {
    const [old, between, now]: Spec[] = [
      { mqtt: { url: 'mqtt://a', clientId: 'c' } },
      { mqtt: { url: 'mqtt://a', clientId: 'd' } },
      { mqtt: { url: 'mqtt://b', clientId: 'c' } },
    ];
    const notes = [noteOf(between!), { ...noteOf(old!), left: [0] }];
    expect(refusedChanges(notes, withAnnotation(now!, 'mqtt.url'))).toHaveLength(1);
  });

  // A document that changed its client id every second made a Secret and Jobs for each, without end.
  it('is refused while sessions of ten older documents wait, and carried out when there are fewer', () => {
    const client = (clientId: string): Spec => ({ mqtt: { url: 'mqtt://a', clientId } });
    const left = Array.from({ length: 10 }, (_, index) => ({ ...noteOf(client(`old${index}`)), left: [0] }));
    const change = (now: Spec, count = 10) =>
      refusedChanges([noteOf(client('a')), ...left.slice(0, count)], documentIn(now));
    expect(change(client('b'))).toMatchObject([{ code: 'sessions-left-too-many' }]);
    expect(change({ mqtt: { url: 'mqtt://a', sessionExpiry: '0s' } })).toMatchObject([
      { code: 'sessions-left-too-many' },
    ]);
    expect(change(client('b'), 9)).toEqual([]);
    expect(change(client('a'))).toEqual([]);
    expect(change(client('old3'))).toEqual([]);
  });

  it.each<[string, Spec, Spec]>([
    ['of nothing', { mqtt: { url: 'mqtt://a' } }, { mqtt: { url: 'mqtt://a' } }],
    ['of the address with the client id', { mqtt: { url: 'mqtt://a' } }, { mqtt: { url: 'mqtt://b', clientId: 'b' } }],
    [
      'to a group that reads from the beginning',
      commands({ groupId: 'a' }),
      commands({ groupId: 'b', offsetReset: 'earliest' }),
    ],
    ['to a group that reads other topics', commands({ groupId: 'a' }), commands({ groupId: 'b' }, 'others')],
    [
      'of a group that nothing reads by',
      { kafka: { bootstrapServers: ['k:1'], consumer: { groupId: 'a' } } },
      { kafka: { bootstrapServers: ['k:1'], consumer: { groupId: 'b' } } },
    ],
  ])('%s is carried out', (_, old, now) => {
    expect(refusedChanges([noteOf(old)], documentIn(now))).toEqual([]);
  });
});

// Whoever reached the port of the webhook read the broker and the client id of any bridge out of the refusal of a change to it.
describe('the webhook', () => {
  const spec: Spec = { mqtt: { url: 'mqtt://secret-broker' } };
  const note = JSON.stringify(noteOf(spec));
  const bridge = documentIn(spec);
  const metadata = { ...bridge.metadata, namespace: 'shop' };
  const kit = { metadata: { name: 'kit', annotations: { [noteAnnotation]: note } } };
  const cluster = {
    bridges: { get: () => ({ metadata: { ...metadata, uid: 'known' } }) },
    of: () => ({ get: () => kit, byOwner: () => [] }),
  } as unknown as Cluster;
  const told = (uid: string | undefined) => {
    const { spec: changed } = documentIn({ mqtt: { url: 'mqtt://another' } });
    const resource = { ...bridge, metadata: { ...metadata, uid }, spec: changed } as KubeObject;
    return refusedAtApply(cluster, resource, known => known as never).map(({ code }) => code);
  };

  it('says what runs to who names the uid of the bridge', () => {
    expect(told('known')).toEqual(['session-address-changed']);
  });

  it.each(['guessed', undefined])('says it to nobody else (%s)', uid => {
    expect(told(uid)).toEqual([]);
  });
});

describe('a volume of a buffer', () => {
  it.each<[string, Spec, Spec, string]>([
    ['cannot shrink', buffered(), buffered({ maxBytes: '1GiB' }), 'bridge.storage'],
    ['cannot change its class', buffered(), buffered({}, { storageClassName: 'fast' }), 'bridge.storageClassName'],
  ])('%s', (_, old, now, field) => {
    const [problem, ...others] = refusedChanges([noteOf(old)], documentIn(now));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'buffer-volume-changed' });
    expect(problem!.message).toContain(`spec.${field}: `);
  });

  it.each<[string, Spec, Spec]>([
    ['may be given', { mqtt: { url: 'mqtt://a' } }, buffered()],
    ['may grow', buffered(), buffered({ maxBytes: '3GiB' })],
    ['may be mounted elsewhere', buffered(), buffered({ path: '/c' })],
    ['may hold less', buffered(), buffered({ maxBytes: '1GiB' }, { storage: '2624MiB' })],
  ])('%s', (_, old, now) => {
    expect(refusedChanges([noteOf(old)], documentIn(now))).toEqual([]);
  });
});
