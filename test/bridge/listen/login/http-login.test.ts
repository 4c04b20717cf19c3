/** A login server that is asked: only a clear `allow` lets a client in, whatever else the server does. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpLogin, type HttpLoginOptions, readAnswer } from '../../../../bridge/listen/login/http-login.ts';
import { isRefused, type Login, logIn } from '../../../../bridge/listen/login/login.ts';
import { until } from '../../../real/until.ts';
import { AnsweringServer, broken, says } from '../support/issuer.ts';

let server: AnsweringServer;
let http: HttpLogin;

afterEach(async () => {
  http.close();
  await server[Symbol.asyncDispose]();
});

async function start(answer: Parameters<typeof AnsweringServer.start>[0], options: Partial<HttpLoginOptions> = {}) {
  server = await AnsweringServer.start(answer);
  http = new HttpLogin({
    url: server.url,
    headers: async () => ({ 'x-key': 'k' }),
    body: { username: '${username}', password: '${password}', id: 'x-${clientid}', from: '${peerhost}' },
    timeoutMs: 5000,
    requests: 4,
    tls: undefined,
    endsConnections: true,
    ...options,
  });
}

const login = (more: Partial<Login> = {}): Login => ({
  clientId: 'car-1',
  username: 'u',
  password: Buffer.from('p"w'),
  address: '127.0.0.1',
  certificate: undefined,
  awaited: () => true,
  ...more,
});

const allow = (more: object = {}) => says(JSON.stringify({ result: 'allow', ...more }));
const later = { refused: 'unavailable', reasonCode: 0x88 };

test('the server is asked with what the client shows, and its answer counts', async () => {
  await start(
    allow({
      is_superuser: false,
      client_attrs: { tenant: 'acme', n: 7 },
      acl: [{ permission: 'allow', action: 'all', topic: 'a/#' }],
    }),
  );
  expect(await http.verify(login())).toMatchObject({
    username: 'u',
    superuser: false,
    attributes: { tenant: 'acme', n: '7' },
    access: { publish: ['a/#'], subscribe: ['a/#'] },
  });
  const [request] = server.requests;
  expect(JSON.parse(request!.body)).toEqual({ username: 'u', password: 'p"w', id: 'x-car-1', from: '127.0.0.1' });
  expect(request!.headers).toMatchObject({ 'x-key': 'k', 'content-type': 'application/json' });
});

test.each([
  ['deny', says('{"result": "deny"}'), { refused: 'not_authorised', reasonCode: 0x86 }],
  ['ignore', says('{"result": "ignore"}'), undefined],
  ['204, as EMQX has it', says('', 204), { username: 'u', superuser: false }],
  ['a login that has expired', allow({ expire_at: 1 }), { refused: 'not_authorised' }],
] as const)('%s', async (_what, answer, verdict) => {
  await start(answer);
  const got = await http.verify(login());
  if (verdict === undefined) expect(got).toBeUndefined();
  else expect(got).toMatchObject(verdict);
});

test('a user name that the server is not asked about is not proven', async () => {
  await start(allow(), { body: { password: '${password}' } });
  expect(await http.verify(login())).toMatchObject({ username: undefined });
});

describe('nobody is let in, not even as anonymous, by a server that', () => {
  test.each([
    ...broken,
    ['is away', says('')],
    ['says something else', says('{"result": "maybe"}')],
    ['says it in other letters', says('{"result": "ALLOW"}')],
    ['says true', says('{"result": true}')],
    ['says it in a list', says('[{"result": "allow"}]')],
    ['says 201', says('{"result": "allow"}', 201)],
    ['says of a superuser what is neither yes nor no', allow({ is_superuser: 'false' })],
    ['gives attributes that are none', allow({ client_attrs: { a: { b: 1 } } })],
    ['gives attributes with names that are none', allow({ client_attrs: { 'a b': 'x' } })],
    ['gives topics that are none', allow({ acl: [{ permission: 'allow' }] })],
    ['gives a time that is none', allow({ expire_at: 'soon' })],
  ] as const)('%s', async (what, answer) => {
    await start(answer, { timeoutMs: 500 });
    if (what === 'is away') await server[Symbol.asyncDispose]();
    const certificateNames = { username: 'none', clientId: 'none', login: true } as const;
    const verdict = await logIn(login(), { certificateNames, methods: [http], anonymous: true });
    expect(verdict).toMatchObject(later);
    if (isRefused(verdict)) expect(JSON.stringify(verdict)).not.toContain('p\\"w');
  });
});

test.each([
  [
    'a deny before an allow',
    [
      { permission: 'deny', action: 'all', topic: 'a' },
      { permission: 'allow', action: 'all', topic: '#' },
    ],
  ],
  ['a limit that is not understood', [{ permission: 'allow', action: 'publish', topic: 'a', retain: false }]],
  ['a topic that is meant to the letter', [{ permission: 'allow', action: 'subscribe', topic: 'eq a/#' }]],
  ['a list that is too long', Array.from({ length: 101 }, () => ({ permission: 'allow', action: 'all', topic: 'a' }))],
  ['another key', { pub: ['a'], publish: ['#'] }],
])('topics with %s grant nothing', (_what, acl) => {
  expect(() => readAnswer(JSON.stringify({ result: 'allow', acl }), true)).toThrow(/acl/);
});

test('a deny at the end of the topics says what holds anyway', () => {
  const acl = [
    { permission: 'allow', action: 'publish', topic: 'a' },
    { permission: 'deny', action: 'all', topic: '#' },
  ];
  expect(readAnswer(JSON.stringify({ result: 'allow', acl }), true)).toMatchObject({
    access: { publish: ['a'], subscribe: [] },
  });
});

test('a fleet that asks at once makes no more requests at a time than it may, and the same client one', async () => {
  let open = 0;
  let most = 0;
  await start((_request, response) => {
    most = Math.max(most, ++open);
    setImmediate(() => {
      open--;
      response.end('{"result": "allow"}');
    });
  });
  const fleet = Array.from({ length: 40 }, (_, n) => http.verify(login({ clientId: `car-${n}` })));
  const twins = Array.from({ length: 40 }, () => http.verify(login({ clientId: 'twin' })));
  for (const verdict of await Promise.all([...fleet, ...twins])) expect(verdict).toMatchObject({ username: 'u' });
  expect(most).toBeLessThanOrEqual(4);
  expect(server.requests.length).toBeLessThan(60);
});

test('who waits behind a server that hangs is asked to come back, and who has gone costs no request', async () => {
  // The request, and so its time, begins after the others have begun to wait.
  const headers = async () => {
    await pause(50);
    return {};
  };
  await start(() => undefined, { timeoutMs: 300, requests: 1, headers });
  const first = http.verify(login({ clientId: 'first' }));
  const second = http.verify(login({ clientId: 'second' }));
  const gone = http.verify(login({ clientId: 'gone', awaited: () => false }));
  await until('the first request', () => server.requests.length === 1);
  expect(await first).toMatchObject(later);
  expect(await second).toMatchObject({ refused: 'busy', reasonCode: 0x89 });
  await gone;
  expect(server.requests).toHaveLength(1);
});
