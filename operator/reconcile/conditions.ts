/**
 * From what was found to conditions, each of which answers one question with yes, no or not known, and why. A function of the findings
 * alone: there is no order in which a bridge goes through states, and whatever fixes the cause fixes the condition.
 *
 * `Ready` is about the document as it is written now. While a newer document is not valid, the last good one runs and may well move every
 * message; `Ready` is false all the same, for whoever waits for it has asked for something else.
 */
import { type ErrorCode, MkbError } from '../../api/errors.ts';
import { durableSessionsVariable } from '../resources/broker/emqx-environment.ts';
import type { Component } from '../resources/labels.ts';

import {
  type Answer,
  answer,
  camelCase,
  failureWhy,
  missingWhy,
  readyOf,
  shortfall,
  takingText,
  type Why,
} from './answer.ts';
import { mostProblems } from './document.ts';
import type { Findings } from './findings.ts';
import { reconciling, stalled } from './kstatus.ts';
import { monitoringReady } from './monitoring-ready.ts';
import { withRemedy } from './remedies.ts';
import { refusalText } from './replica-documents.ts';
import { routesWhy } from './routes.ts';
import { whyOf } from './sessions.ts';
import { isComplete, type Workload } from './workloads.ts';

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
    reconciling(findings),
    stalled(findings),
  ];
}

/** What holds of a bridge that could not be looked at. */
export function failureAnswers({ code, message, remedy }: MkbError): Answer[] {
  const why = [camelCase(code), `${message} ${remedy}`] as const;
  return [answer('Ready', 'False', ...why), answer('Progressing', 'True', ...why), answer('Degraded', 'True', ...why)];
}

/**
 * What holds besides of a bridge that is paused: nothing is looked at, so the other answers stay.
 *
 * @param behind the generation that runs if it is not the newest; 0 when none does
 */
export function pausedAnswers(annotation: string, behind: number | undefined): Answer[] {
  const message = `Nothing is changed while the annotation ${annotation} is "true".`;
  const paused = answer('Paused', 'True', 'Annotation', message);
  if (behind === undefined) return [paused, answer('Reconciling', 'False', 'Paused', message)];
  const runs = behind === 0 ? 'nothing was ever applied' : `what runs is generation ${behind}`;
  const waits = `The newest document waits, and ${runs}. ${message}`;
  return [paused, answer('Ready', 'False', 'Paused', waits), answer('Reconciling', 'True', 'Paused', waits)];
}

const shownProblems = 5;

const andMore = (count: number): string =>
  `and ${count < mostProblems ? '' : 'at least '}${count - shownProblems} more`;

/** What is wrong with what a person has written, or with what the operator needs to do its work. */
function obstacle({ problems, document, missing, failure }: Findings): Why | undefined {
  if (problems.length > 0) {
    const shown = problems.slice(0, shownProblems).map(({ message }) => message);
    if (problems.length > shownProblems) shown.push(andMore(problems.length));
    shown.push(document ? 'The last good document goes on running.' : 'There is no earlier document to run.');
    const reason = problems.every(({ inRules }) => inRules) ? 'RulesInvalid' : 'DocumentInvalid';
    return { reason, message: shown.join('\n') };
  }
  return missingWhy(missing) ?? failureWhy(failure);
}

const of = ({ workloads }: Findings, component: Component): Workload | undefined =>
  workloads.find(workload => workload.component === component);

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
    const taking = unfinished.find(({ behind = 0 }) => behind > 0);
    if (taking?.refusing) return answer('Progressing', 'True', 'DocumentRefused', refusalText(taking.refusing));
    if (taking && unfinished.length === 1) return answer('Progressing', 'True', 'TakingDocument', takingText(taking));
    return answer('Progressing', 'True', 'RollingOut', unfinished.map(readyOf).join(' '));
  }
  const left = leftText(findings);
  if (left !== undefined) return answer('Progressing', 'True', 'Draining', left);
  const { replicas = 0 } = document?.spec.bridge ?? {};
  if (replicas > 0 && sessions > replicas) {
    const failed = drains.filter(({ state }) => state === 'failed').length;
    const message = `${sessions - replicas} sessions of replicas that were scaled away are being drained (${failed} failed).`;
    return answer('Progressing', 'True', 'Draining', message);
  }
  return answer('Progressing', 'False', 'Complete', 'Everything is as the document says.');
}

