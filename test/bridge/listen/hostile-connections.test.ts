/** Clients that keep to the standard and to no manners: what each costs is bounded, and the others go on. */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { connect4, connect5, packet, publish, text } from './support/bytes.ts';
import { Scene } from './support/scene.ts';
import { fleetRule, RawClient } from './support/stage.ts';

const scene = new Scene();

afterEach(() => scene.end());

const raw = () => new RawClient(scene.stage.port).opened();
const listener = () => scene.stage.bridge.listener!.listener;

/** A device that is polite, and what it publishes next is acknowledged. */
async function othersGoOn(): Promise<void> {
  const car = await scene.device({ clientId: `polite-${Math.random()}` });
  await car.client.publishAsync('a', 'x', { qos: 1 });
  await car.client.endAsync();
}

describe('a client', () => {
  test('that subscribes and never reads costs its queue, and what does not fit is dropped and counted', async () => {
    await scene.start({ clients: { route: true, sessions: { messages: 50 } }, rules: [fleetRule] });
    const silent = await raw();
    silent.send(connect5(`00${text('silent')}`) + packet(0x82, '0001', '00', text('flood'), '01'));
    await silent.says('90');
    silent.socket.pause();
    const sender = await scene.device();
    const payload = Buffer.alloc(64 * 1024, 120);
    for (let number = 0; number < 60; number++) await sender.client.publishAsync('flood', payload, { qos: 1 });
    expect(scene.sessions.of('silent')!.outbox.size).toBeLessThanOrEqual(50);
    expect(scene.sessions.drops.full).toBeGreaterThan(0);
    expect(scene.sessions.waitingBytes).toBeLessThanOrEqual(1024 * 1024);
    await othersGoOn();
    silent.socket.destroy();
  });

  test('that publishes and never reads its PUBACKs is not read any more, and holds little', async () => {
    await scene.start();
    const deaf = await raw();
    deaf.send(connect4(text('deaf')));
    await deaf.says('20020000');
    deaf.socket.pause();
    // PINGREQs, each of which is owed an answer: 4 MiB of them.
    const many = Buffer.from('c000'.repeat(512 * 1024), 'hex');
    for (let chunk = 0; chunk < 4; chunk++) deaf.socket.write(many);
    const [client] = [...listener().clients].filter(({ name }) => name === 'deaf');
    await until('it not to be read', () => client!.unread || client!.transport.congested);
    await othersGoOn();
    expect(deaf.socket.writableLength).toBeGreaterThan(0);
    expect(listener().heldBytes).toBeLessThan(1024 * 1024);
    deaf.socket.destroy();
    await until('it to be forgotten', () => ![...listener().clients].some(({ name }) => name === 'deaf'));
  });

  test('of MQTT 3.1.1 that floods with QoS 1 has no more in flight than Receive Maximum', async () => {
    // To Kafka: what nobody subscribes to would be acknowledged at once.
    await scene.start({ mqtt: { receiveMaximum: 10 }, rules: [fleetRule] });
    await scene.stage.kafka.cluster.node(1).stop();
    const flood = await raw();
    flood.send(connect4(text('flood')));
    await flood.says('20020000');
    for (let id = 1; id <= 1000; id++) flood.send(publish(0x32, 'cars/1', `${id.toString(16).padStart(4, '0')}78`));
    const client = () => [...listener().clients].find(({ name }) => name === 'flood')!;
    await until('its messages to be in flight', () => client().unsettled >= 10);
    // A power of two: one more than may be, so that a client that sends more is noticed.
    expect(client().unsettled).toBeLessThanOrEqual(16);
    expect(flood.hex).toBe('20020000');
    await scene.stage.kafka.cluster.node(1).start();
    await until('1,000 PUBACKs', () => flood.hex.length >= 8 + 1000 * 8);
    flood.socket.destroy();
  });
});

describe('connections', () => {
  test('that are reset at once, in the middle of CONNECT and behind it leave nothing behind', async () => {
    await scene.start();
    const bytes = connect4(text('reset'));
    const parts = ['', bytes.slice(0, 2), bytes.slice(0, 12), bytes, `${bytes}c000`];
    for (let round = 0; round < 40; round++) {
      const clients = await Promise.all(parts.map(raw));
      for (const [index, client] of clients.entries()) {
        if (parts[index] !== '') client.send(parts[index]!);
        client.socket.resetAndDestroy();
      }
    }
    await until('all to be forgotten', () => [...listener().clients].length === 0);
    expect([listener().connected, listener().heldBytes]).toEqual([0, 0]);
    await othersGoOn();
  });

  test('of which only one half is open are closed, and what came before is delivered', async () => {
    await scene.start();
    const half = await raw();
    half.send(connect4(text('half')) + publish(0x32, 'a', '000178'));
    half.socket.end();
    await half.untilClosed();
    await until('it to be forgotten', () => [...listener().clients].length === 0);
    await othersGoOn();
  });

  // A thousand cars that came back after a power cut kept those that were connected from being heard.
  test('of a storm do not starve those that are connected', async () => {
    const limits = { connections: 5000, connectRate: 5000 };
    await scene.start({ clients: { route: true, limits } });
    const car = await scene.device({ clientId: 'connected' });
    let isOver = false;
    const welcomed = listener().counts.welcomed;
    const storm = Promise.all(
      Array.from({ length: 1000 }, async (_, number) => {
        const client = await raw();
        client.send(connect4(text(`storm-${number}`)));
        await client.says('20020000');
        return client;
      }),
    ).finally(() => {
      isOver = true;
    });
    let acknowledged = 0;
    while (!isOver) {
      await car.client.publishAsync('a', 'x', { qos: 1 });
      acknowledged++;
    }
    for (const client of await storm) client.socket.destroy();
    expect(listener().counts.welcomed - welcomed).toBe(1000);
    // One while all others were let in would be starvation.
    expect(acknowledged).toBeGreaterThan(5);
  });
});
