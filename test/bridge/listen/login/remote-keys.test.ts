/** Keys of an issuer that are fetched: whatever its server does, the bridge asks seldom, waits for little, and goes on with what it has. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { JwtLogin } from '../../../../bridge/listen/login/jwt-login.ts';
import { RemoteKeys } from '../../../../bridge/listen/login/remote-keys.ts';
import { until } from '../../../real/until.ts';
import { AnsweringServer, broken, Issuer, says } from '../support/issuer.ts';

let issuer: Issuer;
let server: AnsweringServer;
let now = 0;

beforeAll(async () => {
  issuer = await Issuer.make();
});

afterEach(() => server[Symbol.asyncDispose]());

async function keysOf(answer: Parameters<typeof AnsweringServer.start>[0], timeoutMs = 5000) {
  now = 0;
  server = await AnsweringServer.start(answer);
  const options = { url: server.url, refreshMs: 300_000, timeoutMs, tls: undefined };
  const keys = new RemoteKeys(options, () => now);
  const jwt = new JwtLogin(
    {
      from: 'password',
      algorithms: ['RS256'],
      issuers: undefined,
      audiences: undefined,
      leewaySeconds: 5,
      withoutExpiry: false,
      endsConnections: true,
      claims: {},
      username: 'sub',
      clientId: undefined,
      acl: undefined,
      attributes: {},
    },
    keys,
  );
  const verify = async (token: Promise<string>) =>
    jwt.verify({
      clientId: 'c',
      username: 'u',
      password: Buffer.from(await token),
      address: '127.0.0.1',
      certificate: undefined,
      awaited: () => true,
    });
  return { keys, jwt, verify };
}

const letIn = { username: 'car-1' };
const refused = { refused: 'not_authorised', reasonCode: 0x86 };
const later = { refused: 'unavailable', reasonCode: 0x88 };

test('tokens with unknown keys, however many, cause one request in ten seconds', async () => {
  const { verify } = await keysOf(says(await issuer.jwks()));
  expect(await verify(issuer.token())).toMatchObject(letIn);
  expect(server.requests).toHaveLength(1);
  const storm = Array.from({ length: 200 }, (_, n) => verify(issuer.token({}, { kid: `k${n}` })));
  for (const verdict of await Promise.all(storm)) expect(verdict).toMatchObject(refused);
  expect(server.requests).toHaveLength(1);
  now = 10_000;
  await Promise.all(Array.from({ length: 200 }, (_, n) => verify(issuer.token({}, { kid: `k${n}` }))));
  expect(server.requests).toHaveLength(2);
});

test('a key that the issuer has just begun to use is fetched for the first token that names it', async () => {
  const { verify } = await keysOf(says(await issuer.jwks()));
  expect(await verify(issuer.token())).toMatchObject(letIn);
  server.answer = says(await issuer.jwks('two', issuer.other));
  now = 10_000;
  expect(await verify(issuer.token({}, { kid: 'two', pair: issuer.other }))).toMatchObject(letIn);
  expect(await verify(issuer.token())).toMatchObject(refused);
});

test('a fleet that comes while there are no keys yet causes one request', async () => {
  const { verify } = await keysOf(says(await issuer.jwks()));
  const all = await Promise.all(Array.from({ length: 100 }, () => verify(issuer.token())));
  for (const verdict of all) expect(verdict).toMatchObject(letIn);
  expect(server.requests).toHaveLength(1);
});

/** On a slow machine an answer may take longer than the test has patience for: the bridge asks again, and so do we. */
const untilLetIn = (verify: Awaited<ReturnType<typeof keysOf>>['verify']) =>
  until('a token to be taken', async () => {
    now += 10_000;
    const verdict = await verify(issuer.token());
    return verdict !== undefined && 'username' in verdict;
  });

describe('an issuer that', () => {
  test.each(broken)('%s has no keys to give: clients are asked to come back', async (_what, answer) => {
    const { keys, jwt, verify } = await keysOf(answer, 300);
    expect(await verify(issuer.token())).toMatchObject(later);
    now = 10_000;
    await expect(jwt.reload()).rejects.toMatchObject({ code: 'jwt-keys-unavailable' });
    server.answer = says(await issuer.jwks());
    await untilLetIn(verify);
    keys.close();
  });

  test.each(broken)('%s later takes no keys away', async (_what, answer) => {
    const { keys, jwt, verify } = await keysOf(says(await issuer.jwks()), 300);
    await untilLetIn(verify);
    server.answer = answer;
    now += 300_000;
    await expect(jwt.reload()).rejects.toMatchObject({ code: 'jwt-keys-unavailable' });
    expect(await verify(issuer.token())).toMatchObject(letIn);
    expect(await verify(issuer.token({}, { kid: 'two' }))).toMatchObject(refused);
    keys.close();
  });
});

test('keys are fetched again when their time has come, and not before', async () => {
  const { jwt } = await keysOf(says(await issuer.jwks()));
  await jwt.reload();
  now = 299_999;
  await jwt.reload();
  expect(server.requests).toHaveLength(1);
  now = 300_000;
  await jwt.reload();
  expect(server.requests).toHaveLength(2);
});

test('a login in the url of the issuer is in no message', async () => {
  server = await AnsweringServer.start(says('', 500));
  const url = server.url.replace('//', '//user:hidden@').concat('?key=hidden');
  const keys = new RemoteKeys({ url, refreshMs: 1, timeoutMs: 5000, tls: undefined });
  const error: Error = await keys.fetch().catch(each => each);
  expect(error.message).toContain('HTTP 500');
  expect(error.message).not.toContain('hidden');
});
