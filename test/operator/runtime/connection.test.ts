import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { Connection, type HttpRequest } from '../../../operator/runtime/connection.ts';
import { makeCertificates } from '../../real/certificates.ts';
import { freePorts } from '../../real/ports.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { type Answer, configOf, json, type ScriptedApi, startScriptedApi } from '../support/scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.stop();
  api = undefined;
});

async function start(answer: Answer = json(200, {})): Promise<ScriptedApi> {
  api = await startScriptedApi(answer);
  return api;
}

const withUser = (server: string, user: object) => configOf(server, user);
const addressOf = (config: KubeConfig) => config.getCurrentCluster()!.server;

/** Sends a request and reads its answer to the end. */
async function send(connection: Connection, more: Partial<HttpRequest> = {}): Promise<string> {
  const { signal } = new AbortController();
  const answer = await connection.send({ method: 'GET', path: '/version', signal, ...more });
  let text = '';
  for await (const piece of answer) text += piece;
  return text;
}

const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe('a connection', () => {
  it('is used again for the next request', async () => {
    const { config, asked, open } = await start();
    const connection = new Connection(config, 'test');
    for (let index = 0; index < 20; index++) await send(connection);
    expect([asked.length, await open()]).toEqual([20, 1]);
  });

  it('that nobody uses ends when it is asked to, and is made again when needed', async () => {
    const { config, open } = await start();
    const connection = new Connection(config, 'test');
    await send(connection);
    connection.close();
    await until('no connection', async () => (await open()) === 0);
    await send(connection);
    expect(await open()).toBe(1);
  });

  // Every path had two slashes at its start then, and to the API server that is another place: nothing was there.
  it('goes to the right place when the address in the kubeconfig ends in a slash', async () => {
    const { config, asked } = await start();
    for (const end of ['/', '/k8s/clusters/one', '/k8s/clusters/one//']) {
      await send(new Connection(withUser(addressOf(config) + end, {}), 'test'));
    }
    expect(asked.map(({ path }) => path)).toEqual([
      '/version',
      '/k8s/clusters/one/version',
      '/k8s/clusters/one/version',
    ]);
  });

  it('that is refused says so', async () => {
    const [port] = await freePorts(1);
    const error = await thrown(send(new Connection(configOf(`http://127.0.0.1:${port}`), 'test')));
    expect(error).toMatchObject({ code: 'kube-unreachable', details: { refused: true } });
  });

  it('that is lost under a request is an error of the table, not the end of the process', async () => {
    const { config } = await start(response => response.destroy());
    const error = await thrown(send(new Connection(config, 'test')));
    expect(error).toMatchObject({ code: 'kube-unreachable', details: { refused: false } });
  });

  it('to no cluster at all is refused at once', () => {
    expect(() => new Connection(new KubeConfig(), 'test')).toThrow(/its current context names no cluster/);
  });
});

describe('credentials', () => {
  it('are sent without the newline that people end a token with', async () => {
    const { config, asked } = await start();
    await send(new Connection(withUser(addressOf(config), { token: 'secret\n' }), 'test'));
    expect(asked[0]!.headers.authorization).toBe('Bearer secret');
  });

  // It was a TypeError of Node's, and counted as a fault in the program. The token itself must not be told.
  it('that no header can hold are an error that says where they are from, and not what they are', async () => {
    const { config } = await start();
    const error = await thrown(send(new Connection(withUser(addressOf(config), { token: 'sec\nret' }), 'test')));
    expect(error).toMatchObject({ code: 'kube-credentials', kind: 'retryable' });
    expect(error!.message).not.toMatch(/\bret\b/);
    expect(error!.message).toMatch(/authorization/i);
  });

  it('are asked for again, so that a token may change under a running process', async () => {
    const { config, asked } = await start();
    const changing = withUser(addressOf(config), { token: 'old' });
    const connection = new Connection(changing, 'test');
    await send(connection);
    changing.users = [{ name: 'somebody', token: 'new' }];
    await send(connection);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('are asked for once by all the requests that wait for them', async () => {
    const { config, asked } = await start();
    let times = 0;
    const given = Promise.withResolvers<void>();
    config.applyToHTTPSOptions = async () => {
      times++;
      await given.promise;
    };
    const connection = new Connection(config, 'test');
    const all = [send(connection), send(connection), send(connection)];
    given.resolve();
    await Promise.all(all);
    expect([times, asked.length]).toEqual([1, 3]);
  });

  it('that cannot be had are an error, and are asked for again', async () => {
    const { config } = await start();
    config.applyToHTTPSOptions = async () => {
      throw new Error('');
    };
    const connection = new Connection(config, 'test');
    const error = await thrown(send(connection));
    expect(error).toMatchObject({ code: 'kube-credentials' });
    expect(error!.message).toContain('the command that gives them failed');
    config.applyToHTTPSOptions = async () => undefined;
    expect(await send(connection)).toBe('{}');
  });

  it('that never come do not hold a request that has been called off', async () => {
    const { config } = await start();
    config.applyToHTTPSOptions = () => new Promise(() => undefined);
    const leaving = new AbortController();
    const asking = thrown(send(new Connection(config, 'test'), { signal: leaving.signal }));
    leaving.abort('enough');
    expect(await asking).toBe('enough');
  });
});

describeReal('openssl')('a certificate', () => {
  it('that has changed is shown over a new connection, and the old one ends once it is idle', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const { ca, serverCertFile, serverKeyFile, ...files } = makeCertificates(folder);
    const read = (file: string) => readFileSync(file);
    const shown: string[] = [];
    const options = {
      cert: read(serverCertFile),
      key: read(serverKeyFile),
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    };
    const server = createServer(options, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN?.toString() ?? 'nobody');
      response.end('{}');
    });
    const sockets = new Set<Socket>();
    server.on('secureConnection', socket => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const config = new KubeConfig();
    const port = (server.address() as AddressInfo).port;
    config.loadFromOptions({
      clusters: [{ name: 'c', server: `https://127.0.0.1:${port}`, caData: base64(ca), skipTLSVerify: false }],
      users: [{ name: 'u' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    const connection = new Connection(config, 'test');
    await send(connection);
    await send(connection);
    expect([shown, sockets.size]).toEqual([['nobody', 'nobody'], 1]);
    config.users = [{ name: 'u', certData: base64(files.clientCert), keyData: base64(files.clientKey) }];
    await send(connection);
    expect(shown).toEqual(['nobody', 'nobody', 'client']);
    await until('the old connection to end', () => sockets.size === 1);
    connection.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
});
