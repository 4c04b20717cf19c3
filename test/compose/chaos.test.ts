import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faults, runChaos } from '../../demo/compose/chaos.ts';
import { Engine } from '../../demo/compose/engine.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';

/** An imitation of the engine's API: a project of three containers, and a list of what was asked for. up.test.ts has the real one. */
let folder: string;
let calls: string[];
let server: ReturnType<typeof createServer>;
let engine: Engine;
const services = ['kafka', 'bridge', 'mosquitto'];
let refuse: string | undefined;

beforeEach(async () => {
  folder = temporaryFolder('chaos');
  calls = [];
  refuse = undefined;
  server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://engine');
    const body = (await request.setEncoding('utf8').toArray()).join('');
    if (request.method === 'GET') {
      const { label } = JSON.parse(searchParams.get('filters')!);
      const service = label[1].split('=')[1];
      const mine = label[0] === 'com.docker.compose.project=demo' && services.includes(service);
      response.end(JSON.stringify(mine ? [{ Id: service }] : []));
      return;
    }
    const call = `${pathname.replace('/v1.40/containers/', '')}${body}`;
    calls.push(call);
    response.writeHead(call === refuse ? 409 : 204).end();
  });
  const socket = join(folder, 'engine.sock');
  await new Promise<void>(resolve => server.listen(socket, resolve));
  engine = new Engine(socket);
});

afterEach(() => {
  server.close();
  removeFolder(folder);
});

/** Runs it until it has waited so often: once before each fault, and once in each. */
async function run(waits: number): Promise<string[]> {
  const stop = new AbortController();
  const told: string[] = [];
  let left = waits;
  const wait = async () => {
    left--;
    if (left === 0) stop.abort();
  };
  await runChaos(engine, 'demo', { everySeconds: 1, signal: stop.signal, tell: line => told.push(line), wait });
  return told;
}

describe('chaos', () => {
  it('undoes every fault that it does', async () => {
    await run(2 * faults.length + 1);
    expect(calls).toEqual([
      ...['kafka/kill', 'kafka/start', 'bridge/kill', 'bridge/start', 'kafka/pause', 'kafka/unpause'],
      'kafka/update{"CpuPeriod":100000,"CpuQuota":10000}',
      'kafka/update{"CpuPeriod":100000,"CpuQuota":-1}',
      ...['mosquitto/restart', 'mosquitto/pause', 'mosquitto/unpause'],
    ]);
  });

  it('undoes the fault it is at when it is stopped', async () => {
    await run(2);
    expect(calls).toEqual(['kafka/kill', 'kafka/start']);
  });

  it('begins again after the last fault', async () => {
    await run(2 * faults.length + 3);
    expect(calls.slice(-2)).toEqual(['kafka/kill', 'kafka/start']);
  });

  it('goes on when a container is not as it expects, and says so', async () => {
    refuse = 'kafka/kill';
    const told = await run(4);
    expect(told[1]).toContain('/containers/kafka/kill: 409');
    expect(calls).toEqual(['kafka/kill', 'bridge/kill', 'bridge/start']);
  });
});
