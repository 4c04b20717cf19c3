/** MqttUsers come to a real Mosquitto, change and go, and nobody else notices. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { everyTopic } from '../../../../operator/resources/broker/user-lines.ts';
import { logIn } from '../../../../operator/users/login.ts';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { as, mosquittoWithUsers, own, passwordOf, tlsSecret } from './mosquitto-with-users.ts';

/** Mosquitto writes all of its users for each new one, so a thousand take a minute on a busy machine. */
const many = process.env.MKB_LONG ? 1000 : 200;

describeReal('mosquitto')('a managed Mosquitto with MqttUsers', () => {
  const on = mosquittoWithUsers();

  // A device that was added restarted the broker, and cut the connections of all others.
  test(`lets ${many} new users in at once while the connection of another is never cut`, async () => {
    await on.start({ first: own });
    on.watch();
    const device = await on.connect(as('first'));
    let cuts = 0;
    device.on('close', () => cuts++);
    const { topics } = await on.listen();
    const names = Array.from({ length: many }, (_, n) => `device-${n}`);
    on.mount({ first: own, ...Object.fromEntries(names.map(name => [name, own])) });
    let published = 0;
    await until(
      'the last of them to be let in',
      async () => {
        await device.publishAsync(`up/first/${published++}`, '', { qos: 1 });
        for (const name of [names[0]!, names[many / 2]!, names.at(-1)!]) if (!(await on.letsIn(as(name)))) return false;
        return true;
      },
      { timeoutMs: 250_000 },
    );
    expect(cuts).toBe(0);
    await until('what the device has sent', () => topics.length === published);
    expect(await on.letsIn({ ...as('device-7'), password: 'another' })).toBe(false);
  }, 280_000);

  // What could not be published was Ready.
  test('refuses a user that the container could not bring it', async () => {
    await on.start({});
    const device = { host: '127.0.0.1', port: on.port, tls: false, username: 'd', password: passwordOf('d') };
    on.watch();
    const file = on.pod.path('/run/mkb/manager/mosquitto_pub');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, right.replace(/-P .*/, '-P wrong'));
    on.mount({ d: own });
    await until('a complaint', () => on.said.includes('did not take the changed users'));
    expect(await logIn(device)).toBe('refused');
    writeFileSync(file, right);
    await until('a login', async () => (await logIn(device)) === 'let-in');
    on.mount({});
    await until('its end', async () => (await logIn(device)) === 'refused');
  });

  test('ends the connection of a user that was removed, and refuses it', async () => {
    await on.start({ stays: own, goes: own });
    on.watch();
    const [stays, goes] = [await on.connect(as('stays')), await on.connect(as('goes'))];
    on.mount({ stays: own });
    await until('the end of its connection', () => !goes.connected);
    expect(await on.letsIn(as('goes'))).toBe(false);
    expect(stays.connected).toBe(true);
  });

  // SIGHUP, Mosquitto's own way, drops what comes for a session that waits for its client since before the last start.
  test('loses nothing for sessions that wait while the broker is restarted and users change', async () => {
    await on.start({ away: own });
    on.watch();
    const sessions = { bridge: { username: 'mkb-bridge', password: 'made-up-1' }, away: as('away') };
    for (const [clientId, options] of Object.entries(sessions)) {
      const client = await on.connect({ ...options, clientId, clean: false });
      await client.subscribeAsync(clientId === 'away' ? 'down/away/#' : '#', { qos: 1 });
      await client.endAsync();
    }
    await on.broker.stop();
    await on.launch();
    on.mount({ away: own, other: everyTopic });
    await until('the other user', () => on.letsIn(as('other')));
    const publisher = await on.connect(as('other'));
    for (let n = 0; n < 50; n++) await publisher.publishAsync(`down/away/${n}`, '', { qos: 1 });
    for (const [clientId, options] of Object.entries(sessions)) {
      const received = new Set<string>();
      const client = mqtt.connect(`mqtt://127.0.0.1:${on.port}`, { ...options, clientId, clean: false });
      on.clients.push(client);
      client.on('message', topic => received.add(topic));
      await until(`all that waits for ${clientId}`, () => received.size === 50);
    }
  });

  test('starts with all its users, and goes on from there', async () => {
    await on.start({ one: own, two: everyTopic });
    on.watch();
    expect(await on.letsIn(as('one'))).toBe(true);
    expect(await on.letsIn(as('two'))).toBe(true);
    on.mount({ two: everyTopic, three: own });
    await until('the third', () => on.letsIn(as('three')));
    await until('the end of the first', async () => !(await on.letsIn(as('one'))));
    await on.broker.kill();
    await on.launch();
    expect(await on.letsIn(as('three'))).toBe(true);
    expect(await on.letsIn(as('one'))).toBe(false);
  });

  // A container's first process hears no SIGTERM unless it asks for it: each roll of a broker waited for the Pod's whole grace period.
  test('ends at once when the Pod ends, also while it waits for a broker', async () => {
    await on.start({ one: own });
    on.watch();
    on.mount({ one: own, two: own });
    await until('the second user', () => on.letsIn(as('two')));
    on.broker.pause();
    on.mount({ one: own });
    await until('a change under way', () =>
      readFileSync(on.pod.path('/run/mkb/dynamic/changes'), 'utf8').includes('deleteClient'),
    );
    on.watcher.kill('SIGTERM');
    expect(await once(on.watcher, 'exit')).toEqual([0, null]);
    on.broker.resume();
  });

  test('takes users that it did not take while it was down', async () => {
    await on.start({ one: own });
    await on.broker.kill();
    on.watch();
    on.mount({ one: own, two: own });
    await until('a complaint', () => on.said.includes('it is retried'));
    await on.launch();
    await until('the second user', () => on.letsIn(as('two')));
  });

  // Who logs in at 8883 was tried at 1883 alone.
  test('lets a user in at 8883, where the operator tries it and devices connect, and not after it was removed', async () => {
    await on.start({ stays: own }, { tls: { secretName: tlsSecret } });
    on.watch();
    const login = { host: '127.0.0.1', port: on.tlsPort, tls: true, username: 'd', password: passwordOf('d') };
    expect(await logIn(login)).toBe('refused');
    on.mount({ stays: own, d: own });
    await until('a login over TLS', async () => (await logIn(login)) === 'let-in');
    expect(await logIn({ ...login, password: 'another' })).toBe('refused');
    expect(await logIn({ ...login, tls: false })).toBe('unreachable');
    const { topics } = await on.listen();
    const options = { ...as('d'), ca: on.certificates.ca, reconnectPeriod: 0 };
    const device = await mqtt.connectAsync(`mqtts://localhost:${on.tlsPort}`, options);
    on.clients.push(device);
    await device.publishAsync('up/d/a', '', { qos: 1 });
    await until('its message', () => topics.includes('up/d/a'));
    on.mount({ stays: own });
    await until('the end of its connection', () => !device.connected);
    expect(await logIn(login)).toBe('refused');
  });
});
