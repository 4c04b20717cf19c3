import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { camelCase, conditionTypes } from '../../../operator/reconcile/answer.ts';
import { answers } from '../../../operator/reconcile/conditions.ts';
import { emqxSessionsOf } from '../../../operator/reconcile/emqx-sessions.ts';
import type { Findings } from '../../../operator/reconcile/findings.ts';
import { brokerObjects } from '../../../operator/resources/broker/broker.ts';
import { pipelineOf } from '../support/pipelines.ts';
import { documentIn, findingsOf, workloadOf } from '../support/resources.ts';

const conditions = (findings: Partial<Findings>) =>
  Object.fromEntries(answers(findingsOf(findings)).map(each => [each.type, `${each.status} ${each.reason}`]));

const messageOf = (type: string, findings: Partial<Findings>) =>
  answers(findingsOf(findings)).find(each => each.type === type)!.message;

const wrongRule = {
  code: 'rule-syntax',
  inRules: true,
  message: 'spec.rules[0].sql, line 2, column 8: what is FORM?',
} as const;

const imagePull = { reason: 'ImagePullBackOff', message: 'container bridge: there is no such image' };
const kafkaAway = new MkbError('kafka-cluster-not-ready', {
  cluster: 'kafka/prod',
  reason: 'there is no Kafka resource',
});

