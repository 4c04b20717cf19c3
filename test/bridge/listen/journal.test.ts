// What waited for clients that were away was lost with the bridge; on disk it must survive a torn end, a full disk, and its own growth.
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import type { Connection, Held } from '../../../bridge/listen/outbox.ts';
import { Received } from '../../../bridge/listen/received.ts';
import { SessionStore } from '../../../bridge/listen/session-store.ts';
import { type Session, Sessions } from '../../../bridge/listen/sessions.ts';
import { Wills } from '../../../bridge/listen/wills.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { until } from '../../real/until.ts';
import { FailingDisk } from '../buffer/support/failing-disk.ts';

const mebibyte = 2 ** 20;
let folder: string;
const open: SessionStore[] = [];
beforeEach(() => {
  folder = temporaryFolder('journal');
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  removeFolder(folder);
});

interface Kept {
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly problems: MkbError[];
  /** Messages of the flow that nobody has to keep any more. */
  readonly released: Held[];
}

async function start(disk?: FailingDisk): Promise<Kept> {
  const limits = { expirySeconds: 3600, away: 200_000, subscriptions: 10, messages: 100_000 };
  const sessions = new Sessions({ ...limits, bytes: 1024 * mebibyte, ageTicks: 1e9, allBytes: 1024 * mebibyte }, true);
  const released: Held[] = [];
  sessions.released = held => released.push(held);
  const problems: MkbError[] = [];
  let next = 1;
  const store = await SessionStore.open({
    store: { folder, fsync: 'always', key: undefined, ...(disk && { disk }) },
    sessions,
    wills: new Wills({
      ticks: () => 0,
      mayPublish: () => true,
      takeRoom: () => true,
      giveRoom: () => undefined,
      publish: () => undefined,
      lost: () => undefined,
    }),
    newReceived: () => new Received(next++, 10),
    wasWritten: id => id < 100,
    problem: error => problems.push(error),
  });
  sessions.keepIn(store);
  open.push(store);
  return { sessions, store, problems, released };
}

/** Another process, after this one was killed: what it had in memory is gone. */
const again = (): Promise<Kept> => start();

const subscribed = ({ sessions }: Kept, clientId: string, filter = 'a/#'): Session => {
  const visitor = { clientId, user: undefined, cleanStart: false, expirySeconds: 3600, maySubscribe: () => true };
  const { session } = sessions.open(visitor, new Received(0, 10));
  const flags = { shared: false, qos: 2, noLocal: false, retainAsPublished: false, identifier: 7 } as const;
  if (!session.subscriptions.has(filter)) sessions.subscribe(session, { name: filter, filter, ...flags });
  return session;
};

const away = (kept: Kept, clientId: string, filter?: string): Session => {
  const session = subscribed(kept, clientId, filter);
  kept.sessions.leave(session);
  return session;
};

const publish = ({ sessions }: Kept, text: string, held?: Held): number =>
  sessions.publish(
    'a/1',
    () => ({ topic: 'a/1', payload: Buffer.from(text), qos: 1, retain: false, userProperties: [['x', 'y']] }),
    held,
  );

const waiting = ({ sessions }: Kept, clientId: string): string[] =>
  [...sessions.of(clientId)!.outbox.deliveries()].map(({ publication }) => publication.payload.toString());

/** A client that takes all and acknowledges nothing by itself. */
const connection: Connection = {
  version: '5',
  receiveMaximum: 100,
  maximumPacketSize: Number.POSITIVE_INFINITY,
  topicAliasMaximum: 0,
  congested: false,
  write: () => undefined,
};

const files = () => readdirSync(join(folder, 'sessions')).filter(name => name.endsWith('.data'));

test('wherever the end of the last file is torn, what is before it is there, in order', async () => {
  const first = await start();
  away(first, 'car');
  await first.store.saved();
  for (let number = 0; number < 10; number++) {
    publish(first, `${number}`);
    await first.store.saved();
  }
  const path = join(folder, 'sessions', files().at(-1)!);
  const whole = statSync(path).size;
  let most = 10;
  for (let bytes = whole; bytes > whole - 2000; bytes -= 61) {
    truncateSync(path, bytes);
    const { sessions, store, problems } = await again();
    expect(sessions.of('car')?.subscriptions.size).toBe(1);
    const found = waiting({ sessions } as Kept, 'car');
    expect(found).toEqual(Array.from({ length: found.length }, (_, number) => `${number}`));
    expect(found.length).toBeLessThanOrEqual(most);
    expect(problems).toEqual([]);
    most = found.length;
    void store;
  }
  expect(most).toBeLessThan(10);
});

