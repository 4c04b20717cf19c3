/** Clients that log in to a bridge in several ways: which counts, what they may do then, and when it ends. */
import { readFileSync } from 'node:fs';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { passwordLine } from '../../../../bridge/listen/passwords.ts';
import { registerMetrics } from '../../../../bridge/observe/metrics.ts';
import { makeCertificates } from '../../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { until } from '../../../real/until.ts';
import { AnsweringServer, Issuer, says } from '../support/issuer.ts';
import { type Stage, type StageOptions, stage } from '../support/stage.ts';

let issuer: Issuer;
let server: AnsweringServer;
let current: Stage;
const connected: MqttClient[] = [];

beforeAll(async () => {
  issuer = await Issuer.make();
});

afterEach(async () => {
  await Promise.all(connected.splice(0).map(each => each.endAsync(true)));
  await current[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const start = async (options: StageOptions) => {
  current = await stage({ ...options, clients: { anonymous: false, ...options.clients } });
};

async function client(options: IClientOptions & { url?: string } = {}): Promise<MqttClient> {
  const { url = current.url, ...rest } = options;
  const made = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...rest }, false);
  made.on('error', () => undefined);
  connected.push(made);
  return made;
}

const jwtSection = async (more: object = {}) => ({
  jwks: { value: await issuer.jwks() },
  algorithms: ['RS256'],
  ...more,
});

test('the first that knows a client decides: the password file, then its token, then the login server', async () => {
  server = await AnsweringServer.start((_request, response, body) => {
    const { username } = JSON.parse(body) as { username: string };
    const result = username === 'by-http' ? 'allow' : username === 'barred' ? 'deny' : 'ignore';
    response.end(JSON.stringify({ result }));
  });
  await start({
    clients: {
      passwords: { value: await passwordLine('by-file', Buffer.from('secret')) },
      jwt: await jwtSection(),
      http: { url: server.url },
    },
  });
  const token = await issuer.token();
  await client({ username: 'by-file', password: 'secret' });
  await client({ username: 'anything', password: token });
  expect(server.requests).toHaveLength(0);
  await client({ username: 'by-http', password: 'x' });
  expect(server.requests).toHaveLength(1);
  // What is wrong for one that knows the client is not asked of the next.
  await expect(client({ username: 'by-file', password: 'wrong' })).rejects.toMatchObject({ code: 0x86 });
  await expect(client({ username: 'by-http', password: `${token}x` })).rejects.toMatchObject({ code: 0x86 });
  expect(server.requests).toHaveLength(1);
  await expect(client({ username: 'barred', password: 'x' })).rejects.toMatchObject({ code: 0x86 });
  await expect(client({ username: 'nobody', password: 'x' })).rejects.toMatchObject({ code: 0x86 });
  await expect(client({})).rejects.toMatchObject({ code: 0x87 });
  expect(current.counts.refused.not_authorised).toBe(5);
});

test('a login server that is down lets nobody in beside it, and others log in meanwhile', async () => {
  server = await AnsweringServer.start(() => undefined);
  await start({
    clients: { anonymous: true, jwt: await jwtSection(), http: { url: server.url, timeout: '1s' } },
  });
  const refused = expect(client({ username: 'a', password: 'b' })).rejects.toMatchObject({ code: 0x88 });
  const old = expect(client({ protocolVersion: 4, username: 'c', password: 'd' })).rejects.toMatchObject({ code: 3 });
  await client({ password: await issuer.token(), username: 'x' });
  await client();
  expect(current.counts.welcomed).toBe(2);
  await Promise.all([refused, old]);
  expect(current.counts.refused.unavailable).toBe(2);
});

test('a connection ends with its token, and its will is published', async () => {
  await start({ clients: { jwt: await jwtSection({ leeway: '0s' }) } });
  const will = { topic: 'cars/will', payload: Buffer.from('expired'), qos: 1 as const, retain: false };
  const car = await client({ username: 'x', password: await issuer.token({}, { expiresIn: 5 }), will });
  const stays = await client({ clientId: 'stays', username: 'x', password: await issuer.token() });
  const reasons: (number | undefined)[] = [];
  car.on('disconnect', ({ reasonCode }) => reasons.push(reasonCode));
  await until('the connection to be ended', () => reasons.length > 0);
  expect(reasons).toEqual([0xa0]);
  await current.untilRecords(1);
  expect(current.records()[0]!.value).toBe('expired');
  expect(current.counts.ends.expired).toBe(1);
  expect(stays.connected).toBe(true);
});

test('with disconnect: false a connection outlives its token', async () => {
  await start({ clients: { jwt: await jwtSection({ leeway: '0s', disconnect: false }) } });
  const token = await issuer.token({}, { expiresIn: 4 });
  const car = await client({ username: 'x', password: token });
  await until('the token to have expired', () =>
    client({ clientId: 'other', username: 'x', password: token }).then(
      () => false,
      ({ code }) => code === 0x86,
    ),
  );
  await car.publishAsync('cars/1', 'x', { qos: 1 });
  expect(current.counts.ends.expired).toBe(0);
});

describe('attributes', () => {
  const rules = [
    {
      name: 'r',
      sql: 'SELECT client_attrs.tenant AS tenant, client_attrs, clientid, username FROM "t/#" WHERE client_attrs.tenant = \'acme\'',
      sinks: [{ kafka: { topic: 'out', key: '${client_attrs.tenant}' } }],
    },
  ];
  const filters = { publish: ['t/${client_attrs.tenant}/#'], subscribe: ['t/${client_attrs.tenant}/#'] };

  test('of a token are columns and parts of topics', async () => {
    await start({ clients: { jwt: await jwtSection({ attributes: { tenant: 'realm.tenant' } }), ...filters }, rules });
    const login = async (tenant: unknown) => ({
      clientId: `car-${String(tenant).length}`,
      username: 'x',
      password: await issuer.token({ realm: { tenant } }),
    });
    const car = await client(await login('acme'));
    await car.publishAsync('t/acme/speed', 'x', { qos: 1 });
    expect(current.records()).toEqual([
      {
        key: 'acme',
        value: '{"tenant":"acme","client_attrs":{"tenant":"acme"},"clientid":"car-4","username":"car-1"}',
      },
    ]);
    await expect(car.publishAsync('t/other/speed', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    // What would reach into the topics of others opens nothing.
    for (const tenant of ['acme/x', '+', '#', '', undefined, ['acme'], { a: 1 }]) {
      const other = await client(await login(tenant));
      await expect(other.publishAsync('t/acme/x', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
      await expect(other.publishAsync('t//x', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    }
  });

  test('of the document come from the client id, and those of the login server count before them', async () => {
    server = await AnsweringServer.start((_request, response, body) => {
      const moved = body.includes('"clientid":"b-2"') ? { client_attrs: { tenant: 'acme', extra: 1 } } : {};
      response.end(JSON.stringify({ result: 'allow', ...moved }));
    });
    const attributes = [{ name: 'tenant', from: 'clientId', pattern: '^([a-z]+)-' }];
    await start({ clients: { http: { url: server.url }, attributes, ...filters }, rules });
    const first = await client({ clientId: 'acme-1', username: 'u', password: 'p' });
    await first.publishAsync('t/acme/1', 'x', { qos: 1 });
    const second = await client({ clientId: 'b-2', username: 'u', password: 'p' });
    await second.publishAsync('t/acme/2', 'x', { qos: 1 });
    await expect(second.publishAsync('t/b/2', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    expect(current.records().map(({ value }) => JSON.parse(value!).client_attrs)).toEqual([
      { tenant: 'acme' },
      { tenant: 'acme', extra: '1' },
    ]);
  });
});

test('topics of a token count in the place of the document, and a superuser may use all', async () => {
  server = await AnsweringServer.start(says('{"result": "allow", "is_superuser": true}'));
  const jwt = await jwtSection({ acl: 'acl' });
  await start({ clients: { jwt, http: { url: server.url }, publish: ['nobody'], subscribe: ['nobody'], route: true } });
  const acl = { pub: ['cars/${clientid}'], sub: ['to/${clientid}/#'] };
  const car = await client({ clientId: 'c1', username: 'x', password: await issuer.token({ acl }) });
  await car.publishAsync('cars/c1', 'x', { qos: 1 });
  await expect(car.publishAsync('nobody', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  await car.subscribeAsync('to/c1/#', { qos: 1 });
  await expect(car.subscribeAsync('to/#', { qos: 1 })).rejects.toThrow();
  const root = await client({ clientId: 'root', username: 'root', password: 'x' });
  await root.publishAsync('cars/anything', 'x', { qos: 1 });
  await root.subscribeAsync('#', { qos: 1 });
});

test('a client of a certificate is who its subjectAltName says', async () => {
  const folder = temporaryFolder('certificates');
  const { ca, serverCertFile, serverKeyFile, clientCert, clientKey } = makeCertificates(folder);
  const tls = {
    cert: { valueFrom: { file: serverCertFile } },
    key: { valueFrom: { file: serverKeyFile } },
    clientCa: { value: ca },
  };
  const rules = [{ name: 'r', sql: 'SELECT clientid, username FROM "cars/#"', sinks: [{ kafka: { topic: 'out' } }] }];
  await start({ port: { tls }, clients: { certificates: { clientId: 'dnsName', username: 'commonName' } }, rules });
  const url = `mqtts://localhost:${current.port}`;
  // The certificate of the server is good for clients, too, and has names.
  const [cert, key] = [serverCertFile, serverKeyFile].map(file => readFileSync(file, 'utf8')) as [string, string];
  const car = await client({ url, ca, cert, key, clientId: 'somebody else' });
  await car.publishAsync('cars/1', 'x', { qos: 1 });
  expect(JSON.parse(current.records()[0]!.value!)).toEqual({ clientid: 'localhost', username: 'server' });
  await expect(client({ url, ca, cert: clientCert, key: clientKey })).rejects.toMatchObject({ code: 0x85 });
  removeFolder(folder);
});

test('with certificates.login: false a certificate is not enough', async () => {
  const folder = temporaryFolder('certificates');
  const { ca, serverCertFile, serverKeyFile, clientCert: cert, clientKey: key } = makeCertificates(folder);
  const tls = {
    cert: { valueFrom: { file: serverCertFile } },
    key: { valueFrom: { file: serverKeyFile } },
    clientCa: { value: ca },
  };
  await start({ port: { tls }, clients: { certificates: { login: false }, jwt: await jwtSection() } });
  const url = `mqtts://localhost:${current.port}`;
  await expect(client({ url, ca, cert, key })).rejects.toMatchObject({ code: 0x87 });
  await client({ url, ca, cert, key, username: 'x', password: await issuer.token() });
  removeFolder(folder);
});

test('an address from which too many logins fail is asked to come back later, before anything is looked at', async () => {
  server = await AnsweringServer.start(says('{"result": "deny"}'));
  await start({ clients: { anonymous: true, http: { url: server.url }, limits: { failedLogins: 3 } } });
  const guess = () => client({ username: 'a', password: 'guess' });
  for (let times = 0; times < 3; times++) await expect(guess()).rejects.toMatchObject({ code: 0x86 });
  await expect(guess()).rejects.toMatchObject({ code: 0x9f });
  expect(server.requests).toHaveLength(3);
  expect(current.counts.refused.failed_logins).toBe(1);
});

test('no password and no token is in the log or the metrics', async () => {
  const lines: string[] = [];
  server = await AnsweringServer.start(says('{"result": "deny", "reason": "hidden-answer"}'));
  await start({
    clients: { jwt: await jwtSection({ audiences: ['mqtt'], from: 'username' }), http: { url: server.url } },
    log: pino({ level: 'trace' }, { write: line => void lines.push(line) }),
  });
  const token = await issuer.token({ aud: 'hidden-audience' });
  const tries = [{ username: token }, { username: 'u', password: 'hidden-password' }, { username: `${token}x` }];
  for (const each of tries) await expect(client({ clientId: 'c', ...each })).rejects.toMatchObject({ code: 0x86 });
  const registry = new Registry();
  registerMetrics(registry, () => [current.bridge]);
  const text = lines.join('') + (await registry.metrics());
  expect(text).toContain('was not let in: its token is not for here: aud is another one');
  for (const secret of ['hidden', ...token.split('.').map(part => part.slice(0, 40))])
    expect(text).not.toContain(secret);
});
