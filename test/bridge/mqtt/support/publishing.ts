/** A scripted server and a publisher, new for each test of a file that calls `usePublisher`. */
import type { IPublishPacket } from 'mqtt-packet';
import { afterEach, beforeEach, expect } from 'vitest';
import type { MkbError } from '../../../../api/errors.ts';
import type { Publication } from '../../../../bridge/mqtt/publisher/publication.ts';
import { Publisher } from '../../../../bridge/mqtt/publisher/publisher.ts';
import type { Retry } from '../../../../network/retry.ts';
import { until } from '../../../real/until.ts';
import { type Peer, ScriptedServer } from './scripted-server.ts';

/** What the present test plays with. Imports see the present values, not those of the time of import. */
export let server: ScriptedServer;
export let publisher: Publisher<string>;
/** What was told, in order: 'published m1', 'failed m2 mqtt-publish-refused'. */
export const told: string[] = [];
/** Why messages failed. */
export const failures: MkbError[] = [];
/** Tokens that were dropped and not yet followed by `settled`, which is what makes room for others. */
export const unsettled = new Set<string>();

/** Call it once at the top of the file. */
export function usePublisher(): void {
  beforeEach(async () => {
    told.length = 0;
    failures.length = 0;
    unsettled.clear();
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    const closed = publisher.close();
    await server.stop();
    await closed;
  });
}

const defaults = {
  /** Behind the scripted server in the list. */
  more: [] as readonly string[],
  limitsPatienceMs: undefined as number | undefined,
  window: 100,
  version: '5' as '5' | '3.1.1',
  delayMs: 1,
  /** Twice the other when left out. */
  maxDelayMs: undefined as number | undefined,
  random: Math.random,
  sessionExpirySeconds: 0,
  now: Date.now,
  elapsed: () => performance.now(),
  /** By token. */
  retryOf: (_token: string): Retry | undefined => undefined,
};

/** Messages of one lane have the same first character. */
export function start(options: Partial<typeof defaults> = {}): void {
  const {
    more,
    limitsPatienceMs,
    window,
    version,
    delayMs,
    maxDelayMs,
    random,
    sessionExpirySeconds,
    now,
    elapsed,
    retryOf,
  } = {
    ...defaults,
    ...options,
  };
  const of = (token: string, error?: MkbError) => (error ? `${token} ${error.code}` : token);
  publisher = new Publisher<string>(
    {
      urls: [server.url, ...more],
      limitsPatienceMs,
      version,
      clientId: 'b-out',
      cleanStart: true,
      subscriptions: [],
      keepAliveMs: 0,
      sessionExpirySeconds,
      receiveMaximum: 100,
      maximumPacketSize: 1000,
      connectTimeoutMs: 30_000,
      reconnect: { minDelayMs: delayMs, maxDelayMs: maxDelayMs ?? 2 * delayMs },
      random,
      now,
      elapsed,
      windowCapacity: 128,
      window,
    },
    {
      laneOf: token => token[0],
      retryOf,
      published: (token, heard) => told.push(`${heard ? 'published' : 'unheard'} ${token}`),
      failed: (token, error) => {
        failures.push(error);
        told.push(`failed ${of(token, error)}`);
      },
      expired: token => told.push(`expired ${token}`),
      dropped: token => unsettled.add(token),
      settled: () => unsettled.clear(),
      connected: () => undefined,
      disconnected: () => undefined,
      problem: error => told.push(`problem ${error.code}`),
      stopped: error => told.push(`stopped ${error.code}`),
    },
  );
  publisher.start();
}

/** The server's end of a new connection, which has let us in. */
export async function greeted(properties = {}, by = server): Promise<Peer> {
  const peer = await by.accept();
  await peer.next();
  peer.connack({ properties });
  return peer;
}

export const publish = (token: string, fields: Partial<Publication> = {}) =>
  publisher.publish(
    { topic: 'a/b', payload: Buffer.from(token), qos: 1, retain: false, userProperties: [], ...fields },
    token,
  );

/** The next PUBLISH: its payload and identifier, and 'dup' if it says so. */
export async function next(peer: Peer): Promise<string> {
  const { payload, messageId, dup } = (await peer.next()) as IPublishPacket;
  return `${payload} ${messageId}${dup ? ' dup' : ''}`;
}

export const puback = (peer: Peer, messageId: number, reasonCode = 0) =>
  peer.send({ cmd: 'puback', messageId, reasonCode });
export const toldAre = (...expected: string[]) =>
  until(`${expected} to be told, not ${told}`, () => told.length >= expected.length).then(() =>
    expect(told).toEqual(expected),
  );