describe('conditions', () => {
  it('are all good when every Pod is ready and connected', () => {
    expect(conditions({})).toEqual({
      Ready: 'True AllReady',
      Progressing: 'False Complete',
      Degraded: 'False AsExpected',
      RulesValid: 'True Valid',
      BrokerReady: 'True Connected',
      KafkaReachable: 'True Connected',
      MonitoringReady: 'True NotAsked',
      Paused: 'False NotPaused',
      Reconciling: 'False Complete',
      Stalled: 'False NotStalled',
    });
  });

  it('name the place of a wrong rule, and say that the last good document runs', () => {
    expect(conditions({ problems: [wrongRule] })).toMatchObject({
      Ready: 'False RulesInvalid',
      Degraded: 'True RulesInvalid',
      RulesValid: 'False RuleSyntax',
      KafkaReachable: 'True Connected',
    });
    expect(messageOf('RulesValid', { problems: [wrongRule] })).toBe(wrongRule.message);
    expect(messageOf('Ready', { problems: [wrongRule] })).toMatch(/line 2, column 8.*\n.*last good document goes on/s);
    expect(messageOf('Ready', { problems: [wrongRule], document: undefined })).toMatch(/no earlier document/);
  });

  it('leave the rules unknown when the document is wrong elsewhere', () => {
    const wrongKafka = { code: 'field-conflict', inRules: false, message: 'spec.kafka: no' } as const;
    expect(conditions({ problems: [wrongKafka] })).toMatchObject({
      Ready: 'False DocumentInvalid',
      RulesValid: 'Unknown DocumentInvalid',
    });
  });

  it('name a missing Secret and its key', () => {
    const missing = ['key "password" of Secret mqtt'];
    expect(conditions({ missing })).toMatchObject({ Ready: 'False SecretMissing', Degraded: 'True SecretMissing' });
    expect(messageOf('Ready', { missing })).toContain('key "password" of Secret mqtt');
  });

  it("have an error's code as their reason, and its remedy in their message", () => {
    expect(conditions({ failure: kafkaAway })).toMatchObject({
      Ready: 'False KafkaClusterNotReady',
      Progressing: 'True Retrying',
      Degraded: 'True KafkaClusterNotReady',
      KafkaReachable: 'False KafkaClusterNotReady',
    });
    expect(messageOf('Ready', { failure: kafkaAway })).toContain(kafkaAway.remedy);
  });

  it('tell why a Pod does not run', () => {
    const workloads = [workloadOf({ ready: 1, updated: 1, trouble: imagePull })];
    expect(conditions({ workloads })).toMatchObject({
      Ready: 'False ImagePullBackOff',
      Degraded: 'True ImagePullBackOff',
      Progressing: 'True RollingOut',
    });
    expect(messageOf('Ready', { workloads })).toContain('there is no such image');
  });

  it('are not ready while Pods of the old kind still run', () => {
    expect(conditions({ workloads: [workloadOf({ updated: 1 })] })).toMatchObject({
      Ready: 'False RollingOut',
      Degraded: 'False AsExpected',
      Progressing: 'True RollingOut',
    });
  });

  it('are ready when the bridge is scaled to zero, and know nothing of its connections', () => {
    const workloads = [workloadOf({ wanted: 0, current: 0, ready: 0, updated: 0 })];
    expect(conditions({ workloads, connections: { mqtt: undefined, kafka: undefined } })).toMatchObject({
      Ready: 'True ScaledToZero',
      BrokerReady: 'Unknown NothingRuns',
      KafkaReachable: 'Unknown NothingRuns',
    });
  });

  it('take a Pod that is ready for one that is connected, when none could be asked', () => {
    const connections = { mqtt: undefined, kafka: undefined };
    expect(conditions({ connections })).toMatchObject({ KafkaReachable: 'True Connected' });
    const workloads = [workloadOf({ ready: 1 })];
    expect(conditions({ connections, workloads })).toMatchObject({ KafkaReachable: 'Unknown NotKnown' });
  });

  it('tell which side is not connected', () => {
    const workloads = [workloadOf({ ready: 0 })];
    expect(conditions({ workloads, connections: { mqtt: true, kafka: false } })).toMatchObject({
      BrokerReady: 'True Connected',
      KafkaReachable: 'False NotConnected',
    });
  });

  it('follow the Pods of a broker that the operator runs', () => {
    const document = documentIn({ mqtt: { broker: { kind: 'mosquitto' } } });
    const broker = workloadOf({
      component: 'broker',
      title: 'StatefulSet cars-broker',
      wanted: 1,
      current: 1,
      ready: 0,
    });
    expect(conditions({ document, workloads: [workloadOf(), broker] })).toMatchObject({
      BrokerReady: 'False PodsNotReady',
      Ready: 'False BrokerNotReady',
    });
  });

  it('keep Ready apart from the monitoring', () => {
    const document = documentIn({ monitoring: { exporter: {} } });
    const exporter = workloadOf({ component: 'exporter', wanted: 1, current: 1, ready: 0 });
    expect(conditions({ document, workloads: [workloadOf(), exporter] })).toMatchObject({
      MonitoringReady: 'False PodsNotReady',
      Ready: 'True AllReady',
    });
  });

  it('say that there is nobody to be told what to scrape, which keeps nothing from being run', () => {
    const document = documentIn({ monitoring: { prometheus: { mode: 'operator' } } });
    const unserved = ['PodMonitor', 'PrometheusRule'];
    expect(conditions({ document, unserved })).toMatchObject({
      MonitoringReady: 'False PrometheusOperatorMissing',
      Ready: 'True AllReady',
      Degraded: 'False AsExpected',
    });
  });

  it('tell of drains that are under way, and of those that failed', () => {
    const drains = [
      { ordinal: 3, state: 'running', job: 'cars-drain-3', said: '' } as const,
      { ordinal: 2, state: 'failed', job: 'cars-drain-2', said: 'Drained: 7; read and not in Kafka: 3.' } as const,
    ];
    expect(conditions({ sessions: 4, drains })).toMatchObject({
      Ready: 'True AllReady',
      Progressing: 'True Draining',
      Degraded: 'True DrainFailed',
    });
    const { message } = answers(findingsOf({ sessions: 4, drains })).find(({ type }) => type === 'Degraded')!;
    expect(message).toContain('(Job cars-drain-2). Drained: 7; read and not in Kafka: 3. It is retried');
  });

  // Half of the messages stayed in sessions that nobody looked after, and every condition said that all was well.
  it('tell of sessions that an older document left, before and while they are drained', () => {
    const left = { broker: 'mqtt://old:1883', clientId: 'cars', share: 's', sessions: 2 };
    const progressing = (drains: Findings['left'][number]['drains']) =>
      answers(findingsOf({ left: [{ ...left, drains }] })).find(({ type }) => type === 'Progressing')!;
    expect(progressing([])).toMatchObject({ status: 'True', reason: 'Draining' });
    expect(progressing([]).message).toContain('2 sessions of cars at mqtt://old:1883 are to be drained when');
    expect(progressing([{ ordinal: 0, state: 'running', job: 'j', said: '' }]).message).toContain('are being drained');
    const failed = [{ ordinal: 0, state: 'failed', job: 'j', said: 'why' } as const];
    expect(conditions({ left: [{ ...left, drains: failed }] })).toMatchObject({ Degraded: 'True DrainFailed' });
  });

  it('are one of each type with a reason in CamelCase, whatever is found', () => {
    const whole = fc.nat(3);
    const workload = fc.record({ wanted: whole, current: whole, ready: whole, updated: whole });
    const connected = fc.constantFrom(true, false, undefined);
    fc.assert(
      fc.property(
        fc.record(
          {
            problems: fc.constantFrom([], [wrongRule]),
            missing: fc.constantFrom([], ['Secret a']),
            failure: fc.constantFrom(undefined, kafkaAway),
            workloads: fc.array(workload.map(workloadOf), { maxLength: 2 }),
            connections: fc.record({ mqtt: connected, kafka: connected }),
            sessions: whole,
            document: fc.constantFrom(undefined, documentIn()),
          },
          { requiredKeys: [] },
        ),
        findings => {
          const all = answers(findingsOf(findings));
          expect(all.map(({ type }) => type)).toEqual(conditionTypes);
          for (const { reason } of all) expect(reason).toMatch(/^[A-Z][A-Za-z0-9]*$/);
        },
      ),
    );
  });
});

