/**
 * A bridge at a moment, as the page shows it. Everything is bounded: a bridge may have thousands of partitions, and rules whose errors quote messages.
 *
 * Who may not see messages gets what /metrics and /readyz show anyway: names, counts, codes, reasons. SQL, addresses, texts of errors and topics of
 * messages are left out.
 */
import { shownUrl } from '../../network/shown-url.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import { dropReasons, isIntended } from '../flow/outcome.ts';
import type { SourceFigures } from '../flow/source.ts';
import type { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import type { Meter } from './meter.ts';
import type { ShownBridge } from './shown-bridge.ts';

const most = { rules: 200, partitions: 50, failures: 20, waits: 10, reasons: 10 };
/** Characters of a text that may quote a message. */
const longest = 600;

/** @param whole whether for somebody who may see messages */
export function snapshotOf(bridge: ShownBridge, meter: Meter, whole: boolean): object {
  const { name, config, rules, bufferedBytes, bufferLimitBytes } = bridge;
  const shown = rules.slice(0, most.rules);
  return {
    name,
    missing: bridge.missing().slice(0, most.reasons).map(cut),
    config: { hash: config.hash, refused: config.refusal?.code, takenAt: config.takenAt },
    rates: { received: meter.rate('received'), delivered: meter.rate('delivered') },
    latency: meter.latency('all'),
    sources: bridge.sources.map(source => sourceOf(source, meter)),
    rules: shown.map(rule => ruleOf(rule, bridge, meter, whole)),
    moreRules: rules.length - shown.length,
    mqtt: mqttOf(bridge, whole),
    kafka: kafkaOf(bridge, whole),
    consumer: consumerOf(bridge, whole),
    memory: { bytes: bufferedBytes, limitBytes: bufferLimitBytes },
    disk: diskOf(bridge),
    failures: bridge.failures.slice(0, most.failures).map(failure => {
      const { message, remedy, topic, ...codes } = failure;
      return whole ? { ...codes, message: cut(message), remedy, topic: topic && cut(topic) } : codes;
    }),
  };
}

function sourceOf({ name, account, oldestSeconds, standstill }: SourceFigures, meter: Meter) {
  const reasons = dropReasons.map(reason => ({ reason, count: account.count(reason), intended: isIntended(reason) }));
  return {
    name,
    received: account.received,
    delivered: account.count('delivered'),
    deadLettered: account.count('dead_lettered'),
    dropped: reasons.reduce((sum, { count }) => sum + count, 0),
    reasons: reasons.filter(({ count }) => count > 0),
    returned: account.returned,
    inFlight: account.inFlight,
    oldestSeconds,
    standstill: standstill && cut(standstill),
    rates: { received: meter.rate(`received ${name}`), delivered: meter.rate(`delivered ${name}`) },
    latency: meter.latency(`source ${name}`),
  };
}

function ruleOf(rule: BoundRule, { failures, document }: ShownBridge, meter: Meter, whole: boolean) {
  const { name, matched, passed, failed, sinks } = rule;
  const last = failures.find(failure => failure.rule === name);
  const written = document.spec.rules.find(each => each.name === name);
  return {
    ...{ name, matched, passed, failed },
    rate: meter.rate(`passed ${name}`),
    latency: meter.latency(`rule ${name}`),
    sinks: sinks.map(({ path, delivered, failed, writer }, at) => ({
      ...{ kind: path?.endsWith('mqtt') ? 'mqtt' : 'kafka', delivered, failed },
      ...(whole && { topic: writer.constantTopic ?? topicOf(written?.sinks[at]) }),
    })),
    lastError: last && { code: last.code, at: last.at, ...(whole && { message: cut(last.message) }) },
    ...(whole && { sql: rule.rule.sql }),
  };
}

const topicOf = (sink: ShownBridge['document']['spec']['rules'][number]['sinks'][number] | undefined) =>
  sink?.kafka?.topic ?? sink?.mqtt?.topic;

function mqttOf(bridge: ShownBridge, whole: boolean) {
  const { document, connection, window, listener, mqttSink, mqttConnected, mqttConnections, receiveMaximum } = bridge;
  const { mqtt } = document.spec;
  const used = window !== undefined || listener !== undefined || mqttSink !== undefined;
  if (!used) return undefined;
  return {
    connected: mqttConnected,
    connections: mqttConnections,
    window: window && { unacknowledged: window.unacknowledged, heldBack: window.heldBack, limit: receiveMaximum },
    listens: listener && { clients: listener.listener.connected },
    publisher: mqttSink && { connected: mqttSink.connected, connections: mqttSink.connections },
    refusals: bridge.refusals.map(([part, { code, message }]) => ({ part, code, ...(whole && { message }) })),
    ...(whole && {
      url: connection?.url ?? [mqtt.url ?? [], mqtt.urls ?? []].flat().map(shownUrl).join(', '),
      version: connection?.version,
    }),
  };
}

function kafkaOf({ kafkaConnected, waits, document, topicsMade }: ShownBridge, whole: boolean) {
  return {
    connected: kafkaConnected,
    topicsMade,
    waits: waits.slice(0, most.waits).map(({ topic, records, seconds, reason }) => ({
      ...{ topic, records, seconds: Math.round(seconds), reason: cut(reason) },
    })),
    ...(whole && { servers: document.spec.kafka.bootstrapServers }),
  };
}

/** Those that are furthest behind come first. */
function consumerOf({ kafkaSource }: ShownBridge, whole: boolean) {
  if (kafkaSource === undefined) return undefined;
  const { joined, strangers } = kafkaSource;
  const partitions = kafkaSource.partitions.map(each => partitionOf(each, whole));
  const behind = partitions.toSorted(
    (a, b) => Number(b.trouble !== undefined) - Number(a.trouble !== undefined) || (b.lag ?? 0) - (a.lag ?? 0),
  );
  return {
    joined,
    strangers: strangers.length,
    lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    unknown: partitions.filter(({ lag }) => lag === undefined).length,
    count: partitions.length,
    partitions: behind.slice(0, most.partitions),
  };
}

function partitionOf({ topic, partition, lag, open, trouble }: AssignedPartition, whole: boolean) {
  const why = trouble && (whole ? cut(trouble.message) : trouble.code);
  return { topic, partition, lag: lag === undefined ? undefined : Number(lag), open, trouble: why };
}

function diskOf({ buffer }: ShownBridge) {
  if (buffer === undefined) return undefined;
  const { messages, waiting, bytes, limitBytes } = buffer;
  return { messages, waiting, bytes, limitBytes };
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
