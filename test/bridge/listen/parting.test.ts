/** A bridge that is stopped, and clients that can go to another one. */
import mqtt, { type IDisconnectPacket, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { type Parting, partFrom } from '../../../bridge/listen/parting.ts';
import { until } from '../../real/until.ts';
import { type Stage, stage } from './support/stage.ts';

describe('clients that part', () => {
  interface Someone extends Parting {
    unsettled: number;
    over: boolean;
  }
  const clientsOf = (count: number): Someone[] =>
    Array.from({ length: count }, () => ({ leaving: false, unsettled: 0, over: false }));

  /** When each of them went, by a clock that is held. @param passes called with each time that comes */
  async function timesOf(
    clients: Someone[],
    { perSecond, limitMs, passes }: { perSecond: number; limitMs: number; passes?: (ms: number) => void },
  ) {
    let time = 0;
    const went: number[] = [];
    await partFrom(clients, {
      ...{ perSecond, limitMs, now: () => time },
      end: client => {
        client.over = true;
        went.push(time);
      },
      pause: async ms => {
        time += ms;
        passes?.(time);
      },
    });
    return { went, took: time };
  }

  // 20,000 clients came to the other replica in one instant, which took 1,000 of them a second and refused the rest.
  test('go at the pace that was asked for', async () => {
    const { went, took } = await timesOf(clientsOf(1000), { perSecond: 500, limitMs: 10_000 });
    expect(went).toHaveLength(1000);
    expect(took).toBeGreaterThan(1900);
    expect(took).toBeLessThanOrEqual(2000);
    for (let from = 0; from < 2000; from += 100)
      expect(went.filter(at => at >= from && at < from + 100).length).toBeLessThanOrEqual(60);
  });

  test('go faster where the time would not do', async () => {
    const { went, took } = await timesOf(clientsOf(20_000), { perSecond: 500, limitMs: 10_000 });
    expect(went).toHaveLength(20_000);
    expect(took).toBeGreaterThan(7000);
    expect(took).toBeLessThan(10_000);
  });

  test('go at once when they are few', async () => {
    expect(await timesOf(clientsOf(10), { perSecond: 500, limitMs: 10_000 })).toMatchObject({ took: 0 });
    expect(await timesOf([], { perSecond: 500, limitMs: 10_000 })).toMatchObject({ took: 0 });
  });

  test('go when what they have sent is settled', async () => {
    const clients = clientsOf(2);
    clients[1]!.unsettled = 1;
    const passes = (ms: number) => {
      if (ms >= 1000) clients[1]!.unsettled = 0;
    };
    expect((await timesOf(clients, { perSecond: 500, limitMs: 10_000, passes })).went).toEqual([0, 1000]);
  });

  test('stay when it never is, and hold up the end no longer than they may', async () => {
    const clients = clientsOf(2);
    clients[1]!.unsettled = 1;
    expect(await timesOf(clients, { perSecond: 500, limitMs: 1000 })).toEqual({ went: [0], took: 1000 });
    expect(clients[1]).toMatchObject({ leaving: true, over: false });
  });

  test('and one that goes by itself is not ended again', async () => {
    const clients = clientsOf(1);
    clients[0]!.over = true;
    expect((await timesOf(clients, { perSecond: 500, limitMs: 1000 })).went).toEqual([]);
  });
});

describe('a bridge that is stopped', () => {
  let current: Stage | undefined;
  const clients: MqttClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(client => client.endAsync(true)));
    await current?.[Symbol.asyncDispose]();
    current = undefined;
  });

  async function device(clientId: string) {
    const client = mqtt.connect(current!.url, { protocolVersion: 5, reconnectPeriod: 0, clientId });
    clients.push(client);
    client.on('error', () => undefined);
    const goodbyes: IDisconnectPacket[] = [];
    client.on('disconnect', packet => goodbyes.push(packet));
    await new Promise((resolve, reject) => client.once('connect', resolve).once('close', reject));
    return { client, goodbyes };
  }

  const stateless = { sessions: { expiry: '0s' } };

  test.each([
    [{}, 0x8b, undefined],
    [{ serverReference: 'other.example.com:1883' }, 0x9c, 'other.example.com:1883'],
    [{ serverReference: 'other.example.com:1883', sessions: {} }, 0x9c, 'other.example.com:1883'],
  ])('says so to its clients with %j', async (more, reasonCode, serverReference) => {
    current = await stage({ clients: { ...stateless, ...more } });
    const { goodbyes } = await device('one');
    await current.bridge.stop();
    await until('the goodbye', () => goodbyes.length > 0);
    expect(goodbyes[0]!.reasonCode).toBe(reasonCode);
    expect(goodbyes[0]!.properties?.serverReference).toBe(serverReference);
    expect(current.counts.ends).toMatchObject({ stopped: 1, lost: 0 });
  });

  // Clients that had not had their turn could publish nothing for as long as it took.
  test('serves those whose turn has not come, and acknowledges what it took of all of them', async () => {
    current = await stage({ clients: { ...stateless, limits: { connectRate: 8 } } });
    const devices = await Promise.all(Array.from({ length: 8 }, (_, index) => device(`car-${index}`)));
    let acknowledged = 0;
    const sending = devices.map(async ({ client }, car) => {
      const ended = new Promise<void>(resolve => void client.once('close', () => resolve()));
      for (let count = 0; client.connected; count++) {
        // What is sent while the connection ends is never answered.
        const answered = client.publishAsync(`cars/${car}`, `${car}-${count}`, { qos: 1 }).then(() => 'yes');
        if ((await Promise.race([answered.catch(() => 'no'), ended])) !== 'yes') return;
        acknowledged++;
      }
    });
    await until('messages', () => acknowledged > 50);
    const stopped = current.bridge.stop();
    await until('the first to be sent away', () => devices.some(({ goodbyes }) => goodbyes.length > 0));
    const before = acknowledged;
    await until('more messages of the others', () => acknowledged > before + 8);
    const report = await stopped;
    await Promise.all(sending);
    expect(report).toMatchObject({ unacknowledged: 0, late: false });
    expect(devices.map(({ goodbyes }) => goodbyes.length)).toEqual(devices.map(() => 1));
    // Each that was acknowledged is there; one of each client may be there whose acknowledgement came too late.
    const values = new Set(current.records().map(({ value }) => value));
    expect(values.size).toBeGreaterThanOrEqual(acknowledged);
  });

  test('takes nobody in any more while they part', async () => {
    current = await stage({ clients: { ...stateless, limits: { connectRate: 4 } } });
    const devices = await Promise.all([device('a'), device('b'), device('c')]);
    const stopped = current.bridge.stop();
    expect(await device('late').catch(() => 'refused')).toBe('refused');
    await stopped;
    expect(devices.map(({ goodbyes }) => goodbyes.length)).toEqual([1, 1, 1]);
  });
});
