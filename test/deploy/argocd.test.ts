/** How Argo CD shows bridges: the script, run by the Lua that Argo CD's own interpreter is like (5.1), and the command that brings it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { healthKey } from '../../deploy/manifests/argocd.ts';
import { answers, pausedAnswers } from '../../operator/reconcile/conditions.ts';
import type { Findings } from '../../operator/reconcile/findings.ts';
import { findingsOf, workloadOf } from '../operator/support/resources.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';

const patch = parse(readFileSync('deploy/argocd/argocd-cm-patch.yaml', 'utf8'));
const script: string = patch.data[healthKey];

/** JSON as Lua writes it. */
function lua(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(lua).join(', ')}}`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `[${JSON.stringify(key)}] = ${lua(inner)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

const healthOf = (obj: object): string => {
  const program = `obj = ${lua(obj)}\nlocal health = (function()\n${script}\nend)()\nio.write(health.status, ": ", health.message)`;
  return execFileSync('lua5.1', ['-'], { input: program, encoding: 'utf8' });
};

const bridge = (conditions: readonly object[], more: object = {}) => ({
  metadata: { name: 'cars', generation: 3, ...more },
  status: { observedGeneration: 3, conditions },
});
const found = (findings: Partial<Findings>) => bridge(answers(findingsOf(findings)));

describeReal('lua')('a bridge in Argo CD', () => {
  it.each<[string, object, string]>([
    ['runs', found({}), 'Healthy: 2 of 2 Pods'],
    ['is new', { metadata: { generation: 1 } }, 'Progressing: The operator has not looked'],
    ['has changed', { ...found({}), metadata: { generation: 4 } }, 'Progressing: The operator has not looked'],
    [
      'is being made',
      found({ workloads: [workloadOf({ current: 0, ready: 0, updated: 0 })] }),
      'Progressing: 0 of 2 Pods',
    ],
    ['is rolled', found({ workloads: [workloadOf({ updated: 1 })] }), 'Progressing: 1 of 2 Pods'],
    [
      'cannot be read',
      found({ problems: [{ code: 'rule-syntax', inRules: true, message: 'spec.rules[0]: no' }] }),
      'Degraded: spec.rules[0]: no',
    ],
    [
      'has a Pod that cannot run',
      found({
        workloads: [
          workloadOf({ ready: 1, trouble: { reason: 'ImagePullBackOff', message: 'there is no such image' } }),
        ],
      }),
      'Degraded: StatefulSet cars-bridge: there is no such image',
    ],
    [
      'runs, with something missing beside it',
      found({ monitoring: { missing: ['Secret grafana'], failure: undefined } }),
      'Degraded: Monitoring',
    ],
    ['is paused', bridge(pausedAnswers('paused', undefined)), 'Suspended: Nothing is changed'],
    [
      'is being deleted',
      bridge([], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Progressing: It is being deleted.',
    ],
    ['says nothing', bridge([]), 'Progressing: It is being made.'],
  ])('that %s', (_, obj, health) => {
    expect(healthOf(obj)).toContain(health);
  });
});

describe('the patch', () => {
  it('has the script of its file under the name of our kind', () => {
    expect(healthKey).toBe('resource.customizations.health.mqttkafka.dev_MqttKafkaBridge');
    expect(script).toBe(readFileSync('deploy/argocd/health.lua', 'utf8'));
  });
});

describeReal('etcd', 'kubernetes')('the command of the guide', () => {
  let kubernetes: RunningKubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(() => kubernetes?.stop());

  it('brings the script to Argo CD', async () => {
    const text = readFileSync('docs/install-kubernetes.md', 'utf8');
    const command = /kubectl -n argocd patch .*/.exec(text)![0];
    const metadata = { name: 'argocd-cm', namespace: 'argocd' };
    await kubernetes.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { other: 'stays' } },
    );
    const PATH = [dirname(kubernetesProgram('kubectl')), process.env.PATH].join(':');
    execFileSync('bash', ['-c', command], { env: { ...process.env, PATH, KUBECONFIG: kubernetes.kubeconfig } });
    const { data } = (await kubernetes.get('configmap', 'argocd-cm', 'argocd'))!;
    expect(data).toEqual({ other: 'stays', [healthKey]: script });
  });
});
