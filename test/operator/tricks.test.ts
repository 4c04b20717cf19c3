/**
 * What somebody with `edit` in one namespace can make the operator do with each kind that it reads or writes: a table of kind and trick, on a real API server. The
 * victim is a bridge in another namespace, of which the tenant may read everything but Secrets, its uid among it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { peoplesRoles } from '../../deploy/manifests/roles.ts';
import { kinds, ownedKinds, routeKinds } from '../../operator/kinds.ts';
import { managedBy, operatorName } from '../../operator/observed/observed-objects.ts';
import { definitionOf } from '../crds/others.ts';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const tenant = 'system:serviceaccount:writer:tenant';
const gateway = { parentRefs: [{ name: 'public', namespace: 'gateways' }] };
const brokered = (more: object = {}) => ({ mqtt: { broker: { kind: 'mosquitto', ...more } } });

const userOf = (name: string, spec: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttUser',
  metadata: { name, namespace: 'writer', ...metadata },
  spec,
});

/** What each kind needs besides to be taken by the API server. */
const bodies: Readonly<Record<string, object>> = {
  StatefulSet: workload({ serviceName: 'x', replicas: 2000 }),
  Deployment: workload({}),
  Job: { spec: { suspend: true, template: template({}, 'Never') } },
  Service: { spec: { ports: [{ port: 1883 }] } },
  ConfigMap: { data: { 'spec.yaml': '{}', 'mosquitto.conf': 'allow_anonymous true' } },
  Secret: { stringData: { password: 'chosen-by-the-tenant' } },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 9, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cars-bridge' } },
  },
  NetworkPolicy: { spec: { podSelector: {} } },
  TLSRoute: { spec: { hostnames: ['a.example.com'], rules: [{ backendRefs: [{ name: 'x', port: 1 }] }] } },
  TCPRoute: { spec: { rules: [{ backendRefs: [{ name: 'x', port: 1 }] }] } },
};

function template(labels: object, restartPolicy = 'Always') {
  return { metadata: { labels }, spec: { restartPolicy, containers: [{ name: 'bridge', image: 'x' }] } };
}

function workload(more: object) {
  return { spec: { ...more, selector: { matchLabels: { a: 'b' } }, template: template({ a: 'b' }) } };
}

