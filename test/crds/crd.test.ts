import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../api/check.ts';
import { crdName, customResourceDefinition } from '../../api/crd.ts';
import { ApiClient } from '../../operator/runtime/client.ts';
import type { KubeObject } from '../../operator/runtime/object.ts';
import { validDocuments } from '../api/support/arbitrary-documents.ts';
import { documentOf } from '../api/support/documents.ts';
import { type KubernetesObject, type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bad, good, goodSince, lastBad, url } from './crd-cases.ts';

const file = `crds/${crdName}.yaml`;
const earlier = 'test/crds/earlier/0.1.0.yaml';
const bridges = {
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  plural: 'mqttkafkabridges',
  namespaced: true,
};
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

  const before = new Map<string, KubernetesObject>();
  const stored = async () => {
    const names = good.map((_, index) => `stored-${index}`);
    return new Map(await Promise.all(names.map(async name => [name, (await kubernetes.get('mkb', name))!] as const)));
  };

  beforeAll(async () => {
    kubernetes = await startKubernetes({ apply: [earlier] });
    client = new ApiClient(kubernetes.config);
    await until('the first definition to be served', async () => (await refusal(documentOf())) === 'accepted');
    for (const [index, sections] of good.entries()) {
      await apply({ ...documentOf(sections), metadata: { name: `stored-${index}` } }, false);
    }
    for (const [name, object] of await stored()) before.set(name, object);
    await kubernetes.kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
    await until('the definition to be served', async () => (await refusal(documentOf(lastBad))) !== 'accepted');
  });
  afterAll(() => kubernetes?.stop());

  it.each(bad)('refuses %j', async (sections, words) => {
    expect(await refusal(documentOf(sections))).toContain(words);
  });

  it.each(bad)('is refused by mkb validate as well: %j', sections => {
    expect(checkDocument(documentOf(sections)).findings).not.toEqual([]);
  });

  it.each([...good, ...goodSince])('takes %j, and so does mkb validate', async sections => {
    expect(await refusal(documentOf(sections))).toBe('accepted');
    expect(checkDocument(documentOf(sections)).findings).toEqual([]);
  });

  it('refuses a name that labels have no room for', async () => {
    const document = { ...documentOf(), metadata: { name: 'a'.repeat(41) } };
    expect(await refusal(document)).toContain('40 characters at most');
  });

  // A bridge called 1cars was taken, and never ran: no Service can have such a name.
  it.each([
    '1cars',
    'my.cars',
    '1.cars',
    '0',
    '2-cars',
  ])('refuses the name %s at once, and says what a name is', async name => {
    const answer = await refusal({ ...documentOf(), metadata: { name } });
    expect(answer).toContain('the name must begin with a small letter');
    expect(answer).toContain('such as cars-1');
  });

  it.each(['c', 'cars-1', 'c1', 'a'.repeat(40)])('takes the name %s', async name => {
    expect(await refusal({ ...documentOf(), metadata: { name } })).toBe('accepted');
  });

  it('has no default in a list that is compared as a whole: two managers of one document would have a conflict', () => {
    const found: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string, whole: boolean): void => {
      const {
        items,
        properties,
        additionalProperties,
        default: value,
      } = schema as Record<string, Record<string, unknown>>;
      if (whole && value !== undefined) found.push(path);
      if (items) walk(items, `${path}[]`, whole || schema['x-kubernetes-list-type'] !== 'map');
      for (const [name, inner] of Object.entries(properties ?? {}))
        walk(inner as Record<string, unknown>, `${path}.${name}`, whole);
      if (additionalProperties) walk(additionalProperties, `${path}.*`, whole);
    };
    walk(customResourceDefinition().spec.versions[0]!.schema.openAPIV3Schema as Record<string, unknown>, '', false);
    expect(found).toEqual([]);
  });

  // A lowered number was taken, and nothing came of it.
  it('refuses fewer partitions for a topic, and says why', async () => {
    const named = (partitions: number) => ({
      ...documentOf({ kafka: { bootstrapServers: ['k:9092'], topics: [{ name: 'a' }, { name: 'b', partitions }] } }),
      metadata: { name: 'partitions' },
    });
    await apply(named(6), false);
    expect(await refusal(named(5))).toContain('partitions cannot become fewer, as Kafka takes none away');
    expect(await refusal(named(12))).toBe('accepted');
    expect(await refusal(named(-1))).toBe('accepted');
  });

  it('keeps the kind of a managed broker and its volume as they are', async () => {
    const broker = { kind: 'emqx', storage: '1GiB' };
    await apply(documentOf({ mqtt: { broker } }), false);
    expect(await refusal(documentOf({ mqtt: { broker: { ...broker, kind: 'mosquitto' } } }))).toContain(
      'the kind of broker cannot change',
    );
    for (const storage of [undefined, '1GB', '1023MiB', '1048575Ki', '0.5GB']) {
      const changed = { kind: 'emqx', ...(storage !== undefined && { storage }) };
      expect(await refusal(documentOf({ mqtt: { broker: changed } })), storage).toContain('storage can only grow');
    }
    for (const storage of ['1024MiB', '1.1GB', '2TiB', '1100000KB', '1100000000B']) {
      expect(await refusal(documentOf({ mqtt: { broker: { kind: 'emqx', storage } } })), storage).toBe('accepted');
    }
    const classed = { ...broker, storageClassName: 'fast' };
    expect(await refusal(documentOf({ mqtt: { broker: classed } }))).toContain('storageClassName cannot change');
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

  it('keeps objects that were stored under an earlier definition, and lets them be changed', async () => {
    const after = await stored();
    // Fields that are new may have a default.
    expect(Object.fromEntries(after)).toMatchObject(Object.fromEntries(before));
    for (const name of after.keys()) {
      await kubernetes.kubectl(['label', 'mkb', name, 'seen=true']);
      const report = { status: { observedGeneration: 1 } };
      await kubernetes.kubectl([
        'patch',
        'mkb',
        name,
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify(report),
      ]);
    }
  });

  it('takes whatever document mkb validate takes', async () => {
    for (const document of validDocuments(60, Date.now() % 1_000_000)) {
      expect(await refusal(document), JSON.stringify(document)).toBe('accepted');
    }
  });
});

it('fits into the annotation that kubectl apply makes of it', () => {
  expect(JSON.stringify(parse(readFileSync(file, 'utf8'))).length).toBeLessThan(230_000);
});

it('takes away or changes the type of no field that an earlier version had and did not refuse by name', () => {
  const of = (path: string) => fieldTypes(parse(readFileSync(path, 'utf8')).spec.versions[0].schema.openAPIV3Schema);
  expect(Object.fromEntries(of(file))).toMatchObject(
    Object.fromEntries(of(earlier).filter(([field]) => !refused.some(each => field.startsWith(each)))),
  );
});

/** No document with these was ever run. */
const refused = ['/spec/mqtt/listen'];

interface Schema {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function fieldTypes({ type, properties = {}, items }: Schema, path = ''): [string, string][] {
  const inner = Object.entries(properties).flatMap(([name, field]) => fieldTypes(field, `${path}/${name}`));
  return [[path, type], ...inner, ...(items ? fieldTypes(items, `${path}/*`) : [])];
}
