import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { whyNoContainers } from '../real/containers.ts';
import { until } from '../real/until.ts';
import { mkb, mkbFile, startMkb } from './mkb-process.ts';

let folder: string;
let broker: EmbeddedMqtt;
let kafka: EmbeddedKafka;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-run-'));
  broker = await startEmbeddedMqtt();
  kafka = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 1 }], autoCreateTopics: false });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all([broker.stop(), kafka.stop(), rm(folder, { recursive: true })]);
});

interface Changes {
  mqtt?: Record<string, unknown>;
  kafka?: Record<string, unknown>;
  topic?: string;
  sql?: string;
  delivery?: Record<string, unknown>;
}

/** Writes a document that moves `<name>/<vin>` to the topic `cars`, keyed by vin. */
const write = async (name: string, changes: Changes = {}): Promise<string> => {
  const sink = { kafka: { topic: changes.topic ?? 'cars', key: '${vin}' } };
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1', ...changes.mqtt },
      kafka: { bootstrapServers: [kafka.bootstrap], ...changes.kafka },
      rules: [{ name: 'all', sql: changes.sql ?? `SELECT payload FROM "${name}/{vin}"`, sinks: [sink] }],
      ...(changes.delivery && { delivery: changes.delivery }),
    },
  };
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(document));
  return file;
};

interface Running {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly exit: Promise<number | null>;
}

const start = (...args: string[]): Running => startIn({}, ...args);

const startIn = (env: NodeJS.ProcessEnv, ...args: string[]): Running => {
  const child = startMkb(['run', '--http', '127.0.0.1:0', ...args], env);
  children.push(child);
  const running: Running = {
    child,
    stdout: '',
    stderr: '',
    exit: new Promise(resolve => child.once('close', resolve)),
  };
  child.stdout!.on('data', chunk => {
    running.stdout += chunk;
  });
  child.stderr!.on('data', chunk => {
    running.stderr += chunk;
  });
  return running;
};

const ready = (running: Running): Promise<string> =>
  until('the ready line', () => /^Ready: .* \((http:.*)\)\n$/.exec(running.stdout)?.[1]);

const publish = async (topic: string, ...payloads: string[]): Promise<void> => {
  const client = await mqtt.connectAsync(broker.url);
  for (const payload of payloads) await client.publishAsync(topic, payload, { qos: 1 });
  await client.endAsync();
};

describe('a bridge that runs', () => {
  it('says so in one line, moves messages, and ends with 0 when asked to stop', async () => {
    const running = start(await write('cars'));
    await ready(running);
    expect(running.stdout).toMatch(/^Ready: cars \(http:\/\/127\.0\.0\.1:\d+\)\n$/);
    await publish('cars/7', '{"speed":50}');
    const [record] = await until('the record', () =>
      kafka.records('cars').length > 0 ? kafka.records('cars') : undefined,
    );
    expect([String(record!.key), String(record!.value)]).toEqual(['7', '{"speed":50}']);
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    expect(running.stderr).toContain('"unacknowledged":0');
  });

  it('serves the metrics of every document in one place, and ends with 0 on Ctrl-C', async () => {
    const running = start(await write('cars'), await write('bikes'));
    const url = await ready(running);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('mkb_mqtt_connected{bridge="cars"} 1');
    expect(metrics).toContain('mkb_mqtt_connected{bridge="bikes"} 1');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    running.child.kill('SIGINT');
    expect(await running.exit).toBe(0);
  });
});

