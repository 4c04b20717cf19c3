// Somebody who tried a rule could have stopped the bridge that runs beside it.
import { request } from 'node:http';
import { Registry } from 'prom-client';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { serveHttp } from '../../../bridge/observe/http.ts';
import type { Trial } from '../../../bridge/page/evaluation.ts';
import { BridgePage } from '../../../bridge/page/page.ts';
import type { ShownBridge } from '../../../bridge/page/shown-bridge.ts';
import { Evaluator } from '../../../cli/page/evaluator.ts';
import type { TrialAnswer } from '../../../cli/page/protocol.ts';
import { rowsAtOnceOf, tablesOf } from '../../../rules/tables/tables.ts';

const document = completeDocument({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'b' },
  spec: {
    mqtt: { url: 'mqtt://localhost' },
    kafka: { bootstrapServers: ['localhost:9092'] },
    rules: [
      { name: 'r', sql: 'SELECT * FROM "a/#"', sinks: [{ kafka: { topic: 't', key: '${topic}', value: '${.}' } }] },
    ],
  },
});
const bridge = { name: 'b', document, rules: [], sources: [] } as unknown as ShownBridge;

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
});

const evaluator = (limits?: ConstructorParameters<typeof Evaluator>[0]): Evaluator => {
  const made = new Evaluator(limits);
  closing.push(made);
  return made;
};
const patient = { limitMs: 20_000 };
const trial = (more: Partial<Trial>): Trial => ({
  ...{ sql: 'SELECT payload.a AS a FROM "a/#"', topic: 'a/1', payload: '{"a": 1}', isBase64: false },
  ...{ qos: 0, retain: false, rule: undefined },
  ...more,
});
/** A thread takes a while to load. */
const shared = new Evaluator(patient);
afterAll(() => shared.close());
const tried = (more: Partial<Trial>) => shared.evaluate(trial(more), bridge) as Promise<TrialAnswer>;

describe('a trial', () => {
  test('gives the rows, and what the sinks of a rule write', async () => {
    expect((await tried({})).rows).toEqual(['{"a":1}']);
    const { records } = await tried({ rule: 'r' });
    expect(records![0]).toMatch(/^sink: 1\ntopic: t\n/);
  });

  // The memory of the rows was gone when it was to be copied, and the trial failed.
  test('looks up what a table has when its turn comes', async () => {
    const { tables } = completeDocument({
      ...document,
      spec: { ...document.spec, tables: [{ name: 'd', key: 'k', format: 'csv', text: 'k,v\na,1\n' }] },
    }).spec;
    const lookups = tablesOf(tables);
    const [table] = lookups.all;
    table!.use(rowsAtOnceOf(table!.section, 'k,v\na,1\n'));
    const sql = "SELECT lookup('d', 'a').v AS v FROM \"a/#\"";
    const answer = shared.evaluate(trial({ sql }), { ...bridge, lookups });
    table!.use(rowsAtOnceOf(table!.section, 'k,v\na,2\n'));
    expect(await answer).toMatchObject({ rows: ['{"v":"2"}'] });
  });

  test.each([
    ['no topic matches', { topic: 'b/1' }, 'b/1 does not match a/#'],
    ['WHERE is false', { sql: 'SELECT 1 AS x FROM "a/#" WHERE payload.a > 5' }, 'WHERE was false: payload.a (1) > 5'],
  ])('says why there is no row: %s', async (_, more, why) => {
    expect((await tried(more)).why).toBe(why);
  });

  test.each([
    ['a mistake', { sql: 'SELECT payload\nFORM "a/#"' }, 'rule-syntax', { line: 2, column: 6 }],
    ['a payload that is no JSON', { payload: '<b>' }, 'payload-not-json', undefined],
  ])('says what is wrong, and where: %s', async (_, more, code, place) => {
    const { error } = await tried(more);
    expect(error!.code).toBe(code);
    if (place) expect(error!.place).toMatchObject(place);
  });

  test.each([
    ['many rows', { sql: 'FOREACH range(1, 5000) AS n DO n FROM "a/#"' }],
    ['long rows', { sql: 'SELECT payload FROM "a/#"', payload: 'x'.repeat(200_000) }],
  ])('gives a bounded answer: %s', async (_, more) => {
    expect(JSON.stringify(await tried(more)).length).toBeLessThan(200_000);
  });

  test('sees nothing of the environment of the bridge', async () => {
    process.env.EMQXVAR_SECRET = 'secret';
    const answer = await tried({ sql: `SELECT getenv('SECRET') AS s FROM "a/#"` });
    delete process.env.EMQXVAR_SECRET;
    expect(JSON.stringify(answer)).not.toContain('"secret"');
  });

  test('that takes too long is ended, and the next one is worked out', async () => {
    const slow = evaluator({ limitMs: 1000 });
    const forever = trial({ sql: `SELECT jq('[limit(1e12; repeat(1))] | length', payload) AS n FROM "a/#"` });
    let turns = 0;
    const timer = setInterval(() => turns++, 20);
    const answer = (await slow.evaluate(forever, bridge)) as TrialAnswer;
    clearInterval(timer);
    expect(answer.error).toBeDefined();
    expect(turns).toBeGreaterThan(5);
    expect((await tried({})).rows).toEqual(['{"a":1}']);
  });

  test('waits for few others', async () => {
    const one = evaluator(patient);
    const answers = (await Promise.all(
      Array.from({ length: 20 }, () => one.evaluate(trial({}), bridge)),
    )) as TrialAnswer[];
    expect(answers.filter(({ rows }) => rows !== undefined)).toHaveLength(4);
    expect(answers.filter(({ error }) => error?.code === 'trial-failed')).toHaveLength(16);
  });
});

describe('POST /-/evaluate', () => {
  const serve = async (): Promise<string> => {
    const page = new BridgePage({ bridges: [bridge], evaluate: evaluator(patient).evaluate });
    const http = await serveHttp({ host: '127.0.0.1', port: 0 }, new Registry(), () => [], undefined, page.handlers);
    closing.push(page, http);
    return http.url;
  };
  const ask = (url: string, body: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const all = { 'content-type': 'application/json', ...headers };
      const asked = request(`${url}/-/evaluate`, { method: 'POST', headers: all }, response => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const good = JSON.stringify({ sql: 'SELECT 1 AS x FROM "a"', topic: 'a', payload: '' });

  test.each([
    ['somebody of this machine', good, {}, 200],
    ['a name that somebody points at this machine', good, { host: 'evil.example' }, 403],
    ['a page of another site', good, { origin: 'http://evil.example' }, 403],
    ['a form of another site', good, { 'content-type': 'text/plain' }, 415],
    ['no JSON', '{', {}, 400],
    ['JSON that is no trial', '{"sql": 1}', {}, 400],
    ['null', 'null', {}, 400],
  ])('%s', async (_, body, headers, status) => {
    expect(await ask(await serve(), body, headers as Record<string, string>)).toBe(status);
  });
});
