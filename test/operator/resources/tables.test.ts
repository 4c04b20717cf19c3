// In Kubernetes a bridge waited for ever for a table whose file no Pod had, and was killed for the memory of one that it had.
import { describe, expect, it } from 'vitest';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../operator/resources/labels.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';

const mounted = (mountPath: string, name = 'bridge') => ({
  podTemplate: {
    spec: {
      containers: [{ name, volumeMounts: [{ name: 'tables', mountPath }] }],
      volumes: [{ name: 'tables', configMap: { name: 'vehicle-tables' } }],
    },
  },
});

const file = '/tables/devices.csv';
const specOf = (bridge: object, table: object = { file }) => ({
  mqtt: { url: 'mqtt://a' },
  tables: [{ name: 'devices', key: 'vin', ...table }],
  bridge,
});

const containerOf = (spec: object) =>
  objectOf(desiredObjects(pipelineOf(spec as never)), 'StatefulSet', 'cars-bridge').spec.template.spec.containers[0];

describe('a table of a file', () => {
  it.each([
    ['no mount', {}],
    ['a mount elsewhere', mounted('/table')],
    ['a mount of another container', mounted('/tables', 'other')],
    ['a template that is none', { podTemplate: { spec: { containers: [{ name: 'bridge', volumeMounts: [null] }] } } }],
  ])('is refused with %s', (_, bridge) => {
    expect(() => pipelineOf(specOf(bridge) as never)).toThrow(
      /No volume .* is mounted .* has no \/tables\/devices.csv/,
    );
  });

  it.each([['/tables'], ['/tables/'], [file]])('is found in what is mounted at %s', mountPath => {
    const { volumeMounts } = containerOf(specOf(mounted(mountPath)));
    expect(volumeMounts).toContainEqual(expect.objectContaining({ name: 'tables', mountPath }));
  });

  it.each([
    ['/tables/../devices.csv', false],
    ['/tables/../../tables/devices.csv', true],
    ['/other/../tables//./devices.csv', true],
    ['/tables.csv', false],
    ['tables/devices.csv', false],
  ])('%s is found where the path leads: %s', (other, isFound) => {
    const made = () => containerOf(specOf(mounted('/tables'), { file: other, format: 'csv' }));
    if (isFound) expect(made).not.toThrow();
    else expect(made).toThrow('No volume');
  });

  it('counts twice in the limit of memory, and a text does not', () => {
    const limit = (table: object) =>
      Number.parseInt(containerOf(specOf(mounted('/tables'), table)).resources.limits.memory, 10);
    const text = limit({ text: 'vin\nV1', format: 'csv' });
    expect(limit({ file, maxBytes: '128MiB', maxRows: 1_000_000 }) - text).toBe(2 * 128 + 54);
  });

  it('rolls no Pods when its ConfigMap changes, and what is mounted in another way does', () => {
    const inputs = (text: string, mount: object, mountPath = '/tables') => {
      const bridge = mounted(mountPath);
      Object.assign(bridge.podTemplate.spec.containers[0]!.volumeMounts[0]!, mount);
      const observed = { inputs: { 'ConfigMap/vehicle-tables': text } };
      const made = desiredObjects(pipelineOf(specOf(bridge) as never, { observed }));
      return objectOf(made, 'StatefulSet', 'cars-bridge').spec.template.metadata.annotations[inputsHash];
    };
    expect(inputs('one', {})).toBe(inputs('another', {}));
    const alone = { subPath: 'devices.csv' };
    expect(inputs('one', alone, file)).not.toBe(inputs('another', alone, file));
  });
});
