import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../demo/vehicles/clock.ts';
import { type Fleet, startFleet } from '../../../demo/vehicles/fleet.ts';
import type { FleetOptions } from '../../../demo/vehicles/options.ts';
import { OldServer, treatments } from '../../bridge/mqtt/support/old-server.ts';
import { freePort } from '../../real/ports.ts';
import { until } from '../../real/until.ts';

/** A broker in this process that keeps what clients publish. */
class Broker {
  readonly messages: { topic: string; payload: string; qos: number; clientId: string }[] = [];
  readonly sockets = new Set<Socket>();
  #aedes!: Aedes;
  #server!: Server;
  port = 0;

  async start(port = 0, password?: string): Promise<void> {
    this.#aedes = await Aedes.createBroker();
    if (password !== undefined) {
      this.#aedes.authenticate = (_client, _user, given, done) => done(null, given?.toString() === password);
    }
    this.#aedes.on('publish', ({ topic, payload, qos }, client) => {
      if (client) this.messages.push({ topic, payload: payload.toString(), qos, clientId: client.id });
    });
    this.#server = createServer(socket => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      this.#aedes.handle(socket);
    });
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
    await new Promise<void>(resolve => this.#aedes.close(resolve));
  }
}

let broker: Broker;
let fleet: Fleet | undefined;

beforeEach(async () => {
  broker = new Broker();
  await broker.start(await freePort());
});
afterEach(async () => {
  await fleet?.stop().catch(() => {});
  fleet = undefined;
  await broker.stop();
});

const start = (options: Partial<FleetOptions> = {}): Fleet => {
  fleet = startFleet({
    url: `mqtt://127.0.0.1:${broker.port}`,
    mqttVersion: '3.1.1',
    connectsPerSecond: 1000,
    intervalMs: 20,
    ...options,
  });
  return fleet;
};

/** Time that waits for whoever needs it, so that nobody is ever late. */
const patientClock = (): Clock => {
  let now = 0;
  return {
    now: () => now,
    after: (delayMs, action) => {
      const timer = setTimeout(() => {
        now += Math.max(0, delayMs);
        action();
      }, delayMs);
      return () => clearTimeout(timer);
    },
  };
};

test('ten vehicles publish to their own topics under their own client ids, and every message is acknowledged', async () => {
  const summary = await start({ limit: 200 }).finished;
  expect(summary).toMatchObject({ published: 200, acknowledged: 200, refused: 0, unacknowledged: 0, malformed: 0 });
  expect(broker.messages.length).toBe(200);
  const topics = new Set(broker.messages.map(({ topic }) => topic));
  expect(topics.size).toBe(10);
  for (const { topic, clientId, payload, qos } of broker.messages) {
    expect(clientId).toMatch(/^mqttx_[0-9a-f]{8}_([1-9]|10)$/);
    expect(topic).toBe(`mqttx/simulate/tesla/${clientId}`);
    expect(Object.keys(JSON.parse(payload)).length).toBe(17);
    expect(qos).toBe(1);
  }
});

test('two runs with the same seed and beginning publish the same bytes', async () => {
  const run = async () => {
    broker.messages.length = 0;
    const running = start({
      seed: 'again',
      beginMs: Date.UTC(2026, 6, 1),
      vehicles: 1,
      limit: 30,
      profile: 'teslamate',
      faults: { malformed: { probability: 0.2 }, burst: { probability: 0.1, count: 3 } },
      clock: patientClock(),
    });
    await running.finished;
    return broker.messages.map(({ topic, payload }) => `${topic} ${payload}`);
  };
  const first = await run();
  expect(await run()).toEqual(first);
  expect(first.length).toBe(30);
});

test.each([0, 1, 2] as const)('QoS %i arrives as such, and only QoS 1 and 2 are counted as acknowledged', async qos => {
  const summary = await start({ vehicles: 2, limit: 20, qos }).finished;
  expect(summary.published).toBe(20);
  expect(summary.acknowledged).toBe(qos === 0 ? 0 : 20);
  await until('all messages', () => broker.messages.length === 20);
  expect(broker.messages.every(message => message.qos === qos)).toBe(true);
});

test('a topic template may name the VIN and the client id', async () => {
  await start({ vehicles: 1, limit: 1, clientId: 'car', topic: 'a/{clientid}/{vin}/b' }).finished;
  expect(broker.messages[0]!.topic).toMatch(/^a\/car_1\/[A-Z0-9]{17}\/b$/);
});

