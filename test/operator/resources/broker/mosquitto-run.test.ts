/** What the Pod of a managed Mosquitto would run, run here: its first container, its broker, and its probes. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { documentSecret } from '../../../../operator/resources/document-secrets.ts';
import { type Certificates, makeCertificates } from '../../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { program } from '../../../real/install.ts';
import { freePorts } from '../../../real/ports.ts';
import { describeReal } from '../../../real/require.ts';
import { ServerProcess } from '../../../real/server-process.ts';
import { until } from '../../../real/until.ts';
import { objectOf } from '../../support/pipelines.ts';
import { MountedPod, type PeoplesSecrets } from './mounts.ts';
import { type AnyObject, pipelineWith } from './support.ts';

/** Names and passwords that a shell, a password file or a YAML parser might take for something else. */
const awkward = [
  ['$(touch harm)`touch harm`', '$(touch harm)'],
  [`it's "a" user; touch harm`, `'"; touch harm #`],
  ['-b', '-x'],
  ['back\\slash\\n%s', '\\n%s:$7$101$'],
  ['grüße 🚚', 'pässwort 🚚'],
  ['*', '  both ends  '],
] as const;

const peoples: PeoplesSecrets = { lorries: { seven: 'from-a-secret\n' } };

function render(broker: Readonly<Record<string, unknown>>): AnyObject[] {
  const pipeline = pipelineWith({ kind: 'mosquitto', ...broker });
  const secrets = documentSecret(pipeline);
  return [...secrets, ...brokerObjects(pipeline, secrets)] as AnyObject[];
}

const mount = (folder: string, broker: Readonly<Record<string, unknown>>, secrets: PeoplesSecrets) => {
  const objects = render(broker);
  return new MountedPod(folder, objects, objectOf(objects, 'StatefulSet'), secrets);
};