test('a record for a client that is away is not let go before the disk has its message', async () => {
  const disk = new FailingDisk();
  const kept = await start(disk);
  away(kept, 'car');
  await kept.store.saved();
  disk.failsWrites = 'ENOSPC';
  const held = { waiting: 1, withdrawn: false };
  publish(kept, 'x', held);
  kept.sessions.release(held);
  await until('it is reported', () => kept.problems.length > 0);
  expect(kept.problems[0]!.code).toBe('sessions-write-failed');
  expect([kept.released, kept.store.failing]).toEqual([[], true]);
  disk.failsWrites = undefined;
  await until('it is let go', () => kept.released.length === 1);
  expect(waiting(await again(), 'car')).toEqual(['x']);
});

test('a client that is connected gets QoS 2 although the disk refuses to write of it', async () => {
  const disk = new FailingDisk();
  const kept = await start(disk);
  const session = subscribed(kept, 'car');
  const written: Buffer[] = [];
  kept.sessions.connect(session, { ...connection, write: bytes => written.push(bytes) });
  await kept.store.saved();
  disk.failsWrites = 'EIO';
  kept.sessions.publish('a/1', () => ({
    topic: 'a/1',
    payload: Buffer.from('x'),
    qos: 2,
    retain: false,
    userProperties: [],
  }));
  expect(written).toEqual([]);
  await until('it is sent', () => written.length === 1);
  disk.failsWrites = undefined;
});

test('after more changes than memory may hold while the disk refuses, all is written as it is now', async () => {
  const disk = new FailingDisk();
  const kept = await start(disk);
  away(kept, 'gone');
  const session = away(kept, 'car');
  publish(kept, 'before');
  await kept.store.saved();
  disk.failsWrites = 'ENOSPC';
  publish(kept, 'meanwhile');
  await until('the disk has refused', () => kept.store.failing);
  kept.sessions.open(
    { clientId: 'gone', user: undefined, cleanStart: true, expirySeconds: 0, maySubscribe: () => true },
    new Received(0, 10),
  );
  const large = 'x'.repeat(mebibyte);
  for (let number = 0; number < 40; number++) publish(kept, large);
  expect(kept.store.failing).toBe(true);
  disk.failsWrites = undefined;
  await until('the disk has it', () => !kept.store.failing && !kept.store.pending);
  const found = await again();
  expect(found.sessions.of('gone')).toBeUndefined();
  expect(waiting(found, 'car').map(text => text.slice(0, 10))).toEqual([
    'before',
    'meanwhile',
    ...Array.from({ length: 40 }, () => large.slice(0, 10)),
  ]);
  void session;
});

test('files of what is over are deleted, and those of what is not are written again', async () => {
  const kept = await start();
  away(kept, 'old', 'b/#');
  kept.sessions.publish('b/1', () => ({
    topic: 'b/1',
    payload: Buffer.from('waits for long'),
    qos: 1,
    retain: false,
    userProperties: [],
  }));
  const session = subscribed(kept, 'car');
  kept.sessions.connect(session, connection);
  const large = 'x'.repeat(256 * 1024);
  for (let number = 0; number < 160; number++) {
    publish(kept, large);
    await kept.store.saved();
    for (const { packetId } of [...session.outbox.deliveries()]) session.outbox.acknowledged(packetId, 0);
  }
  await until('it has become small', () => kept.store.bytes < 26 * mebibyte);
  await kept.store.saved();
  const found = await again();
  expect([waiting(found, 'old'), waiting(found, 'car')]).toEqual([['waits for long'], []]);
  expect(found.problems).toEqual([]);
});

test('five thousand sessions are found again, each with what is its own', async () => {
  const kept = await start();
  for (let number = 0; number < 5000; number++) away(kept, `car-${number}`, `cars/${number}`);
  await kept.store.saved();
  const { sessions } = await again();
  expect([sessions.count, sessions.subscribed, sessions.away]).toEqual([5000, 5000, 5000]);
  expect([...sessions.of('car-4999')!.subscriptions.keys()]).toEqual(['cars/4999']);
});

test('a receipt of QoS 2 counts only if its message was written', async () => {
  const kept = await start();
  const session = subscribed(kept, 'car');
  session.kept!.receipt(1, 99);
  session.kept!.receipt(2, 100);
  session.kept!.receipt(3, -1);
  await kept.store.saved();
  const { receipts } = (await again()).sessions.of('car')!.received;
  expect([1, 2, 3].map(packetId => receipts.isReceived(packetId))).toEqual([true, false, true]);
});
