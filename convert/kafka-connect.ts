/**
 * Kafka Connect: connectors for MQTT of Confluent, Lenses (stream reactor) and Camel, sources and sinks, as their JSON for the REST interface:
 * `{"name": ..., "config": {...}}`, or the properties alone.
 */
import { Draft, fromClause, sqlPath } from './draft.ts';
import { type KcqlStatement, parseKcql } from './kcql.ts';
import { Settings } from './settings.ts';

/** Whether this is the configuration of a connector. */
export const isConnector = (tree: Readonly<Record<string, unknown>>): boolean =>
  'connector.class' in tree || 'connector.class' in ((tree.config ?? {}) as object);

export function fromKafkaConnect(tree: Readonly<Record<string, unknown>>): Draft {
  const config = (tree.config ?? tree) as Readonly<Record<string, unknown>>;
  const draft = new Draft(String(tree.name ?? config.name ?? 'connector'));
  const settings = new Settings(config);
  const connector = settings.text('connector.class') ?? '';
  settings.ignore('name', 'tasks.max', /^(key|value|header)\.converter/, /^confluent\./, 'errors.log.enable');
  draft.setKafka([], 'a connector uses those of its worker, bootstrap.servers');
  if (/lenses|datamountaineer/i.test(connector)) lenses(draft, settings, /sink/i.test(connector));
  else if (/camel/i.test(connector)) camel(draft, settings, /sink/i.test(connector));
  else confluent(draft, settings, /sink/i.test(connector));
  scale(draft, String(config['tasks.max'] ?? '1'));
  if (settings.flag('errors.deadletterqueue.context.headers.enable'))
    draft.note('Dead letters always have headers here.');
  const letters = settings.text('errors.deadletterqueue.topic.name');
  if (letters !== undefined) draft.delivery.onFailure = { deadLetter: { topic: letters } };
  for (const line of settings.rest()) draft.note(line);
  return draft;
}

function scale(draft: Draft, tasks: string): void {
  if (!(Number(tasks) > 1)) return;
  draft.note(
    `tasks.max is ${tasks}: several processes need mqtt.share, and bridge.replicas on Kubernetes. One moves what many tasks do.`,
  );
}

function confluent(draft: Draft, settings: Settings, isSink: boolean): void {
  draft.setMqtt(settings.list('mqtt.server.uri'));
  draft.setLogin('mqtt', settings.text('mqtt.username'));
  settings.ignore('mqtt.password');
  session(draft, settings, 'mqtt.qos', 'mqtt.clean.session.enabled', 'mqtt.keepalive.interval.seconds');
  const seconds = settings.text('mqtt.connect.timeout.seconds');
  if (seconds !== undefined) draft.mqtt.connectTimeout = `${seconds}s`;
  const topics = settings.list(isSink ? 'topics' : 'mqtt.topics');
  if (isSink) addSink(draft, topics, '${topic}', settings.flag('mqtt.retained.enabled'));
  else addSource(draft, topics, settings.text('kafka.topic') ?? 'mqtt', '${topic}');
}

function lenses(draft: Draft, settings: Settings, isSink: boolean): void {
  draft.setMqtt(settings.list('connect.mqtt.hosts', 'connect.mqtt.connection.hosts'));
  draft.setLogin('mqtt', settings.text('connect.mqtt.username'));
  settings.ignore('connect.mqtt.password');
  const id = settings.text('connect.mqtt.client.id');
  if (id !== undefined) draft.mqtt.clientId = id;
  session(draft, settings, 'connect.mqtt.service.quality', 'connect.mqtt.clean', 'connect.mqtt.keep.alive');
  for (const statement of parseKcql(settings.text('connect.mqtt.kcql') ?? '')) {
    if (statement === undefined) draft.note('A statement of connect.mqtt.kcql could not be read.');
    else addStatement(draft, statement, isSink);
  }
  settings.ignore('topics');
}

function addStatement(draft: Draft, { into, from, fields, keys, rest }: KcqlStatement, isSink: boolean): void {
  if (rest !== '') draft.note(`KCQL: ${rest}`);
  const body = isSink ? 'value' : 'payload';
  const all = fields.some(({ path }) => path === '*');
  const selected = fields.map(
    ({ path, alias }) => `${body}.${sqlPath(path)} AS ${sqlPath(alias ?? path.replaceAll('.', '_'))}`,
  );
  const what = all ? body : selected.join(', ');
  if (all && fields.length > 1) draft.note(`KCQL: of SELECT with * and other fields for ${into}, only * was taken.`);
  const key = keys.length === 0 ? undefined : keys.map(path => `\${${body}.${path}}`).join('-');
  const name = into.replaceAll(/[^\w-]+/g, '-').toLowerCase();
  if (isSink) {
    const sink = { mqtt: { topic: into, ...(all && { payload: '${value}' }) } };
    draft.addRule({ name, sql: `SELECT ${what} FROM ${fromClause([`$kafka/${from}`])}`, sinks: [sink] });
    return;
  }
  const sink = { kafka: { topic: into, ...(key !== undefined && { key }) } };
  draft.addRule({ name, sql: `SELECT ${what} FROM ${fromClause([from])}`, sinks: [sink] });
}

function camel(draft: Draft, settings: Settings, isSink: boolean): void {
  const part = settings.under('camel.kamelet').find(name => /mqtt/i.test(name)) ?? 'mqtt-source';
  const of = (name: string): string => `camel.kamelet.${part}.${name}`;
  draft.setMqtt(settings.list(of('brokerUrl')));
  draft.setLogin('mqtt', settings.text(of('username')));
  settings.ignore(of('password'));
  const id = settings.text(of('clientId'));
  if (id !== undefined) draft.mqtt.clientId = id;
  session(draft, settings, of('qos'), of('cleanSession'), of('keepAliveInterval'));
  const topic = settings.text(of('topic')) ?? '#';
  const topics = settings.list('topics');
  if (isSink) addSink(draft, topics, topic, settings.flag(of('retained')));
  else addSource(draft, [topic], topics[0] ?? 'mqtt', undefined);
}

function session(draft: Draft, settings: Settings, qosName: string, cleanName: string, keepAliveName: string): void {
  const qos = settings.text(qosName);
  if (qos !== undefined) draft.mqtt.qos = Number(qos);
  if (settings.flag(cleanName))
    draft.note(
      `${cleanName} is true: the bridge keeps a session all the same, so that no message is lost while it is away.`,
    );
  const keepAlive = settings.text(keepAliveName);
  if (keepAlive !== undefined) draft.mqtt.keepAlive = Number(keepAlive) >= 1000 ? `${keepAlive}ms` : `${keepAlive}s`;
}

const addSource = (draft: Draft, filters: readonly string[], topic: string, key: string | undefined): void =>
  draft.addRule({
    name: 'all',
    sql: `SELECT payload FROM ${fromClause(filters)}`,
    sinks: [{ kafka: { topic, ...(key && { key }) } }],
  });

const addSink = (draft: Draft, topics: readonly string[], topic: string, retain: boolean): void =>
  draft.addRule({
    name: 'all',
    sql: `SELECT value FROM ${fromClause(topics.map(each => `$kafka/${each}`))}`,
    sinks: [{ mqtt: { topic, payload: '${value}', ...(retain && { retain }) } }],
  });
