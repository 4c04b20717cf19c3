/**
 * Redpanda Connect and Bento: a stream from `mqtt` (or Bento's `mqtt_v5`) to Kafka, or from Kafka to `mqtt`, as YAML. Of Bloblang only assignments of
 * paths are understood; any other mapping is left for a person, as a comment.
 */
import { Draft, fromClause, sqlPath } from './draft.ts';
import { Settings } from './settings.ts';

const mqttInputs = ['mqtt', 'mqtt_v5'] as const;
const kafkaParts = ['kafka_franz', 'redpanda', 'kafka', 'redpanda_common'] as const;

/** Whether this is the configuration of a stream. */
export const isStream = (tree: Readonly<Record<string, unknown>>): boolean =>
  typeof tree.input === 'object' && tree.input !== null && typeof tree.output === 'object' && tree.output !== null;

export function fromRedpandaConnect(tree: Readonly<Record<string, unknown>>): Draft {
  const draft = new Draft('stream');
  const settings = new Settings(tree);
  settings.ignore(/^(http|logger|metrics|tracer|redpanda)\./, /\.label$/, 'input.label', 'output.label');
  const input = mqttInputs.find(each => each in (tree.input as object));
  const output = kafkaParts.find(each => each in (tree.output as object));
  const consumes = kafkaParts.find(each => each in (tree.input as object));
  const publishes = mqttInputs.find(each => each in (tree.output as object));
  if (input !== undefined && output !== undefined) toKafka(draft, settings, `input.${input}`, `output.${output}`);
  else if (consumes !== undefined && publishes !== undefined)
    toMqtt(draft, settings, `input.${consumes}`, `output.${publishes}`);
  else
    draft.note(
      'This is no stream from mqtt to Kafka, nor from Kafka to mqtt: input and output could not be carried over.',
    );
  for (const line of settings.rest()) draft.note(line);
  return draft;
}

function toKafka(draft: Draft, settings: Settings, from: string, to: string): void {
  mqtt(draft, settings, from);
  kafka(draft, settings, to);
  const topics = settings.list(`${from}.topics`);
  const qos = settings.text(`${from}.qos`);
  if (qos !== undefined) draft.mqtt.qos = Number(qos);
  if (settings.flag(`${from}.clean_session`, `${from}.clean_start`))
    draft.note(
      'A clean session is asked for: the bridge keeps one all the same, so that no message is lost while it is away.',
    );
  const key = settings.text(`${to}.key`);
  const topic = settings.text(`${to}.topic`) ?? 'mqtt';
  draft.addRule({
    name: 'all',
    sql: `SELECT ${selected(draft, settings, 'payload')} FROM ${fromClause(topics)}`,
    sinks: [
      { kafka: { topic: template(draft, topic, 'payload'), ...(key && { key: template(draft, key, 'payload') }) } },
    ],
  });
}

function toMqtt(draft: Draft, settings: Settings, from: string, to: string): void {
  mqtt(draft, settings, to);
  kafka(draft, settings, from);
  const group = settings.text(`${from}.consumer_group`);
  if (group !== undefined) draft.kafka.consumer = { groupId: group };
  const topics = settings.list(`${from}.topics`);
  const qos = settings.text(`${to}.qos`);
  const retain = settings.flag(`${to}.retained`);
  const what = selected(draft, settings, 'value');
  draft.addRule({
    name: 'all',
    sql: `SELECT ${what} FROM ${fromClause(topics.map(each => `$kafka/${each}`))}`,
    sinks: [
      {
        mqtt: {
          topic: template(draft, settings.text(`${to}.topic`) ?? '${topic}', 'value'),
          ...(what === 'value' && { payload: '${value}' }),
          ...(qos !== undefined && { qos: Number(qos) }),
          ...(retain && { retain }),
        },
      },
    ],
  });
}

function mqtt(draft: Draft, settings: Settings, at: string): void {
  draft.setMqtt(settings.list(`${at}.urls`), settings.flag(`${at}.tls.enabled`));
  draft.setLogin('mqtt', settings.text(`${at}.user`, `${at}.username`));
  settings.ignore(`${at}.password`);
  const id = settings.text(`${at}.client_id`);
  if (id !== undefined) draft.mqtt.clientId = id;
  const seconds = settings.text(`${at}.keepalive`);
  if (seconds !== undefined) draft.mqtt.keepAlive = `${seconds}s`;
}

