/**
 * What a bridge costs that MQTT clients connect to: CPU per message of QoS 0 and 1, memory per idle connection, and what clients that are
 * connected feel of many that connect at once. Beside it aedes, which has no Kafka behind it, and Mosquitto with a bridge behind it.
 *
 *     node bench/listen.ts [--messages 200000] [--clients 50] [--window 20] [--idle 19800] [--payload 285] [--only bridge]
 *
 * Each server is a process of its own, so that its CPU time is its alone. Clients write packets that are made beforehand, over raw sockets, and Kafka
 * is the embedded one, in this process: it is not fast, so compare CPU and not rates. Linux only: it reads /proc. A process that may have few
 * files open (`ulimit -n`) has that many connections less 200.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mqttPacket from 'mqtt-packet';
import { startEmbeddedKafka } from '../demo/embedded/kafka.ts';
import { removeFolder, temporaryFolder } from '../test/real/cleanup.ts';
import { startMosquitto } from '../test/real/mosquitto.ts';
import { freePort } from '../test/real/ports.ts';
import { until } from '../test/real/until.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    clients: { type: 'string', default: '50' },
    window: { type: 'string', default: '20' },
    idle: { type: 'string', default: '19800' },
    payload: { type: 'string', default: '285' },
    only: { type: 'string' },
  },
});
const messages = Number(values.messages);
const window = Number(values.window);
const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || 65_536;
const idle = Math.min(Number(values.idle), openFiles - 200);
const folder = temporaryFolder('bench-listen');
const root = join(import.meta.dirname, '..');

const connectPacket = (clientId: string) =>
  mqttPacket.generate({ cmd: 'connect', protocolVersion: 4, clean: true, clientId, keepalive: 0 });

type Qos = 0 | 1;

/** Messages of one client, with packet identifiers from 1 on. Behind those of QoS 0 is a PINGREQ, whose answer says that they were read. */
function batchOf(client: number, qos: Qos, count: number): Buffer {
  const packets = Array.from({ length: count }, (_, index) =>
    mqttPacket.generate({
      cmd: 'publish',
      topic: `mqttx/simulate/tesla/car-${client}`,
      payload: Buffer.alloc(Number(values.payload), 120),
      qos,
      messageId: index + 1,
      dup: false,
      retain: false,
    }),
  );
  return Buffer.concat(qos === 1 ? packets : [...packets, Buffer.from([0xc0, 0])]);
}

/** Bytes of the answers to a batch. PUBACK has four in MQTT 3.1.1, PINGRESP has two. */
const answerBytes = (qos: Qos, count: number): number => (qos === 1 ? count * 4 : 2);

/** Microseconds of CPU that a process has used, of 10 ms each. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

const sumOf = (pids: readonly number[], of: (pid: number) => number) => pids.reduce((sum, pid) => sum + of(pid), 0);

async function joined(port: number, clientId: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  // While a server is starting, it refuses.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(connectPacket(clientId));
  await once(socket, 'data');
  return socket;
}

/** Publishes batches, each when the one before is answered. Returns how long each answer took, ms. */
async function publish(socket: Socket, batch: Buffer, answer: number, goesOn: (batches: number) => boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const took: number[] = [];
  let owed = 0;
  let since = 0;
  const next = () => {
    if (!goesOn(took.length)) {
      resolve();
      return;
    }
    owed = answer;
    since = performance.now();
    socket.write(batch);
  };
  const answered = (chunk: Buffer) => {
    owed -= chunk.length;
    if (owed > 0) return;
    took.push(performance.now() - since);
    next();
  };
  socket.on('data', answered);
  next();
  await promise;
  socket.off('data', answered);
  return took;
}

/** Microseconds a message, and messages a second. */
async function carry(sockets: readonly Socket[], pids: readonly number[], qos: Qos): Promise<[number, number]> {
  const batches = Math.ceil(messages / sockets.length / window);
  const run = (count: number) =>
    Promise.all(
      sockets.map((socket, client) =>
        publish(socket, batchOf(client, qos, window), answerBytes(qos, window), done => done < count),
      ),
    );
  // The same once before, so that what is measured is compiled.
  await run(Math.ceil(batches / 4));
  const [cpu, startedAt] = [sumOf(pids, cpuOf), performance.now()];
  await run(batches);
  const count = batches * sockets.length * window;
  const seconds = (performance.now() - startedAt) / 1000;
  return [(sumOf(pids, cpuOf) - cpu) / count, Math.round(count / seconds)];
}