function makePasswords(pod: MountedPod, env: NodeJS.ProcessEnv = {}) {
  const [command, ...args] = pod.command('passwords');
  return spawnSync(command, args, { cwd: pod.folder, env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' });
}

describeReal('mosquitto', 'openssl')('a managed Mosquitto', () => {
  let pod: MountedPod;
  let broker: ServerProcess;
  let ports: number[];
  let certificates: Certificates;

  beforeAll(async () => {
    ports = await freePorts(2);
    const folder = temporaryFolder('managed-mosquitto');
    certificates = makeCertificates(folder);
    const tls = {
      'tls.crt': readFileSync(certificates.serverCertFile, 'utf8'),
      'tls.key': readFileSync(certificates.serverKeyFile, 'utf8'),
    };
    const vault = join(folder, 'vault password');
    writeFileSync(vault, 'from-a-file');
    const users = [
      ...awkward.map(([username, value]) => ({ username, password: { value } })),
      { username: 'lorry', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } },
      { username: 'van', password: { valueFrom: { env: 'VAN_PASSWORD' } } },
      { username: 'bike', password: { valueFrom: { file: vault } } },
    ];
    pod = mount(folder, { users, tls: { secretName: 'cars-tls' } }, { ...peoples, 'cars-tls': tls });
    const made = makePasswords(pod, { VAN_PASSWORD: 'from-the-environment' });
    expect(made).toMatchObject({ status: 0, stdout: '', stderr: expect.not.stringContaining('rror') });
    broker = new ServerProcess({
      name: 'Mosquitto',
      command: program('mosquitto')!,
      args: ['-c', configHere(pod, ports)],
      logFile: join(folder, 'log'),
    });
    await broker.launch();
    await until('the startup probe to pass', () => probe('startupProbe')).catch(error => {
      throw new Error(broker.log(), { cause: error });
    });
  });
  afterAll(async () => {
    await broker?.kill();
    if (pod) removeFolder(pod.folder);
  });

  function probe(name: string): boolean {
    const { env, [name]: asked } = objectOf(render({}), 'StatefulSet').spec.template.spec.containers[0];
    const options = pod.path('/run/mkb/probe/mosquitto_sub');
    writeFileSync(options, readFileSync(options, 'utf8').replace('-p 1883', `-p ${ports[0]}`));
    const here = Object.fromEntries(
      env.map((each: { name: string; value: string }) => [each.name, pod.translate(each.value)]),
    );
    const [command, ...args] = asked.exec.command;
    return spawnSync(command, args, { env: { PATH: process.env.PATH, ...here } }).status === 0;
  }

  /** Whether the broker lets this client in. */
  async function letsIn(options: IClientOptions): Promise<boolean> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${ports[0]}`, { reconnectPeriod: 0, ...options });
    const connected = new Promise<boolean>((resolve, reject) => {
      client.once('connect', () => resolve(true));
      client.once('error', error => ('code' in error && error.code === 5 ? resolve(false) : reject(error)));
    });
    return connected.finally(() => client.endAsync(true));
  }

  test.each(awkward)('lets in %s with its password, and harms nothing by its name', async (username, password) => {
    expect(await letsIn({ username, password })).toBe(true);
    expect(await letsIn({ username, password: `${password}!` })).toBe(false);
    expect(() => statSync(join(pod.folder, 'harm'))).toThrow('ENOENT');
  });

  test.each([
    ['the bridge', 'mkb-bridge', 'made-up-1'],
    ['the exporter', 'mkb-exporter', 'made-up-2'],
    ['whose password is in a Secret', 'lorry', 'from-a-secret'],
    ['whose password is in the environment', 'van', 'from-the-environment'],
    ['whose password is in a file', 'bike', 'from-a-file'],
  ])('lets in %s', async (_, username, password) => {
    expect(await letsIn({ username, password })).toBe(true);
  });

  test.each([
    ['without a name', {}],
    ['whom nobody listed', { username: 'stranger', password: 'made-up-1' }],
    ["with another's password", { username: 'lorry', password: 'from-a-file' }],
    ['without a password', { username: 'lorry' }],
  ])('refuses a client %s', async (_, options) => {
    expect(await letsIn(options)).toBe(false);
  });

  test('serves TLS with its certificate', async () => {
    const url = `mqtts://127.0.0.1:${ports[1]}`;
    const client = await mqtt.connectAsync(url, { username: 'lorry', password: 'from-a-secret', ca: certificates.ca });
    expect(client.connected).toBe(true);
    await client.endAsync();
  });

  test('keeps no password in plain text in the file that it makes', () => {
    const file = pod.path('/run/mkb/made/users');
    const text = readFileSync(file, 'utf8');
    expect(text.split('\n')).toHaveLength(awkward.length + 7);
    expect(text).not.toMatch(/made-up|from-a|pässwort/);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  test('has probes that fail while it is frozen', () => {
    expect(probe('livenessProbe')).toBe(true);
    broker.pause();
    try {
      expect(probe('livenessProbe')).toBe(false);
    } finally {
      broker.resume();
    }
  });

  /** Waits until everything has been saved that is there now. */
  async function saved(): Promise<void> {
    const file = pod.path('/mosquitto/data/mosquitto.db');
    const savedAt = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const now = Date.now();
    await until('Mosquitto to save', () => savedAt() > now);
  }

  test.each([
    ['SIGTERM', () => broker.stop()],
    ['SIGKILL, once it has been saved', () => saved().then(() => broker.kill())],
  ])('keeps what waits for a client over %s', async (_, end) => {
    const options = { username: 'lorry', password: 'from-a-secret', clean: false, clientId: 'away' };
    const url = `mqtt://127.0.0.1:${ports[0]}`;
    const away = await mqtt.connectAsync(url, options);
    await away.subscribeAsync('cars/#', { qos: 1 });
    await away.endAsync();
    const publisher = await mqtt.connectAsync(url, { username: 'mkb-bridge', password: 'made-up-1' });
    // More than Mosquitto would keep by itself.
    await Promise.all(Array.from({ length: 1500 }, (_, n) => publisher.publishAsync('cars/a', `${n}`, { qos: 1 })));
    await publisher.endAsync();
    await end();
    await broker.launch();
    await until('Mosquitto to answer again', () => probe('readinessProbe'));

    const received = new Set<string>();
    const back = mqtt.connect(url, options);
    back.on('message', (_, payload) => received.add(`${payload}`));
    await until('all messages', () => received.size === 1500);
    await back.endAsync();
  });
});

describeReal('mosquitto')('the first container of a managed Mosquitto', () => {
  test.each([
    ['is empty', { value: '\n' }, 'from file '],
    ['has two lines', { value: 'a\nb' }, 'from file '],
    ['has a control character', { value: 'a\tb' }, 'from file '],
    ['is in a variable that is not there', { valueFrom: { env: 'NOWHERE' } }, 'from env NOWHERE'],
  ])('ends with an error that names the user when a password %s', (_, password, place) => {
    const folder = temporaryFolder('managed-mosquitto');
    const pod = mount(folder, { users: [{ username: 'lorry', password }] }, {});
    const { status, stderr } = makePasswords(pod);
    expect(status).toBe(1);
    expect(stderr).toContain('The password of the user lorry');
    expect(stderr).toContain(place);
    removeFolder(folder);
  });
});

/** The configuration, with this machine's ports and user: started by root, it would become one who may read nothing here. */
function configHere(pod: MountedPod, [plain, tls]: readonly number[]): string {
  const file = join(pod.folder, 'mosquitto.conf');
  const here = readFileSync(pod.path('/etc/mkb/mosquitto.conf'), 'utf8')
    .replace('listener 1883', `listener ${plain} 127.0.0.1`)
    .replace('listener 8883', `listener ${tls} 127.0.0.1`);
  writeFileSync(file, `user ${userInfo().username}\n${here}`);
  return file;
}
