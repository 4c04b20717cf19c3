/** Who is let in to a bridge that listens, as who, and what each may publish. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { passwordLine } from '../../../bridge/listen/passwords.ts';
import { makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { RawClient, type Stage, type StageOptions, stage } from './support/stage.ts';

let current: Stage;
const clients: MqttClient[] = [];

async function start(options?: StageOptions): Promise<Stage> {
  current = await stage(options);
  return current;
}

async function client(options: IClientOptions & { url?: string } = {}): Promise<MqttClient> {
  const { url = current.url, ...rest } = options;
  const made = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...rest }, false);
  made.on('error', () => undefined);
  clients.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map(each => each.endAsync(true)));
  await current[Symbol.asyncDispose]();
});

describe('with passwords', () => {
  const hashed = passwordLine('car-1', Buffer.from('secret'));

  test.each([
    ['the right password', { username: 'car-1', password: 'secret' }, undefined],
    ['a wrong password', { username: 'car-1', password: 'Secret' }, 0x86],
    ['an empty password', { username: 'car-1', password: '' }, 0x86],
    ['no password', { username: 'car-1' }, 0x86],
    ['a user that nobody is', { username: 'car-2', password: 'secret' }, 0x86],
    ['no user name', {}, 0x87],
  ])('a client with %s is let in only if it is right', async (_what, login, code) => {
    await start({ clients: { anonymous: false, passwords: { value: await hashed } } });
    const connecting = client(login);
    if (code === undefined) await connecting;
    else await expect(connecting).rejects.toMatchObject({ code });
    expect(current.counts.refused.not_authorised).toBe(code === undefined ? 0 : 1);
  });

  test('a client of MQTT 3.1.1 with a wrong password hears return code 4', async () => {
    await start({ clients: { anonymous: false, passwords: { value: await hashed } } });
    await expect(client({ protocolVersion: 4, username: 'car-1', password: 'x' })).rejects.toMatchObject({ code: 4 });
  });

  test('anonymous clients are let in beside them only if the document says so, and a user name is never taken on trust', async () => {
    await start({ clients: { anonymous: true, passwords: { value: await hashed } } });
    await client();
    await expect(client({ username: 'car-1', password: 'x' })).rejects.toMatchObject({ code: 0x86 });
  });

  test('a password that was changed in the file counts soon, and the old one no more', async () => {
    const folder = temporaryFolder('passwords');
    const file = join(folder, 'passwords');
    writeFileSync(file, `# the fleet\n${await hashed}\n`);
    await start({ clients: { anonymous: false, passwords: { valueFrom: { file } } } });
    await client({ username: 'car-1', password: 'secret' });
    writeFileSync(file, `${await passwordLine('car-1', Buffer.from('new'))}\n`);
    await until('the new password to be right', () =>
      client({ username: 'car-1', password: 'new' }).then(
        () => true,
        () => false,
      ),
    );
    await expect(client({ username: 'car-1', password: 'secret' })).rejects.toMatchObject({ code: 0x86 });
    removeFolder(folder);
  });
});

describe('clients.publish', () => {
  const fleet = { clients: { publish: ['cars/${clientid}/#'] } };

  test('lets a client publish to its own topics, and refuses others by PUBACK', async () => {
    await start(fleet);
    const car = await client({ clientId: 'car-1' });
    await car.publishAsync('cars/car-1/speed', 'mine', { qos: 1 });
    await expect(car.publishAsync('cars/car-2/speed', 'not mine', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    await expect(car.publishAsync('cars/car-2/speed', 'not mine', { qos: 2 })).rejects.toMatchObject({ code: 0x87 });
    await car.publishAsync('cars/car-1/speed', 'mine', { qos: 2 });
    expect(current.records().map(({ value }) => value)).toEqual(['mine', 'mine']);
    expect(current.counts.denied).toBe(2);
  });

  test('ends the connection of a client of MQTT 3.1.1, rather than acknowledge what goes nowhere', async () => {
    await start(fleet);
    const car = await client({ clientId: 'car-1', protocolVersion: 4 });
    const closed = new Promise(resolve => car.once('close', () => resolve(true)));
    car.publish('cars/car-2/speed', 'not mine', { qos: 1 });
    expect(await closed).toBe(true);
    expect(current.records()).toHaveLength(0);
  });

  test.each(['+', '#', 'car-1/x', ''])('is not opened by a client id such as "%s"', async clientId => {
    await start(fleet);
    const car = await client({ clientId });
    await expect(car.publishAsync('cars/car-2/speed', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    await expect(car.publishAsync('cars/x/speed', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  });

  test('counts a user name that nobody has checked as none', async () => {
    await start({ clients: { publish: ['cars/${username}/#'] } });
    const car = await client({ username: 'car-2', password: 'x' });
    await expect(car.publishAsync('cars/car-2/speed', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  });

  test('is asked for the topic of a will, too', async () => {
    await start(fleet);
    const will = { topic: 'cars/car-2/will', payload: Buffer.from('x'), qos: 0 as const, retain: false };
    await expect(client({ clientId: 'car-1', will })).rejects.toMatchObject({ code: 0x87 });
  });
});

describe('limits', () => {
  test('more connections than clients.limits.connections are closed at once, and counted', async () => {
    await start({ clients: { limits: { connections: 2 } } });
    await client();
    await client();
    const third = new RawClient(current.port);
    await third.untilClosed();
    expect(current.counts.refused.connections).toBeGreaterThan(0);
  });

  test('more connections from one address, and a second, than allowed are closed', async () => {
    await start({ clients: { limits: { connectionsPerAddress: 1 } } });
    await client();
    await new RawClient(current.port).untilClosed();
    expect(current.counts.refused.address).toBe(1);
    await current[Symbol.asyncDispose]();
    await start({ clients: { limits: { connectRate: 1 } } });
    const many = Array.from({ length: 20 }, () => new RawClient(current.port));
    await until('some to be closed', () => current.counts.refused.rate > 0);
    for (const each of many) each.socket.destroy();
  });

  test('a client that sends more messages a second than it may is read more slowly, and loses none', async () => {
    await start({ clients: { limits: { messageRate: 20 } } });
    const car = await client();
    await Promise.all(Array.from({ length: 50 }, (_, n) => car.publishAsync('cars/1', `${n}`, { qos: 1 })));
    expect(current.records().map(({ value }) => value)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });

  test('a connection that says nothing, or does not come to the end of a packet, or falls silent, is ended', async () => {
    await start({ mqtt: { connectTimeout: '1s' }, clients: { limits: { packetTimeout: '1s' } } });
    const silent = new RawClient(current.port);
    const slow = await new RawClient(current.port).opened();
    // MQTT 3.1.1 with a keep-alive of 1 s, and half a PINGREQ.
    const connect = (seconds: string, id: string) =>
      `100d 00044d515454 04 02 ${seconds} 0001${Buffer.from(id).toString('hex')}`;
    slow.send(`${connect('0000', 's')} c0`);
    const dead = await new RawClient(current.port).opened();
    dead.send(connect('0001', 'd'));
    await Promise.all([silent.untilClosed(), slow.untilClosed(), dead.untilClosed()]);
    expect(current.counts.refused.timeout).toBe(1);
    expect(current.counts.ends.keep_alive).toBeGreaterThan(0);
  });

  test('parts of packets hold no more memory than delivery.buffer.maxBytes over all clients', async () => {
    await start({ delivery: { buffer: { maxBytes: '1MiB' } }, mqtt: { maximumPacketSize: '1MiB' } });
    const connect = (id: string) => `100d 00044d515454 04 02 0000 0001${Buffer.from(id).toString('hex')}`;
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(() => new RawClient(current.port).opened()));
    // A PUBLISH of 512 KiB each, of which nothing but the beginning comes.
    for (const [index, each] of all.entries()) each.send(`${connect('abcd'[index]!)} 30 808020 0006 636172732f31`);
    await until('one to be disconnected', () => current.counts.ends.limit > 0);
    expect(current.bridge.listener!.listener.heldBytes).toBeLessThanOrEqual(1024 * 1024);
    for (const each of all) each.socket.destroy();
  });
});

describe('over TLS and WebSocket', () => {
  test('a client certificate is the login, and its common name the client id and the user name', async () => {
    const folder = temporaryFolder('certificates');
    const { ca, serverCertFile, serverKeyFile, clientCert: cert, clientKey: key } = makeCertificates(folder);
    await start({
      port: {
        tls: {
          cert: { valueFrom: { file: serverCertFile } },
          key: { valueFrom: { file: serverKeyFile } },
          clientCa: { value: ca },
        },
      },
      clients: { anonymous: false, certificates: { username: 'commonName', clientId: 'commonName' } },
      rules: [{ name: 'r', sql: 'SELECT clientid, username FROM "cars/#"', sinks: [{ kafka: { topic: 'out' } }] }],
    });
    const url = `mqtts://localhost:${current.port}`;
    const car = await client({ url, ca, cert, key, clientId: 'somebody else' });
    await car.publishAsync('cars/1', 'x', { qos: 1 });
    expect(JSON.parse(current.records()[0]!.value!)).toEqual({ clientid: 'client', username: 'client' });
    await expect(client({ url, ca })).rejects.toThrow();
    removeFolder(folder);
  });

  test.each([
    ['TLS', {}, 'mqtts', ''],
    ['WebSocket', { webSocket: {} }, 'wss', '/mqtt'],
  ])('a certificate that was renewed is shown to who connects next by %s, and nobody is disconnected', async (_, more, scheme, path) => {
    // A bridge whose certificate had been renewed went on with the old one until it expired, and then let nobody in.
    const lines: string[] = [];
    const [old, renewed] = [temporaryFolder('certificates'), temporaryFolder('certificates')];
    const before = makeCertificates(old);
    const after = makeCertificates(renewed);
    const valueFrom = (file: string) => ({ valueFrom: { file } });
    const { serverCertFile: cert, serverKeyFile: key, caFile: clientCa } = before;
    await start({
      port: { ...more, tls: { cert: valueFrom(cert), key: valueFrom(key), clientCa: valueFrom(clientCa) } },
      clients: { anonymous: true },
      log: pino({}, { write: line => void lines.push(line) }),
    });
    const url = `${scheme}://localhost:${current.port}${path}`;
    const shows = ({ ca, clientCert: cert, clientKey: key }: typeof before) => ({ url, ca, cert, key });
    const car = await client({ ...shows(before), clientId: 'car' });
    // A key that is not the certificate's: somebody is in the middle of writing.
    writeFileSync(key, readFileSync(after.serverKeyFile));
    await until('the mistake to be reported', () => lines.some(line => line.includes('tls-invalid')));
    await (await client({ ...shows(before), clientId: 'second' })).endAsync();
    writeFileSync(cert, readFileSync(after.serverCertFile));
    writeFileSync(clientCa, after.ca);
    let next: MqttClient | undefined;
    await until('the new certificate', async () => {
      next = await client({ ...shows(after), clientId: 'next' }).catch(() => undefined);
      return next !== undefined;
    });
    await expect(client({ ...shows(before), clientId: 'third' })).rejects.toThrow();
    await car.publishAsync('cars/1', 'still here', { qos: 1 });
    await next!.publishAsync('cars/2', 'and here', { qos: 1 });
    expect(current.records()).toHaveLength(2);
    for (const folder of [old, renewed]) removeFolder(folder);
  });

  test('MQTT over WebSocket publishes, under the path of the document only', async () => {
    await start({ port: { webSocket: {} } });
    const car = await client({ url: `ws://127.0.0.1:${current.port}/mqtt`, clientId: 'car-1' });
    await car.publishAsync('cars/1', 'x'.repeat(100_000), { qos: 2 });
    expect(current.records()).toEqual([{ key: 'car-1', value: 'x'.repeat(100_000) }]);
    await expect(client({ url: `ws://127.0.0.1:${current.port}/other` })).rejects.toThrow();
    expect((await fetch(`http://127.0.0.1:${current.port}/mqtt`)).status).toBe(426);
  });
});
