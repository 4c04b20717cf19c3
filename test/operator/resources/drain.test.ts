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

  it('run the bridge’s own image and what the session kit holds, until drainTimeout has passed', () => {
    const bridge = { image: 'mine:1', drainTimeout: '90s' };
    const objects = desiredObjects(
      pipelineOf({ mqtt: { url: 'mqtt://a', share: 'g' }, bridge }, { observed: { sessions: 2 } }),
    );
    const { activeDeadlineSeconds, template } = objectOf(objects, 'Job').spec;
    const { containers, volumes, restartPolicy } = template.spec;
    expect([restartPolicy, activeDeadlineSeconds]).toEqual(['Never', 90]);
    expect(containers[0]).toMatchObject({
      image: 'mine:1',
      args: [
        ...['drain', '/etc/mkb/bridge.yaml', '--secrets-dir', '/etc/mkb/secrets', '--ordinal', '1'],
        // It says how far it came before the Job is ended.
        ...['--timeout', '85s'],
      ],
    });
    expect(volumes).toMatchObject([{ secret: { secretName: 'cars-sessions' } }]);
  });

  it('are made for what older documents left, with the kit of that document', () => {
    const note = {
      identity: { broker: ['mosquitto cars'], managed: 'mosquitto', clientId: 'old', share: 'g' },
      files: { 'secret-0': 'mqtt/password' },
      ...{ left: [0, 3], oldFilters: [], filters: '', groupId: '', topics: [], content: '' },
    };
    const left = [{ kit: 'cars-sessions-0a1b2c', note }];
    const objects = desiredObjects(pipelineOf({ mqtt: { url: 'mqtt://a' } }, { observed: { left } }));
    const jobs = objects.filter(({ kind }) => kind === 'Job');
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual(['cars-sessions-0a1b2c-0', 'cars-sessions-0a1b2c-3']);
    const { containers, volumes, serviceAccountName } = objectOf(objects, 'Job', 'cars-sessions-0a1b2c-3').spec.template
      .spec;
    // A broker that goes next keeps the session on its volume.
    expect(containers[0].args).toEqual(expect.arrayContaining(['--ordinal', '3', '--keep-session']));
    expect(volumes[0].secret).toMatchObject({
      secretName: 'cars-sessions-0a1b2c',
      items: [{ key: 'bridge.yaml' }, { key: 'secret-0', path: 'secrets/mqtt/password' }],
    });
    expect(serviceAccountName).toBe('cars-drain');
    expect(objectOf(objects, 'ServiceAccount', 'cars-drain')).toBeDefined();
  });
});

// A cluster whose images need a pull secret, or whose nodes are tainted, ran every bridge and not one of its drains.
describe('the Pod of a drain', () => {
  const podOf = (podTemplate: object) => {
    const spec = { mqtt: { url: 'mqtt://a', share: 'g' }, bridge: { podTemplate } };
    return objectOf(desiredObjects(pipelineOf(spec, { observed: { sessions: 2 } })), 'Job').spec.template;
  };
  const bridgeWith = (more: object) => ({ spec: { containers: [{ name: 'bridge', ...more }] } });

  it.each<[string, object]>([
    ['imagePullSecrets', [{ name: 'pull' }]],
    ['nodeSelector', { disk: 'ssd' }],
    ['tolerations', [{ key: 'edge', operator: 'Exists' }]],
    ['affinity', { nodeAffinity: {} }],
    ['hostAliases', [{ ip: '10.0.0.1', hostnames: ['kafka'] }]],
    ['dnsConfig', { searches: ['plant.example'] }],
  ])('has %s of the bridge', (name, value) => {
    expect(podOf({ spec: { [name]: value } }).spec[name]).toEqual(value);
  });

  it.each<[string, unknown]>([
    ['priorityClassName', 'high'],
    ['schedulerName', 'mine'],
    ['runtimeClassName', 'gvisor'],
    ['serviceAccountName', 'with-iam'],
    ['hostNetwork', true],
    ['terminationGracePeriodSeconds', 90],
  ])('has %s of the bridge', (name, value) => {
    expect(podOf({ spec: { [name]: value } }).spec[name]).toEqual(value);
  });

  it('has its labels and annotations, and what it is found by last', () => {
    const { metadata } = podOf({
      metadata: { labels: { team: 'iot', 'app.kubernetes.io/component': 'mine' }, annotations: { scan: 'yes' } },
    });
    expect(metadata.labels).toMatchObject({ team: 'iot', 'app.kubernetes.io/component': 'drain' });
    expect(metadata.annotations).toMatchObject({ scan: 'yes' });
  });

  it('has variables, volumes and security of the bridge’s container', () => {
    const env = [{ name: 'AWS_REGION', value: 'eu-central-1' }];
    const volumeMounts = [{ name: 'ca', mountPath: '/ca' }];
    const securityContext = { runAsUser: 2000 };
    const { spec } = podOf({
      spec: {
        securityContext: { fsGroup: 7 },
        volumes: [{ name: 'ca', configMap: { name: 'ca' } }],
        containers: [{ name: 'bridge', env, volumeMounts, securityContext, resources: { limits: { cpu: '2' } } }],
      },
    });
    expect(spec.containers).toMatchObject([
      {
        env,
        securityContext: { runAsUser: 2000, readOnlyRootFilesystem: true },
        volumeMounts: [{ name: 'kit' }, volumeMounts[0]],
        resources: { limits: { cpu: '2' } },
      },
    ]);
    expect(spec.securityContext).toMatchObject({ fsGroup: 7, runAsNonRoot: true });
    expect(spec.volumes).toMatchObject([{ name: 'kit' }, { name: 'ca' }]);
  });

  it('has nothing that is for a container which serves', () => {
    const { spec } = podOf(
      bridgeWith({
        args: ['run'],
        ports: [{ containerPort: 1 }],
        livenessProbe: {},
        readinessProbe: {},
        lifecycle: {},
      }),
    );
    expect(Object.keys(spec.containers[0]).sort()).not.toContain('livenessProbe');
    expect(spec.containers[0].args[0]).toBe('drain');
    for (const name of ['ports', 'readinessProbe', 'lifecycle']) expect(spec.containers[0]).not.toHaveProperty(name);
  });

  // A sidecar that runs for ever keeps a Job from ever being complete.
  it('ends although it has sidecars, which run beside it', () => {
    const { spec } = podOf({
      spec: { initContainers: [{ name: 'first' }], containers: [{ name: 'bridge', env: [] }, { name: 'proxy' }] },
    });
    expect(spec.containers.map(({ name }: { name: string }) => name)).toEqual(['bridge']);
    expect(spec.initContainers).toEqual([{ name: 'first' }, { name: 'proxy', restartPolicy: 'Always' }]);
  });

  it('is tried again when it was evicted, and never beside another one', () => {
    const spec = { mqtt: { url: 'mqtt://a', share: 'g' } };
    const job = objectOf(desiredObjects(pipelineOf(spec, { observed: { sessions: 2 } })), 'Job').spec;
    expect(job.podReplacementPolicy).toBe('Failed');
    expect(job.podFailurePolicy.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]);
  });
});