// EMQX 5.8.1 to 5.8.9 lost messages from durable sessions while every condition was good.
describe('a managed EMQX', () => {
  const broker = workloadOf({
    component: 'broker',
    title: 'StatefulSet cars-broker',
    wanted: 1,
    current: 1,
    ready: 1,
    updated: 1,
  });
  const found = (image: string, env: readonly object[] = [], mqtt: object = {}): Partial<Findings> => {
    const podTemplate = { spec: { containers: [{ name: 'broker', env }] } };
    const pipeline = pipelineOf({ mqtt: { broker: { kind: 'emqx', image, podTemplate }, ...mqtt } });
    const { document } = pipeline;
    const emqxSessions = emqxSessionsOf(document, brokerObjects(pipeline, []));
    return { document, emqxSessions, workloads: [workloadOf({ wanted: 1, current: 1, ready: 1, updated: 1 }), broker] };
  };
  const durable = { name: 'EMQX_DURABLE_SESSIONS__ENABLE', value: 'true' };

  it.each([
    ['emqx/emqx:5.8.0', [], {}, 'True PodsReady', 'False AsExpected'],
    ['emqx/emqx:5.8.0', [durable], {}, 'True PodsReady', 'False AsExpected'],
    ['emqx/emqx:5.8.4', [], {}, 'True SessionsInMemory', 'False AsExpected'],
    ['emqx/emqx:5.8.4', [], { share: 'cars' }, 'True PodsReady', 'False AsExpected'],
    ['emqx/emqx:5.8.4', [durable], {}, 'True PodsReady', 'True EmqxLosesMessages'],
    ['emqx/emqx:6.0.1', [], {}, 'True PodsReady', 'False AsExpected'],
  ])('%s with %j and %j: BrokerReady %s, Degraded %s', (image, env, mqtt, brokerReady, degraded) => {
    const findings = found(image, env, mqtt);
    expect(conditions(findings)).toMatchObject({
      BrokerReady: brokerReady,
      Degraded: degraded,
      Ready: 'True AllReady',
    });
  });

  it('names the image to take', () => {
    expect(messageOf('BrokerReady', found('emqx/emqx:5.8.4'))).toContain('emqx/emqx:5.8.0');
    expect(messageOf('Degraded', found('emqx/emqx:5.8.4', [durable]))).toContain('emqx/emqx:5.8.0');
  });
});

describe('a bridge that MQTT clients connect to', () => {
  const document = documentIn({ mqtt: { listen: [{ port: 1883 }], clients: { anonymous: true } } } as never);
  const readyOf = (ready: number, more: object = {}) => ({
    document,
    workloads: [workloadOf({ ready, ...more })],
    connections: { mqtt: ready === 2, kafka: true },
  });

  it.each([
    ['every replica', readyOf(2), 'True Listening'],
    ['one of its replicas', readyOf(1), 'True Listening'],
    ['none that has just started', readyOf(0, { starting: true }), 'Unknown Starting'],
    ['none', readyOf(0), 'False NotListening'],
    ['none that is wanted', readyOf(0, { wanted: 0, current: 0 }), 'Unknown NothingRuns'],
  ])('says whether they can, with %s', (_what, findings, wanted) => {
    expect(conditions(findings)).toMatchObject({ BrokerReady: wanted });
    expect(messageOf('BrokerReady', findings)).not.toMatch(/broker/i);
  });
});

describe('a reason', () => {
  it('is the code of an error in CamelCase', () => {
    expect(camelCase('kube-invalid')).toBe('KubeInvalid');
    expect(camelCase('rule-syntax')).toBe('RuleSyntax');
  });
});
