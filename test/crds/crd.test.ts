import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDocument } from '../../api/check.ts';
import { crdName } from '../../api/crd.ts';
import { ApiClient } from '../../operator/runtime/client.ts';
import type { KubeObject } from '../../operator/runtime/object.ts';
import { documentOf, ruleOf } from '../api/support/documents.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

const file = `crds/${crdName}.yaml`;
const bridges = {
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  plural: 'mqttkafkabridges',
  namespaced: true,
};
const url = 'mqtt://a';
const secret = { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
const bootstrapServers = ['a:9092'];
const mosquitto = { kind: 'mosquitto' };

/** Sections of a document, and words of why the API server refuses them. */
const bad: [Record<string, unknown>, string][] = [
  [{ mqtt: {} }, 'exactly one of url, urls, broker, brokerRef, listen is needed'],
  [{ mqtt: { url, broker: mosquitto } }, 'exactly one of url'],
  [{ mqtt: { url: 'http://a' } }, 'spec.mqtt.url'],
  [{ mqtt: { url, qos: 3 } }, 'spec.mqtt.qos: Unsupported value: 3'],
  [{ mqtt: { url, sessionExpiry: '24' } }, 'spec.mqtt.sessionExpiry'],
  [{ mqtt: { url, tls: { cert: secret } } }, 'cert and key belong together'],
  [{ mqtt: { url, auth: { username: 'a', password: {} } } }, 'exactly one of value, valueFrom is needed'],
  [{ mqtt: { broker: { ...mosquitto, replicas: 2 } } }, 'mosquitto does not scale out'],
  [
    { mqtt: { broker: { ...mosquitto, users: [{ username: 'mkb-bridge', password: secret }] } } },
    'the user mkb-bridge is the bridge itself',
  ],
  [{ kafka: {} }, 'exactly one of bootstrapServers, clusterRef is needed'],
  [{ kafka: { bootstrapServers: [] } }, 'should have at least 1 items'],
  [{ kafka: { bootstrapServers, auth: { mechanism: 'plain' } } }, 'username is needed by plain'],
  [
    { kafka: { bootstrapServers, auth: { mechanism: 'oauthbearer', username: 'u', token: secret } } },
    'oauthbearer does not use it',
  ],
  [{ kafka: { bootstrapServers, auth: { mechanism: 'oauthbearer' } } }, 'oauthbearer needs oauth or token'],
  [{ kafka: { bootstrapServers, producer: { acks: 'leader', idempotent: true } } }, 'idempotent needs acks: all'],
  [{ rules: [] }, 'should have at least 1 items'],
  [{ rules: [ruleOf({ topic: 'a' }), ruleOf({ topic: 'b' })] }, 'duplicate entries for key [name="all"]'],
  [{ rules: [{ ...ruleOf({ topic: 'a' }), sinks: [{}] }] }, 'exactly one of kafka, mqtt is needed'],
  [{ monitoring: { grafana: {} } }, 'Grafana has no Prometheus to ask'],
  [{ bridge: { replicas: 2 } }, 'several replicas need mqtt.share'],
  [{ bridge: { replicas: -1 } }, 'should be greater than or equal to 0'],
  [{ bridge: { autoscaling: { maxReplicas: 3, cpu: 80 } } }, 'autoscaling needs mqtt.share'],
  [
    { mqtt: { url, share: 's' }, bridge: { autoscaling: { minReplicas: 4, maxReplicas: 3, cpu: 80 } } },
    'minReplicas is above maxReplicas',
  ],
  [
    { mqtt: { url, share: 's' }, bridge: { autoscaling: { maxReplicas: 3 } } },
    'cpu or backlog must say what to scale by',
  ],
];

/** What only the operator runs; a document for a laptop has no such rules. */
const good: Record<string, unknown>[] = [
  {},
  { mqtt: { urls: [url, 'wss://b/mqtt'], share: 's' }, bridge: { replicas: 3, podTemplate: { spec: { any: [1] } } } },
  {
    mqtt: { broker: { kind: 'emqx', replicas: 3, storage: '1GiB' } },
    monitoring: { exporter: {}, prometheus: {}, grafana: {} },
  },
  { kafka: { clusterRef: { name: 'k', user: 'u' } }, delivery: { onFailure: { deadLetter: { topic: 'dead' } } } },
  { kafka: { bootstrapServers, auth: { mechanism: 'plain', username: 'u', password: secret } } },
];

describeReal('etcd', 'kubernetes')('the custom resource', () => {
  let kubernetes: RunningKubernetes;
  let client: ApiClient;
  const apply = (document: unknown, dryRun = true) =>
    client.apply(
      bridges,
      { ...(document as KubeObject), metadata: { name: nameOf(document), namespace: 'default' } },
      {
        fieldManager: 'test',
        dryRun,
      },
    );
  const nameOf = (document: unknown) => (document as KubeObject).metadata.name;
  const refusal = async (document: unknown, dryRun = true): Promise<string> => {
    try {
      await apply(document, dryRun);
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };

  beforeAll(async () => {
    kubernetes = await startKubernetes({ apply: [file] });
    client = new ApiClient(kubernetes.config);
    await until('the CRD to be served', async () => (await refusal(documentOf())) === 'accepted');
  });
  afterAll(() => kubernetes?.stop());

  it.each(bad)('refuses %j', async (sections, words) => {
    expect(await refusal(documentOf(sections))).toContain(words);
  });

  it.each(bad)('is refused by mkb validate as well: %j', sections => {
    expect(checkDocument(documentOf(sections)).findings).not.toEqual([]);
  });

  it.each(good)('takes %j, and so does mkb validate', async sections => {
    expect(await refusal(documentOf(sections))).toBe('accepted');
    expect(checkDocument(documentOf(sections)).findings).toEqual([]);
  });

  it('refuses a name that labels have no room for', async () => {
    const document = { ...documentOf(), metadata: { name: 'a'.repeat(41) } };
    expect(await refusal(document)).toContain('40 characters at most');
  });

  it('keeps the kind of a managed broker and its volume as they are', async () => {
    const broker = { kind: 'emqx', storage: '1GiB' };
    await apply(documentOf({ mqtt: { broker } }), false);
    expect(await refusal(documentOf({ mqtt: { broker: { ...broker, kind: 'mosquitto' } } }))).toContain(
      'the kind of broker cannot change',
    );
    for (const changed of [{ kind: 'emqx' }, { kind: 'emqx', storage: '2GiB' }]) {
      expect(await refusal(documentOf({ mqtt: { broker: changed } }))).toContain('storage cannot change');
    }
    expect(await refusal(documentOf({ mqtt: { broker: { ...broker, replicas: 3 } } }))).toBe('accepted');
  });

  it('leaves a choice open that nobody has made, so that another can be applied later', async () => {
    const named = (delivery: object) => ({ ...documentOf({ delivery }), metadata: { name: 'choice' } });
    await apply(named({}), false);
    expect(await refusal(named({ onFailure: { deadLetter: { topic: 'dead' } } }))).toBe('accepted');
  });

  it('is scaled as a Deployment is', async () => {
    await apply(
      { ...documentOf({ mqtt: { url, share: 's' }, bridge: { replicas: 1 } }), metadata: { name: 'scaled' } },
      false,
    );
    await kubernetes.kubectl(['scale', 'mkb/scaled', '--replicas=3']);
    expect((await kubernetes.get('mkb', 'scaled'))!.spec.bridge.replicas).toBe(3);
  });

  it('tells kubectl explain what a field is for', async () => {
    const text = await until('the schema to be published', () =>
      kubernetes.kubectl(['explain', 'mkb.spec.mqtt.share']),
    );
    expect(text).toContain('The group of a shared subscription');
    expect(text).not.toContain('<no description>');
  });

  it('keeps objects that are stored when it is upgraded', async () => {
    await apply({ ...documentOf(), metadata: { name: 'old' } }, false);
    const before = (await kubernetes.get('mkb', 'old'))!;
    await kubernetes.kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
    expect(await kubernetes.get('mkb', 'old')).toEqual(before);
  });

  it('fits into the annotation that kubectl apply makes of it', () => {
    const { length } = execFileSync('cat', [file]);
    expect(length).toBeLessThan(200_000);
  });
});
