/**
 * From what was found to conditions, each of which answers one question with yes, no or not known, and why. A function of the findings
 * alone: there is no order in which a bridge goes through states, and whatever fixes the cause fixes the condition.
 *
 * `Ready` is about the document as it is written now. While a newer document is not valid, the last good one runs and may well move every
 * message; `Ready` is false all the same, for whoever waits for it has asked for something else.
 */
import { type ErrorCode, MkbError } from '../../api/errors.ts';
import type { Condition } from '../../api/schema/status.ts';
import { durableSessionsVariable } from '../resources/broker/emqx-environment.ts';
import type { Component } from '../resources/labels.ts';

import type { Findings } from './findings.ts';
import { isComplete, type Workload } from './workloads.ts';

/** A condition without what is the same for all of them. */
export type Answer = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionTypes = [
  'Ready',
  'Progressing',
  'Degraded',
  'RulesValid',
  'BrokerReady',
  'KafkaReachable',
  'MonitoringReady',
  'Paused',
] as const;

/** What holds of a bridge that is not paused. */
export function answers(findings: Findings): Answer[] {
  return [
    ready(findings),
    progressing(findings),
    degraded(findings),
    rulesValid(findings),
    brokerReady(findings),
    kafkaReachable(findings),
    monitoringReady(findings),
    answer('Paused', 'False', 'NotPaused', ''),
  ];
}

/** What holds of a bridge that could not be looked at. */
export function failureAnswers({ code, message, remedy }: MkbError): Answer[] {
  const why = [camelCase(code), `${message} ${remedy}`] as const;
  return [answer('Ready', 'False', ...why), answer('Progressing', 'True', ...why), answer('Degraded', 'True', ...why)];
}

/** What holds besides of a bridge that is paused: nothing is looked at. */
export const pausedAnswer = (annotation: string): Answer =>
  answer('Paused', 'True', 'Annotation', `Nothing is changed while the annotation ${annotation} is "true".`);

/** The API server takes 32,768 characters, and may itself have much to say of an object. */
const longestMessage = 8000;

const answer = (
  type: (typeof conditionTypes)[number],
  status: Answer['status'],
  reason: string,
  message: string,
): Answer => ({ type, status, reason, message: message.slice(0, longestMessage) });

interface Why {
  readonly reason: string;
  readonly message: string;
}

/** `rule-syntax` as RuleSyntax. */
export const camelCase = (code: string): string =>
  code.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter: string) => letter.toUpperCase());

const shownProblems = 5;

/** What is wrong with what a person has written, or with what the operator needs to do its work. */
function obstacle({ problems, document, missing, failure }: Findings): Why | undefined {
  if (problems.length > 0) {
    const shown = problems.slice(0, shownProblems).map(({ message }) => message);
    if (problems.length > shownProblems) shown.push(`and ${problems.length - shownProblems} more`);
    shown.push(document ? 'The last good document goes on running.' : 'There is no earlier document to run.');
    const reason = problems.every(({ inRules }) => inRules) ? 'RulesInvalid' : 'DocumentInvalid';
    return { reason, message: shown.join('\n') };
  }
  if (missing.length > 0) {
    const reason = missing.some(each => each.includes('Secret')) ? 'SecretMissing' : 'ConfigMapMissing';
    return { reason, message: `Not found: ${missing.join(', ')}. Pods are left as they are until it is there.` };
  }
  return failure && { reason: camelCase(failure.code), message: `${failure.message} ${failure.remedy}` };
}

const of = ({ workloads }: Findings, component: Component): Workload | undefined =>
  workloads.find(workload => workload.component === component);

const readyOf = ({ ready, wanted, title }: Workload): string => `${ready} of ${wanted} Pods of ${title} are ready.`;