function kafka(draft: Draft, settings: Settings, at: string): void {
  draft.setKafka(settings.list(`${at}.seed_brokers`, `${at}.addresses`), 'the stream names none');
  if (settings.flag(`${at}.tls.enabled`)) draft.kafka.tls = {};
  const [sasl] = [settings.take(`${at}.sasl`)].flat() as readonly (Readonly<Record<string, unknown>> | undefined)[];
  const mechanism = String(sasl?.mechanism ?? settings.text(`${at}.sasl.mechanism`) ?? '').toLowerCase();
  draft.setLogin('kafka', text(sasl?.username) ?? settings.text(`${at}.sasl.user`), mechanism || undefined);
  settings.ignore(`${at}.sasl.password`, `${at}.metadata.include_patterns`);
  const compression = settings.text(`${at}.compression`);
  const acks = settings.flag(`${at}.ack_replicas`) ? 'all' : undefined;
  const period = settings.text(`${at}.batching.period`);
  const producer = { ...(compression && { compression }), ...(acks && { acks }), ...(period && { linger: period }) };
  if (Object.keys(producer).length > 0) draft.kafka.producer = producer;
  // The bridge does as these say.
  settings.ignore(`${at}.idempotent_write`, `${at}.max_in_flight`, `${at}.batching.count`, `${at}.batching.byte_size`);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What SELECT takes: everything, or what a mapping of assignments picks. */
function selected(draft: Draft, settings: Settings, body: 'payload' | 'value'): string {
  const processors = settings.take('pipeline.processors');
  settings.ignore('pipeline.threads');
  const list = Array.isArray(processors) ? (processors as readonly Readonly<Record<string, unknown>>[]) : [];
  const mappings = list.map(each => each.mapping ?? each.bloblang);
  const [mapping] = mappings;
  const columns = list.length === 1 && typeof mapping === 'string' ? assignments(mapping, body) : undefined;
  if (columns !== undefined) return columns.join(', ');
  for (const each of list) draft.note(`A processor is to be written as SQL: ${processorText(each)}`);
  return body;
}

/** A mapping as it is; of others the name, as they may hold secrets. */
const processorText = (processor: Readonly<Record<string, unknown>>): string => {
  const mapping = processor.mapping ?? processor.bloblang;
  return typeof mapping === 'string' ? mapping.trim().replaceAll('\n', '; ') : Object.keys(processor).join(', ');
};

/** `root.a = this.b.c` in each line; undefined if there is anything else. */
function assignments(mapping: string, body: string): readonly string[] | undefined {
  const lines = mapping
    .split('\n')
    .map(line => line.replace(/#.*$/, '').trim())
    .filter(line => line !== '');
  const columns = lines.map(line => {
    const parts = /^root\.([\w.]+)\s*=\s*this\.([\w.]+)$/.exec(line);
    return parts === null ? undefined : `${body}.${sqlPath(parts[2]!)} AS ${sqlPath(parts[1]!)}`;
  });
  const known = columns.filter(each => each !== undefined);
  return known.length > 0 && known.length === columns.length ? known : undefined;
}

/** Interpolations of Bloblang that are no more than a name. */
const template = (draft: Draft, source: string, body: 'payload' | 'value'): string =>
  source.replaceAll(/\$\{!\s*(.*?)\s*\}/g, (whole, inner: string) => {
    const known = interpolation(inner, body);
    if (known === undefined) draft.note(`The interpolation ${whole} is to be written as a template.`);
    return `\${${known ?? 'payload'}}`;
  });

const interpolation = (inner: string, body: string): string | undefined => {
  const path = /^(?:json\(["']([\w.]+)["']\)|this\.([\w.]+))(?:\.string\(\))?$/.exec(inner);
  if (path !== null) return `${body}.${path[1] ?? path[2]}`;
  const meta = /^(?:meta\(["'](\w+)["']\)|@(\w+))$/.exec(inner);
  const name = meta?.[1] ?? meta?.[2];
  const names: Readonly<Record<string, string>> = {
    mqtt_topic: 'topic',
    kafka_topic: 'topic',
    kafka_key: 'key',
    mqtt_qos: 'qos',
  };
  if (name !== undefined) return names[name];
  return /^content\(\)$/.test(inner) ? body : undefined;
};
