/** MqttUsers at a real Mosquitto: what the containers of its Pod would run, run here. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UserAcl } from '../../../../api/mqtt-user.ts';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { everyTopic, userLine } from '../../../../operator/resources/broker/user-lines.ts';
import { documentSecret } from '../../../../operator/resources/document-secrets.ts';
import { logIn } from '../../../../operator/users/login.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { program } from '../../../real/install.ts';
import { freePorts } from '../../../real/ports.ts';
import { describeReal } from '../../../real/require.ts';
import { ServerProcess } from '../../../real/server-process.ts';
import { until } from '../../../real/until.ts';
import { objectOf } from '../../support/pipelines.ts';
import { MountedPod } from './mounts.ts';
import { type AnyObject, pipelineWith } from './support.ts';

const deleteCommand = (username: string) => `{"commands":[{"command":"deleteClient","username":"${username}"}]}`;

type Users = Readonly<Record<string, readonly UserAcl[]>>;

/** Mosquitto writes all of its users for each new one, so a thousand take a minute on a busy machine. */
const many = process.env.MKB_LONG ? 1000 : 200;

/** What a device may: its own topics, and nobody else's. */
const own = [
  { topic: 'up/${username}/#', action: 'publish', permission: 'allow' },
  { topic: 'down/${username}/secret/#', action: 'subscribe', permission: 'deny' },
  { topic: 'down/${username}/#', action: 'subscribe', permission: 'allow' },
] as const;

const passwordOf = (username: string) => `"${username}" \\ pässwort`;
const linesOf = (users: Users): string =>
  Object.entries(users)
    .map(([username, acls]) => `${userLine({ username, password: passwordOf(username), acls }, 'key')}\n`)
    .sort()
    .join('');

