/**
 * What `queryMode` costs and gives: messages a second, and how long a message takes from its PUBLISH to its PUBACK, which the bridge sends when Kafka,
 * or the broker that it publishes to, has it.
 *
 *     node bench/modes.ts [--seconds 10] [--report FILE]
 *
 * The messages come from a minimal MQTT server in this process: a steady stream, and then as many as the window lets through. It also takes what an
 * mqtt sink publishes and acknowledges it at once, so that figures of that sink are of the bridge alone. Kafka is real, one broker, `acks=all`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generate, type Packet, parser } from 'mqtt-packet';
import { removeFolder, temporaryFolder } from '../test/real/cleanup.ts';
import { startKafka } from '../test/real/kafka.ts';
import { until } from '../test/real/until.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, report: { type: 'string' } } });
const seconds = Number(values.seconds);
const payload = Buffer.alloc(285, 'x');
const window = 1000;
const loads = [500, Number.POSITIVE_INFINITY];

interface Run {
  readonly sink: string;
  readonly mode: string;
  readonly perSecond: number;
  /** Milliseconds of each message. */
  readonly took: readonly number[];
  readonly steady: boolean;
}

/** An MQTT 3.1.1 server with one subscriber, which it sends messages to. */
class Server {
  readonly #server = createServer(socket => this.#serve(socket));
  #subscriber: Socket | undefined;
  /** When each message was sent, by packet identifier. */
  readonly #sentAt = new Map<number, number>();
  #packetId = 0;
  /** Milliseconds from PUBLISH to PUBACK. */
  took: number[] = [];

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get subscribed(): boolean {
    return this.#subscriber !== undefined;
  }

  /** Sends until the time is over, and waits for the last PUBACK. @param perSecond infinite for as many as the window allows */
  async send(perSecond: number): Promise<void> {
    this.took = [];
    const began = performance.now();
    let sent = 0;
    for (;;) {
      const elapsed = performance.now() - began;
      if (elapsed > seconds * 1000) break;
      const due = Math.min((elapsed / 1000) * perSecond, sent + window - this.#sentAt.size);
      const packets: Buffer[] = [];
      for (; sent < due; sent++) packets.push(this.#message(sent));
      if (packets.length > 0) this.#subscriber!.write(Buffer.concat(packets));
      await new Promise(resolve => setImmediate(resolve));
      if (perSecond < Number.POSITIVE_INFINITY) await pause(1);
    }
    await until('the last PUBACK', () => this.#sentAt.size === 0);
  }

  close(): void {
    this.#subscriber?.destroy();
    this.#server.close();
  }

  #message(number: number): Buffer {
    do this.#packetId = (this.#packetId % 65_535) + 1;
    while (this.#sentAt.has(this.#packetId));
    this.#sentAt.set(this.#packetId, performance.now());
    const topic = `vehicles/${number % 10}`;
    return generate({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: this.#packetId });
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true);
    const packets = parser();
    const answer = (packet: Packet) => socket.write(generate(packet));
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') answer({ cmd: 'connack', returnCode: 0, sessionPresent: false });
      else if (packet.cmd === 'subscribe') {
        answer({ cmd: 'suback', messageId: packet.messageId!, granted: packet.subscriptions.map(() => 1) });
        this.#subscriber = socket;
      } else if (packet.cmd === 'publish') answer({ cmd: 'puback', messageId: packet.messageId! });
      else if (packet.cmd === 'puback') {
        this.took.push(performance.now() - this.#sentAt.get(packet.messageId!)!);
        this.#sentAt.delete(packet.messageId!);
      } else if (packet.cmd === 'pingreq') answer({ cmd: 'pingresp' });
    });
    socket.on('data', chunk => packets.parse(chunk));
    socket.on('error', () => undefined);
  }
}

const folder = temporaryFolder('modes');
const kafka = await startKafka({ java: ['-Xmx1g'] });

async function measure(sink: string, mode: string): Promise<Run[]> {
  const server = new Server();
  const port = await server.listen();
  const topic = `modes-${mode}`;
  if (sink === 'kafka') await kafka.createTopic(topic, { partitions: 10 });
  const fields =
    sink === 'kafka'
      ? `{kafka: {topic: ${topic}, key: "\${id}", queryMode: ${mode}}}`
      : `{mqtt: {topic: "out/\${id}", payload: "\${payload}", queryMode: ${mode}}}`;
  const file = join(folder, `${sink}-${mode}.yaml`);
  writeFileSync(
    file,
    `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: modes}
spec:
  mqtt: {url: "mqtt://127.0.0.1:${port}", version: "3.1.1", receiveMaximum: ${window}}
  kafka: {bootstrapServers: ["${kafka.bootstrap}"]}
  rules: [{name: r, sql: 'SELECT payload FROM "vehicles/{id}"', sinks: [${fields}]}]
`,
  );
  const program = new URL('../cli/mkb.ts', import.meta.url).pathname;
  const bridge: ChildProcess = spawn(
    process.execPath,
    [program, 'run', file, '--http', '127.0.0.1:0', '--log-level', 'warn'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    await until('the subscription', () => server.subscribed);
    // Warm.
    await server.send(2000);
    const runs: Run[] = [];
    for (const load of loads) {
      await server.send(load);
      const took = server.took.toSorted((left, right) => left - right);
      const steady = load < Number.POSITIVE_INFINITY;
      runs.push({ sink, mode, perSecond: took.length / seconds, took, steady });
      const { perSecond } = runs.at(-1)!;
      console.error(
        `${sink} ${mode}: ${Math.round(perSecond)} messages/s, p50 ${quantile(took, 0.5)}, p99 ${quantile(took, 0.99)}`,
      );
    }
    return runs;
  } finally {
    bridge.kill('SIGKILL');
    await once(bridge, 'exit');
    server.close();
  }
}

const quantile = (sorted: readonly number[], part: number): string =>
  `${sorted[Math.floor(sorted.length * part)]!.toFixed(1)} ms`;

function summary(runs: readonly Run[]): string {
  const rows = runs.map(({ sink, mode, steady, perSecond, took }) => {
    const rate = Math.round(perSecond).toLocaleString('en');
    return `| ${sink} | ${mode} | ${steady ? 'a steady stream' : 'all that the window allows'} | ${rate} | ${quantile(took, 0.5)} | ${quantile(took, 0.99)} |`;
  });
  return [
    '| sink | `queryMode` | load | messages/s | p50 | p99 |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

try {
  const runs: Run[] = [];
  for (const sink of ['kafka', 'mqtt']) {
    for (const mode of ['async', 'sync']) for (const run of await measure(sink, mode)) runs.push(run);
  }
  const text = summary(runs.toSorted((left, right) => Number(right.steady) - Number(left.steady)));
  console.log(text);
  if (values.report) {
    const page = readFileSync(values.report, 'utf8');
    writeFileSync(values.report, page.replace(/(<!-- modes -->\n)[\s\S]*(<!-- \/modes -->)/, `$1${text}\n$2`));
  }
} finally {
  await kafka.stop();
  removeFolder(folder);
}