/** Why a workload is not as it should be. */
function shortfall(workload: Workload, reason: string): Why | undefined {
  if (isComplete(workload)) return undefined;
  const { trouble, current, ready, wanted, updated, title } = workload;
  if (trouble) return { reason: trouble.reason, message: `${readyOf(workload)} ${trouble.message}` };
  if (current < wanted) {
    const message = `${current} of ${wanted} Pods of ${title} exist. If that lasts, the events of ${title} say why.`;
    return { reason: 'PodsMissing', message };
  }
  if (ready < wanted || updated >= wanted) return { reason, message: readyOf(workload) };
  return { reason: 'RollingOut', message: `${updated} of ${wanted} Pods of ${title} are of the newest kind.` };
}

function ready(findings: Findings): Answer {
  const bridge = of(findings, 'bridge');
  const broker = of(findings, 'broker');
  const why =
    obstacle(findings) ??
    (broker && shortfall(broker, 'BrokerNotReady')) ??
    (bridge ? shortfall(bridge, 'PodsNotReady') : { reason: 'Creating', message: 'The bridge is being made.' });
  if (why) return answer('Ready', 'False', why.reason, why.message);
  if (bridge!.wanted === 0) return answer('Ready', 'True', 'ScaledToZero', 'The bridge is stopped: replicas is 0.');
  return answer('Ready', 'True', 'AllReady', readyOf(bridge!));
}

function progressing(findings: Findings): Answer {
  const { problems, missing, failure, workloads, drains, sessions, document } = findings;
  if (problems.length > 0 || missing.length > 0) {
    return answer('Progressing', 'False', 'WaitsForChange', 'Somebody has to correct what Ready names.');
  }
  if (failure?.kind === 'permanent') return answer('Progressing', 'False', camelCase(failure.code), failure.message);
  if (failure) return answer('Progressing', 'True', 'Retrying', `${failure.message} It is retried.`);
  const unfinished = workloads.filter(workload => !isComplete(workload));
  if (unfinished.length > 0) {
    return answer('Progressing', 'True', 'RollingOut', unfinished.map(readyOf).join(' '));
  }
  const { replicas = 0 } = document?.spec.bridge ?? {};
  if (replicas > 0 && sessions > replicas) {
    const failed = drains.filter(({ state }) => state === 'failed').length;
    const message = `${sessions - replicas} sessions of replicas that were scaled away are being drained (${failed} failed).`;
    return answer('Progressing', 'True', 'Draining', message);
  }
  return answer('Progressing', 'False', 'Complete', 'Everything is as the document says.');
}

function degraded(findings: Findings): Answer {
  const why = obstacle(findings);
  if (why) return answer('Degraded', 'True', why.reason, why.message);
  const troubled = findings.workloads.filter(({ trouble }) => trouble !== undefined);
  if (troubled.length > 0) {
    const message = troubled.map(({ title, trouble }) => `${title}: ${trouble!.message}.`).join(' ');
    return answer('Degraded', 'True', troubled[0]!.trouble!.reason, message);
  }
  const failed = findings.drains.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const message = `The sessions of the replicas ${failed.map(({ ordinal }) => ordinal).join(', ')} could not be drained; messages wait in them.`;
    return answer('Degraded', 'True', 'DrainFailed', message);
  }
  if (findings.emqxSessions?.state === 'unsafe') {
    const message = `${findings.emqxSessions.image} loses messages from durable sessions, and the podTemplate turns them on. Leave out ${durableSessionsVariable}, or name emqx/emqx:5.8.0 as broker.image.`;
    return answer('Degraded', 'True', 'EmqxLosesMessages', message);
  }
  return answer('Degraded', 'False', 'AsExpected', '');
}

function rulesValid({ problems, document }: Findings): Answer {
  const own = problems.filter(({ inRules }) => inRules);
  if (own.length > 0) {
    const message = own
      .slice(0, shownProblems)
      .map(each => each.message)
      .join('\n');
    return answer('RulesValid', 'False', camelCase(own[0]!.code), message);
  }
  if (problems.length > 0)
    return answer('RulesValid', 'Unknown', 'DocumentInvalid', 'Other parts of the document are not valid.');
  return answer('RulesValid', 'True', 'Valid', `All ${document?.spec.rules.length ?? 0} rules are valid.`);
}

