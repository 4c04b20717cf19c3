/** Who may publish what at a managed broker: whether a rule can believe the client id that a topic names. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { program } from '../../../real/install.ts';
import { freePorts } from '../../../real/ports.ts';
import { describeReal } from '../../../real/require.ts';
import { ServerProcess } from '../../../real/server-process.ts';
import { until } from '../../../real/until.ts';
import { objectOf } from '../../support/pipelines.ts';
import { MountedPod } from './mounts.ts';
import { type AnyObject, pipelineWith } from './support.ts';

const access = {
  publish: ['sim/+/${clientid}', 'users/${username}/#', 'open'],
  subscribe: ['commands/${clientid}/#', 'open'],
};
const users = ['lorry', 'van'].map(username => ({ username, password: { value: username } }));
const objectsOf = (broker: object) =>
  brokerObjects(pipelineWith(broker as Readonly<Record<string, unknown>>), []) as AnyObject[];

describeReal('mosquitto')('at a managed Mosquitto', () => {
  let broker: ServerProcess;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    const [port] = await freePorts(1);
    folder = temporaryFolder('managed-access');
    url = `mqtt://127.0.0.1:${port}`;
    const objects = objectsOf({ kind: 'mosquitto', users, access });
    const { data } = objectOf(objects, 'Secret', 'cars-broker-user');
    const pod = new MountedPod(folder, objects, objectOf(objects, 'StatefulSet'), {
      'cars-document': { 'mqtt.broker.users.0.password': 'lorry', 'mqtt.broker.users.1.password': 'van' },
      'cars-broker-user': Object.fromEntries(
        Object.entries(data).map(([key, text]) => [key, Buffer.from(`${text}`, 'base64').toString()]),
      ),
    });
    const [command, ...args] = pod.command('passwords');
    expect(spawnSync(command, args, { cwd: folder, env: { PATH: process.env.PATH }, encoding: 'utf8' })).toMatchObject({
      status: 0,
    });
    const file = join(folder, 'mosquitto.conf');
    const text = readFileSync(pod.path('/etc/mkb/mosquitto.conf'), 'utf8').replace(
      'listener 1883',
      `listener ${port} 127.0.0.1`,
    );
    writeFileSync(file, `user ${userInfo().username}\n${text}`);
    broker = new ServerProcess({
      name: 'Mosquitto',
      command: program('mosquitto')!,
      args: ['-c', file],
      logFile: join(folder, 'log'),
    });
    await broker.launch();
    await until('Mosquitto to answer', async () => {
      const client = await mqtt.connectAsync(url, { username: 'mkb-bridge', password: 'made-up-1' }).catch(() => false);
      return typeof client === 'object' && client.endAsync().then(() => true);
    });
  });
  afterAll(async () => {
    await broker?.kill();
    if (folder) removeFolder(folder);
  });

  const as = (username: string, clientId: string, password = username) =>
    mqtt.connectAsync(url, { username, password, clientId, protocolVersion: 5, reconnectPeriod: 0 });
  const publishes = async (username: string, clientId: string, topic: string, password?: string) => {
    const client = await as(username, clientId, password);
    // Anything but a success is an error of the client.
    const done = client.publishAsync(topic, 'x', { qos: 1 }).then(
      () => true,
      () => false,
    );
    return done.finally(() => client.endAsync(true));
  };

  // A vehicle that had a password could publish as any other one: the key of its records was what it had made up.
  test.each([
    ['lorry', 'lorry-1', 'sim/tesla/lorry-1', true],
    ['lorry', 'lorry-1', 'sim/tesla/van-1', false],
    ['lorry', 'lorry-1', 'sim/lorry-1', false],
    ['lorry', 'lorry-1', 'sim/tesla/lorry-1/more', false],
    ['lorry', 'lorry-1', 'users/lorry/a/b', true],
    ['lorry', 'lorry-1', 'users/van/a', false],
    ['lorry', 'lorry-1', 'open', true],
    ['lorry', 'lorry-1', 'anything', false],
    ['lorry', '+', 'sim/tesla/van-1', false],
    ['lorry', '#', 'sim/tesla/van-1', false],
    ['lorry', '%c', 'sim/tesla/van-1', false],
  ])('%s, connected as %s, may publish to %s: %s', async (username, clientId, topic, may) => {
    expect(await publishes(username, clientId, topic)).toBe(may);
  });

  test('the bridge may publish everything, and the exporter read what the broker says of itself', async () => {
    expect(await publishes('mkb-bridge', 'cars-0', 'commands/lorry-1/stop', 'made-up-1')).toBe(true);
    const exporter = await as('mkb-exporter', 'e', 'made-up-2');
    let heard = false;
    exporter.on('message', () => {
      heard = true;
    });
    await exporter.subscribeAsync('$SYS/broker/version');
    await until('the version', () => heard);
    await exporter.endAsync(true);
  });

  test('a client reads what it may, and nothing else', async () => {
    const lorry = await as('lorry', 'lorry-1');
    const heard: string[] = [];
    lorry.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
    for (const filter of ['commands/#', '#', 'open'])
      await lorry.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    const bridge = await as('mkb-bridge', 'cars-0', 'made-up-1');
    for (const topic of ['commands/van-1/stop', 'sim/tesla/van-1', 'commands/lorry-1/stop', 'open'])
      await bridge.publishAsync(topic, 'last', { qos: 1 });
    await until('the last one', () => heard.includes('open last'));
    expect([...new Set(heard)].sort()).toEqual(['commands/lorry-1/stop last', 'open last']);
    await Promise.all([lorry.endAsync(true), bridge.endAsync(true)]);
  });
});

describe('EMQX', () => {
  const environmentOf = (objects: readonly AnyObject[]) =>
    Object.fromEntries(
      objectOf(objects, 'StatefulSet').spec.template.spec.containers[0].env.map(
        ({ name, value }: { name: string; value: string }) => [name, value],
      ),
    );

  test('gets the same as a list of its own, which refuses names that are wildcards, and everything else', () => {
    const objects = objectsOf({ kind: 'emqx', users, access });
    expect(
      objectOf(objects, 'ConfigMap', 'cars-broker').data['acl.conf'],
    ).toBe(`{allow, {username, "mkb-bridge"}, all, ["#", "$SYS/#"]}.
{allow, {username, "mkb-exporter"}, all, ["#", "$SYS/#"]}.
{deny, {username, {re, "[+#/]"}}, all, ["#", "$SYS/#"]}.
{deny, {clientid, {re, "[+#/]"}}, all, ["#", "$SYS/#"]}.
{allow, all, publish, ["sim/+/\${clientid}", "users/\${username}/#", "open"]}.
{allow, all, subscribe, ["commands/\${clientid}/#", "open"]}.
{deny, all}.
`);
    expect(environmentOf(objects)).toMatchObject({
      EMQX_AUTHORIZATION__NO_MATCH: 'deny',
      EMQX_AUTHORIZATION__SOURCES: '[{"type":"file","enable":true,"path":"/etc/mkb/acl.conf"}]',
    });
    const { volumeMounts } = objectOf(objects, 'StatefulSet').spec.template.spec.containers[0];
    expect(volumeMounts).toContainEqual({ name: 'config', mountPath: '/etc/mkb', readOnly: true });
  });

  test('lets everybody use every topic without it', () => {
    expect(environmentOf(objectsOf({ kind: 'emqx' }))).toMatchObject({ EMQX_AUTHORIZATION__NO_MATCH: 'allow' });
  });
});