test.each(['', 'a/+', 'a/#', 'a/{name}', 'a/{'])('the topic template "%s" is refused', topic => {
  expect(() => start({ topic })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});

test('a fleet ends after its duration, with a message for every interval', async () => {
  const summary = await start({ vehicles: 1, intervalMs: 50, durationMs: 400, clock: patientClock() }).finished;
  expect(summary).toMatchObject({ seconds: expect.closeTo(0.4), published: 8, acknowledged: 8 });
});

test('connections begin no faster than asked', async () => {
  const clock = patientClock();
  const running = start({ vehicles: 30, connectsPerSecond: 60, intervalMs: 1000, clock });
  await running.ready;
  // The thirtieth begins 29 sixtieths of a second after the first.
  expect(clock.now()).toBeGreaterThanOrEqual(483);
  expect(running.connected).toBe(30);
});

describe('faults on request', () => {
  test('malformed payloads are no JSON and are counted', async () => {
    const summary = await start({ limit: 100, faults: { malformed: { probability: 0.3 } } }).finished;
    const broken = broker.messages.filter(({ payload }) => {
      try {
        JSON.parse(payload);
        return false;
      } catch {
        return true;
      }
    });
    expect(broken.length).toBe(summary.malformed);
    expect(summary.malformed).toBeGreaterThan(10);
    expect(summary.acknowledged).toBe(100);
  });

  test('a burst is many messages with timestamps of their own', async () => {
    const summary = await start({
      vehicles: 1,
      intervalMs: 100,
      limit: 20,
      faults: { burst: { probability: 1, count: 10 } },
    }).finished;
    expect(summary.bursts).toBe(2);
    const times = broker.messages.map(({ payload }) => JSON.parse(payload).timestamp);
    expect(new Set(times).size).toBe(20);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('a dropout closes the connection, stays away, and comes back', async () => {
    const running = start({ vehicles: 3, faults: { dropout: { probability: 0.2, awayMs: 60 } } });
    await until('a reconnection', () => running.counters.reconnected >= 3);
    const summary = await running.stop();
    expect(summary.dropouts).toBeGreaterThanOrEqual(3);
    expect(summary.lost).toBe(0);
    expect(summary.skipped.disconnected).toBeGreaterThan(0);
  });
});

describe('trouble with the broker', () => {
  test('a port where nobody listens ends the fleet with the reason', async () => {
    const running = start({ url: 'mqtt://127.0.0.1:1', connectTimeoutMs: 1000 });
    const failure = { code: 'vehicles-unreachable', details: { reason: expect.stringContaining('refused') } };
    await expect(running.ready).rejects.toMatchObject(failure);
    await expect(running.finished).rejects.toMatchObject(failure);
  });

  test('a port that speaks no MQTT ends the fleet after the connect timeout', async () => {
    const silent = createServer(socket => socket.resume());
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const running = start({ url: `mqtt://127.0.0.1:${port}`, vehicles: 2, connectTimeoutMs: 300 });
    await expect(running.finished).rejects.toMatchObject({ code: 'vehicles-unreachable' });
    await new Promise(resolve => silent.close(resolve));
  });

  test('a wrong password ends the fleet at once', async () => {
    await broker.stop();
    await broker.start(0, 'right');
    const wrong = start({ username: 'fleet', password: 'wrong' });
    await expect(wrong.finished).rejects.toMatchObject({ code: 'vehicles-refused', details: { reasonCode: 5 } });
    expect((await start({ username: 'fleet', password: 'right', limit: 10 }).finished).acknowledged).toBe(10);
  });

  test('a broker that comes up later is found', async () => {
    const { port } = broker;
    await broker.stop();
    const running = start({ limit: 10, connectTimeoutMs: 20_000 });
    await until('a failed attempt', () => running.lastReason.includes('refused'));
    await broker.start(port);
    expect((await running.finished).acknowledged).toBe(10);
  });

  test('after a restart of the broker every vehicle comes back and goes on', async () => {
    const running = start({ vehicles: 5 });
    await running.ready;
    await until('messages', () => running.counters.acknowledged > 10);
    const { port } = broker;
    await broker.stop();
    await until('the loss to be seen', () => running.counters.lost === 5);
    await broker.start(port);
    await until('all vehicles to come back', () => running.connected === 5);
    const before = running.counters.acknowledged;
    await until('messages again', () => running.counters.acknowledged > before + 10);
    const summary = await running.stop();
    expect(summary).toMatchObject({ reconnected: 5, unacknowledged: 0 });
    expect(summary.acknowledged).toBe(summary.published);
  });
});

test('positions show every vehicle as its last message did', async () => {
  const running = start({ vehicles: 3, seed: 5 });
  expect(running.positions().map(({ clientId }) => clientId.replace(/.*_/, ''))).toEqual(['1', '2', '3']);
  await running.ready;
  await until('messages of all', () => new Set(broker.messages.map(({ topic }) => topic)).size === 3);
  await running.stop();
  for (const shown of running.positions()) {
    const last = JSON.parse(broker.messages.filter(({ clientId }) => clientId === shown.clientId).at(-1)!.payload);
    expect(shown).toMatchObject({ vin: last.vin, timeMs: last.timestamp });
    expect(shown.latitude).toBeCloseTo(last.location.latitude, 5);
  }
});

test('stopping closes every connection with a goodbye, also before all are connected', async () => {
  const running = start({ vehicles: 200, connectsPerSecond: 100 });
  await until('some connections', () => running.connected > 5);
  await running.stop();
  await until('the sockets to close', () => broker.sockets.size === 0);
  expect(running.met).toBeLessThan(200);
});

// The simulator was refused by a RabbitMQ, and ended.
test.each(
  Object.entries(treatments).filter(([name]) => name !== 'does not look at the version'),
)('vehicles that may speak either version come through to a server that %s', async (_, treatment) => {
  const server = await OldServer.start(treatment);
  try {
    const running = start({ url: server.url, mqttVersion: 'auto', vehicles: 1, qos: 0, limit: 3 });
    expect(await running.finished).toMatchObject({ published: 3 });
    expect(server.levels.slice(0, 2)).toEqual([5, 4]);
  } finally {
    await fleet?.stop().catch(() => {});
    await server.stop();
  }
});
