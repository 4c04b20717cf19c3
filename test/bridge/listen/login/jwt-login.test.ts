/** Tokens as strangers send them: only one that the issuer has signed, for here and for now, lets its client in. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { JwtLogin, type JwtOptions } from '../../../../bridge/listen/login/jwt-login.ts';
import { type KeyForm, TextKeys } from '../../../../bridge/listen/login/key-set.ts';
import type { Login } from '../../../../bridge/listen/login/login.ts';
import { Issuer } from '../support/issuer.ts';

const usual: JwtOptions = {
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
};

const secret = 'a secret of more than thirty-two bytes, as RFC 7518 wants it';
let issuer: Issuer;

beforeAll(async () => {
  issuer = await Issuer.make();
});

const login = (token: string | undefined, more: Partial<Login> = {}): Login => ({
  clientId: 'car-1',
  username: 'car-1',
  password: token === undefined ? undefined : Buffer.from(token),
  address: '127.0.0.1',
  certificate: undefined,
  awaited: () => true,
  ...more,
});

const verify = async (
  token: string | undefined,
  { form = 'jwks', text, ...options }: Partial<JwtOptions> & { form?: KeyForm; text?: string } = {},
  more?: Partial<Login>,
) => {
  const keys = new TextKeys(form, async () => text ?? (await issuer.jwks()));
  return await new JwtLogin({ ...usual, ...options }, keys).verify(login(token, more));
};

const refused = { refused: 'not_authorised', reasonCode: 0x86 };
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const soon = () => Math.floor(Date.now() / 1000) + 60;

test('a token of the issuer lets its client in, under the name that the token has', async () => {
  const before = Date.now();
  const known = await verify(await issuer.token({ sub: 'the-car' }));
  expect(known).toMatchObject({ username: 'the-car' });
  expect((known as { expiresAt: number }).expiresAt).toBeGreaterThan(before + 50_000);
});

test.each([
  undefined,
  '',
  'secret',
  'a.b',
  'a.b.c.d',
  'a b.c.d',
  '..',
  '.a.b',
])('a password that is no token (%s) is for the next method', async token => {
  expect(await verify(token)).toBeUndefined();
});

describe('a token is refused, and nothing of it is said, that', () => {
  const hostile: Record<string, () => Promise<string> | string> = {
    'says it is not signed': () => `${encoded({ alg: 'none' })}.${encoded({ sub: 'x', exp: soon() })}.`,
    'says it is not signed, in other letters': () =>
      `${encoded({ alg: 'nOnE' })}.${encoded({ sub: 'x', exp: soon() })}.`,
    'has no signature': async () => (await issuer.token()).replace(/[^.]+$/, ''),
    'has another signature': async () => `${(await issuer.token()).slice(0, -10)}AAAAAAAAAA`,
    'has claims that were changed': async () => {
      const [head, , signature] = (await issuer.token()).split('.');
      return `${head}.${encoded({ sub: 'admin', exp: soon() })}.${signature}`;
    },
    'is signed by HS256 with the public key as the secret': async () => {
      const head = `${encoded({ alg: 'HS256', kid: 'one' })}.${encoded({ sub: 'x', exp: soon() })}`;
      return `${head}.${createHmac('sha256', await issuer.publicKey())
        .update(head)
        .digest('base64url')}`;
    },
    'is signed with another key of the same id': () => issuer.token({}, { pair: issuer.other }),
    'is signed with a key that is not known': () => issuer.token({}, { kid: 'two' }),
    'brings its own key': async () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const jwk = publicKey.export({ format: 'jwk' });
      return new SignJWT({ sub: 'x', exp: soon() })
        .setProtectedHeader({ alg: 'RS256', jwk: jwk as never, jku: 'http://127.0.0.1:1/' })
        .sign(privateKey);
    },
    'has expired': () => issuer.token({}, { expiresIn: -60 }),
    'never expires': () => issuer.token({}, { expiresIn: undefined }),
    'is not good yet': () => issuer.token({ nbf: soon() }),
    'expires at no time that there is': () => issuer.token({ exp: 'never' as never }, { expiresIn: undefined }),
    'wants to be understood in a way that is not known': () =>
      `${encoded({ alg: 'RS256', kid: 'one', crit: ['exotic'], exotic: true })}.${encoded({ exp: soon() })}.AAAA`,
    'has no claims': () => `${encoded({ alg: 'RS256', kid: 'one' })}.${encoded([])}.AAAA`,
    'has claims that are no JSON': () => `${encoded({ alg: 'RS256', kid: 'one' })}.AAAA.AAAA`,
    'has a head that is no JSON': () => 'AAAA.AAAA.AAAA',
    'is huge': () => `${encoded({ alg: 'RS256' })}.${'A'.repeat(200_000)}.AAAA`,
  };
  test.each(Object.keys(hostile))('%s', async what => {
    const token = await hostile[what]!();
    const verdict = await verify(token);
    expect(verdict).toMatchObject(refused);
    for (const part of token.split('.').filter(({ length }) => length > 8))
      expect(JSON.stringify(verdict)).not.toContain(part.slice(0, 64));
  });

  test.each([
    ['for another audience', { audiences: ['mqtt'] }, { aud: 'web' }],
    ['for no audience', { audiences: ['mqtt'] }, {}],
    ['of another issuer', { issuers: ['https://a'] }, { iss: 'https://b' }],
    ['of another client', { claims: { cid: '${clientid}' } }, { cid: 'car-2' }],
    ['without the client', { claims: { cid: '${clientid}' } }, {}],
    ['of another user', { claims: { sub: '${username}' } }, { sub: 'car-2' }],
    ['without the claim of the client id', { clientId: 'cid' }, {}],
    ['with topics that cannot be read', { acl: 'acl' }, { acl: 'cars/#' }],
  ])('is %s', async (_what, options, claims) => {
    expect(await verify(await issuer.token(claims), options)).toMatchObject(refused);
  });
});

test.each([
  ['with the right audience among others', { audiences: ['mqtt'] }, { aud: ['web', 'mqtt'] }],
  ['of one of the issuers', { issuers: ['a', 'b'] }, { iss: 'b' }],
  ['of this client', { claims: { 'device.id': '${clientid}' } }, { device: { id: 'car-1' } }],
  ['with a claim whose name has dots', { claims: { 'https://x.y/id': 'car-1' } }, { 'https://x.y/id': 'car-1' }],
  ['that expired within the leeway', { leewaySeconds: 120 }, { exp: Math.floor(Date.now() / 1000) - 60 }],
])('a token %s lets its client in', async (_what, options, claims) => {
  const token = await issuer.token(claims, { expiresIn: 'exp' in claims ? undefined : 60 });
  expect(await verify(token, options)).toMatchObject({ username: 'car-1' });
});

test('claims become the client id, attributes and topics, and those that it has not open nothing', async () => {
  const acl = { pub: ['cars/${clientid}'], all: ['x'] };
  const token = await issuer.token({ cid: 'c', realm: { tenant: 'acme' }, acl, list: ['a'] });
  const options = { clientId: 'cid', acl: 'acl', attributes: { tenant: 'realm.tenant', none: 'no', bad: 'list' } };
  expect(await verify(token, options)).toMatchObject({
    clientId: 'c',
    attributes: { tenant: 'acme' },
    access: { publish: ['cars/${clientid}', 'x'], subscribe: ['x'] },
  });
});

test('a token that is the user name is no user name', async () => {
  const token = await issuer.token({ sub: undefined as never });
  const known = await verify(undefined, { from: 'username' }, { username: token });
  expect(known).toMatchObject({ username: undefined });
});

test('a token signed with the shared secret lets in, and one signed with a public key algorithm does not', async () => {
  const sign = (alg: string) =>
    new SignJWT({ sub: 'a' }).setProtectedHeader({ alg }).setExpirationTime('1m').sign(Buffer.from(secret));
  const options = { form: 'secret', text: secret, algorithms: ['HS256'] } as const;
  expect(await verify(await sign('HS256'), options)).toMatchObject({ username: 'a' });
  expect(await verify(await sign('HS512'), options)).toMatchObject(refused);
  expect(await verify(await issuer.token(), options)).toMatchObject(refused);
  // Even a document that mixes them lets nobody sign with the public key.
  const mixed = { form: 'publicKey', text: await issuer.publicKey(), algorithms: ['RS256', 'HS256'] } as const;
  expect(await verify(await sign('HS256'), mixed)).toMatchObject(refused);
  expect(await verify(await issuer.token(), mixed)).toMatchObject({ username: 'car-1' });
});

test('of several keys that a token without an id may be signed with, the right one is found', async () => {
  const [one, two] = await Promise.all([issuer.jwks('one'), issuer.jwks('two', issuer.other)]);
  const keys = [...JSON.parse(two).keys, ...JSON.parse(one).keys].map(({ kid, ...key }) => key);
  const text = JSON.stringify({ keys });
  expect(await verify(await issuer.token({}, { kid: undefined }), { text })).toMatchObject({ username: 'car-1' });
  const foreign = (await Issuer.make()).token({}, { kid: undefined });
  expect(await verify(await foreign, { text })).toMatchObject(refused);
});

describe('keys are refused at the start, by what is wrong with them, that are', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each([
    ['jwks', '', 'no JSON'],
    ['jwks', '{}', 'no list of keys'],
    ['jwks', '{"keys": []}', 'no public key'],
    ['jwks', '{"keys": [null, 1, {"kty": "oct", "k": "AAAA"}]}', 'no public key'],
    ['jwks', JSON.stringify({ keys: Array.from({ length: 201 }, () => ({ kty: 'RSA' })) }), 'more than 200'],
    ['publicKey', 'x', 'no public key'],
    ['publicKey', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'private key'],
    ['publicKey', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'cannot be read'],
    ['secret', 'short', 'less than 32 bytes'],
  ] as const)('%s %#', async (form, text, reason) => {
    const error = await new TextKeys(form, async () => text).reload().catch(each => each);
    expect(error).toMatchObject({ code: 'jwt-keys-invalid' });
    expect(error.message).toContain(reason);
    if (text.length > 3) expect(error.message).not.toContain(text.slice(0, 200));
  });
});

test('keys of a file that was changed count, and those that it had before stay if it is broken', async () => {
  let text = await issuer.jwks();
  const keys = new TextKeys('jwks', async () => text);
  const jwt = new JwtLogin(usual, keys);
  text = 'broken';
  await expect(jwt.reload()).rejects.toMatchObject({ code: 'jwt-keys-invalid' });
  text = await issuer.jwks();
  await jwt.reload();
  expect(await jwt.verify(login(await issuer.token()))).toMatchObject({ username: 'car-1' });
  text = 'broken';
  await expect(jwt.reload()).rejects.toMatchObject({ code: 'jwt-keys-invalid' });
  expect(await jwt.verify(login(await issuer.token()))).toMatchObject({ username: 'car-1' });
  text = await issuer.jwks('two', issuer.other);
  await jwt.reload();
  expect(await jwt.verify(login(await issuer.token()))).toMatchObject(refused);
  expect(await jwt.verify(login(await issuer.token({}, { kid: 'two', pair: issuer.other })))).toMatchObject({
    username: 'car-1',
  });
});
