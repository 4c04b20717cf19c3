import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configurationText } from '../../deploy/manifests/objects.ts';
import { access, clusterAccess, ownAccess } from '../../operator/access.ts';
import { loadConfigurationText } from '../../operator/configuration.ts';
import { kinds, strimziKinds } from '../../operator/kinds.ts';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { byTitle, installed, installFile, kustomized, objectsOf, templated } from './deployed.ts';

/** What differs by nature: names with a hash, and labels of whoever installs. */
function comparable(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  const text = JSON.stringify(byTitle(objects))
    .replace(/(mqtt-kafka-operator)-[a-z0-9]{10}(?=")/g, '$1')
    .replace(/mqtt-kafka-operator-bridges-(view|edit)/g, 'mqttkafkabridges-$1');
  const withoutExtras = JSON.parse(text, (key, value) => {
    if (['labels', 'matchLabels', 'selector'].includes(key))
      return rest(value, [
        'helm.sh/chart',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/version',
        'app.kubernetes.io/managed-by',
      ]);
    if (key === 'annotations') return rest(value, ['mqttkafka.dev/configuration', 'helm.sh/resource-policy']);
    return value;
  });
  return JSON.parse(JSON.stringify(withoutExtras), (key, value) =>
    key === 'annotations' && Object.keys(value).length === 0 ? undefined : value,
  );
}

const rest = (record: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

describeReal('kubernetes', 'helm')('an installation', () => {
  it('is the same with kustomize as with install.yaml', () => {
    expect(comparable(objectsOf(kustomized('deploy/kustomize/overlays/cluster')))).toEqual(comparable(installed()));
  });

  it('is the same with the chart as with install.yaml, but for the namespace, which Helm makes', () => {
    const { 'Namespace/mqtt-kafka-system': _, ...all } = comparable(installed());
    const ours = comparable(objectsOf(templated()));
    const configured = 'ConfigMap/mqtt-kafka-operator';
    const configuration = (objects: typeof ours) =>
      loadConfigurationText(objects[configured]!.data['operator.yaml'], 'operator.yaml').document;
    expect(configuration(ours)).toEqual(configuration(all));
    expect({ ...ours, [configured]: undefined }).toEqual({ ...all, [configured]: undefined });
  });
});

it('has objects that are small enough for the annotation that kubectl apply makes of them', () => {
  for (const object of installed()) expect(JSON.stringify(object).length).toBeLessThan(256 * 1024);
});

it('has a configuration that the operator takes', () => {
  expect(loadConfigurationText(configurationText, 'operator.yaml').problems).toEqual([]);
});

it('names images as nobody in particular serves them', () => {
  expect(readFileSync(installFile, 'utf8').match(/image: .*/g)).toEqual(['image: mkb:0.1.0']);
});

it('gives the operator some right to every kind that it knows', () => {
  const known = [...Object.values(kinds), ...Object.values(strimziKinds('v1'))].map(({ plural }) => plural);
  const granted = [...access, ...ownAccess, ...clusterAccess].map(({ resource }) => resource.split('/')[0]);
  expect(new Set(granted)).toEqual(new Set(known));
});

it('gives no right to everything of anything', () => {
  for (const { group, resource, verbs } of [...access, ...ownAccess, ...clusterAccess])
    expect([group, resource, ...verbs]).not.toContain('*');
});
