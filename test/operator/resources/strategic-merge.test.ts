import { describe, expect, it } from 'vitest';
import { strategicMerge } from '../../../operator/resources/strategic-merge.ts';

const base = {
  metadata: { labels: { a: '1' } },
  spec: {
    nodeSelector: { disk: 'ssd' },
    containers: [{ name: 'bridge', image: 'mkb:1', args: ['run'], env: [{ name: 'A', value: '1' }] }],
    volumes: [{ name: 'document', configMap: { name: 'cars' } }],
    tolerations: [{ key: 'a' }],
  },
};

const merged = (patch: object) => strategicMerge(base, patch as Record<string, unknown>);

describe('a podTemplate merged over ours', () => {
  it('changes nothing when nothing is written', () => {
    expect(strategicMerge(base, undefined)).toBe(base);
    expect(merged({})).toEqual(base);
  });

  it('adds to mappings, field by field', () => {
    expect(merged({ metadata: { labels: { b: '2' } } }).metadata.labels).toEqual({ a: '1', b: '2' });
  });

  it('meets lists by the names of their items, which keep their places', () => {
    const { containers, volumes } = merged({
      spec: {
        containers: [
          { name: 'sidecar', image: 'proxy:2' },
          {
            name: 'bridge',
            env: [
              { name: 'B', value: '2' },
              { name: 'A', value: '3' },
            ],
          },
        ],
        volumes: [{ name: 'more', emptyDir: {} }],
      },
    }).spec;
    expect(containers).toEqual([
      {
        name: 'bridge',
        image: 'mkb:1',
        args: ['run'],
        env: [
          { name: 'A', value: '3' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'sidecar', image: 'proxy:2' },
    ]);
    expect(volumes.map(({ name }) => name)).toEqual(['document', 'more']);
  });

  it('replaces lists whose items have no name', () => {
    const { containers, tolerations } = merged({
      spec: { tolerations: [{ key: 'b' }], containers: [{ name: 'bridge', args: ['run', 'fast'] }] },
    }).spec;
    expect(tolerations).toEqual([{ key: 'b' }]);
    expect(containers[0]!.args).toEqual(['run', 'fast']);
  });

  it('takes away what is null, and items that say so', () => {
    const { spec } = merged({
      spec: { nodeSelector: { disk: null }, volumes: [{ name: 'document', $patch: 'delete' }] },
    });
    expect(spec.nodeSelector).toEqual({});
    expect(spec.volumes).toEqual([]);
  });

  it('leaves ours as it was', () => {
    const before = structuredClone(base);
    merged({ spec: { containers: [{ name: 'bridge', image: 'mkb:2' }], nodeSelector: { disk: null } } });
    expect(base).toEqual(before);
  });
});
