import { describe, expect, it } from 'vitest';
import { formatPath } from '../../api/problems.ts';
import { documentTypos } from '../../operator/typos.ts';
import { documentIn } from './support/resources.ts';

const typos = (podTemplate: object) =>
  documentTypos(documentIn({ bridge: { podTemplate } })).map(({ path, message }) => `${formatPath(path)}: ${message}`);

// A mistyped field of a podTemplate was taken, and the roll that should have brought it never came: an error without a place, in the operator's log.
describe('a typo in a podTemplate', () => {
  it.each([
    [
      { spec: { tolerationz: [] } },
      'spec.bridge.podTemplate.spec.tolerationz: there is no field tolerationz; did you mean tolerations?',
    ],
    [{ spec: { nodeselector: {} } }, 'did you mean nodeSelector?'],
    [
      { metadata: { label: {} } },
      'spec.bridge.podTemplate.metadata.label: there is no field label; did you mean labels?',
    ],
    [{ specs: {} }, 'spec.bridge.podTemplate.specs: there is no field specs; did you mean spec?'],
    [
      { spec: { containers: [{ name: 'bridge', imagePulPolicy: 'Always' }] } },
      'spec.bridge.podTemplate.spec.containers[0].imagePulPolicy',
    ],
    [
      { spec: { containers: [{ name: 'bridge', env: [{ name: 'A', valuefrom: {} }] }] } },
      'env[0].valuefrom: there is no field valuefrom; did you mean valueFrom?',
    ],
    [
      { spec: { containers: [{ name: 'bridge', resources: { limit: {} } }] } },
      'resources.limit: there is no field limit; did you mean limits?',
    ],
    [{ spec: { volumes: [{ name: 'a', secret: { secretname: 'x' } }] } }, 'volumes[0].secret.secretname'],
    [
      { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoreDuringExecution: {} } } } },
      'nodeAffinity.requiredDuringSchedulingIgnoreDuringExecution',
    ],
    [
      { spec: { containers: { name: 'bridge' } } },
      'spec.bridge.podTemplate.spec.containers: a mapping is given, and a list is needed',
    ],
    [{ spec: { nodeSelector: 'disk' } }, 'nodeSelector: the value "disk" is given, and a mapping is needed'],
    [{ spec: [] }, 'spec.bridge.podTemplate.spec: a list is given, and a mapping is needed'],
  ])('%j is named with its path', (podTemplate, said) => {
    expect(typos(podTemplate).join('\n')).toContain(said);
  });

  it.each([
    [{}],
    [{ spec: { containers: [{ name: 'bridge', $patch: 'delete' }], tolerations: null } }],
    [{ metadata: { labels: { anything: 'x' }, annotations: { 'a/b': 'c' } }, spec: { nodeSelector: { disk: 'ssd' } } }],
    [{ spec: { containers: [{ name: 'bridge', resources: { limits: { 'nvidia.com/gpu': 1, cpu: '1' } } }] } }],
    [
      {
        spec: {
          volumes: [
            { name: 'a', emptyDir: { sizeLimit: '1Gi' } },
            { name: 'b', csi: { driver: 'd', volumeAttributes: { a: 'b' } } },
          ],
        },
      },
    ],
    // What a newer Kubernetes has, it must take itself.
    [{ spec: { quantumEntanglementPolicy: {} } }],
  ])('%j is none', podTemplate => {
    expect(typos(podTemplate)).toEqual([]);
  });

  it('is found in every part that has a podTemplate', () => {
    const podTemplate = { spec: { hostnetwork: true } };
    const document = documentIn({
      mqtt: { broker: { kind: 'mosquitto', podTemplate } },
      bridge: { podTemplate },
      monitoring: { exporter: { podTemplate }, prometheus: { podTemplate }, grafana: { podTemplate } },
    });
    expect(
      documentTypos(document).map(({ path }) => formatPath(path).replace('.podTemplate.spec.hostnetwork', '')),
    ).toEqual([
      'spec.bridge',
      'spec.mqtt.broker',
      'spec.monitoring.exporter',
      'spec.monitoring.prometheus',
      'spec.monitoring.grafana',
    ]);
  });
});

// `apProtocol` of a patched port was applied, dropped by the API server, and found by nobody.
describe('a typo in an override', () => {
  const typosOf = (kind: string, patch: object) =>
    documentTypos(documentIn({ overrides: [{ kind, patch }] } as Parameters<typeof documentIn>[0])).map(
      ({ path, message }) => `${formatPath(path)}: ${message}`,
    );
  it.each([
    [
      'Service',
      { spec: { ports: [{ port: 1, apProtocol: 'mqtt' }] } },
      'spec.overrides[0].patch.spec.ports[0].apProtocol: there is no field apProtocol; did you mean appProtocol?',
    ],
    ['Service', { spec: { ports: { port: 1 } } }, 'spec.ports: a mapping is given, and a list is needed'],
    ['Service', { spec: { sessionAffinityConfig: { clientIp: {} } } }, 'sessionAffinityConfig.clientIp'],
    ['StatefulSet', { spec: { updateStrategy: { rollingupdate: {} } } }, 'did you mean rollingUpdate?'],
    ['Deployment', { spec: { strategy: 'Recreate' } }, 'spec.strategy: the value "Recreate" is given'],
    ['ServiceAccount', { imagePullSecrets: [{ nam: 'a' }] }, 'patch.imagePullSecrets[0].nam'],
    ['HorizontalPodAutoscaler', { spec: { behavior: { scaledown: {} } } }, 'did you mean scaleDown?'],
    ['NetworkPolicy', { spec: { egress: [{ to: [{ ipblock: {} }] }] } }, 'spec.egress[0].to[0].ipblock'],
  ])('of a %s is named with its path: %j', (kind, patch, said) => {
    expect(typosOf(kind, patch).join('\n')).toContain(said);
  });

  it.each([
    ['Service', { spec: { ports: [{ port: 1, appProtocol: 'mqtt', $patch: 'replace' }], type: null } }],
    ['PodDisruptionBudget', { spec: { maxUnavailable: null, minAvailable: '50%' } }],
    ['ConfigMap', { metadata: { labels: { specs: 'x' } } }],
    ['PodMonitor', { spec: { podMetricsEndpoints: [{ prt: 'http' }] } }],
  ])('is none in a %s of %j', (kind, patch) => {
    expect(typosOf(kind, patch)).toEqual([]);
  });
});