/** Whether it is this error, or that this reference is not allowed. */
const isAbout = (failure: MkbError, code: ErrorCode, field: string): boolean =>
  failure.code === code || (MkbError.is(failure, 'reference-not-allowed') && failure.details.field === field);

function brokerReady(findings: Findings): Answer {
  const { document, connections, failure } = findings;
  const type = 'BrokerReady';
  if (failure && isAbout(failure, 'mqtt-broker-not-ready', 'spec.mqtt.brokerRef'))
    return answer(type, 'False', camelCase(failure.code), failure.message);
  const broker = of(findings, 'broker');
  if (document?.spec.mqtt.broker) {
    const why = broker
      ? shortfall(broker, 'PodsNotReady')
      : { reason: 'Creating', message: 'The broker is being made.' };
    if (why) return answer(type, 'False', why.reason, why.message);
    const { emqxSessions } = findings;
    if (emqxSessions?.state === 'in-memory') {
      const message = `${readyOf(broker!)} Sessions are in memory and end with its Pod, as ${emqxSessions.image} loses messages from durable sessions: name emqx/emqx:5.8.0 as broker.image, or mosquitto as broker.kind.`;
      return answer(type, 'True', 'SessionsInMemory', message);
    }
    return answer(type, 'True', 'PodsReady', readyOf(broker!));
  }
  return connected(type, findings, connections.mqtt, 'the MQTT broker');
}

function kafkaReachable(findings: Findings): Answer {
  const { failure, connections } = findings;
  if (failure && isAbout(failure, 'kafka-cluster-not-ready', 'spec.kafka.clusterRef')) {
    return answer('KafkaReachable', 'False', camelCase(failure.code), failure.message);
  }
  return connected('KafkaReachable', findings, connections.kafka, 'Kafka');
}

/** What the Pods say; a Pod that is ready has said by that alone that it is connected to both sides. */
function connected(
  type: 'BrokerReady' | 'KafkaReachable',
  findings: Findings,
  said: boolean | undefined,
  whom: string,
): Answer {
  const bridge = of(findings, 'bridge');
  if (!bridge || bridge.wanted === 0)
    return answer(type, 'Unknown', 'NothingRuns', `No bridge runs that could report it.`);
  const allReady = bridge.current > 0 && bridge.ready >= bridge.current;
  if (said ?? allReady) return answer(type, 'True', 'Connected', `The bridge is connected to ${whom}.`);
  if (said === false)
    return answer(type, 'False', 'NotConnected', `A replica of the bridge is not connected to ${whom}.`);
  return answer(type, 'Unknown', 'NotKnown', 'No Pod of the bridge has reported yet.');
}

const monitoringComponents: readonly Component[] = ['exporter', 'prometheus', 'grafana'];

function monitoringReady(findings: Findings): Answer {
  const type = 'MonitoringReady';
  if (!findings.document?.spec.monitoring)
    return answer(type, 'True', 'NotAsked', 'The document asks for no monitoring.');
  if (findings.unserved.length > 0) {
    const message = `The cluster has no ${findings.unserved.join(' and no ')}, which monitoring.prometheus.mode asks for. Install the Prometheus operator, or leave the mode out.`;
    return answer(type, 'False', 'PrometheusOperatorMissing', message);
  }
  const parts = findings.workloads.filter(({ component }) => monitoringComponents.includes(component));
  const why = parts.flatMap(part => shortfall(part, 'PodsNotReady') ?? [])[0];
  if (why) return answer(type, 'False', why.reason, why.message);
  return answer(type, 'True', 'AllReady', 'All of it is ready.');
}
