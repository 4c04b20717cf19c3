import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { listen } from '../../demo/embedded/listen.ts';
import { startOnPort } from '../../demo/ports.ts';
import { freePorts } from '../real/ports.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

/** Listens as the demo's parts do, and tells where. */
const serve =
  (host = '127.0.0.1') =>
  async (port: number): Promise<number> => {
    const server = createServer();
    const bound = await listen(server, port, host);
    servers.push(server);
    return bound;
  };

const option = '--mqtt-port';
const none = new Set<number>();

describe('a usual port', () => {
  test('is used when it is free', async () => {
    const [port] = (await freePorts(1)) as [number];
    expect(await startOnPort({ option, port, asked: false }, none, serve())).toBe(port);
  });

  test('moves on to the next when it is taken', async () => {
    const [port] = (await freePorts(1)) as [number];
    await serve()(port);
    const used = await startOnPort({ option, port, asked: false }, none, serve());
    expect(used).toBeGreaterThan(port);
    expect(used).toBeLessThan(port + 20);
  });

  test('counts as taken when somebody has it on ::1 only, where localhost leads first', async () => {
    const [port] = (await freePorts(1)) as [number];
    await serve('::1')(port);
    expect(await startOnPort({ option, port, asked: false }, none, serve())).not.toBe(port);
  });

  test('is left to the part that was given it by a person', async () => {
    const [port] = (await freePorts(1)) as [number];
    expect(await startOnPort({ option, port, asked: false }, new Set([port]), serve())).not.toBe(port);
  });

  test('does not hide an error that has nothing to do with ports', async () => {
    const [port] = (await freePorts(1)) as [number];
    const failing = () => Promise.reject(new TypeError('broken'));
    await expect(startOnPort({ option, port, asked: false }, none, failing)).rejects.toThrow(TypeError);
  });
});

describe('a port that was asked for', () => {
  test('is an error that names the option when it is taken', async () => {
    const [port] = (await freePorts(1)) as [number];
    await serve()(port);
    await expect(startOnPort({ option, port, asked: true }, none, serve())).rejects.toMatchObject({
      code: 'demo-port-unusable',
      message: `Port ${port} of --mqtt-port cannot be used: another program uses it.`,
    });
  });

  test('is an error that names the reason when the system refuses it', async () => {
    const refused = (port: number) => serve('192.0.2.1')(port);
    const [port] = (await freePorts(1)) as [number];
    await expect(startOnPort({ option, port, asked: true }, none, refused)).rejects.toMatchObject({
      code: 'demo-port-unusable',
      details: { reason: 'EADDRNOTAVAIL' },
    });
  });
});

test('port 0 takes a free one', async () => {
  expect(await startOnPort({ option, port: 0, asked: false }, none, serve())).toBeGreaterThan(0);
});
