// One document of 400 rules with 30 filters each stopped the operator for 26 seconds: its Lease was lost, kubelets killed it, and it began again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { CheckThread } from '../../../operator/verdicts/check-thread.ts';
import type { CheckAnswer } from '../../../operator/verdicts/protocol.ts';
import { Verdicts } from '../../../operator/verdicts/verdicts.ts';
import { ruleOf } from '../../api/support/documents.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { resourceOf } from '../support/resources.ts';

const threads: CheckThread[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const thread of threads.splice(0)) thread.close();
  for (const folder of folders.splice(0)) removeFolder(folder);
});

/** A thread; with this program in place of its own, which answers with the name of the resource, or does what that says. */
function threadOf(options: { limitMs?: number; limitMib?: number } = {}, program?: string): CheckThread {
  let file: string | undefined;
  if (program !== undefined) {
    const folder = temporaryFolder('thread');
    folders.push(folder);
    file = join(folder, 'worker.mjs');
    writeFileSync(file, program);
  }
  const thread = new CheckThread({ ...options, ...(file !== undefined && { program: pathToFileURL(file) }) });
  threads.push(thread);
  return thread;
}

const obedient = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ resource }) => {
    const { name } = JSON.parse(resource).metadata;
    if (name === 'endless') for (;;);
    if (name === 'large') for (const kept = []; ; ) kept.push('x'.repeat(100) + kept.length);
    if (name === 'ends') process.exit(1);
    if (name === 'throws') throw new Error('a fault');
    parentPort.postMessage({ problems: [], warnings: [name] });
  });
  parentPort.postMessage('ready');
