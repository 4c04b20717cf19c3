import { describe, expect, it } from 'vitest';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';

const drainsOf = (sessions: number, replicas: number, share: string | undefined = 'g') =>
  desiredObjects(
    pipelineOf(
      { mqtt: { url: 'mqtt://a', ...(share && { share }) }, bridge: { replicas } },
      { observed: { sessions } },
    ),
  )
    .filter(({ kind }) => kind === 'Job')
    .map(({ metadata }) => metadata.name);

describe('drains', () => {
  it('are made for the sessions of replicas that are no more', () => {
    expect(drainsOf(4, 2)).toEqual(['cars-drain-2', 'cars-drain-3']);
    expect(drainsOf(2, 2)).toEqual([]);
  });

  it('are not made for a bridge that is paused: its sessions wait for it', () => {
    expect(drainsOf(4, 0)).toEqual([]);
  });

  it('run the bridge’s own image and document', () => {
    const objects = desiredObjects(
      pipelineOf({ mqtt: { url: 'mqtt://a', share: 'g' }, bridge: { image: 'mine:1' } }, { observed: { sessions: 2 } }),
    );
    const { containers, volumes, restartPolicy } = objectOf(objects, 'Job').spec.template.spec;
    expect(restartPolicy).toBe('Never');
    expect(containers[0]).toMatchObject({
      image: 'mine:1',
      args: ['drain', '/etc/mkb/bridge.yaml', '--secrets-dir', '/run/mkb/secrets', '--ordinal', '1'],
    });
    expect(volumes[0].configMap.name).toBe('cars-bridge');
  });
});