/** Where older documents left sessions that are not drained yet. */
function leftText({ left }: Findings): string | undefined {
  if (left.length === 0) return undefined;
  const each = left.map(({ sessions, clientId, broker, drains }) => {
    const state = drains.length > 0 ? 'being drained' : 'to be drained when all replicas run the newest document';
    return `${sessions} sessions of ${clientId} at ${broker} are ${state}.`;
  });
  return ['An older document left sessions behind:', ...each].join(' ');
}

/** Everything that somebody should look at, of the bridge first. */
function degraded(findings: Findings): Answer {
  const { workloads, drains, drainTrouble, emqxSessions, monitoring } = findings;
  const why = obstacle(findings);
  if (why) return answer('Degraded', 'True', why.reason, why.message);
  const troubled = workloads.filter(({ trouble }) => trouble !== undefined);
  if (troubled.length > 0) {
    const message = troubled.map(each => `${each.title}: ${withRemedy(each, each.trouble!)}`).join(' ');
    return answer('Degraded', 'True', troubled[0]!.trouble!.reason, message);
  }
  const refusing = workloads.find(each => each.refusing !== undefined)?.refusing;
  if (refusing) return answer('Degraded', 'True', 'DocumentRefused', refusalText(refusing));
  const failed = [...drains, ...findings.left.flatMap(each => each.drains)].filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const which = failed.map(({ job }) => job).join(', ');
    const message = `Sessions could not be drained, and messages wait in them (Job ${which}). ${whyOf(failed)} It is retried in some minutes.`;
    return answer('Degraded', 'True', 'DrainFailed', message);
  }
  if (drainTrouble) {
    const message = withRemedy({ component: 'drain' }, drainTrouble);
    return answer('Degraded', 'True', drainTrouble.reason, message);
  }
  if (emqxSessions?.state === 'unsafe') {
    const message = `${emqxSessions.image} loses messages from durable sessions, and the podTemplate turns them on. Leave out ${durableSessionsVariable}, or name emqx/emqx:5.8.0 as broker.image.`;
    return answer('Degraded', 'True', 'EmqxLosesMessages', message);
  }
  const route = routesWhy(findings.routes, findings.unserved);
  if (route) return answer('Degraded', 'True', route.reason, route.message);
  const beside = missingWhy(monitoring.missing) ?? failureWhy(monitoring.failure);
  if (beside) return answer('Degraded', 'True', beside.reason, `Monitoring: ${beside.message}`);
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
  if (document?.spec.mqtt.listen) return listening(findings);
  return connected(type, findings, connections.mqtt, 'the MQTT broker');
}

/** Of a bridge that clients connect to: a Pod is in the Service when it listens, and can deliver. */
function listening(findings: Findings): Answer {
  const bridge = of(findings, 'bridge');
  if (!bridge || bridge.wanted === 0)
    return answer('BrokerReady', 'Unknown', 'NothingRuns', 'No bridge runs that clients could connect to.');
  if (bridge.ready > 0)
    return answer('BrokerReady', 'True', 'Listening', `MQTT clients can connect: ${readyOf(bridge)}`);
  if (bridge.starting) return answer('BrokerReady', 'Unknown', 'Starting', 'The bridge has just started.');
  return answer('BrokerReady', 'False', 'NotListening', `MQTT clients cannot connect: ${readyOf(bridge)}`);
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
  if (bridge.starting)
    return answer(type, 'Unknown', 'Starting', `The bridge has just started, and is not connected to ${whom} yet.`);
  if (said === false)
    return answer(type, 'False', 'NotConnected', `A replica of the bridge is not connected to ${whom}.`);
  return answer(type, 'Unknown', 'NotKnown', 'No Pod of the bridge has reported yet.');
}
