// Live messages could be had by nobody, and must not be had by everybody: they show what devices send.
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { answerTap } from '../../../bridge/tap/answer.ts';
import { type HttpServer, listenHttp } from '../../../network/http-server.ts';
import { until } from '../../real/until.ts';
import { Flow } from '../flow/support/flowing.ts';

let flow: Flow;
let server: HttpServer;
let token: string | undefined;
const requests: ClientRequest[] = [];

beforeEach(async () => {
  token = undefined;
  const rules = [{ name: 'all', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 't' } }] }];
  flow = await Flow.start({ topics: ['t'], rules });
  const bridges = () => [{ name: 'cars', tap: flow.tap }];
  server = await listenHttp({
    host: '127.0.0.1',
    port: 0,
    answer: (_path, request, response) =>
      answerTap({ bridges, token: token === undefined ? undefined : async () => token! }, request, response),
  });
});

afterEach(async () => {
  for (const each of requests.splice(0)) each.destroy();
  await server.close();
  await flow.stop();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly response: IncomingMessage;
  text: string;
  ended: boolean;
}

async function ask(query: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(`${server.url}/-/tap${query}`, { method, headers }, resolve).once('error', reject).end();
  requests.push(sent);
  const response = await promise;
  sent.on('error', () => undefined);
  const answer = { status: response.statusCode, headers: response.headers, response, text: '', ended: false };
  response.on('data', chunk => {
    answer.text += String(chunk);
  });
  response.on('end', () => {
    answer.ended = true;
  });
  response.on('error', () => undefined);
  return answer;
}

const whole = async (answer: Answer): Promise<string> => {
  await until('the end of the answer', () => answer.ended, { everyMs: 5 });
  return answer.text;
};

const send = (...payloads: string[]) => flow.send(...payloads.map(payload => ({ topic: 'cars/7', payload })));

const dataOf = (text: string) =>
  text.split('\n\n').flatMap(event => (event.startsWith('data: ') ? [JSON.parse(event.slice(6))] : []));

describe('GET /-/tap', () => {
  it('gives messages as they come, and ends at its limit', async () => {
    const answer = await ask('?point=source&point=rule:all&limit=3&bytes=4');
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      ...[200, 'text/event-stream', 'no-store'],
    ]);
    await send('hello', 'you');
    const text = await whole(answer);
    const source = { bridge: 'cars', point: 'source', topic: 'cars/7', source: 'mqtt' };
    expect(dataOf(text)).toMatchObject([
      { ...source, payload: { bytes: 5, text: 'hell', cut: true } },
      { bridge: 'cars', point: 'rule:all', row: { bytes: 19, text: '{"pa', cut: true } },
      { ...source, payload: { bytes: 3, text: 'you' } },
    ]);
    expect(text).toMatch(/event: end\ndata: \{"reason":"the limit is reached","shown":3,"missed":0\}\n\n$/);
    expect(flow.tap.watchers).toBe(0);
  });

  it('says that the bridge has ended', async () => {
    const answer = await ask('?point=sink');
    flow.tap.close();
    expect(await whole(answer)).toContain('event: end\ndata: {"reason":"the bridge has ended","shown":0,"missed":0}');
  });

  it('watches no more when its client has gone', async () => {
    await ask('');
    expect(flow.tap.watchers).toBe(1);
    requests[0]!.destroy();
    await until('the watch to end', () => flow.tap.watchers === 0);
  });

  it('says what was missed of a client that does not read, and holds nothing up', async () => {
    const answer = await ask('?rate=1000&bytes=65536');
    answer.response.pause();
    const payload = 'x'.repeat(65_536);
    let sent = 0;
    // Until the socket is full, and the queue behind it.
    await until(
      'something to be missed',
      async () => {
        for (let count = 0; count < 20; count++) await send(payload);
        sent += 20;
        return flow.tap.missed > 0;
      },
      { everyMs: 1 },
    );
    expect(flow.count('delivered')).toBe(sent);
    answer.response.resume();
    await until('the rest', () => answer.text.includes('event: missed'));
  });

  it.each([
    ['?point=sinks', 400, 'did you mean sink? It has source, rule:all, sink, dead-letters. [tap-point-unknown]'],
    ['?filter=%23/a', 400, '[tap-filter-invalid]'],
    ['?rate=0', 400, 'rate=0 is not a number from 1 to 1000'],
    ['?limit=-1', 400, 'limit=-1 is not a number from 1 up'],
    ['?bytes=1e9', 400, 'bytes=1e9 is not a number from 0 to 65536'],
    ['?bridge=bikes', 400, 'bridge=bikes is not one of the bridges here (cars)'],
    ['?bridge=cars&%E0%A4%A&point=%00', 400, '[tap-point-unknown]'],
  ])('refuses %s with %i', async (query, status, text) => {
    const answer = await ask(query);
    expect([answer.status, await whole(answer)]).toEqual([status, expect.stringContaining(text)]);
    expect(flow.tap.watchers).toBe(0);
  });

  test('refuses more clients than it has places for, and leaves nothing of them', async () => {
    await Promise.all(Array.from({ length: 16 }, () => ask('')));
    const answer = await ask('');
    expect([answer.status, await whole(answer)]).toEqual([503, expect.stringContaining('[tap-too-many]')]);
    expect(flow.tap.watchers).toBe(16);
  });

  it.each<[string, Record<string, string>, string | undefined, number]>([
    ['this machine', {}, undefined, 200],
    ['the page of the bridge itself', { 'sec-fetch-site': 'same-origin' }, undefined, 200],
    ['another page', { 'sec-fetch-site': 'cross-site' }, undefined, 403],
    ['another page of an old browser', { origin: 'http://elsewhere.example' }, undefined, 403],
    ['a name that somebody points at this machine', { host: 'elsewhere.example' }, undefined, 403],
    ['a proxy', { 'x-forwarded-for': '192.0.2.7' }, undefined, 403],
    ['a proxy without the token', { 'x-forwarded-for': '192.0.2.7' }, 'secret', 401],
    ['a proxy with another token', { via: '1.1 p', authorization: 'Bearer other' }, 'secret', 401],
    ['a proxy with the token', { via: '1.1 p', authorization: 'Bearer secret' }, 'secret', 200],
  ])('answers %s with its status', async (_who, headers, known, status) => {
    token = known;
    expect((await ask('', headers)).status).toBe(status);
    expect(flow.tap.watchers).toBe(status === 200 ? 1 : 0);
  });

  it('answers GET alone', async () => {
    expect((await ask('', {}, 'POST')).status).toBe(405);
  });
});