/** Many connect at once, while some that are connected publish, one message each at a time. */
async function storm(sockets: readonly Socket[], pids: readonly number[], port: number) {
  const before = sumOf(pids, memoryOf);
  const openedAt = performance.now();
  const half = Math.floor(idle / 2);
  const groups = [0, 1].map(index =>
    fork(join(root, 'bench/listen-clients.ts'), [port, half, index * half].map(String)),
  );
  let over = false;
  const crowd = Promise.all(groups.map(group => once(group, 'message'))).finally(() => {
    over = true;
  });
  const took = Promise.all(
    sockets.slice(0, 10).map((socket, client) => publish(socket, batchOf(client, 1, 1), 4, () => !over)),
  );
  await crowd;
  const rate = (half * 2) / ((performance.now() - openedAt) / 1000);
  const waits = (await took).flat().sort((a, b) => a - b);
  // What connecting used is not what being connected uses.
  await new Promise(resolve => setTimeout(resolve, 5000));
  const bytes = (sumOf(pids, memoryOf) - before) / (half * 2);
  for (const group of groups) group.kill();
  await Promise.all(groups.map(group => group.exitCode ?? once(group, 'exit')));
  return {
    rate,
    bytes,
    p50: waits[waits.length >> 1]!,
    p99: waits[Math.floor(waits.length * 0.99)]!,
    most: waits.at(-1)!,
  };
}

async function measure(name: string, pids: readonly number[], port: number): Promise<void> {
  await until(`${name} to listen`, () =>
    joined(port, 'first').then(
      socket => !socket.destroy().connecting,
      () => false,
    ),
  );
  const sockets = await Promise.all(Array.from({ length: Number(values.clients) }, (_, n) => joined(port, `car-${n}`)));
  const [micros1, rate1] = await carry(sockets, pids, 1);
  const [micros0, rate0] = await carry(sockets, pids, 0);
  const { rate, bytes, p50, p99, most } = await storm(sockets, pids, port);
  process.stdout.write(
    `${name}: ${micros1.toFixed(2)} us of CPU per QoS 1 message (${rate1}/s), ${micros0.toFixed(2)} us per QoS 0 message (${rate0}/s), ` +
      `${(bytes / 1024).toFixed(1)} KiB per idle connection, ${Math.round(rate)} connections/s, ` +
      `PUBACKs meanwhile after ${p50.toFixed(1)} ms (median), ${p99.toFixed(0)} ms (99 %), ${most.toFixed(0)} ms (all)\n`,
  );
  for (const socket of sockets) socket.destroy();
}

const documentOf = (mqtt: string, bootstrap: string) => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: bench}
spec:
  mqtt: ${mqtt}
  kafka: {bootstrapServers: ["${bootstrap}"]}
  rules:
    - name: all
      sql: SELECT payload FROM "mqttx/simulate/#"
      sinks: [{kafka: {topic: out, key: "\${topic}"}}]
`;

/** A bridge, as long as `use` takes. */
async function withBridge(mqtt: string, use: (bridge: ChildProcess) => Promise<void>): Promise<void> {
  const kafka = await startEmbeddedKafka({ topics: [{ name: 'out', partitions: 10 }] });
  const file = join(folder, 'bridge.yaml');
  writeFileSync(file, documentOf(mqtt, kafka.bootstrap));
  const bridge = fork(join(root, 'cli/mkb.ts'), ['run', file, '--http', '127.0.0.1:0', '--log-level', 'error'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await use(bridge);
  } finally {
    bridge.kill();
    await once(bridge, 'exit');
    await kafka.stop();
  }
}

const servers: Readonly<Record<string, () => Promise<void>>> = {
  aedes: async () => {
    const server = fork(join(root, 'bench/aedes.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const [port] = (await once(server, 'message')) as [number];
    try {
      await measure('aedes', [server.pid!], port);
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  },
  mosquitto: async () => {
    const mosquitto = await startMosquitto({ config: { max_connections: '-1' } });
    try {
      await withBridge(`{url: "${mosquitto.url}", qos: 1}`, bridge =>
        measure('Mosquitto and a bridge', [mosquitto.pid, bridge.pid!], mosquitto.port),
      );
    } finally {
      await mosquitto.stop();
    }
  },
  bridge: async () => {
    const port = await freePort();
    const limits = 'limits: {connections: 100000, connectRate: 100000}';
    await withBridge(`{listen: [{port: ${port}, host: 127.0.0.1}], clients: {anonymous: true, ${limits}}}`, bridge =>
      measure('bridge', [bridge.pid!], port),
    );
  },
};

for (const [name, run] of Object.entries(servers)) if (values.only === undefined || values.only === name) await run();
removeFolder(folder);
