/**
 * EMQX: rules with their Kafka actions and connectors, of `cluster.hocon` or of the REST interface (`/rules`, `/actions`, `/connectors`, `/sources`).
 * Bridges of EMQX 5.0 (`bridges.kafka`) are a connector and an action in one.
 */
import { Draft, fromClause } from './draft.ts';
import { Settings } from './settings.ts';

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether this has rules of EMQX. */
export const isEmqx = (tree: Tree): boolean => rulesOf(tree).length > 0;

interface EmqxRule {
  readonly name: string;
  readonly sql: string;
  readonly actions: readonly unknown[];
  readonly enabled: boolean;
}

const rulesOf = (tree: Tree): readonly EmqxRule[] => {
  const inHocon =
    isTree(tree.rule_engine) && isTree(tree.rule_engine.rules) ? Object.entries(tree.rule_engine.rules) : [];
  const listed = [tree.rules, tree.data].find(Array.isArray) as readonly unknown[] | undefined;
  const all = [...inHocon, ...(listed ?? []).map(each => ['', each] as const)];
  return all.flatMap(([id, rule]) => {
    if (!isTree(rule) || typeof rule.sql !== 'string') return [];
    const name = String(rule.name || rule.id || id);
    return [{ name, sql: rule.sql, actions: [rule.actions ?? []].flat(), enabled: rule.enable !== false }];
  });
};

/** A thing of a type and a name: `kafka_producer:my-kafka`, in the tree or in a list of the REST interface. */
function find(tree: Tree, kind: string, type: string, name: string): Tree | undefined {
  const things = tree[kind];
  if (Array.isArray(things)) return things.find(each => isTree(each) && each.type === type && each.name === name);
  const ofType = isTree(things) ? things[type] : undefined;
  const found = isTree(ofType) ? ofType[name] : undefined;
  return isTree(found) ? found : undefined;
}

export function fromEmqx(tree: Tree): Draft {
  const draft = new Draft('emqx');
  draft.setMqtt(['mqtt://localhost:1883']);
  draft.note('mqtt.url is a guess: the address of EMQX, to which the bridge connects as a client.');
  for (const rule of rulesOf(tree)) addRule(draft, tree, rule);
  if (draft.kafka.bootstrapServers === undefined) draft.setKafka([], 'no rule has a Kafka action');
  return draft;
}

function addRule(draft: Draft, tree: Tree, rule: EmqxRule): void {
  if (!rule.enabled) {
    draft.note(`The rule ${rule.name} is disabled, and was left out.`);
    return;
  }
  const sinks = rule.actions.flatMap(action => {
    const sink = sinkOf(draft, tree, action);
    if (sink === undefined) draft.note(`An action of the rule ${rule.name} has no counterpart: ${actionName(action)}`);
    return sink ?? [];
  });
  if (sinks.length === 0) {
    draft.note(`The rule ${rule.name} has no action that could be carried over, and was left out.`);
    return;
  }
  draft.addRule({ name: rule.name.replaceAll(/[^\w-]+/g, '-') || 'rule', sql: sqlOf(draft, tree, rule.sql), sinks });
  if (
    /\b(clientid|username|peerhost)\b/.test(`${rule.sql} ${JSON.stringify(sinks)}`) &&
    !/\{(clientid|username)\}/.test(rule.sql)
  )
    draft.note(
      `The rule ${rule.name} uses clientid, username or peerhost, which MQTT does not tell to a subscriber: take it from the topic, such as FROM "cars/{clientid}".`,
    );
}

/** Its arguments may hold secrets. */
const actionName = (action: unknown): string => (isTree(action) ? String(action.function) : String(action));

/** A Kafka source in FROM is a topic here. */
const sqlOf = (draft: Draft, tree: Tree, sql: string): string =>
  dedented(sql).replaceAll(/"\$(?:bridges|sources)\/kafka_consumer:([^"]+)"/g, (_whole, name: string) => {
    const source = find(tree, 'sources', 'kafka_consumer', name) ?? find(tree, 'bridges', 'kafka_consumer', name);
    const settings = new Settings(source ?? {});
    if (source !== undefined) connect(draft, tree, settings, 'kafka_consumer');
    const topic = settings.text('parameters.topic', 'topic', 'kafka.topic') ?? name;
    const group = settings.text('parameters.group_id');
    if (group !== undefined) draft.kafka.consumer = { groupId: group };
    return fromClause([`$kafka/${topic}`]);
  });

function sinkOf(draft: Draft, tree: Tree, action: unknown): object | undefined {
  if (isTree(action))
    return action.function === 'republish' ? republish(draft, new Settings((action.args ?? {}) as Tree)) : undefined;
  const [type, name] = String(action).split(/:(.*)/s) as [string, string?];
  if (!['kafka_producer', 'kafka'].includes(type) || name === undefined) return undefined;
  const found =
    find(tree, 'actions', type, name) ??
    find(tree, 'actions', 'kafka_producer', name) ??
    find(tree, 'bridges', 'kafka', name);
  if (found === undefined) {
    draft.note(`The action ${type}:${name} is not in what was given: export it too.`);
    return { kafka: { topic: name } };
  }
  return kafka(draft, tree, new Settings(found));
}

