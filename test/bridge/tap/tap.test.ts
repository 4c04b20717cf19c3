// Nothing showed what a running bridge received, made of it and sent: rules were changed until the right records came.
import { afterEach, describe, expect, it, test } from 'vitest';
import type { TappedMessage } from '../../../bridge/tap/tapped-message.ts';
import type { Watch, WatchOptions } from '../../../bridge/tap/watch.ts';
import { until } from '../../real/until.ts';
import { Flow, type FlowOptions } from '../flow/support/flowing.ts';

let flow: Flow;
afterEach(() => flow.stop());

const rule = (name: string, sql: string, ...sinks: Record<string, unknown>[]) => ({
  name,
  sql,
  sinks: sinks.map(kafka => ({ kafka })),
});
const speeds = rule(
  'speeds',
  'SELECT payload.speed AS speed, id FROM "cars/{id}" WHERE payload.speed > 10',
  { topic: 't', key: '${id}', headers: [{ name: 'of', value: '${id}' }] },
  { topic: 'u' },
);
const plain = rule('plain', 'SELECT payload FROM "raw/#"', { topic: 't', mqttHeaders: true });

const start = async (options: Partial<FlowOptions> = {}): Promise<void> => {
  flow = await Flow.start({ topics: ['t', 'u', 'dead'], deadLetter: 'dead', rules: [speeds, plain], ...options });
};

const watch = (points: string | string[], options: WatchOptions = {}): Watch =>
  flow.tap.watch([points].flat(), options, () => undefined);

/** What is the same at each run. */
const timeless = (messages: readonly TappedMessage[]) =>
  messages.map(({ time, ...message }) => {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    return message;
  });