describeReal('mosquitto')('a managed Mosquitto with MqttUsers', () => {
  let pod: MountedPod;
  let broker: ServerProcess;
  let watcher: ChildProcess;
  let said: string;
  let port: number;
  const clients: MqttClient[] = [];

  async function start(users: Users, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    [port] = (await freePorts(1)) as [number];
    const folder = temporaryFolder('mosquitto-users');
    const pipeline = pipelineWith({ kind: 'mosquitto', ...more });
    const secrets = documentSecret(pipeline);
    const objects = [...secrets, ...brokerObjects(pipeline, secrets)] as AnyObject[];
    pod = new MountedPod(folder, objects, objectOf(objects, 'StatefulSet'), {
      'cars-broker-users': { users: linesOf(users) },
    });
    const [command, ...args] = pod.command('passwords');
    const made = spawnSync(command, args, { env: { PATH: process.env.PATH }, encoding: 'utf8' });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    broker = new ServerProcess({
      name: 'Mosquitto',
      command: program('mosquitto')!,
      args: ['-c', configHere()],
      logFile: join(folder, 'log'),
    });
    await launch();
  }

  /** Its own log of each command would be longer than the test. */
  function configHere(): string {
    const file = join(pod.folder, 'mosquitto.conf');
    const here = readFileSync(pod.path('/etc/mkb/mosquitto.conf'), 'utf8')
      .replace('listener 1883', `listener ${port} 127.0.0.1`)
      .replace('log_dest stdout', 'log_dest none');
    writeFileSync(file, `user ${userInfo().username}\n${here}`);
    return file;
  }

  async function launch(): Promise<void> {
    await broker.launch();
    await until('the broker to let the bridge in', () => letsIn({ username: 'mkb-bridge', password: 'made-up-1' }));
  }

  /** What the second container runs. */
  function watch(): void {
    const options = pod.path('/run/mkb/manager/mosquitto_pub');
    writeFileSync(options, readFileSync(options, 'utf8').replace('-p 1883', `-p ${port}`));
    const [command, ...args] = pod.command('users');
    const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: pod.path('/run/mkb/manager') };
    said = '';
    watcher = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    watcher.stderr!.on('data', text => {
      said += text;
    });
  }

  const stopWatching = () => {
    try {
      if (watcher) process.kill(-watcher.pid!, 'SIGKILL');
    } catch {
      // It has ended, and what it began as well.
    }
  };

  /** As the kubelet does it: another file under the same name. */
  function mount(users: Users): void {
    const file = pod.path('/run/mkb/users/users');
    writeFileSync(`${file}.new`, linesOf(users));
    renameSync(`${file}.new`, file);
  }

  const as = (username: string): IClientOptions => ({ username, password: passwordOf(username), clientId: username });

  async function connect(options: IClientOptions): Promise<MqttClient> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
    clients.push(client);
    return client;
  }

  async function letsIn(options: IClientOptions): Promise<boolean> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
    const connected = new Promise<boolean>(resolve => {
      client.once('connect', () => resolve(true));
      client.once('error', () => resolve(false));
      client.once('close', () => resolve(false));
    });
    return connected.finally(() => client.endAsync(true));
  }

  /** Publishes on a connection of its own, which some versions end when it is refused. Settles when the broker has looked at it. */
  async function tries({ clientId: _, ...options }: IClientOptions, topic: string, payload = ''): Promise<void> {
    const client = await connect(options);
    const closed = new Promise<void>(resolve => client.once('close', () => resolve()));
    client.publish(topic, payload);
    const looked = client.subscribeAsync('up/nobody').catch(() => undefined);
    await Promise.race([closed, looked]);
  }

  beforeEach(() => {
    watcher = undefined as unknown as ChildProcess;
  });
  afterEach(async () => {
    stopWatching();
    for (const client of clients.splice(0)) await client.endAsync(true);
    await broker?.kill();
    if (pod) removeFolder(pod.folder);
  });

  /** What the bridge receives of what a client publishes. */
  async function listen(): Promise<{ topics: string[]; bridge: MqttClient }> {
    const bridge = await connect({ username: 'mkb-bridge', password: 'made-up-1', clientId: 'bridge' });
    const topics: string[] = [];
    bridge.on('message', topic => topics.push(topic));
    await bridge.subscribeAsync('#', { qos: 1 });
    return { topics, bridge };
  }

  // A device that was added restarted the broker, and cut the connections of all others.
  test(`lets ${many} new users in at once while the connection of another is never cut`, async () => {
    await start({ first: own });
    watch();
    const device = await connect(as('first'));
    let cuts = 0;
    device.on('close', () => cuts++);
    const { topics } = await listen();
    const names = Array.from({ length: many }, (_, n) => `device-${n}`);
    mount({ first: own, ...Object.fromEntries(names.map(name => [name, own])) });
    let published = 0;
    await until(
      'the last of them to be let in',
      async () => {
        await device.publishAsync(`up/first/${published++}`, '', { qos: 1 });
        for (const name of [names[0]!, names[many / 2]!, names.at(-1)!]) if (!(await letsIn(as(name)))) return false;
        return true;
      },
      { timeoutMs: 250_000 },
    );
    expect(cuts).toBe(0);
    await until('what the device has sent', () => topics.length === published);
    expect(await letsIn({ ...as('device-7'), password: 'another' })).toBe(false);
  }, 280_000);

  // What could not be published was Ready.
  test('refuses a user that the container could not bring it', async () => {
    await start({});
    const device = { host: '127.0.0.1', port, tls: false, username: 'd', password: passwordOf('d') };
    watch();
    const file = pod.path('/run/mkb/manager/mosquitto_pub');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, right.replace(/-P .*/, '-P wrong'));
    mount({ d: own });
    await until('a complaint', () => said.includes('did not take the changed users'));
    expect(await logIn(device)).toBe('refused');
    writeFileSync(file, right);
    await until('a login', async () => (await logIn(device)) === 'let-in');
    mount({});
    await until('its end', async () => (await logIn(device)) === 'refused');
  });

  test('gives a user its own topics, in order, and none of another', async () => {
    await start({ one: own, two: own });
    const { topics, bridge } = await listen();
    const one = await connect(as('one'));
    const received: string[] = [];
    one.on('message', topic => received.push(topic));
    await one.subscribeAsync('down/one/#', { qos: 1 });
    await one.publishAsync('up/one/a', '', { qos: 1 });
    await tries(as('one'), 'up/two/a');
    await tries(as('one'), '$CONTROL/dynamic-security/v1', deleteCommand('two'));
    await one.publishAsync('up/one/b', '', { qos: 1 });
    for (const topic of ['down/one/secret/a', 'down/two/a', 'down/one/last'])
      await bridge.publishAsync(topic, '', { qos: 1 });
    await until('the last message', () => received.includes('down/one/last'));
    expect(received).toEqual(['down/one/last']);
    expect(topics.filter(topic => topic.startsWith('up/'))).toEqual(['up/one/a', 'up/one/b']);
    expect(await letsIn(as('two'))).toBe(true);
  });

  test('ends the connection of a user that was removed, and refuses it', async () => {
    await start({ stays: own, goes: own });
    watch();
    const [stays, goes] = [await connect(as('stays')), await connect(as('goes'))];
    mount({ stays: own });
    await until('the end of its connection', () => !goes.connected);
    expect(await letsIn(as('goes'))).toBe(false);
    expect(stays.connected).toBe(true);
  });

  test('heeds a list of topics that was changed', async () => {
    await start({ one: own });
    watch();
    const { topics } = await listen();
    const changed = [{ topic: 'other/#', action: 'publish', permission: 'allow' }] as const;
    mount({ one: changed });
    await until('the new list', async () => {
      await tries(as('one'), 'other/a');
      return topics.includes('other/a');
    });
    await tries(as('one'), 'up/one/a');
    await tries(as('one'), 'other/b');
    await until('the allowed message', () => topics.includes('other/b'));
    expect(topics).not.toContain('up/one/a');
  });

  // SIGHUP, Mosquitto's own way, drops what comes for a session that waits for its client since before the last start.
  test('loses nothing for sessions that wait while the broker is restarted and users change', async () => {
    await start({ away: own });
    watch();
    const sessions = { bridge: { username: 'mkb-bridge', password: 'made-up-1' }, away: as('away') };
    for (const [clientId, options] of Object.entries(sessions)) {
      const client = await connect({ ...options, clientId, clean: false });
      await client.subscribeAsync(clientId === 'away' ? 'down/away/#' : '#', { qos: 1 });
      await client.endAsync();
    }
    await broker.stop();
    await launch();
    mount({ away: own, other: everyTopic });
    await until('the other user', () => letsIn(as('other')));
    const publisher = await connect(as('other'));
    for (let n = 0; n < 50; n++) await publisher.publishAsync(`down/away/${n}`, '', { qos: 1 });
    for (const [clientId, options] of Object.entries(sessions)) {
      const received = new Set<string>();
      const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { ...options, clientId, clean: false });
      clients.push(client);
      client.on('message', topic => received.add(topic));
      await until(`all that waits for ${clientId}`, () => received.size === 50);
    }
  });

  test('starts with all its users, and goes on from there', async () => {
    await start({ one: own, two: everyTopic });
    watch();
    expect(await letsIn(as('one'))).toBe(true);
    expect(await letsIn(as('two'))).toBe(true);
    mount({ two: everyTopic, three: own });
    await until('the third', () => letsIn(as('three')));
    await until('the end of the first', async () => !(await letsIn(as('one'))));
    await broker.kill();
    await launch();
    expect(await letsIn(as('three'))).toBe(true);
    expect(await letsIn(as('one'))).toBe(false);
  });

  // A container's first process hears no SIGTERM unless it asks for it: each roll of a broker waited for the Pod's whole grace period.
  test('ends at once when the Pod ends, also while it waits for a broker', async () => {
    await start({ one: own });
    watch();
    mount({ one: own, two: own });
    await until('the second user', () => letsIn(as('two')));
    broker.pause();
    mount({ one: own });
    await until('a change under way', () =>
      readFileSync(pod.path('/run/mkb/dynamic/changes'), 'utf8').includes('deleteClient'),
    );
    watcher.kill('SIGTERM');
    expect(await once(watcher, 'exit')).toEqual([0, null]);
    broker.resume();
  });

  test('takes users that it did not take while it was down', async () => {
    await start({ one: own });
    await broker.kill();
    watch();
    mount({ one: own, two: own });
    await until('a complaint', () => said.includes('it is retried'));
    await launch();
    await until('the second user', () => letsIn(as('two')));
  });

  test('lets a user without a list use what `access` lets every client use', async () => {
    await start({ plain: [] }, { access: { publish: ['up/${username}/#'], subscribe: ['all/#'] } });
    const { topics, bridge } = await listen();
    const plain = await connect(as('plain'));
    const received: string[] = [];
    plain.on('message', topic => received.push(topic));
    await plain.subscribeAsync('all/#', { qos: 1 });
    await tries(as('plain'), 'up/other/a');
    await plain.publishAsync('up/plain/a', '', { qos: 1 });
    await bridge.publishAsync('all/a', '', { qos: 1 });
    await until('its message', () => topics.includes('up/plain/a') && received.length > 0);
    expect(topics).not.toContain('up/other/a');
  });

  test('leaves those of its document as they were, named or not', async () => {
    const users = [{ username: 'lorry 7', password: { value: 'from the document' } }];
    await start({ one: own }, { users, anonymous: true });
    const { topics } = await listen();
    for (const options of [{ username: 'lorry 7', password: 'from the document' }, {}]) {
      const client = await connect(options);
      await client.publishAsync(`any/${topics.length}`, '', { qos: 1 });
      await tries(options, '$CONTROL/dynamic-security/v1', deleteCommand('one'));
    }
    await until('both', () => topics.includes('any/0') && topics.length === 2);
    expect(await letsIn(as('one'))).toBe(true);
  });
});