describe('what a person sees', () => {
  const terminal = {
    NODE_OPTIONS: `--import=${new URL('./fake-terminal.ts', import.meta.url).href}`,
    TERM: 'xterm-256color',
    // Node takes a terminal of a CI that it does not know for one without colours.
    CI: undefined,
  };
  const speeds = { sql: 'SELECT payload.speed AS speed FROM "cars/{vin}"' };

  /** What a live line begins with: it takes the place of the one before. */
  const rewritten = '\r\x1b[K';

  /** Runs on a terminal until one message is delivered and three are dropped, and returns all of stderr. */
  const seen = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const running = startIn({ ...terminal, ...env }, await write('cars', speeds));
    await ready(running);
    await publish('cars/7', 'no json', '{"speed":50}', 'nor this', 'nor that');
    await until('the live line with all of them', () => /4 in {3}1 delivered.*3 dropped/.test(running.stderr));
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    return running.stderr.replaceAll(rewritten, '\n');
  };

  // On a terminal there were lines of JSON, 500 characters each, and no sign of whether anything moved.
  it('is a line an event, a live line of rates, and what became of all messages', async () => {
    const stderr = await seen({ NO_COLOR: '1', FORCE_COLOR: undefined });
    expect(stderr).not.toContain('{"level"');
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d info {2}cars: MQTT is connected /m);
    expect(stderr).toMatch(/^ {2}4 in {3}1 delivered {3}\d/m);
    expect(stderr).toMatch(
      /^cars: 4 received = 1 delivered \+ 0 dead-lettered \+ 3 dropped \(3 rule_failed\) \+ 0 in flight; p50 /m,
    );
    // NO_COLOR: no colour, and the cursor moves all the same.
    expect(stderr).not.toContain('\x1b[');
  });

  // Each dropped message was a fault of a rule somewhere: of which topic, and what to do, nobody could see.
  it('is a drop once for each rule and reason, with topic and next step, in colours', async () => {
    const stderr = await seen({ NO_COLOR: undefined, FORCE_COLOR: undefined });
    const drops = stderr.split('\n').filter(line => line.includes('cars/all (cars/7): '));
    // After ten seconds there is another, with how many there were since.
    expect(drops.filter(line => !line.includes(' times since)'))).toEqual([
      expect.stringContaining('payload-not-json'),
    ]);
    expect(stderr).toContain('delivery.onFailure.deadLetter');
    expect(stderr).toContain('\x1b[31merror\x1b[39m');
  });

  it('is what a program gets, with --log-format json; and text for a program that asks for it', async () => {
    const json = startIn(terminal, await write('cars'), '--log-format', 'json');
    await ready(json);
    json.child.kill('SIGTERM');
    await json.exit;
    const text = startIn({}, await write('cars'), '--log-format', 'text');
    await ready(text);
    text.child.kill('SIGTERM');
    await text.exit;
    for (const line of json.stderr.trim().split('\n')) JSON.parse(line);
    expect(text.stderr).toMatch(/^\d\d:\d\d:\d\d info {2}cars: MQTT is connected /m);
    expect(text.stderr).toMatch(/^cars: 0 received = /m);
    expect(text.stderr).not.toContain('\x1b');
  });
});

// A terminal that was closed killed the bridge while messages were on their way.
it.skipIf(spawnSync('script', ['--version']).error)(
  'a terminal that is closed ends it, with what was read delivered',
  async () => {
    const answered = Promise.withResolvers<void>();
    const slow = kafka.faults.add({ api: 'Produce', until: answered.promise });
    const file = await write('cars');
    const pidFile = path.join(folder, 'pid');
    const command = `echo $$ > ${pidFile}; exec ${process.execPath} ${mkbFile} run --http 127.0.0.1:0 ${file}`;
    // The output of a terminal goes to whoever holds it: this process, by way of `script`.
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(terminal);
    let shown = '';
    terminal.stdout.on('data', chunk => {
      shown += String(chunk);
    });
    const url = await until('the bridge to be ready', () => /Ready: .*\((http:[^)]+)\)/.exec(shown)?.[1]);
    await publish('cars/7', 'x');
    await slow.met();
    terminal.kill('SIGKILL');
    await until('the stop', async () => (await (await fetch(`${url}/readyz`)).text()).includes('it is stopping'));
    answered.resolve();
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await until('the process to end', () => !existsSync(`/proc/${pid}`));
    expect(kafka.records('cars')).toHaveLength(1);
  },
);

