/**
 * Clients that others wrote, against a bridge that they connect to: each subscribes, publishes 30 messages of all QoS, and gets every one of them back,
 * with the QoS and user property that it was published with. Kafka has them, too.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stage, stage } from '../bridge/listen/support/stage.ts';
import { describeReal } from '../real/require.ts';
import { mqttClientsClassPath, pahoPythonFolder, type SystemName } from '../real/systems.ts';
import { until } from '../real/until.ts';

interface ClientCase {
  readonly title: string;
  readonly version: 4 | 5;
  /** Runs it, and returns what it got: topic, payload, QoS and the user property `device` of MQTT 5, a line each. */
  readonly run: (port: number, prefix: string) => Promise<string>;
}

const count = 30;
const execute = promisify(execFile);

const output = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await execute(command, args, { env: { ...process.env, ...env } })).stdout;

const program = (name: string) => join(import.meta.dirname, 'clients', name);

const java = (name: string) => (port: number, prefix: string) =>
  output('java', ['-cp', mqttClientsClassPath()!, program('Clients.java'), name, `${port}`, prefix]);

const python = (version: number) => (port: number, prefix: string) =>
  output('python3', [program('paho_client.py'), `${version}`, `${port}`, prefix], { PYTHONPATH: pahoPythonFolder() });

/** mosquitto_pub for each QoS, and mosquitto_sub. */
const mosquitto = (version: 4 | 5) => async (port: number, prefix: string) => {
  const common = ['-V', version === 5 ? '5' : 'mqttv311', '-p', `${port}`];
  const format = version === 5 ? '%t %p %q %P' : '%t %p %q ';
  const sub = spawn('mosquitto_sub', [
    ...common,
    '-t',
    `${prefix}/#`,
    '-q',
    '2',
    '-C',
    `${count}`,
    '-W',
    '120',
    '-i',
    prefix,
    '-F',
    format,
  ]);
  let text = '';
  sub.stdout.on('data', chunk => {
    text += chunk;
  });
  const { sessions } = current.bridge.listener!.listener.subscribing;
  await until('mosquitto_sub to subscribe', () => sessions.of(prefix)?.subscriptions.size === 1);
  for (let number = 0; number < count; number++) {
    const property = version === 5 ? ['-D', 'publish', 'user-property', 'device', `d${number}`] : [];
    const message = ['-t', `${prefix}/${number}`, '-m', `${number}`, '-q', `${number % 3}`];
    await execute('mosquitto_pub', [...common, ...message, ...property]);
  }
  if (sub.exitCode === null) await once(sub, 'exit');
  // Its user properties are written as name:value.
  return text.replaceAll(' device:', ' ');
};

const mqttjs = (version: 4 | 5) => async (port: number, prefix: string) => {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: version, clientId: prefix });
  const got: string[] = [];
  client.on('message', (topic, payload, { qos, properties }) =>
    got.push(`${topic} ${payload} ${qos} ${properties?.userProperties?.device ?? ''}`),
  );
  await client.subscribeAsync(`${prefix}/#`, { qos: 2 });
  for (let number = 0; number < count; number++) {
    const properties = version === 5 ? { properties: { userProperties: { device: `d${number}` } } } : {};
    await client.publishAsync(`${prefix}/${number}`, `${number}`, { qos: (number % 3) as 0 | 1 | 2, ...properties });
  }
  await until('all messages', () => got.length >= count);
  await client.endAsync();
  return got.join('\n');
};

const cases: Readonly<Partial<Record<SystemName, readonly ClientCase[]>>> = {
  mosquitto: [
    { title: 'mosquitto_pub and mosquitto_sub', version: 4, run: mosquitto(4) },
    { title: 'mosquitto_pub and mosquitto_sub', version: 5, run: mosquitto(5) },
    { title: 'mqtt.js', version: 4, run: mqttjs(4) },
    { title: 'mqtt.js', version: 5, run: mqttjs(5) },
  ],
  'paho-python': [
    { title: 'Paho for Python', version: 4, run: python(4) },
    { title: 'Paho for Python', version: 5, run: python(5) },
  ],
  'mqtt-clients': [
    { title: 'Paho for Java', version: 4, run: java('paho3') },
    { title: 'Paho for Java', version: 5, run: java('paho5') },
    { title: "HiveMQ's client", version: 4, run: java('hivemq3') },
    { title: "HiveMQ's client", version: 5, run: java('hivemq5') },
  ],
};

let current: Stage;

beforeAll(async () => {
  const all = { name: 'all', sql: 'SELECT payload FROM "#"', sinks: [{ kafka: { topic: 'out', key: '${topic}' } }] };
  current = await stage({ clients: { route: true }, rules: [all] });
});

afterAll(() => current[Symbol.asyncDispose]());

for (const [system, clients] of Object.entries(cases))
  describeReal(system as SystemName)(`clients of ${system}`, () => {
    test.each(clients)('$title, MQTT version $version', async ({ title, version, run }) => {
      const prefix = `${title.replaceAll(/[^A-Za-z]/g, '')}${version}`;
      const text = await run(current.port, prefix);
      const expected = Array.from(
        { length: count },
        (_, number) => `${prefix}/${number} ${number} ${number % 3} ${version === 5 ? `d${number}` : ''}`,
      );
      const got = text.split('\n').filter(line => line.startsWith(`${prefix}/`));
      expect(got.toSorted()).toEqual(expected.toSorted());
      const records = () => current.records().filter(({ key }) => key?.startsWith(`${prefix}/`));
      await until('the records', () => records().length >= count);
      expect(records()).toHaveLength(count);
    });
  });
