// An edited rule was noticed only by a restart, which gave up the windows of all rules.
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let publisher: MqttClient;
let bridge: Bridge | undefined;

beforeEach(async () => {
  broker = await startEmbeddedMqtt();
  const topics = ['t', 'u', 'letters'].map(name => ({ name, partitions: 1 }));
  kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false });
  publisher = await mqtt.connectAsync(broker.url);
});

afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
  await publisher.endAsync(true);
  await Promise.all([broker.stop(), kafka.stop()]);
});

type Rule = Record<string, unknown> & { readonly name: string };

const rule = (name: string, sql: string, kafkaSink: object = { topic: 't' }): Rule => ({
  name,
  sql,
  sinks: [{ kafka: kafkaSink }],
});

const documentOf = (rules: readonly Rule[], spec: Record<string, unknown> = {}, ofMqtt: object = {}) =>
  completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, ...ofMqtt },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules,
      ...spec,
    },
  });

async function start(rules: readonly Rule[], spec?: Record<string, unknown>): Promise<Bridge> {
  bridge = await prepareBridge(documentOf(rules, spec), {
    secrets: { secretsDir: '' },
    log: pino({ level: 'silent' }),
  });
  await bridge.start();
  return bridge;
}

async function reload(rules: readonly Rule[], spec?: Record<string, unknown>) {
  const prepared = await bridge!.reload.prepare(documentOf(rules, spec));
  prepared.commit();
  return prepared;
}

const publish = (topic: string, payload: unknown) =>
  publisher.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });

const values = (topic = 't') => kafka.records(topic).map(({ value }) => value?.toString());
const delivered = (count: number) =>
  until(`${count} messages to be delivered`, () => bridge!.account.count('delivered') >= count);

describe('a rule that changes', () => {
  test('is another from the next message on, over the same connections', async () => {
    await start([rule('r', 'SELECT payload FROM "v/+"')]);
    await publish('v/1', 'a');
    await delivered(1);
    const { rules } = await reload([rule('r', 'SELECT \'new\' AS is FROM "v/+"')]);
    expect(rules).toEqual({ added: [], changed: ['r'], removed: [] });
    await publish('v/1', 'b');
    await delivered(2);
    expect(values()).toEqual(['a', '{"is":"new"}']);
    expect(bridge!.mqttConnections).toBe(1);
    // Counters that begin again would be a gap in every panel.
    expect(bridge!.rules.map(({ matched, passed, sinks }) => [matched, passed, sinks[0]!.delivered])).toEqual([
      [2, 2, 2],
    ]);
  });

  test('finishes what it has begun, with its own sinks and its own dead letters', async () => {
    const letters = { delivery: { onFailure: { deadLetter: { topic: 'letters' } } } };
    const other = rule('other', 'SELECT payload FROM "other"', { topic: 'u' });
    await start([rule('r', 'SELECT payload FROM "v/+"'), other], letters);
    const answered = Promise.withResolvers<void>();
    const slow = kafka.faults.add({ api: 'Produce', until: answered.promise });
    await publish('v/1', 'old');
    await slow.met();
    await reload([rule('r', 'SELECT payload FROM "v/+"', { topic: 'u' }), other], letters);
    await publish('v/2', 'new');
    answered.resolve();
    await delivered(2);
    expect([values('t'), values('u')]).toEqual([['old'], ['new']]);
    expect(bridge!.account.received).toBe(2);
    expect(bridge!.account.inFlight).toBe(0);
  });

  test('and comes again many times finds numbers for its sinks, which are fewer than all of these', async () => {
    const many = (topic: string): Rule => ({
      ...rule('r', 'SELECT payload FROM "v/+"'),
      sinks: Array.from({ length: 60 }, () => ({ kafka: { topic } })),
    });
    await start([many('t')]);
    for (let turn = 0; turn < 40; turn++) await reload([many(turn % 2 === 0 ? 'u' : 't')]);
    await publish('v/1', 'x');
    await delivered(1);
    expect(values('t')).toHaveLength(60);
  });
});

describe('filters', () => {
  test('are subscribed and given up by difference, and what is stored for a new one is not missed', async () => {
    await start([rule('r', 'SELECT payload FROM "v/+"'), rule('s', 'SELECT payload FROM "w/+"')]);
    await publisher.publishAsync('x/1', 'stored', { qos: 1, retain: true });
    const { rules } = await reload([rule('r', 'SELECT payload FROM "v/+"'), rule('n', 'SELECT payload FROM "x/+"')]);
    expect(rules).toEqual({ added: ['n'], changed: [], removed: ['s'] });
    await until('the stored message', () => values().includes('stored'));
    await publish('w/1', 'of no rule any more');
    await publish('x/1', 'new');
    await publish('v/1', 'old');
    await until('both', () => values().length === 3);
    expect(values().sort()).toEqual(['new', 'old', 'stored']);
    expect(bridge!.mqttConnections).toBe(1);
    // Some may come before the broker gives the filter up.
    await until('the other filter to be given up', async () => {
      const { received } = bridge!.account;
      const records = values().length;
      await publish('w/1', 'again');
      await publish('v/1', 'mark');
      await until('the mark', () => values().length === records + 1);
      return bridge!.account.received === received + 1;
    });
  });

  test('that take the place of each other need a restart', async () => {
    await start([rule('r', 'SELECT payload FROM "v/+"')]);
    const wider = documentOf([rule('r', 'SELECT payload FROM "v/#"')]);
    await expect(bridge!.reload.prepare(wider)).rejects.toMatchObject({ code: 'reload-filters-overlap' });
    await publish('v/1', 'x');
    await delivered(1);
    expect(values()).toEqual(['x']);
  });

  test('of a document that is not taken in the end are given up again', async () => {
    await start([rule('r', 'SELECT payload FROM "v/+"')]);
    const prepared = await bridge!.reload.prepare(
      documentOf([rule('r', 'SELECT 1 AS y FROM "v/+"'), rule('n', 'SELECT payload FROM "x/+"')]),
    );
    prepared.abandon();
    await publish('v/1', 'x');
    await delivered(1);
    await publish('x/1', 'nobody’s');
    await publish('v/1', 'y');
    await delivered(2);
    expect(values()).toEqual(['x', 'y']);
    expect(bridge!.rules.map(({ name }) => name)).toEqual(['r']);
  });
});