describe('a bridge that waits for its brokers', () => {
  it('ends with 0 when asked to stop, and was never ready', async () => {
    const running = start(await write('cars', { kafka: { bootstrapServers: ['127.0.0.1:1'] } }));
    await until('the first attempt', () => running.stderr.includes('"kafka-unreachable"'));
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    expect(running.stdout).toBe('');
  });
});

// Where nobody listens to a signal, the system keeps it from process 1: a pod that was deleted while it started was killed after its grace period.
it.skipIf(whyNoContainers() !== undefined)('ends while it starts, as process 1 of a container too', async () => {
  const inContainer = ['--pid', '--fork', '--kill-child', process.execPath, mkbFile, 'run', '-'];
  const child = spawn('unshare', inContainer, { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  // Its document never comes. Signals before its first line of code are nobody's.
  await until('it to end', () => {
    if (child.exitCode !== null) return true;
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    if (pid) process.kill(Number(pid), 'SIGTERM');
    return false;
  });
  expect(child.exitCode).toBe(143);
});

it('a second signal ends it at once, although messages are on their way', async () => {
  kafka.faults.add({ api: 'Produce', delayMs: 20_000 });
  const running = start(await write('cars'));
  const url = await ready(running);
  await publish('cars/7', 'x');
  const inFlight = async () =>
    (await (await fetch(`${url}/metrics`)).text()).includes('mkb_messages_in_flight{bridge="cars",source="mqtt"} 1');
  await until('the message in flight', inFlight);
  running.child.kill('SIGTERM');
  await until('the stop', async () => (await (await fetch(`${url}/readyz`)).text()).includes('it is stopping'));
  running.child.kill('SIGTERM');
  expect(await running.exit).toBe(143);
});

describe('what cannot run', () => {
  it('ends with 1 and the remedy of an error that no retry fixes', async () => {
    const running = start(await write('cars', { topic: 'no-such-topic' }));
    expect(await running.exit).toBe(1);
    expect(running.stdout).toBe('');
    expect(running.stderr).toContain(
      'error: The Kafka topic no-such-topic does not exist. [kafka-unknown-topic]\n  remedy: ',
    );
  });

  it('ends with 78 and every problem when a document is not valid', async () => {
    const file = await write('Cars', { kafka: { producer: { acks: 'some' } } });
    const { code, stdout, stderr } = await mkb(['run', file]);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('at metadata.name');
    expect(stderr).toContain('at spec.kafka.producer.acks');
  });

  it('ends with 78 and names the source when a secret cannot be read', async () => {
    const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
    const file = await write('cars', { mqtt: { auth: { username: 'me', password } } });
    const { code, stderr } = await mkb(['run', file, '--secrets-dir', path.join(folder, 'none')]);
    expect(code).toBe(78);
    expect(stderr).toContain('The secret from secretKeyRef mqtt/password cannot be read');
    expect(stderr).toContain('[secret-unreadable]');
  });

  it('ends although another bridge could have run', async () => {
    const auth = { username: 'me', password: { valueFrom: { env: 'MKB_TEST_NOT_SET' } } };
    const { code, stdout } = await mkb(['run', await write('cars'), await write('bikes', { mqtt: { auth } })]);
    expect([code, stdout]).toEqual([78, '']);
  });

  it('ends with 1 when its HTTP address is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await until('the server', () => server.listening);
    const { port } = server.address() as { port: number };
    const { code, stderr } = await mkb(['run', await write('cars'), '--http', `127.0.0.1:${port}`]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain('[listen-failed]');
  });

  it.each([
    [['--http', '9400'], 'Write HOST:PORT, such as 127.0.0.1:9400.'],
    [['--http', 'a:99999'], 'Write HOST:PORT, such as 127.0.0.1:9400.'],
    [['--log-level', 'loud'], 'Allowed choices are trace, debug, info'],
    [['--ordinal', '-1'], 'Write a whole number from 0.'],
  ])('ends with 2 for %j', async (options, message) => {
    const { code, stderr } = await mkb(['run', 'x.yaml', ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
