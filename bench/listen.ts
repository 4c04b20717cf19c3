/**
 * What a bridge that MQTT clients connect to costs, beside aedes, which has no Kafka behind it: CPU per QoS 1 message, and memory per idle connection.
 *
 *     node bench/listen.ts [--messages 200000] [--clients 50] [--window 20] [--idle 5000] [--payload 285]
 *
 * Each server is a process of its own, so that its CPU time is its alone. Clients write packets that are made beforehand, over raw sockets, and Kafka
 * is the embedded one, in this process: it is not fast, so compare CPU and not rates. Linux only: it reads /proc.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mqttPacket from 'mqtt-packet';
import { startEmbeddedKafka } from '../demo/embedded/kafka.ts';
import { removeFolder, temporaryFolder } from '../test/real/cleanup.ts';
import { freePort } from '../test/real/ports.ts';
import { until } from '../test/real/until.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    clients: { type: 'string', default: '50' },
    window: { type: 'string', default: '20' },
    idle: { type: 'string', default: '5000' },
    payload: { type: 'string', default: '285' },
  },
});
const messages = Number(values.messages);
const window = Number(values.window);
const folder = temporaryFolder('bench-listen');
const root = join(import.meta.dirname, '..');

const connectPacket = (clientId: string) =>
  mqttPacket.generate({ cmd: 'connect', protocolVersion: 4, clean: true, clientId, keepalive: 0 });

/** A window of messages of one client, with packet identifiers from 1 on. */
const batchOf = (client: number) =>
  Buffer.concat(
    Array.from({ length: window }, (_, index) =>
      mqttPacket.generate({
        cmd: 'publish',
        topic: `mqttx/simulate/tesla/car-${client}`,
        payload: Buffer.alloc(Number(values.payload), 120),
        qos: 1,
        messageId: index + 1,
        dup: false,
        retain: false,
      }),
    ),
  );

/** Microseconds of CPU that a process has used, of 10 ms each. */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const memoryOf = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

async function joined(port: number, clientId: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  // While a server is starting, it refuses.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(connectPacket(clientId));
  await once(socket, 'data');
  return socket;
}

/** Publishes batches, each when the one before is acknowledged. PUBACK has four bytes in MQTT 3.1.1. */
async function publish(socket: Socket, client: number, batches: number): Promise<void> {
  const batch = batchOf(client);
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = batches;
  let owed = 0;
  const next = () => {
    if (left-- === 0) resolve();
    else {
      owed += window * 4;
      socket.write(batch);
    }
  };
  socket.on('data', chunk => {
    owed -= chunk.length;
    if (owed === 0) next();
  });
  next();
  await promise;
}

async function measure(name: string, server: ChildProcess, port: number): Promise<void> {
  await until(`${name} to listen`, () =>
    joined(port, 'first').then(
      socket => !socket.destroy().connecting,
      () => false,
    ),
  );
  const clients = await Promise.all(Array.from({ length: Number(values.clients) }, (_, n) => joined(port, `car-${n}`)));
  const batches = Math.ceil(messages / clients.length / window);
  // The same once before, so that what is measured is compiled.
  await Promise.all(clients.map((socket, client) => publish(socket, client, Math.ceil(batches / 4))));
  for (const socket of clients) socket.removeAllListeners('data');
  const [cpu, startedAt] = [cpuOf(server), performance.now()];
  await Promise.all(clients.map((socket, client) => publish(socket, client, batches)));
  const count = batches * clients.length * window;
  const seconds = (performance.now() - startedAt) / 1000;
  const micros = (cpuOf(server) - cpu) / count;
  const before = memoryOf(server);
  const idle: Socket[] = [];
  const opened = performance.now();
  while (idle.length < Number(values.idle)) {
    const more = Array.from({ length: 100 }, (_, n) => joined(port, `idle-${idle.length + n}`));
    for (const socket of await Promise.all(more)) idle.push(socket);
  }
  const rate = idle.length / ((performance.now() - opened) / 1000);
  const kilobytes = (memoryOf(server) - before) / idle.length / 1024;
  process.stdout.write(
    `${name}: ${micros.toFixed(2)} us of CPU per QoS 1 message (${Math.round(count / seconds)}/s), ${kilobytes.toFixed(1)} KiB per idle connection, ${Math.round(rate)} connections/s\n`,
  );
  for (const socket of [...clients, ...idle]) socket.destroy();
}

async function measureBridge(): Promise<void> {
  const kafka = await startEmbeddedKafka({ topics: [{ name: 'out', partitions: 10 }] });
  const port = await freePort();
  const file = join(folder, 'bridge.yaml');
  writeFileSync(
    file,
    `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: bench}
spec:
  mqtt: {listen: [{port: ${port}, host: 127.0.0.1}], clients: {anonymous: true, limits: {connections: 100000, connectRate: 100000}}}
  kafka: {bootstrapServers: ["${kafka.bootstrap}"]}
  rules:
    - name: all
      sql: SELECT payload FROM "mqttx/simulate/#"
      sinks: [{kafka: {topic: out, key: "\${clientid}"}}]
`,
  );
  const server = fork(join(root, 'cli/mkb.ts'), ['run', file, '--http', '127.0.0.1:0', '--log-level', 'error'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await measure('bridge', server, port);
  } finally {
    server.kill();
    await once(server, 'exit');
    await kafka.stop();
  }
}

async function measureAedes(): Promise<void> {
  const file = join(root, 'bench/aedes.ts');
  const server = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(server, 'message')) as [number];
  try {
    await measure('aedes', server, port);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

await measureAedes();
await measureBridge();
removeFolder(folder);