`;

const named = (name: string, namespace = 'shop', more: object = {}): KubeObject =>
  resourceOf({}, { metadata: { name, namespace, uid: `uid-${name}`, generation: 1, ...more } });

const settings = { replicas: 1, trustedOverrides: [] };

describe('a document that is checked in a thread', () => {
  it.each([
    ['takes for ever', 'endless', 'longer than 0.3 s'],
    ['takes all memory', 'large', 'more than 32 MiB of memory'],
    ['ends the thread', 'ends', 'its thread ended'],
    ['meets a fault', 'throws', 'a fault'],
  ])('and %s has a problem that says so, and the next one is checked', async (_, name, said) => {
    const thread = threadOf({ limitMs: name === 'endless' ? 300 : 20_000, limitMib: 32 }, obedient);
    const [bad, good] = await Promise.all([
      thread.check(named(name), { settings }),
      thread.check(named('good'), { settings }),
    ]);
    expect(bad.problems).toMatchObject([{ code: 'document-unchecked', message: expect.stringContaining(said) }]);
    expect(good).toEqual({ problems: [], warnings: ['good'] });
  });

  it('waits for one of another namespace, and not for all of them', async () => {
    const thread = threadOf({}, obedient);
    const order: string[] = [];
    const check = async (name: string, namespace: string) => {
      await thread.check(named(name, namespace), { settings });
      order.push(name);
    };
    await Promise.all([...['a1', 'a2', 'a3', 'a4'].map(name => check(name, 'a')), check('b1', 'b')]);
    expect(order.indexOf('b1')).toBeLessThan(3);
    expect(order.filter(name => name !== 'b1')).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('counts what waits, and has no room for a namespace that has given too much', async () => {
    const thread = threadOf({}, obedient);
    const large = (name: string) => ({ ...named(name), spec: { text: 'x'.repeat(2 ** 20) } }) as unknown as KubeObject;
    const checks = [thread.check(named('first'), { settings })];
    for (let index = 0; thread.hasRoomFor('shop'); index++) checks.push(thread.check(large(`l${index}`), { settings }));
    expect(checks).toHaveLength(3);
    expect(thread.hasRoomFor('harbour')).toBe(true);
    await Promise.all(checks);
    expect(thread.hasRoomFor('shop')).toBe(true);
  });

  it('gets the verdict of mkb validate', async () => {
    const thread = threadOf();
    const wrong = resourceOf({ rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT payload\nFORM "cars/#"' }] });
    expect(await thread.check(resourceOf(), { settings })).toEqual({ problems: [], warnings: [] });
    const { problems } = await thread.check(wrong, { settings });
    expect(problems).toMatchObject([{ code: 'rule-syntax', message: expect.stringContaining('line 2, column 6') }]);
  });

  const nested = (levels: number): object => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const rule = (index: number, sql: string) => ({ ...ruleOf({ topic: 'cars' }, `r${index}`), sql });
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));

  it.each([
    ['a Pod template 3,000 levels deep', { bridge: { podTemplate: { spec: nested(3000) } } }, 'over 100 levels'],
    ['a Pod template 9,000 levels deep', { bridge: { podTemplate: { spec: nested(9000) } } }, 'over 100 levels'],
    [
      'lists within lists',
      { bridge: { podTemplate: { spec: { a: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) } } } },
      'over 100 levels',
    ],
    [
      '100,000 values',
      { bridge: { podTemplate: { spec: { a: many(100_000, index => index) } } } },
      'over 50000 values',
    ],
    [
      'a megabyte of SQL',
      { rules: many(16, index => rule(index, `SELECT ${'1,'.repeat(32_000)} 1 AS x FROM 'a'`)) },
      'KiB of JSON',
    ],
    ['30,000 fields that do not exist', many(30_000, String), 'not a field'],
  ])('has a problem in few words when it is %s', async (_, more, said) => {
    const resource = { ...named('cars'), spec: { ...(resourceOf().spec as object), ...more } };
    const { problems } = await threadOf({ limitMs: 60_000 }).check(resource, { settings });
    expect(problems[0]!.message).toContain(said);
    expect(JSON.stringify(problems).length).toBeLessThan(200_000);
  });

  it.each([
    [
      '400 rules with 30 filters each',
      many(400, index => rule(index, `SELECT * FROM ${many(30, filter => `'a/+/${index}/${filter}/#'`).join(', ')}`)),
    ],
    [
      'calls within calls',
      many(7, index =>
        rule(index, `SELECT ${`${'abs('.repeat(60)}1${')'.repeat(60)} + `.repeat(190)} 1 AS x FROM 'a/${index}'`),
      ),
    ],
    [
      'long lists',
      many(7, index => rule(index, `SELECT * FROM 'a/${index}' WHERE payload.x IN (${'1,'.repeat(30_000)}1)`)),
    ],
  ])('has a verdict within its time, and the event loop never waits: %s', async (_, rules) => {
    const resource = resourceOf({ rules, mqtt: { url: 'mqtt://localhost:1883', version: '3.1.1' } });
    const thread = threadOf({ limitMs: 60_000 });
    await thread.check(named('first'), { settings });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const startedAt = performance.now();
    const { problems } = await thread.check(resource, { settings });
    clearInterval(timer);
    console.log(`${(performance.now() - startedAt).toFixed(0)} ms, ${turns} turns of the event loop`);
    expect(problems).toEqual([]);
    expect(turns).toBeGreaterThan(10);
  });
});

/** Verdicts of a thread that answers when it is asked to. */
function stage(mostOfNamespace?: number) {
  const full = new Set<string>();
  const asked: {
    readonly name: string;
    readonly spec: string | undefined;
    answer(answer: Partial<CheckAnswer>): Promise<void>;
  }[] = [];
  const told: string[] = [];
  let now = 0;
  const verdicts = new Verdicts({
    settings,
    now: () => now,
    ...(mostOfNamespace !== undefined && { mostOfNamespace }),
    onVerdict: (key, ms) => told.push(`${key} ${ms}`),
    thread: {
      hasRoomFor: namespace => !full.has(namespace),
      check: ({ metadata }, { spec }) => {
        const { promise, resolve } = Promise.withResolvers<CheckAnswer>();
        const answer = async (given: Partial<CheckAnswer>) => {
          resolve({ problems: [], warnings: [], ...given });
          await new Promise(setImmediate);
        };
        asked.push({ name: metadata.name, spec, answer });
        return promise;
      },
    },
  });
  return { verdicts, asked, told, full, pass: (ms: number) => (now += ms) };
}

const unchecked = { problems: [{ code: 'document-unchecked', inRules: false, message: 'long' }] } as const;

describe('verdicts', () => {
  it('are made once for a generation, and nobody waits for them', async () => {
    const { verdicts, asked, told } = stage();
    expect(verdicts.of('shop/cars', named('cars'))).toBeUndefined();
    expect(verdicts.of('shop/cars', named('cars'))).toBeUndefined();
    await asked[0]!.answer({ warnings: ['w'] });
    expect(told).toEqual(['shop/cars 0']);
    expect(verdicts.of('shop/cars', named('cars'))).toMatchObject({
      warnings: ['w'],
      document: { kind: 'MqttKafkaBridge' },
    });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['generation', { generation: 2 }],
    ['object of its name', { uid: 'other' }],
    ['identity', { annotations: { 'mqttkafka.dev/identity': 'me' } }],
  ])('are made again for another %s', async (_, more) => {
    const { verdicts, asked } = stage();
    verdicts.of('shop/cars', named('cars'));
    await asked[0]!.answer({});
    expect(verdicts.of('shop/cars', named('cars', 'shop', more))).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('about an older generation are nobody’s when they come late', async () => {
    const { verdicts, asked, told } = stage();
    verdicts.of('shop/cars', named('cars'));
    verdicts.of('shop/cars', named('cars', 'shop', { generation: 2 }));
    await asked[0]!.answer(unchecked);
    expect(told).toEqual([]);
    await asked[1]!.answer({});
    expect(verdicts.of('shop/cars', named('cars', 'shop', { generation: 2 }))?.problems).toEqual([]);
  });

  it('that could not be made hold while they are tried again, later each time', async () => {
    const { verdicts, asked, told, pass } = stage();
    verdicts.of('shop/cars', named('cars'));
    for (const [attempt, ms] of [60_000, 120_000, 240_000].entries()) {
      await asked[attempt]!.answer(unchecked);
      expect(told.splice(0)).toEqual(['shop/cars 0', `shop/cars ${ms}`]);
      pass(ms - 1);
      expect(verdicts.of('shop/cars', named('cars'))?.problems).toHaveLength(1);
      expect(asked).toHaveLength(attempt + 1);
      pass(1);
      expect(verdicts.of('shop/cars', named('cars'))?.problems).toHaveLength(1);
      expect(asked).toHaveLength(attempt + 2);
    }
    await asked[3]!.answer({});
    expect(verdicts.of('shop/cars', named('cars'))?.document).toBeDefined();
  });

  it('of the last good document are about its text', async () => {
    const { verdicts, asked } = stage();
    const kept = (version: string) => verdicts.kept('shop/cars', named('cars'), 'the text', version);
    expect(kept('1')).toBeUndefined();
    await asked[0]!.answer({ spec: JSON.stringify(resourceOf().spec) });
    expect(asked[0]).toMatchObject({ spec: 'the text' });
    expect(kept('1')).toMatchObject({ kind: 'MqttKafkaBridge' });
    expect(kept('2')).toBeUndefined();
    await asked[1]!.answer(unchecked);
    expect(kept('2')).toBeNull();
  });

  it('of a namespace that has too many that wait are made when there is room, and others do not notice', async () => {
    // What waited was copied, whatever there was of it: two hundred documents of a megabyte were all of the operator's memory.
    const { verdicts, asked, told, full } = stage();
    const of = (name: string, namespace = 'shop') => verdicts.of(`${namespace}/${name}`, named(name, namespace));
    of('cars');
    full.add('shop');
    for (const name of ['a', 'b', 'c', 'a']) expect(of(name)).toBeUndefined();
    of('boats', 'harbour');
    expect(asked.map(({ name }) => name)).toEqual(['cars', 'boats']);
    expect(new Set(told.splice(0))).toEqual(new Set(['shop/a 30000', 'shop/b 30000', 'shop/c 30000']));
    await asked[1]!.answer({});
    expect(told.splice(0)).toEqual(['harbour/boats 0']);
    full.delete('shop');
    verdicts.forget('shop/b');
    await asked[0]!.answer({});
    expect(new Set(told.splice(0))).toEqual(new Set(['shop/cars 0', 'shop/a 0', 'shop/c 0']));
    of('a');
    await asked[2]!.answer({});
    expect(told).toEqual(['shop/a 0']);
  });

  it('of last good documents are kept as far as the share of their namespace goes', async () => {
    const text = JSON.stringify(resourceOf().spec);
    const { verdicts, asked } = stage(text.length * 1.5);
    const kept = (name: string, namespace = 'shop') =>
      verdicts.kept(`${namespace}/${name}`, named(name, namespace), 'the text', '1');
    for (const [name, namespace] of [['a'], ['b'], ['c', 'harbour']] as const) kept(name, namespace);
    for (const each of asked) await each.answer({ spec: text });
    expect([kept('a'), kept('b'), kept('c', 'harbour')].map(each => each?.kind)).toEqual([
      'MqttKafkaBridge',
      undefined,
      'MqttKafkaBridge',
    ]);
  });

  it('are forgotten with their bridge', async () => {
    const { verdicts, asked } = stage();
    verdicts.of('shop/cars', named('cars'));
    await asked[0]!.answer({});
    verdicts.forget('shop/cars');
    expect(verdicts.of('shop/cars', named('cars'))).toBeUndefined();
  });
});