describe('rules that are the same', () => {
  test('keep their windows and what CHANGED remembers', async () => {
    const windows = rule('windows', 'SELECT count(*) AS n FROM "v/+" GROUP BY TUMBLING(\'1h\')', { topic: 'u' });
    const changed = rule('changed', 'SELECT payload FROM "v/+" WHERE CHANGED(payload.x)');
    await start([windows, changed, rule('other', 'SELECT payload FROM "v/+"')]);
    await publish('v/1', { x: 1 });
    await delivered(1);
    const { rules } = await reload([
      { ...windows, description: 'only people read this' },
      changed,
      rule('other', 'SELECT 1 AS y FROM "v/+"'),
    ]);
    expect(rules).toEqual({ added: [], changed: ['other'], removed: [] });
    await publish('v/1', { x: 1 });
    await until('both messages to be read', () => bridge!.account.received === 2);
    await until('them to be settled', () => bridge!.account.inFlight === 0);
    expect(values('t')).toEqual(['{"x":1}', '{"x":1}', '{"y":1}']);
    await bridge!.stop();
    expect(values('u')).toEqual(['{"n":2}']);
  });

  test('while the windows of one that changes end at once, as at a stop', async () => {
    const counts = (as: string) =>
      rule('w', `SELECT count(*) AS ${as} FROM "v/+" GROUP BY TUMBLING('1h')`, { topic: 'u' });
    await start([counts('n')]);
    await publish('v/1', 'x');
    await until('it to be counted', () => bridge!.account.received === 1);
    await reload([counts('m')]);
    await until('the row', () => values('u').length === 1);
    await publish('v/1', 'y');
    await until('the second to be counted', () => bridge!.account.received === 2);
    await bridge!.stop();
    expect(values('u')).toEqual(['{"n":1}', '{"m":1}']);
  });
});

test('settings that need no connection are taken at once', async () => {
  const rules = [rule('r', 'FOREACH payload AS x DO x FROM "v/+"')];
  await start(rules);
  await reload(rules, {
    delivery: { limits: { rowsPerMessage: 1 }, shutdownTimeout: '1s', onFailure: { drop: {} } },
    kafka: {
      bootstrapServers: [kafka.bootstrap],
      producer: { linger: '20ms', compression: 'gzip' },
      topics: [{ name: 'made', partitions: 1 }],
    },
  });
  await publish('v/1', [1, 2]);
  await until('the message to cost too much', () => bridge!.rules[0]!.failed === 1);
  await reload([rule('r', 'SELECT payload FROM "v/+"', { topic: 'made' })], {
    kafka: {
      bootstrapServers: [kafka.bootstrap],
      producer: { linger: '20ms', compression: 'gzip' },
      topics: [{ name: 'made', partitions: 1 }],
    },
  });
  await publish('v/1', 'x'.repeat(100));
  await until('the record', () => values('made').length === 1);
  expect(values('made')).toEqual(['x'.repeat(100)]);
});

describe('a document that cannot be taken', () => {
  const same = () => [rule('r', 'SELECT payload FROM "v/+"')];
  test.each<[string, string | RegExp, () => [Rule[], Record<string, unknown>?]]>([
    [
      'reads from Kafka, which no rule did',
      'reload-needs-restart',
      () => [[...same(), rule('k', 'SELECT value FROM "$kafka/u"')]],
    ],
    [
      'publishes to MQTT, which no rule did',
      'reload-needs-restart',
      () => [[...same(), { ...rule('m', 'SELECT payload FROM "v/+"'), sinks: [{ mqtt: { topic: 'x' } }] }]],
    ],
    ['has another buffer', 'reload-needs-restart', () => [same(), { delivery: { buffer: { mode: 'none' } } }]],
    [
      'writes to a topic that does not exist',
      'kafka-unknown-topic',
      () => [[rule('r', 'SELECT payload FROM "v/+"', { topic: 'absent' })]],
    ],
    ['has a rule that does not compile', /./, () => [[rule('r', 'SELECT payload FROM')]]],
    [
      'writes to a topic in another mode',
      'reload-needs-restart',
      () => [[rule('r', 'SELECT payload FROM "v/+"', { topic: 't', queryMode: 'sync' })]],
    ],
  ])('because it %s leaves everything as it was', async (_why, code, given) => {
    await start(same());
    const [rules, spec = {}] = given();
    const document = documentOf(rules, spec);
    if (typeof code === 'string') await expect(bridge!.reload.prepare(document)).rejects.toMatchObject({ code });
    else await expect(bridge!.reload.prepare(document)).rejects.toThrow(code);
    await publish('v/1', 'x');
    await delivered(1);
    expect(values()).toEqual(['x']);
    expect(bridge!.missing()).toEqual([]);
    expect(bridge!.namedTopics).toEqual(['t']);
  });

  test('while it is not connected yet is refused, with the reason', async () => {
    bridge = await prepareBridge(documentOf(same()), { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
    await expect(bridge.reload.prepare(documentOf(same()))).rejects.toMatchObject({ code: 'reload-too-early' });
  });
});