describe('a watch', () => {
  it('sees at each point what there is, and copies it', async () => {
    await start();
    const all = watch(flow.tap.points as string[]);
    expect(flow.tap.points).toEqual(['source', 'rule:speeds', 'rule:plain', 'sink', 'dead-letters']);
    await flow.send(
      { topic: 'cars/7', payload: '{"speed": 50}', retain: true, userProperties: [['unit', 'km/h']] },
      { topic: 'cars/8', payload: '{"speed": 5}' },
      { topic: 'cars/9', payload: 'no JSON' },
      { topic: 'raw/x', payload: Buffer.from([0, 255]), qos: 2 },
    );
    const { messages, missed } = all.take();
    expect(missed).toBe(0);
    const text = (value: string) => ({ bytes: value.length, text: value });
    const source = { point: 'source', source: 'mqtt', qos: 1, retain: false };
    const failed = { ...source, topic: 'cars/9', payload: text('no JSON') };
    const raw = { bytes: 2, base64: 'AP8=' };
    expect(timeless(messages)).toEqual([
      {
        ...{ ...source, topic: 'cars/7', retain: true, payload: text('{"speed": 50}') },
        headers: [{ name: 'unit', value: text('km/h') }],
      },
      { point: 'rule:speeds', rule: 'speeds', topic: 'cars/7', row: text('{"speed":50,"id":"7"}') },
      {
        ...{ point: 'sink', rule: 'speeds', sink: 'sinks[0].kafka', topic: 't', key: text('7') },
        payload: text('{"speed":50,"id":"7"}'),
        headers: [{ name: 'of', value: text('7') }],
      },
      {
        ...{ point: 'sink', rule: 'speeds', sink: 'sinks[1].kafka', topic: 'u' },
        payload: text('{"speed":50,"id":"7"}'),
      },
      { ...source, topic: 'cars/8', payload: text('{"speed": 5}') },
      failed,
      {
        ...{ point: 'dead-letters', source: 'mqtt', rule: 'speeds', topic: 'cars/9', payload: text('no JSON') },
        ...{ error: 'payload-not-json', outcome: 'dead_lettered', reason: expect.stringContaining('JSON') },
      },
      { ...source, topic: 'raw/x', qos: 2, payload: raw },
      { point: 'rule:plain', rule: 'plain', topic: 'raw/x', row: text('{"payload":"base64:AP8="}') },
      {
        ...{ point: 'sink', rule: 'plain', sink: 'sinks[0].kafka', topic: 't', payload: raw },
        headers: [
          { name: 'mqtt.topic', value: text('raw/x') },
          { name: 'mqtt.qos', value: text('2') },
          { name: 'mqtt.retain', value: text('false') },
        ],
      },
    ]);
    expect(flow.count('delivered') + flow.count('dead_lettered') + flow.count('filtered')).toBe(4);
  });

  it('sees rows of windows at their rule, and no message of them', async () => {
    const sql = 'SELECT count(*) AS n FROM "cars/+" GROUP BY TUMBLING(1s)';
    await start({ rules: [rule('counts', sql, { topic: 't' })] });
    const all = watch(flow.tap.points as string[]);
    await flow.send({ topic: 'cars/7', payload: '1' });
    await flow.pass(2000);
    expect(all.take().messages.map(({ point }) => point)).toEqual(['source', 'rule:counts', 'sink']);
  });

  it.each([
    ['cars/+', ['cars/7', 'cars/7', 't', 'u']],
    ['raw/#', ['raw/x', 'raw/x', 't']],
    // A topic of Kafka is a filter that matches it alone.
    ['u', ['u']],
    ['nobody/#', []],
  ])('with the filter %s sees what came with such a topic, or goes to it', async (filter, topics) => {
    await start();
    const all = watch(flow.tap.points as string[], { filter });
    await flow.send({ topic: 'cars/7', payload: '{"speed": 50}' }, { topic: 'raw/x', payload: 'x' });
    expect(all.take().messages.map(({ topic }) => topic)).toEqual(topics);
  });

  it('shows the beginning of what is long, whole characters of it, and how long it is', async () => {
    await start();
    const source = watch('source', { maxBytes: 8 });
    const payloads = ['12345678', '123456789', '1234567é', 'ééé€', '1😀😀', Buffer.from('ÿÿÿÿÿÿÿÿÿ', 'latin1'), ''];
    await flow.send(...payloads.map(payload => ({ topic: 'raw/x', payload })));
    expect(source.take().messages.map(({ payload }) => payload)).toEqual([
      { bytes: 8, text: '12345678' },
      { bytes: 9, text: '12345678', cut: true },
      { bytes: 9, text: '1234567', cut: true },
      { bytes: 9, text: 'ééé', cut: true },
      { bytes: 9, text: '1😀', cut: true },
      { bytes: 9, base64: '//////////8=', cut: true },
      { bytes: 0, text: '' },
    ]);
  });

  it('counts what it misses beyond its rate, and goes on', async () => {
    await start();
    const source = watch('source', { perSecond: 5 });
    await flow.send(...Array.from({ length: 50 }, () => ({ topic: 'raw/x', payload: 'x' })));
    const { messages, missed } = source.take();
    expect(messages.length + missed).toBe(50);
    expect(messages.length).toBeGreaterThanOrEqual(5);
    expect(missed).toBeGreaterThan(0);
    expect(flow.tap.missed).toBe(missed);
    await until('more', async () => {
      await flow.send({ topic: 'raw/y', payload: 'y' });
      return source.take().messages.some(({ topic }) => topic === 'raw/y');
    });
    expect(flow.records('t').length).toBeGreaterThanOrEqual(51);
  });

  it('misses what would take more than its part of the time', async () => {
    await start({ tapTime: { share: 0, burstMs: 0.000_001 } });
    const all = watch(['source', 'sink']);
    await flow.send(...Array.from({ length: 10 }, () => ({ topic: 'raw/x', payload: 'x' })));
    const { messages, missed } = all.take();
    // Another part for each kind of point: a flood at one hides nothing at the other.
    expect(messages.map(({ point }) => point)).toEqual(['source', 'sink']);
    expect(missed).toBe(18);
    expect(flow.records('t')).toHaveLength(10);
  });

  it('that takes nothing holds a bounded number of messages, and what is more is missed', async () => {
    await start();
    const source = watch('source', { perSecond: 1000, maxBytes: 65_536 });
    const payload = 'x'.repeat(65_536);
    for (let round = 0; round < 20; round++)
      await flow.send(...Array.from({ length: 5 }, () => ({ topic: 'raw/x', payload })));
    const { messages, missed } = source.take();
    expect(messages.length).toBeLessThanOrEqual(17);
    expect(messages.length + missed).toBe(100);
  });

  it('that fails where it is woken is over, and the flow and others go on', async () => {
    await start();
    let woken = 0;
    const broken = flow.tap.watch(['source'], {}, () => {
      woken++;
      throw new Error('the screen is broken');
    });
    const other = watch('source');
    await flow.send({ topic: 'raw/x', payload: 'x' });
    await until('the watch to end', () => broken.ended !== undefined);
    await flow.send({ topic: 'raw/y', payload: 'y' });
    expect(broken.ended).toContain('the screen is broken');
    expect(other.take().messages.map(({ topic }) => topic)).toEqual(['raw/x', 'raw/y']);
    expect(flow.records('t')).toHaveLength(2);
    expect(flow.tap.watchers).toBe(1);
    expect(woken).toBeGreaterThan(0);
  });
});

