/** `mkb status NAME`: everything that is known of one bridge. */
import type { Condition } from '../api/schema/status.ts';
import { age } from './age.ts';
import type { BridgeEvent } from './status-events.ts';
import { type BridgeFacts, type News, newsOf } from './status-facts.ts';
import { columnWidths, hanging, type Paint, printable } from './status-text.ts';

/** Labels on the left are as wide as this. */
const labelWidth = 11;

/** A paragraph of facts, the conditions, and the last events. */
export const detailsText = (facts: BridgeFacts, now: Date, paint: Paint): string => {
  const { namespace, name, status, events } = facts;
  const conditions = (status.conditions ?? []).map(each => conditionCells(each, now));
  return [
    `${paint('title', `${namespace}/${name}`)}\n`,
    ...overview(facts, now).map(
      ([label, text, news = 'plain']) => `${label.padEnd(labelWidth)}${paint(news, hanging(text, labelWidth))}\n`,
    ),
    ...section('Conditions', conditions, paint),
    ...(events
      ? section('Events', eventRows(events, now), paint)
      : [`\n${paint('title', 'Events')}\n  cannot be read\n`]),
  ].join('');
};

type Fact = readonly [label: string, text: string, news?: News];

const overview = (facts: BridgeFacts, now: Date): Fact[] => {
  const { ready, reason, message, created, status } = facts;
  const endpoints = Object.entries(status.endpoints ?? {});
  const widest = endpoints.reduce((most, [part]) => Math.max(most, part.length), 0);
  return [
    ['Ready', `${ready ? 'True' : 'False'}, ${reason}`, ready ? 'good' : 'bad'],
    ...(ready || message === '' ? [] : [['', message] as Fact]),
    ['Document', generationsText(facts)],
    ...behindFacts(status),
    ['Replicas', replicasText(facts)],
    ...sessionFacts(facts),
    ['Rules', `${status.rules ?? 'not known'}`],
    ['Flow', flowText(status)],
    ...endpoints.map(([part, url], index): Fact => [index === 0 ? 'Endpoints' : '', `${part.padEnd(widest)}  ${url}`]),
    ['Age', age(created, now)],
  ];
};

/** Which document runs: not always the newest one. */
export const generationsText = ({ generation, status }: BridgeFacts): string => {
  const { observedGeneration, appliedGeneration } = status;
  const newest = `generation ${generation}`;
  const runs = appliedGeneration === undefined ? 'nothing runs yet' : `what runs is generation ${appliedGeneration}`;
  if (observedGeneration === undefined || observedGeneration < generation) {
    return `${newest} has not been looked at yet; ${runs}`;
  }
  if (appliedGeneration === generation) return `${newest} runs`;
  return `${newest} ${isInvalid(status.conditions) ? 'is not valid' : 'could not be applied'}; ${runs}`;
};

/** Replicas that run another document than they are to run. */
const behindFacts = ({ configHash, replicaConfigs = [] }: BridgeFacts['status']): Fact[] =>
  replicaConfigs
    .filter(({ hash, refused }) => refused !== undefined || (hash !== undefined && hash !== configHash))
    .map(({ pod, refused }) =>
      refused === undefined
        ? ['', `${pod} has not taken it yet`]
        : ['', `${pod} goes on with another one (${refused})`, 'bad'],
    );

const isInvalid = (conditions: readonly Condition[] = []): boolean =>
  conditions.some(({ type, reason }) => type === 'Ready' && ['RulesInvalid', 'DocumentInvalid'].includes(reason));

const replicasText = ({ wanted, status }: BridgeFacts): string => {
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status;
  const old = replicas - updatedReplicas;
  return `${readyReplicas} of ${wanted ?? '?'} ready${old > 0 ? `; ${old} still of the document or image before` : ''}`;
};

/** Sessions that brokers keep for replicas there are not, with messages that wait in them. */
const sessionFacts = ({ wanted, status: { sessions = 0 } }: BridgeFacts): Fact[] => {
  if (wanted === undefined || sessions <= wanted) return [];
  if (wanted === 0) return [['Sessions', `${sessions} kept by the broker until the bridge is started again`]];
  return [['Sessions', `${sessions - wanted} of replicas that were scaled away are being drained`]];
};

const flowText = ({ flow }: BridgeFacts['status']): string => {
  if (flow === undefined) return 'not known';
  const { received, delivered, deadLettered, dropped } = flow;
  return `${received} received, ${delivered} delivered\n${deadLettered} dead-lettered and ${dropped} dropped since the Pods started`;
};

/** A line in columns, of which one may be painted, and a message that may be long. */
interface Row {
  readonly cells: readonly string[];
  readonly news: News;
  readonly message: string;
}

const conditionCells = (condition: Condition, now: Date): Row => {
  const { type, status, reason, lastTransitionTime, message } = condition;
  return { cells: [type, status, age(lastTransitionTime, now), reason], news: newsOf(condition), message };
};

const eventRows = (events: readonly BridgeEvent[], now: Date): Row[] =>
  events.map(({ time, type, reason, message, count }) => ({
    cells: [type, count > 1 ? `${count}x` : '', age(time, now), reason],
    news: type === 'Warning' ? 'bad' : 'plain',
    message,
  }));

/** Its title, and its rows: type, status or count, how long ago, reason, message. */
const section = (title: string, rows: readonly Row[], paint: Paint): string[] => {
  if (rows.length === 0) return [`\n${paint('title', title)}\n  none\n`];
  const texts = rows.map(({ cells }) => cells.map(printable));
  const widths = columnWidths(texts);
  const column = widths.reduce((sum, width) => sum + width + 2, 2);
  const lines = rows.map(({ news, message }, index) => {
    const padded = texts[index]!.map((text, at) => text.padEnd(widths[at]!));
    const [type, ...rest] = padded;
    return `${`  ${[paint(news, type!), ...rest].join('  ')}  ${hanging(message, column)}`.trimEnd()}\n`;
  });
  return [`\n${paint('title', title)}\n`, ...lines];
};
