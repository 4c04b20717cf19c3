/** Managed brokers on a real API server. Their Pods are kwok's: that Mosquitto does what it is told is proved in resources/broker. */
import { beforeAll, expect, it } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { stageForBridges } from './support/bridge-stage.ts';
import { bridge, operatorAccount } from './support/stage.ts';

const users = [{ username: 'lorry', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } }];
const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  stringData,
});

describeReal('kubernetes', 'kwok')('an operator that runs', () => {
  const stage = stageForBridges();

  beforeAll(async () => {
    await stage.kubernetes.apply(
      secret('lorries', { seven: 'old' }),
      secret('tls', { 'tls.crt': 'c', 'tls.key': 'k' }),
    );
  });

  const revision = async (name: string) => (await stage.kubernetes.get('sts', `${name}-broker`))!.status.updateRevision;
  /** What the operator has written to the objects that it made for a bridge. */
  const writes = async (name: string) =>
    (await stage.kubernetes.audit()).filter(
      ({ user, verb, name: object }) =>
        user.endsWith(`:${operatorAccount}`) &&
        /create|update|patch|delete/.test(verb) &&
        object.startsWith(`${name}-`),
    );

  it.each([
    ['mosquitto', {}],
    ['emqx', { replicas: 3 }],
  ])('%s makes it ready, tells its address, and rolls it when a password of people changes', async (kind, more) => {
    const broker = { kind, users, tls: { secretName: 'tls' }, ...more };
    await stage.kubernetes.apply(bridge(kind, { mqtt: { broker } }));
    await stage.look.reaches(kind, 'BrokerReady', 'True', 'PodsReady');
    await stage.look.reaches(kind, 'Ready', 'True');
    expect((await stage.look.status(kind)).endpoints.mqtt).toBe(`mqtts://${kind}-broker.default.svc:8883`);

    const before = await revision(kind);
    await stage.kubernetes.apply(secret('lorries', { seven: `new for ${kind}` }));
    await until('another revision of the broker', async () => (await revision(kind)) !== before);
    await stage.look.reaches(kind, 'BrokerReady', 'True', 'PodsReady');
  });

  it.each(['mosquitto', 'emqx'])('%s writes nothing but what somebody else has changed', async kind => {
    await stage.look.reaches(kind, 'Ready', 'True');
    const before = await writes(kind);
    expect(before.length).toBeGreaterThan(5);
    await stage.kubernetes.kubectl([
      'label',
      'sts',
      `${kind}-broker`,
      'app.kubernetes.io/managed-by=somebody',
      '--overwrite',
    ]);
    await until('the label to be put right', async () => {
      const { labels } = (await stage.kubernetes.get('sts', `${kind}-broker`))!.metadata;
      return labels['app.kubernetes.io/managed-by'] === 'mqtt-kafka-operator';
    });
    const after = (await writes(kind)).slice(before.length);
    expect(new Set(after.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`))).toEqual(
      new Set([`patch statefulsets ${kind}-broker`]),
    );
  });
});
