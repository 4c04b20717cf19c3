import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../real/until.ts';
import { mkbFile } from './mkb-process.ts';

interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly exit: Promise<number | null>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Run => {
  const child = spawn(process.execPath, [mkbFile, 'simulate', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const exit = new Promise<number | null>(resolve => child.once('close', resolve));
  const run: Run = { child, stdout: '', stderr: '', exit };
  child.stdout!.on('data', chunk => {
    run.stdout += chunk;
  });
  child.stderr!.on('data', chunk => {
    run.stderr += chunk;
  });
  return run;
};

describe('a wrong command line', () => {
  test.each([
    ['--vehicles', '0', 'a whole number from 1 to 100000'],
    ['--vehicles', 'ten', 'a whole number from 1 to 100000'],
    ['--interval', '0ms', 'a duration from 1ms to 24d such as 100ms, 1s or 5m'],
    ['--interval', '5', 'a duration from 1ms to 24d such as 100ms, 1s or 5m'],
    ['--qos', '3', 'one of 0, 1, 2'],
    ['--mqtt-version', '4', 'one of auto, 5, 3.1.1'],
    ['--profile', 'wide', 'one of demo, teslamate'],
    ['--topic', 'a/#', 'a topic to publish to: text with {clientid} or {vin} if wanted, without + and #'],
    ['--limit', '1e3', 'a whole number from 1 to 9007199254740991'],
    ['--begin', 'today', 'a time with its zone such as 2026-07-01T08:00:00Z'],
    ['--ca', '/no/such/file', 'a file that can be read (ENOENT)'],
    ['--cert', 'x.pem', 'of use alone: it needs --key beside it'],
    ['--fault', 'flood:1', 'dropout:PROBABILITY[:DURATION], malformed:PROBABILITY or burst:PROBABILITY[:COUNT]'],
    ['--metrics', '9402', 'HOST:PORT such as 127.0.0.1:9402'],
    ['--client-id', 'a/b', 'text without spaces and without / + # { }'],
  ])('%s %s is refused with what is allowed, and exit code 2', async (option, found, allowed) => {
    const run = start([option, found]);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain(`${option} is "${found}", which is not ${allowed}`);
    expect(run.stderr.trimEnd().split('\n').length).toBe(2);
    expect(run.stdout).toBe('');
  });

  test('a url with a password is refused, and the password is not repeated', async () => {
    const run = start(['--url', 'mqtt://fleet:geheim@localhost:1']);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain('--url');
    expect(run.stderr).not.toContain('geheim');
  });

  test('a password that is not set in the environment is refused by the name of the variable', async () => {
    const run = start(['--password-env', 'MKB_TEST_NO_SUCH_PASSWORD']);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain('MKB_TEST_NO_SUCH_PASSWORD');
  });

  test('two passwords are refused', async () => {
    const run = start(['--password-env', 'HOME', '--password', 'x']);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain('--password is "given more than once", which is not one of --password-file');
  });

  test('an unknown option is refused with exit code 2', async () => {
    const run = start(['--vehicels', '3']);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain('--vehicels');
  });
});

test('--help shows every option with examples, and exits with 0', async () => {
  const run = start(['--help']);
  expect(await run.exit).toBe(0);
  for (const word of ['--url', '--vehicles', '--password-file', 'Examples:', 'dropout:0.01', 'Exit codes']) {
    expect(run.stdout).toContain(word);
  }
});

test('no broker is told after the connect timeout, with what to do, and exit code 1', async () => {
  const run = start(['--url', 'mqtt://127.0.0.1:1', '--connect-timeout', '2s']);
  expect(await run.exit).toBe(1);
  expect(run.stderr).toContain('No vehicle could connect to mqtt://127.0.0.1:1 within 2000 ms: nothing listens there');
  expect(run.stderr).toContain('--url');
});

describe('with a broker', () => {
  let aedes: Aedes;
  let server: Server;
  let url: string;
  let folder: string;
  let received: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mkb-simulate-'));
    aedes = await Aedes.createBroker();
    aedes.authenticate = (_client, username, password, done) =>
      done(null, username !== 'fleet' || `${password}` === 'secret');
    aedes.on('publish', (_packet, client) => {
      if (client) received++;
    });
    server = createServer(aedes.handle);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  beforeEach(() => {
    received = 0;
  });
  afterAll(async () => {
    await new Promise<void>(resolve => aedes.close(resolve));
    server.close();
    rmSync(folder, { recursive: true });
  });

  const quick = () => ['--url', url, '--mqtt-version', '3.1.1', '--interval', '20ms'];

  test('a limited run ends with what was published and acknowledged', async () => {
    const run = start([...quick(), '--limit', '50']);
    expect(await run.exit).toBe(0);
    expect(received).toBe(50);
    expect(run.stdout).toContain(`Connecting 10 vehicles to ${url}`);
    expect(run.stdout).toMatch(/\npublished 50, acknowledged 50, \d+ messages\/s over \d+\.\d s\n$/);
    expect(run.stdout).not.toContain('\r');
    expect(run.stderr).toBe('');
  });

  test('what was malformed on purpose is told', async () => {
    const run = start([...quick(), '--limit', '30', '--qos', '0', '--fault', 'malformed:1']);
    expect(await run.exit).toBe(0);
    expect(run.stdout).toContain('published 30, QoS 0 is not acknowledged');
    expect(run.stdout).toContain('malformed on purpose: 30');
  });

  test('Ctrl-C ends it with the summary and exit code 0', async () => {
    const run = start(quick());
    await until('messages', () => received > 20);
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    const [, published, acknowledged] = /published (\d+), acknowledged (\d+)/.exec(run.stdout)!;
    expect(published).toBe(acknowledged);
    expect(Number(published)).toBe(received);
  });

  test('--metrics serves what was published and where each vehicle is, and readiness', async () => {
    const run = start([...quick(), '--vehicles', '3', '--client-id', 'car', '--metrics', '127.0.0.1:0']);
    const [, origin] = await until('the address', () => /^Metrics: (http:\S+)\/metrics$/m.exec(run.stdout));
    await until('readiness', async () => (await fetch(`${origin}/readyz`)).status === 200);
    await until('messages', () => received > 5);
    const text = await (await fetch(`${origin}/metrics`)).text();
    expect(text.match(/^vehicle_latitude\{vehicle="car_\d"\} [\d.]+$/gm)).toHaveLength(3);
    expect(Number(/^simulator_messages_published_total (\d+)$/m.exec(text)![1])).toBeGreaterThan(5);
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
  });

  test('--metrics on a port that is taken is refused, and nothing is left running', async () => {
    const { host } = new URL(url);
    const run = start([...quick(), '--metrics', host]);
    expect(await run.exit).toBe(2);
    expect(run.stderr).toContain(`--metrics is "${host}", which is not free to listen on`);
  });

  test('the password comes from a file or from the environment', async () => {
    const file = join(folder, 'password.txt');
    writeFileSync(file, 'secret\n');
    const login = ['--username', 'fleet', '--limit', '5'];
    expect(await start([...quick(), ...login, '--password-file', file]).exit).toBe(0);
    expect(await start([...quick(), ...login, '--password-env', 'FLEET'], { FLEET: 'secret' }).exit).toBe(0);
  });

  test('a wrong password is told with the reason and exit code 1', async () => {
    const run = start([...quick(), '--username', 'fleet', '--password-env', 'FLEET'], { FLEET: 'wrong' });
    expect(await run.exit).toBe(1);
    expect(run.stderr).toContain('does not let the vehicles in: Connection refused: Not authorized');
    expect(run.stderr).not.toContain('wrong\n');
  });

  test('a lost connection is told, and that it came back', async () => {
    const run = start([...quick(), '--vehicles', '1', '--client-id', 'lost']);
    await until('messages', () => received > 5);
    for (const client of Object.values(clients(aedes))) client.close();
    await until('the loss to be told', () => run.stdout.includes('1 vehicle lost the connection'));
    await until('the return to be told', () => run.stdout.includes('Every vehicle is connected again'));
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(run.stdout).toContain('connections lost: 1');
  });
});

/** The clients that are connected to a broker; aedes' types do not name them. */
const clients = (aedes: Aedes) => (aedes as unknown as { clients: Record<string, { close(): void }> }).clients;
