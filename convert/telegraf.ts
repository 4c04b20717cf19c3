/** Telegraf: `inputs.mqtt_consumer` with `outputs.kafka`, as parsed TOML. */
import { Draft, fromClause } from './draft.ts';
import { Settings } from './settings.ts';

type Tree = Readonly<Record<string, unknown>>;

const plugins = (tree: Tree, kind: string, name: string): readonly Tree[] =>
  [((tree[kind] ?? {}) as Tree)[name] ?? []].flat() as unknown as readonly Tree[];

/** Whether this is Telegraf's configuration of a way that we have. */
export const isTelegraf = (tree: Tree): boolean =>
  plugins(tree, 'inputs', 'mqtt_consumer').length > 0 || plugins(tree, 'inputs', 'kafka_consumer').length > 0;

export function fromTelegraf(tree: Tree): readonly Draft[] {
  const outputs = plugins(tree, 'outputs', 'kafka');
  const others = Object.entries(tree).flatMap(([kind, named]) =>
    ['inputs', 'outputs', 'processors', 'aggregators'].includes(kind)
      ? Object.keys(named as Tree).map(name => `${kind}.${name}`)
      : [],
  );
  const known = ['inputs.mqtt_consumer', 'outputs.kafka'];
  return plugins(tree, 'inputs', 'mqtt_consumer').map(input => {
    const draft = new Draft('telegraf');
    for (const name of others) if (!known.includes(name)) draft.note(`${name} has no counterpart in the document.`);
    convert(draft, new Settings(input), outputs);
    return draft;
  });
}

function convert(draft: Draft, input: Settings, outputs: readonly Tree[]): void {
  draft.setMqtt(input.list('servers'));
  draft.setLogin('mqtt', input.text('username'));
  input.ignore('password', 'persistent_session', 'connection_timeout', 'max_undelivered_messages');
  const id = input.text('client_id');
  if (id !== undefined) draft.mqtt.clientId = id;
  const qos = input.text('qos');
  if (qos !== undefined) draft.mqtt.qos = Number(qos);
  const topics = input.list('topics');
  const format = input.text('data_format') ?? 'influx';
  draft.note(
    format === 'value'
      ? 'Telegraf wrote metrics; the bridge writes the payload as it is.'
      : `Telegraf parsed payloads as ${format} and wrote metrics; the bridge writes the payload as it is. Pick fields with SELECT payload.a AS a.`,
  );
  const sinks = outputs.map(output => kafka(draft, new Settings(output)));
  if (sinks.length === 0) draft.setKafka([], 'there is no outputs.kafka');
  draft.addRule({
    name: 'all',
    sql: `SELECT payload FROM ${fromClause(topics)}`,
    sinks: sinks.length > 0 ? sinks : [{ kafka: { topic: 'telegraf' } }],
  });
  for (const line of input.rest()) draft.note(`inputs.mqtt_consumer ${line}`);
}

const codecs: Readonly<Record<string, string>> = { '0': 'none', '1': 'gzip', '2': 'snappy', '3': 'lz4', '4': 'zstd' };
const acks: Readonly<Record<string, string>> = { '0': 'none', '1': 'leader', '-1': 'all' };

function kafka(draft: Draft, output: Settings): object {
  draft.setKafka(output.list('brokers'), 'outputs.kafka names none');
  const mechanism = output.text('sasl_mechanism')?.toLowerCase();
  draft.setLogin('kafka', output.text('sasl_username'), mechanism ?? 'plain');
  output.ignore('sasl_password', 'data_format', 'max_retry');
  if (output.flag('enable_tls') || output.has('tls_ca')) draft.kafka.tls = {};
  const producer = {
    ...(output.has('compression_codec') && { compression: codecs[output.text('compression_codec')!] }),
    ...(output.has('required_acks') && { acks: acks[output.text('required_acks')!] }),
  };
  if (Object.keys(producer).length > 0) draft.kafka.producer = producer;
  output.ignore('idempotent_writes');
  const tag = output.text('routing_tag');
  if (tag !== undefined && tag !== 'topic')
    draft.note(`routing_tag is ${tag}: name where that is in the message, key: "\${payload.${tag}}".`);
  const key = tag === 'topic' ? '${topic}' : undefined;
  for (const line of output.rest().filter(each => !each.startsWith('topic:'))) draft.note(`outputs.kafka ${line}`);
  return { kafka: { topic: output.text('topic') ?? 'telegraf', ...(key && { key }) } };
}
