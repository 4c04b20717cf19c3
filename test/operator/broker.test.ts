/** Managed brokers, and bridges that are the MQTT server, on a real API server. Their Pods are kwok's: that Mosquitto does what it is told is proved in resources/broker. */
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

  /** Jobs that were ever made whose names begin so. */
  const jobs = async (prefix: string) =>
    (await stage.kubernetes.audit()).filter(
      ({ resource, verb, code, name }) =>
        resource === 'jobs' && verb === 'patch' && code === 201 && name.startsWith(prefix),
    );
  const session = { mqtt: { url: 'mqtt://broker.example:1883', share: 's' }, bridge: { replicas: 2 } };
  const listening = (clients: object, replicas: number) =>
    ({
      mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true, ...clients } },
      bridge: { replicas },
    }) as Parameters<typeof stage.apply>[1];

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

  it('no broker, as clients connect to the bridge, leads them to it, and says where', async () => {
    await stage.apply('served', {
      mqtt: {
        listen: [{ port: 1883 }, { port: 443, webSocket: { path: '/mqtt' } }],
        clients: { anonymous: true, sessions: { expiry: '0s' } },
      },
      bridge: { replicas: 2, service: { type: 'NodePort', externalTrafficPolicy: 'Local' } },
    } as never);
    await stage.look.reaches('served', 'Ready', 'True');
    await stage.look.reaches('served', 'BrokerReady', 'True', 'Listening');
    expect(await stage.look.status('served')).toMatchObject({
      endpoints: { mqtt: 'mqtt://served-mqtt.default.svc:1883,ws://served-mqtt.default.svc:443/mqtt' },
    });
    const { spec } = (await stage.kubernetes.get('service', 'served-mqtt'))!;
    expect(spec).toMatchObject({ type: 'NodePort', externalTrafficPolicy: 'Local' });
    const revision = await stage.revision('served');
    const patch = (spec: object) =>
      stage.kubectl('patch', 'mkb', 'served', '--type=merge', '-p', JSON.stringify({ spec }));
    await patch({ bridge: { service: { type: 'ClusterIP', externalTrafficPolicy: null } } });
    await until(
      'the Service to be inside',
      async () => (await stage.kubernetes.get('service', 'served-mqtt'))?.spec.type === 'ClusterIP',
    );
    expect(await stage.revision('served')).toBe(revision);
    await patch({ bridge: { autoscaling: { minReplicas: 2, maxReplicas: 5, connections: 100 } } });
    const scaler = await until('the autoscaler', () => stage.kubernetes.get('hpa', 'served-bridge'));
    expect(scaler.spec.metrics).toMatchObject([{ type: 'Pods', pods: { metric: { name: 'mkb_clients_connected' } } }]);
    // What the autoscaler does.
    await stage.kubectl('scale', 'mkb/served', '--replicas=3');
    await until('three replicas', async () => (await stage.statefulSet('served'))?.spec.replicas === 3);
    await stage.look.reaches('served', 'Ready', 'True');
    expect((await stage.statefulSet('served'))!.spec.replicas).toBe(3);
    // It would reach the clients of one of them: refused, and what runs goes on.
    const toClients = { name: 'r', sql: 'SELECT * FROM "$kafka/t"', sinks: [{ mqtt: { topic: 'a' } }] };
    await patch({ rules: [toClients] });
    const { message } = await stage.look.reaches('served', 'Ready', 'False', 'RulesInvalid');
    expect(message).toContain(
      'spec.rules[0].sinks: Each message would reach the clients of one of the 5 replicas only',
    );
    expect(await stage.revision('served')).toBe(revision);
  });

  // Its sessions are in its Pods, and there is nothing to wait for.
  it('no broker any more drains its sessions, and what listens has none to drain: it is deleted at once', async () => {
    await stage.apply('listened', listening({ sessions: { expiry: '0s' } }, 2));
    await stage.look.reaches('listened', 'Ready', 'True');
    expect((await stage.kubernetes.get('mkb', 'listened'))!.metadata.finalizers ?? []).toEqual([]);
    expect(await stage.kubernetes.get('secret', 'listened-sessions')).toBeUndefined();
    await stage.apply('listened', session);
    await stage.look.reaches('listened', 'Ready', 'True');
    expect((await stage.look.status('listened')).leftSessions ?? []).toEqual([]);
    await until(
      'the Service of the clients to go',
      async () => (await stage.kubernetes.get('service', 'listened-mqtt')) === undefined,
    );
    await stage.apply('listened', listening({}, 1));
    await until(
      'the sessions of the broker to be drained',
      async () => (await jobs('listened-sessions-')).length === 2,
    );
    await until('none to be left', async () => ((await stage.look.status('listened')).leftSessions ?? []).length === 0);
    await stage.look.reaches('listened', 'Ready', 'True');
    await stage.kubectl('delete', 'mkb', 'listened', '--timeout=60s');
    expect(await jobs('listened-drain')).toEqual([]);
    await until('nothing of it to be left', async () => (await stage.owned('listened')).length === 0);
  });
});
