/** A managed Mosquitto with MqttUsers: what the containers of its Pod would run, run here, for the tests of a suite. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect } from 'vitest';
import type { UserAcl } from '../../../../api/mqtt-user.ts';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { userLine } from '../../../../operator/resources/broker/user-lines.ts';
import { documentSecret } from '../../../../operator/resources/document-secrets.ts';
import { type Certificates, makeCertificates } from '../../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { program } from '../../../real/install.ts';
import { freePorts } from '../../../real/ports.ts';
import { ServerProcess } from '../../../real/server-process.ts';
import { until } from '../../../real/until.ts';
import { objectOf } from '../../support/pipelines.ts';
import { MountedPod } from './mounts.ts';
import { type AnyObject, pipelineWith } from './support.ts';

export type Users = Readonly<Record<string, readonly UserAcl[]>>;

/** The name of a Secret with the certificate of the broker, for `tls` of its document. */
export const tlsSecret = 'cars-tls';

/** What a device may: its own topics, and nobody else's. */
export const own = [
  { topic: 'up/${username}/#', action: 'publish', permission: 'allow' },
  { topic: 'down/${username}/secret/#', action: 'subscribe', permission: 'deny' },
  { topic: 'down/${username}/#', action: 'subscribe', permission: 'allow' },
] as const;

export const passwordOf = (username: string) => `"${username}" \\ pässwort`;
/** As the Secret of users has them. */
const linesOf = (users: Users): string =>
  Object.entries(users)
    .map(([username, acls]) => `${userLine({ username, password: passwordOf(username), acls }, 'key')}\n`)
    .sort()
    .join('');

export const as = (username: string): IClientOptions => ({
  username,
  password: passwordOf(username),
  clientId: username,
});

/** The command by which a user is removed. */
export const deleteCommand = (username: string) => `{"commands":[{"command":"deleteClient","username":"${username}"}]}`;

/** Call it first in a suite; `start` begins each test. */
export function mosquittoWithUsers() {
  let pod: MountedPod;
  let broker: ServerProcess;
  let watcher: ChildProcess;
  let said: string;
  let port: number;
  let tlsPort: number;
  let certificates: Certificates;
  const clients: MqttClient[] = [];

  async function start(users: Users, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    [port, tlsPort] = (await freePorts(2)) as [number, number];
    const folder = temporaryFolder('mosquitto-users');
    certificates = makeCertificates(folder);
    const pipeline = pipelineWith({ kind: 'mosquitto', ...more });
    const secrets = documentSecret(pipeline);
    const objects = [...secrets, ...brokerObjects(pipeline, secrets)] as AnyObject[];
    pod = new MountedPod(folder, objects, objectOf(objects, 'StatefulSet'), {
      'cars-broker-users': { users: linesOf(users) },
      [tlsSecret]: {
        'tls.crt': readFileSync(certificates.serverCertFile, 'utf8'),
        'tls.key': readFileSync(certificates.serverKeyFile, 'utf8'),
      },
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
      .replace('listener 8883', `listener ${tlsPort} 127.0.0.1`)
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

  return {
    ...{ start, launch, watch, mount, connect, letsIn, tries, listen, clients },
    get pod() {
      return pod;
    },
    get broker() {
      return broker;
    },
    get watcher() {
      return watcher;
    },
    /** What the container that brings users to the broker has complained of. */
    get said() {
      return said;
    },
    get port() {
      return port;
    },
    get tlsPort() {
      return tlsPort;
    },
    get certificates() {
      return certificates;
    },
  };
}
