import { afterAll, beforeAll, expect, it } from 'vitest';
import { appliedHash, applyObject } from '../../../operator/runtime/apply.ts';
import { hashOf } from '../../../operator/runtime/canonical.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { describeReal } from '../../real/require.ts';
import { configMapKind, type RealApi, startRealApi } from '../support/real-api.ts';

const deploymentKind: ResourceKind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const scalerKind: ResourceKind = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
};

describeReal('kubernetes')('applying an object', () => {
  let api: RealApi;

  beforeAll(async () => {
    api = await startRealApi();
  });

  afterAll(async () => {
    await api?.kubernetes.stop();
  });

  let made = 0;
  const newName = () => `thing-${made++}`;
  const kubectl = (args: readonly string[], stdin?: object) =>
    api.kubernetes.kubectl(args, stdin && JSON.stringify(stdin));

  /** Everything that people write into a Deployment, in their own spelling. */
  const deployment = (name: string, more: { replicas?: number; env?: object; image?: string } = {}): KubeObject => {
    const { replicas = 2, env = { LEVEL: 'info' }, image = 'bridge:1' } = more;
    const container = {
      name: 'bridge',
      image,
      env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
      ports: [{ name: 'http', containerPort: 8080 }],
      resources: { limits: { cpu: '1000m', memory: '0.5Gi' } },
      securityContext: {},
      args: ['run', 'bridge.yaml'],
    };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'default', labels: { app: name }, annotations: undefined },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [container], volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1024Mi' } }] },
        },
      },
    };
  };
  const scaler = (name: string, averageValue: string): KubeObject => ({
    apiVersion: scalerKind.apiVersion,
    kind: scalerKind.kind,
    metadata: { name, namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      maxReplicas: 3,
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'backlog' }, target: { type: 'AverageValue', averageValue } } },
      ],
    },
  });

  const apply = (object: KubeObject, kind = deploymentKind, client = api.client) =>
    applyObject(client, kind, object, { fieldManager: 'us' });
  const outcome = async (object: KubeObject, kind?: ResourceKind, client = api.client) =>
    (await apply(object, kind, client)).outcome;
  /** Given what was observed, how it ended and how many requests it took. */
  const applyObserved = async (object: KubeObject, kind = deploymentKind, client = api.client) => {
    const observed = await api.now(kind, object.metadata.name);
    const [applied, requests] = await api.counting(() =>
      applyObject(client, kind, object, { fieldManager: 'us', observed }),
    );
    return [applied.outcome, requests];
  };
  const containerOf = async (name: string) => {
    const { spec } = await api.now(deploymentKind, name);
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a Deployment
    return (spec as any).template.spec.containers[0];
  };

  it('makes it, and then asks nothing as long as it is right', async () => {
    const wanted = deployment(newName());
    expect(await apply(wanted)).toMatchObject({ outcome: 'created', corrected: [], taken: [] });
    expect(await applyObserved(wanted)).toEqual(['unchanged', 0]);
    // After a start of the process too, since there is nothing here that the server keeps in another way.
    expect(await applyObserved(wanted, deploymentKind, api.newClient())).toEqual(['unchanged', 0]);
  });

  it('looks itself when nobody has, and writes nothing when it is right', async () => {
    const wanted = deployment(newName());
    await apply(wanted);
    const { metadata } = await api.now(deploymentKind, wanted.metadata.name);
    expect(await api.counting(() => outcome(wanted))).toEqual(['unchanged', 1]);
    expect((await api.now(deploymentKind, wanted.metadata.name)).metadata.resourceVersion).toBe(
      metadata.resourceVersion,
    );
  });

  it('makes it again when it has been deleted', async () => {
    const wanted = deployment(newName());
    await apply(wanted);
    await api.client.delete(deploymentKind, wanted.metadata);
    expect(await outcome(wanted)).toBe('created');
  });

  it('removes what is not wanted any more, and nothing of others', async () => {
    const name = newName();
    await apply(deployment(name, { env: { LEVEL: 'info', OLD: 'x' } }));
    const injected = [
      { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'THEIRS', value: '1' } },
    ];
    await kubectl(['patch', 'deployment', name, '--type=json', '-p', JSON.stringify(injected)]);
    await kubectl(['label', 'deployment', name, 'team=a']);
    expect(await applyObserved(deployment(name, { env: { LEVEL: 'debug' } }))).toEqual(['updated', 1]);
    expect((await containerOf(name)).env).toEqual([
      { name: 'LEVEL', value: 'debug' },
      { name: 'THEIRS', value: '1' },
    ]);
    expect((await api.now(deploymentKind, name)).metadata.labels).toEqual({ app: name, team: 'a' });
    expect(await applyObserved(deployment(name, { env: { LEVEL: 'debug' } }))).toEqual(['unchanged', 0]);
  });

  it('takes back what another has changed, and tells which field it was, and whose', async () => {
    const wanted = deployment(newName());
    const { name, namespace } = wanted.metadata;
    await apply(wanted);
    const identity = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } };
    await kubectl(['apply', '--server-side', '--field-manager=autoscaler', '--force-conflicts', '-f', '-'], {
      ...identity,
      spec: { replicas: 7, selector: { matchLabels: { app: name } } },
    });
    await kubectl(['set', 'image', `deployment/${name}`, 'bridge=wrong:1', '--field-manager=somebody']);
    const image = '.spec.template.spec.containers[name="bridge"].image';
    const { outcome: ended, corrected, taken, object } = await apply(wanted);
    expect([ended, [...corrected].sort()]).toEqual(['corrected', ['.spec.replicas', image]]);
    expect([...taken].sort((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
      { manager: 'autoscaler', field: '.spec.replicas' },
      { manager: 'somebody', field: image },
    ]);
    expect(object.spec).toMatchObject({ replicas: 2 });
    expect((await containerOf(name)).image).toBe('bridge:1');
    expect(await applyObserved(wanted)).toEqual(['unchanged', 0]);
  });

  it("puts back what another has removed, which was nobody's field then", async () => {
    const wanted = deployment(newName());
    const { name } = wanted.metadata;
    await apply(wanted);
    await kubectl(['label', 'deployment', name, 'app-']);
    expect(await apply(wanted)).toMatchObject({ outcome: 'corrected', corrected: ['.metadata.labels'], taken: [] });
  });

  it('is no conflict with another that wants the same', async () => {
    const wanted = deployment(newName());
    const { name, namespace } = wanted.metadata;
    await apply(wanted);
    await kubectl(['apply', '--server-side', '--field-manager=others', '-f', '-'], {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels: { app: name } },
    });
    expect(await applyObserved(wanted)).toEqual(['unchanged', 0]);
    expect(await apply(deployment(name, { replicas: 3 }))).toMatchObject({ outcome: 'updated', taken: [] });
  });

  it('takes over an object that somebody has made by hand, and says what was theirs', async () => {
    const name = newName();
    await kubectl(['create', '-f', '-', '--field-manager=by-hand'], deployment(name, { replicas: 5 }));
    expect(await apply(deployment(name))).toMatchObject({
      outcome: 'updated',
      taken: expect.arrayContaining([{ manager: 'by-hand', field: '.spec.replicas' }]),
    });
  });

  it('learns what the server makes of a field, does not take it for a change, and still sees one', async () => {
    const name = newName();
    const wanted = scaler(name, '1000m');
    expect(await outcome(wanted, scalerKind)).toBe('created');
    const kept = await api.now(scalerKind, name);
    expect(JSON.stringify(kept.spec)).toContain('"averageValue":"1"');
    expect(await applyObserved(wanted, scalerKind)).toEqual(['unchanged', 0]);

    const restarted = api.newClient();
    expect(await applyObserved(wanted, scalerKind, restarted)).toEqual(['unchanged', 1]);
    expect(await applyObserved(wanted, scalerKind, restarted)).toEqual(['unchanged', 0]);
    expect((await api.now(scalerKind, name)).metadata.resourceVersion).toBe(kept.metadata.resourceVersion);

    const path = '/spec/metrics/0/pods/target/averageValue';
    const change = JSON.stringify([{ op: 'replace', path, value: '9' }]);
    await kubectl(['patch', 'hpa', name, '--type=json', '-p', change]);
    expect(await apply(wanted, scalerKind)).toMatchObject({
      outcome: 'corrected',
      corrected: ['.spec.metrics[0].pods.target.averageValue'],
    });
    expect(await applyObserved(wanted, scalerKind)).toEqual(['unchanged', 0]);
    expect(await applyObserved(scaler(name, '2'), scalerKind)).toEqual(['updated', 1]);
  });

  it('compares what is kept of an object where that is not all of it', async () => {
    const name = newName();
    const wanted = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data: { text: 'a long text' },
    };
    const transform = (object: KubeObject): KubeObject => ({ ...object, data: hashOf(object.data) });
    await apply(wanted, configMapKind);
    const again = async (object: KubeObject) => {
      const observed = transform(await api.now(configMapKind, name));
      const options = { fieldManager: 'us', observed, transform };
      const [applied, requests] = await api.counting(() => applyObject(api.client, configMapKind, object, options));
      return [applied.outcome, requests];
    };
    expect(await again(wanted)).toEqual(['unchanged', 0]);
    await kubectl(['patch', 'configmap', name, '--type=merge', '-p', '{"data":{"text":"another"}}']);
    expect((await again(wanted))[0]).toBe('corrected');
    expect((await api.now(configMapKind, name)).data).toEqual({ text: 'a long text' });
  });

  it('keeps the annotations of the object, and adds the hash to them', async () => {
    const wanted = deployment(newName());
    const annotated = { ...wanted, metadata: { ...wanted.metadata, annotations: { note: 'a' } } };
    await apply(annotated);
    const { annotations } = (await api.now(deploymentKind, wanted.metadata.name)).metadata;
    expect(annotations).toEqual({ note: 'a', [appliedHash]: hashOf(annotated) });
  });

  it('fails for what the server does not take, and where there is no place for it', async () => {
    await expect(apply(deployment(newName(), { replicas: -1 }))).rejects.toMatchObject({
      code: 'kube-invalid',
      kind: 'permanent',
    });
    const wanted = deployment(newName());
    const elsewhere = { ...wanted, metadata: { ...wanted.metadata, namespace: 'nowhere' } };
    await expect(apply(elsewhere)).rejects.toMatchObject({ code: 'kube-not-found' });
  });

  // A bridge asked for each of its objects before it made them, and each answer was that there is none.
  it('makes one without asking for it first, and never changes one that is there', async () => {
    const name = newName();
    const foreign = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data: { a: 'theirs' },
    };
    const only = { fieldManager: 'tester', observed: undefined, onlyCreate: true };
    await kubectl(['create', '-f', '-'], foreign);
    const before = await api.client.get(configMapKind, foreign.metadata);
    const ours = { ...foreign, metadata: { ...foreign.metadata, labels: { ours: 'yes' } }, data: { b: 'ours' } };
    await expect(applyObject(api.client, configMapKind, ours, only)).rejects.toMatchObject({ code: 'kube-conflict' });
    expect(await api.client.get(configMapKind, foreign.metadata)).toEqual(before);

    const fresh = { ...ours, metadata: { ...ours.metadata, name: newName() } };
    const { outcome, object } = await applyObject(api.client, configMapKind, fresh, only);
    expect([outcome, object.data]).toEqual(['created', { b: 'ours' }]);
    // All of its fields are ours, as with any other apply: one that is not wanted any more goes.
    const next = await applyObject(
      api.client,
      configMapKind,
      { ...fresh, data: { c: 'ours' } },
      { fieldManager: 'tester', observed: object },
    );
    expect(next.object.data).toEqual({ c: 'ours' });
  });
});