describeReal('kubernetes', 'kwok')('a tenant with `edit` in a namespace of their own', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  let look: ReturnType<typeof looks>;
  let victim: KubernetesObject;
  let before: Record<string, string>;

  const as = (...objects: object[]) =>
    kubernetes.kubectl(
      ['apply', '--server-side', '--validate=strict', `--as=${tenant}`, '-f', '-'],
      objects.map(object => stringify(object)).join('---\n'),
    );
  const listed = async (namespace: string): Promise<KubernetesObject[]> => {
    const plurals = [...ownedKinds, ...routeKinds].map(({ plural }) => plural).join();
    return JSON.parse(await kubernetes.kubectl(['get', plurals, '-n', namespace, '-o', 'json'])).items;
  };
  /** What the victim has, without what changes by itself. */
  const victims = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await listed('default'))
        .filter(({ metadata }) => metadata.labels?.[managedBy] === operatorName)
        .map(({ kind, metadata, spec, data }) => [
          `${kind}/${metadata.name}`,
          JSON.stringify([metadata.uid, spec, data]),
        ]),
    );
  /** The same keys as the Secrets of the victim, with values that the tenant has chosen. */
  const chosenSecrets = async (): Promise<Record<string, object>> => {
    const secrets = (await listed('default')).filter(({ kind }) => kind === 'Secret');
    const chosen = (data: object) => Object.fromEntries(Object.keys(data).map(key => [key, 'chosen-by-the-tenant']));
    return Object.fromEntries(secrets.map(({ metadata, data }) => [metadata.name, chosen(data)]));
  };
  const looked = async () => {
    const { values } = await operator.registry.getSingleMetric('controller_runtime_reconcile_total')!.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };
  /** After the operator has looked at the victim once more. */
  const expectUnharmed = async () => {
    const count = await looked();
    const { kubectl } = kubernetes;
    await kubectl(['annotate', 'mkb', 'cars', `look=${count}`, '--overwrite']);
    await until('another look', async () => (await looked()) > count);
    expect(await victims()).toEqual(before);
    expect((await kubernetes.get('mqttkafkabridge', 'cars'))!.status.sessions).toBe(victim.status.sessions);
    expect(await look.condition('cars', 'Ready')).toMatchObject({ status: 'True' });
  };
  const condition = async (kind: string, name: string, type: string) =>
    (await kubernetes.get(kind, name, 'writer'))?.status?.conditions?.find(
      (each: { type: string }) => each.type === type,
    );

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
    await kubernetes.apply(...[definitionOf('tlsroutes'), definitionOf('tcproutes'), ...peoplesRoles()], {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'writer' },
    });
    await until('routes to be served', () => kubernetes.kubectl(['get', 'tlsroutes,tcproutes']).then(() => true));
    const routes = { apiGroups: ['gateway.networking.k8s.io'], resources: ['*'], verbs: ['*'] };
    await kubernetes.apply({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'routes' } },
      // Some installations of a Gateway give them to everybody with `edit`.
      rules: [routes],
    });
    const bound = ['edit', 'mqttkafkabridges-edit', 'mqttkafkabridges-view', 'routes'].map(role => [role, 'writer']);
    for (const [role, namespace] of [...bound, ['view', 'default'], ['mqttkafkabridges-view', 'default']]) {
      const binding = ['create', 'rolebinding', `${role}-tenant`, `--clusterrole=${role}`, '-n', namespace!];
      await kubernetes.kubectl([...binding, '--serviceaccount=writer:tenant']);
    }
    operator = await startOperator(kubernetes, { distributeMs: 1000 });
    const access = { publish: ['up/${username}/#'], subscribe: [] };
    await kubernetes.apply(
      bridge('cars', {
        ...brokered({ access, gateway }),
        monitoring: { exporter: {}, grafana: {}, prometheus: {} },
      } as never),
      { ...userOf('van', { bridgeRef: { name: 'cars' } }), metadata: { name: 'van', namespace: 'default' } },
    );
    await look.reaches('cars', 'Ready', 'True');
    await look.reaches('cars', 'MonitoringReady', 'True');
    await until(
      'the user',
      async () => (await kubernetes.get('mqttuser', 'van'))?.status?.conditions?.[0]?.status === 'True',
    );
    victim = (await kubernetes.get('mqttkafkabridge', 'cars'))!;
    before = await victims();
  }, 120_000);

  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  it('sees the victim, and not its Secrets', async () => {
    const uid = ['get', 'mkb', 'cars', '-o', 'jsonpath={.metadata.uid}', `--as=${tenant}`];
    expect(await kubernetes.kubectl(uid)).toBe(victim.metadata.uid);
    await expect(kubernetes.kubectl(['get', 'secrets', `--as=${tenant}`])).rejects.toThrow('forbidden');
  });

  // The operator took what says that the bridge owns it for its own, in whatever namespace: the password of its broker was one that the tenant had chosen.
  it.each(
    [...ownedKinds, ...routeKinds].map(({ kind, apiVersion }) => [kind, apiVersion] as const),
  )('makes a %s that names the bridge of another namespace as its owner, and changes nothing there', async (kind, apiVersion) => {
    const { uid } = victim.metadata;
    const owner = { apiVersion: kinds.bridge.apiVersion, kind: kinds.bridge.kind, name: 'cars', uid, controller: true };
    const chosen = kind === 'Secret' ? await chosenSecrets() : {};
    const names = Object.keys(before)
      .filter(title => title.startsWith(`${kind}/`))
      .map(title => title.split('/')[1]!);
    const forged = [...names, ...(kind === 'Job' ? ['cars-drain-0', 'cars-drain-1'] : []), 'cars-more'].map(name => ({
      ...{ apiVersion, kind },
      metadata: {
        // The garbage collector would take it away at once.
        ...{ name, namespace: 'writer', ownerReferences: [owner], finalizers: ['example.com/stays'] },
        labels: {
          [managedBy]: operatorName,
          'app.kubernetes.io/name': 'mqtt-kafka-kit',
          'app.kubernetes.io/instance': 'cars',
          'app.kubernetes.io/component': 'broker',
        },
      },
      ...(name in chosen ? { stringData: chosen[name] } : bodies[kind]),
    }));
    await as(...forged);
    await expectUnharmed();
  });

  it.each<[kind: string, trick: string, object: KubernetesObject, refusal: RegExp]>([
    ['MqttUser', 'names a namespace', userOf('a', { bridgeRef: { name: 'cars', namespace: 'default' } }), /namespace/],
    ['MqttUser', 'hides one in a name', userOf('a', { bridgeRef: { name: 'default/cars' } }), /bridgeRef\.name/],
    ['MqttUser', 'goes up a path', userOf('a', { bridgeRef: { name: '../default' } }), /bridgeRef\.name/],
    [
      'MqttUser',
      "names another's Secret",
      userOf('a', { bridgeRef: { name: 'own' }, passwordFrom: { secretKeyRef: { name: 'default/cars', key: 'k' } } }),
      /secretKeyRef\.name/,
    ],
    ['MqttUser', 'is the bridge', userOf('a', { bridgeRef: { name: 'own' }, username: 'mkb-bridge' }), /mkb-/],
    [
      'MqttUser',
      'manages the broker',
      userOf('a', { bridgeRef: { name: 'own' }, acls: [{ topic: '$CONTROL/#' }] }),
      /topic/,
    ],
    ['MqttUser', 'is elsewhere', userOf('a', { bridgeRef: { name: 'cars' } }, { namespace: 'default' }), /forbidden/],
    [
      'bridge',
      'goes to a Service by a route',
      bridge('a', brokered({ gateway: { parentRefs: [{ kind: 'Service', name: 'x' }] } }) as never, {
        namespace: 'writer',
      }),
      /kind/,
    ],
    [
      'bridge',
      'hides a namespace in a Gateway',
      bridge('a', brokered({ gateway: { parentRefs: [{ name: 'b/c' }] } }) as never, { namespace: 'writer' }),
      /parentRefs\[0\]\.name/,
    ],
    ['bridge', 'is elsewhere', bridge('a', {}, { namespace: 'default' }), /forbidden/],
  ])('is refused a %s that %s', async (_, __, object, refusal) => {
    await expect(as(object)).rejects.toThrow(refusal);
  });

  it.each(['mqttkafkabridge', 'mqttuser'])('may not write the status of a %s', async kind => {
    await as(
      bridge('own', brokered() as never, { namespace: 'writer' }),
      userOf('own', { bridgeRef: { name: 'own' } }),
    );
    const patch = ['patch', kind, 'own', '-n', 'writer', '--subresource=status', '--type=merge', `--as=${tenant}`];
    await expect(kubernetes.kubectl([...patch, '-p', '{"status": {"sessions": 99}}'])).rejects.toThrow('forbidden');
  });

  it('has no user at the broker of another namespace', async () => {
    await as(userOf('van', { bridgeRef: { name: 'cars' } }), userOf('thief', { bridgeRef: { name: 'cars' } }));
    for (const name of ['van', 'thief'])
      await until(
        `${name} to be refused`,
        async () => (await condition('mqttuser', name, 'Ready'))?.reason === 'BridgeNotFound',
      );
    await expectUnharmed();
  });

  it('gets a route in their own namespace, to their own broker, whatever Gateway it names', async () => {
    await as(bridge('own', brokered({ gateway }) as never, { namespace: 'writer' }));
    const route = await until('the route', () => kubernetes.get('tcproute', 'own-broker', 'writer'));
    expect(route.spec.rules).toMatchObject([{ backendRefs: [{ name: 'own-broker', port: 1883 }] }]);
    expect(route.spec.rules[0].backendRefs[0]).not.toHaveProperty('namespace');
    const elsewhere = (await listed('default')).filter(({ kind }) => kind === 'TCPRoute');
    expect(elsewhere.map(({ metadata }) => metadata.name)).toEqual(['cars-broker']);
  });

  it('has got nothing from the operator in another namespace, nor any of its rights', async () => {
    const requests = (await kubernetes.audit()).filter(({ user }) => user.endsWith(`:${operatorAccount}`));
    expect(requests.filter(({ code }) => code === 403)).toEqual([]);
    const secrets = (await listed('writer')).filter(({ kind }) => kind === 'Secret');
    const theirs = Object.values((await kubernetes.get('secret', 'cars-broker-user'))!.data as Record<string, string>);
    for (const { data } of secrets)
      for (const value of Object.values(data as Record<string, string>)) expect(theirs).not.toContain(value);
    expect(operator.complaints.filter(each => /Something went wrong/.test(each))).toEqual([]);
  });
});
