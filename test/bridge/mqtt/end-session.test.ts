import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endSession } from '../../../bridge/mqtt/end-session.ts';
import type { SessionOptions } from '../../../bridge/mqtt/options.ts';
import { ScriptedServer } from './support/scripted-server.ts';

let server: ScriptedServer;
let codes: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  codes = [];
});

afterEach(() => server.stop());

const end = (options: Partial<SessionOptions> = {}, signal = new AbortController().signal) =>
  endSession({ ...defaults(), ...options }, ({ code }) => codes.push(code), signal);

const defaults = (): SessionOptions => ({
  urls: [server.url],
  version: '5',
  clientId: 'bridge-2',
  subscriptions: [{ filter: 'a/#', qos: 1 }],
  keepAliveMs: 30_000,
  sessionExpirySeconds: 3600,
  receiveMaximum: 100,
  maximumPacketSize: 1_000_000,
  connectTimeoutMs: 30_000,
  reconnect: { minDelayMs: 1, maxDelayMs: 20 },
  windowCapacity: 128,
});

describe('ending a session', () => {
  it('begins a new one, which ends with its connection, and subscribes to nothing', async () => {
    const ended = end();
    const peer = await server.accept();
    expect(await peer.next()).toMatchObject({
      cmd: 'connect',
      clean: true,
      clientId: 'bridge-2',
      properties: { sessionExpiryInterval: 0 },
    });
    peer.connack();
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0 });
    peer.end();
    await ended;
    expect(codes).toEqual([]);
  });

  it('of MQTT 3.1.1 is a connection with Clean Session', async () => {
    await server.stop();
    server = await ScriptedServer.start(4);
    const ended = end({ version: '3.1.1' });
    const peer = await server.accept();
    expect(await peer.next()).toMatchObject({ cmd: 'connect', protocolVersion: 4, clean: true });
    peer.connack();
    expect((await peer.next()).cmd).toBe('disconnect');
    peer.end();
    await ended;
  });

  it('is retried until the server has confirmed it', async () => {
    const ended = end();
    const first = await server.accept();
    await first.next();
    first.cut();
    const second = await server.accept();
    expect(await second.next()).toMatchObject({ clean: true });
    second.connack();
    await second.next();
    second.end();
    await ended;
    expect(codes).toEqual(['mqtt-closed-unanswered']);
  });

  it('is rejected when the server refuses permanently', async () => {
    const ended = end();
    const peer = await server.accept();
    await peer.next();
    peer.connack({ reasonCode: 0x87 });
    await expect(ended).rejects.toMatchObject({ code: 'mqtt-not-authorised' });
  });

  it('is rejected when it is broken off, before and while it waits for the server', async () => {
    const controller = new AbortController();
    const ended = end({}, controller.signal);
    await (await server.accept()).next();
    controller.abort('enough');
    await expect(ended).rejects.toBe('enough');
    await expect(end({}, controller.signal)).rejects.toBe('enough');
    expect(server.unaccepted).toBe(0);
  });
});
