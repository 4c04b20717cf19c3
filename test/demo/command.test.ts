import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { mkb, startMkb } from '../cli/mkb-process.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { CommandLine } from './embedded/command-line.ts';

const anyPorts = ['--mqtt-port', '0', '--kafka-port', '0', '--metrics-port', '0', '--http-port', '0'];

interface Running {
  readonly child: ChildProcess;
  readonly closed: Promise<number | null>;
  /** Everything on stdout and stderr so far. */
  text(): string;
}

const running: Running[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const { child, closed } of running.splice(0)) {
    child.kill('SIGKILL');
    await closed;
  }
  for (const server of servers.splice(0)) server.close();
});

/** Starts the demo, and waits until it says that it is ready. */
const startDemo = async (...args: readonly string[]): Promise<Running> => {
  const child = startMkb(['demo', ...args]);
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', chunk => (text += chunk));
  const closed = new Promise<number | null>(resolve => child.once('close', resolve));
  const started = { child, closed, text: () => text };
  running.push(started);
  await until('the demo to be ready', () => text.includes('Ready in'));
  return started;
};

/** Takes a port of this machine, 0 for any, and gives it back. */
const takePort = async (port: number): Promise<number> => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as { port: number }).port;
};

const portOf = (text: string, where: RegExp): number => Number(where.exec(text)![1]);
const kafkaOf = (text: string): string => `127.0.0.1:${portOf(text, /localhost:(\d+) +embedded; topic/)}`;

/** The numbers of the summary. */
const summaryOf = (text: string): Record<string, number> =>
  Object.fromEntries(
    [...text.matchAll(/(published|acknowledged|delivered|in Kafka) (\d+)/g)].map(([, name, n]) => [name, Number(n)]),
  );

describe('mkb demo', () => {
  test('ends after --duration with exit code 0, and all that was published is in Kafka', async () => {
    const { code, stdout, stderr } = await mkb(['demo', '--duration', '5s', '--no-page', ...anyPorts]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { published, ...others } = summaryOf(stdout.slice(stdout.indexOf('Ran ')));
    expect(published).toBeGreaterThan(0);
    expect(others).toEqual({ acknowledged: published, delivered: published, 'in Kafka': published });
    expect(stdout).toContain('None lost.');
    expect(stdout).not.toContain('Page');
  });

  test('--listen lets the vehicles connect to the bridge itself, and loses nothing either', async () => {
    const { code, stdout, stderr } = await mkb(['demo', '--listen', '--duration', '5s', '--no-page', ...anyPorts]);
    expect([code, stderr]).toEqual([0, '']);
    const { published, ...others } = summaryOf(stdout.slice(stdout.indexOf('Ran ')));
    expect(published).toBeGreaterThan(0);
    expect(others).toEqual({ acknowledged: published, delivered: published, 'in Kafka': published });
    expect(stdout).toContain('no broker');
  });

  test('is ready after less than five seconds of work', async () => {
    const { child, text } = await startDemo(...anyPorts);
    expect(text()).toMatch(/Ready in [\d.]+ s/);
    // Of its own: what a busy machine makes it wait for others is not the demo's.
    const used = execFileSync('ps', ['-o', 'time=', '-p', `${child.pid}`], { encoding: 'utf8' }).trim();
    const seconds = used.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0);
    expect(seconds).toBeLessThan(5);
  });

  test('lets a consumer from outside read the records of ten vehicles from the beginning', async () => {
    const { text } = await startDemo('--no-page', ...anyPorts);
    const kafka = new Kafka({ brokers: [kafkaOf(text())], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: 'a look from outside' });
    const keys = new Map<string, Set<number>>();
    await consumer.connect();
    await consumer.subscribe({ topic: 'my-vehicles', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const key = String(message.key);
        keys.set(key, (keys.get(key) ?? new Set()).add(partition));
      },
    });
    await until('ten keys', () => keys.size === 10);
    await consumer.disconnect();
    for (const partitions of keys.values()) expect(partitions.size).toBe(1);
  });

  test('stops in order at Ctrl-C: the vehicles first, and nothing is lost', async () => {
    const { child, closed, text } = await startDemo('--interval', '10ms', ...anyPorts);
    child.kill('SIGINT');
    expect(await closed).toBe(0);
    expect(text()).toMatch(/published (\d+) = acknowledged \1 = delivered \1 = in Kafka \1\.\nNone lost\./);
  });

  test('loses nothing of two thousand messages a second', async () => {
    const args = ['--vehicles', '200', '--interval', '100ms', '--duration', '4s', '--no-page', ...anyPorts];
    const { code, stdout } = await mkb(['demo', ...args]);
    const { published } = summaryOf(stdout.slice(stdout.indexOf('Ran ')));
    expect(stdout).toContain('None lost.');
    expect(published).toBeGreaterThan(1000);
    expect(code).toBe(0);
  });

  test.each([
    '--mqtt-port',
    '--kafka-port',
    '--metrics-port',
    '--http-port',
  ])('names %s when its port was asked for and is taken, on two lines and without a stack', async option => {
    const port = await takePort(0);
    const { code, stderr } = await mkb(['demo', ...anyPorts, option, `${port}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^error: Port ${port} of ${option} cannot be used: another program uses it\\. .*\\n {2}remedy: .*\\n$`,
      ),
    );
  });

  test('moves on from a usual port that is taken, and says so', async () => {
    // Whoever has it, this test or somebody else: it is taken.
    await takePort(1883).catch(() => undefined);
    const others = ['--kafka-port', '0', '--metrics-port', '0', '--no-page'];
    const { text } = await startDemo(...others);
    const [, used] = /Port 1883 was taken, so (\d+) it is; --mqtt-port chooses another\./.exec(text())!;
    expect(text()).toContain(`mqtt://localhost:${used} `);
    expect(text()).toContain(`mosquitto_sub -h 127.0.0.1 -p ${used} `);
  });

  test.each([
    ['--vehicles', '0'],
    ['--vehicles', 'ten'],
    ['--interval', '0s'],
    ['--interval', '5'],
    ['--mqtt-port', '65536'],
    ['--http-port', 'http'],
    ['--duration', 'long'],
  ])('refuses %s %s with exit code 2', async (option, value) => {
    const { code, stderr } = await mkb(['demo', option, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(option);
  });
});

describeReal('mosquitto', 'kcat')('the commands to paste', () => {
  test('of mosquitto_sub and kcat show what passes', async () => {
    const { text } = await startDemo('--no-page', ...anyPorts);
    for (const program of ['mosquitto_sub', 'kcat']) {
      const command = new RegExp(`^ +(${program} .*)$`, 'm').exec(text())![1]!;
      const shell = new CommandLine('sh', ['-c', `exec ${command}`]);
      await until(`a line of ${program}`, () => shell.lines.some(line => /mqttx_.*"vin":/.test(line)));
      await shell.end();
    }
  });
});