function republish(draft: Draft, settings: Settings): object {
  const payload = settings.text('payload');
  const qos = settings.text('qos');
  const sink = {
    topic: template(draft, settings.text('topic') ?? ''),
    ...(payload !== undefined && !isWhole(payload) && { payload: template(draft, payload) }),
    ...(qos !== undefined && /^[012]$/.test(qos) && { qos: Number(qos) }),
    ...(settings.flag('retain') && { retain: true }),
  };
  settings.ignore(/^user_properties/, /^mqtt_properties/, 'direct_dispatch');
  return { mqtt: sink };
}

/** The parameters stand under `parameters`, and in EMQX 5.0 under `kafka` or by themselves. */
function kafka(draft: Draft, tree: Tree, settings: Settings): object {
  connect(draft, tree, settings, 'kafka_producer');
  const of = (name: string): string | undefined => settings.text(`parameters.${name}`, `kafka.${name}`, name);
  const [key, value, time] = [of('message.key'), of('message.value'), of('message.timestamp')];
  const compression = of('compression');
  const linger = of('max_linger_time');
  const acks = { all_isr: 'all', leader_only: 'leader', none: 'none' }[of('required_acks') ?? 'all_isr'];
  draft.kafka.producer = {
    ...(acks && { acks }),
    ...(compression && compression !== 'no_compression' && { compression }),
    ...(linger && linger !== '0ms' && { linger }),
  };
  const mode = settings.text('resource_opts.query_mode', 'parameters.query_mode');
  const headers = [settings.take('parameters.kafka_ext_headers')].flat().filter(isTree);
  if (of('kafka_headers') !== undefined)
    draft.note(
      `kafka_headers ${of('kafka_headers')}: list the headers one by one (headers), or take mqttHeaders: true.`,
    );
  if (of('buffer.mode') !== undefined && of('buffer.mode') !== 'memory')
    draft.note(
      `buffer.mode is ${of('buffer.mode')}: for QoS 1 and 2 the broker keeps what waits. For QoS 0 set delivery.buffer.`,
    );
  return {
    kafka: {
      topic: template(draft, of('topic') ?? 'emqx'),
      ...(key && { key: template(draft, key) }),
      ...(value && !isWhole(value) && { value: template(draft, value) }),
      ...(time && { timestamp: template(draft, time) }),
      ...(mode === 'sync' && { queryMode: 'sync' }),
      ...(headers.length > 0 && {
        headers: headers.map(each => ({
          name: String(each.kafka_ext_header_key),
          value: template(draft, String(each.kafka_ext_header_value)),
        })),
      }),
    },
  };
}

/** The connector of an action; of EMQX 5.0 the action itself. */
function connect(draft: Draft, tree: Tree, action: Settings, type: string): void {
  const name = action.text('connector');
  const found = name === undefined ? undefined : find(tree, 'connectors', type, name);
  if (name !== undefined && found === undefined)
    draft.note(`The connector ${name} is not in what was given: export it too.`);
  const settings = found === undefined ? action : new Settings(found);
  const servers = settings.list('bootstrap_hosts');
  const before = draft.kafka.bootstrapServers;
  if (before !== undefined && servers.length > 0 && String(before) !== String(servers))
    draft.note(
      `There are several Kafka clusters (${servers.join(', ')}): a document has one. Make a document for each.`,
    );
  if (before !== undefined) return;
  draft.setKafka(servers, `the connector of ${name ?? 'an action'} was not found`);
  const mechanism = settings.text('authentication.mechanism');
  draft.setLogin('kafka', settings.text('authentication.username'), mechanism?.replaceAll('_', '-'));
  if (settings.flag('ssl.enable')) draft.kafka.tls = {};
}

const dedented = (text: string): string => {
  const lines = text.trim().split('\n');
  const indents = lines
    .slice(1)
    .filter(line => line.trim() !== '')
    .map(line => /^ */.exec(line)![0].length);
  const least = indents.reduce((smallest, each) => Math.min(smallest, each), 1000);
  return lines.map((line, index) => (index === 0 ? line : line.slice(least))).join('\n');
};

/** `${.}` is the row. */
const isWhole = (template: string): boolean => /^\s*\$\{\s*\.?\s*\}\s*$/.test(template);

const template = (draft: Draft, source: string): string => {
  if (/\$\{\s*\.?\s*\}/.test(source))
    draft.note(`The template ${source} has the whole row within text, which is to be written in another way.`);
  return source.replaceAll(/\$\{\.?([\w.]*)\}/g, (_whole, path: string) => `\${${path || 'payload'}}`);
};