describe('a tap', () => {
  test('is in the way of nothing before somebody watches, and after nobody does', async () => {
    await start();
    const writers = () => flow.rules.flatMap(({ sinks }) => sinks.map(({ writer }) => writer));
    const before = writers();
    const [source, sink] = [watch(['source', 'dead-letters']), watch('sink')];
    source.close();
    expect(writers()).not.toEqual(before);
    sink.close();
    expect(writers().every((writer, at) => writer === before[at])).toBe(true);
    await flow.send({ topic: 'raw/x', payload: 'x' });
    expect([source.take(), sink.take()]).toEqual(Array(2).fill({ messages: [], missed: 0 }));
  });

  test('keeps no view of a message, whose bytes the next one is read into', async () => {
    await start();
    const all = watch(flow.tap.points as string[]);
    // `send` writes over the bytes as soon as they are handed over.
    await flow.send({ topic: 'raw/x', payload: 'keep me' });
    const shown = all.take().messages.flatMap(({ payload }) => payload?.text ?? []);
    expect(shown).toEqual(['keep me', 'keep me']);
  });

  test.each([
    ['rule:speed', {}, 'tap-point-unknown', 'did you mean rule:speeds?'],
    ['source', { filter: 'a/#/b' }, 'tap-filter-invalid', '`#` must be the last level'],
  ])('refuses the point %s with %j', async (point, options, code, text) => {
    await start();
    const refused = () => watch(point, options);
    expect(refused).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
    expect(flow.tap.watchers).toBe(0);
  });

  test('takes so many watchers at most, and another when one has gone', async () => {
    await start();
    const all = Array.from({ length: 16 }, () => watch('source'));
    expect(() => watch('source')).toThrow(expect.objectContaining({ code: 'tap-too-many' }));
    all[3]!.close();
    watch('source');
    expect(flow.tap.watchers).toBe(16);
  });

  test('watches a rule that a reload brings under the same name, and the old one until its messages are through', async () => {
    await start();
    const made = watch('rule:plain');
    flow.pipeline.use(flow.rules.filter(({ name }) => name !== 'plain'));
    await flow.send({ topic: 'raw/x', payload: 'before' });
    expect(made.take().messages).toHaveLength(1);
    flow.pipeline.use(flow.rules);
    await flow.send({ topic: 'raw/x', payload: 'after' });
    expect(made.take().messages.map(({ row }) => row?.text)).toEqual(['{"payload":"after"}']);
  });
});
