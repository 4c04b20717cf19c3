/**
 * How fast the bridge is, beside a naive one and Telegraf, in one run on one machine: messages per second and CPU per message, MQTT into a real Kafka.
 *
 *     node bench/bridge.ts [--messages 500000] [--rounds 3] [--payload 285] [--report FILE] [--against FOLDER] [--subjects bridge,before] [--sink FIELDS] [--buffer FSYNC] [--tls] [--rate COUNT]
 *
 * The messages come from a server that can outrun any bridge (blaster.ts); the subjects run as processes of their own, so that their CPU
 * time is theirs alone. Rounds alternate between the subjects, and the median is shown. On a small machine the rates are shared with
 * Kafka and the blaster: compare ratios. With `--against`, the bridge of another checkout takes part as `before`. Telegraf takes part where it is installed (`npm run provision telegraf`).
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from '../test/real/certificates.ts';
import { removeFolder, temporaryFolder } from '../test/real/cleanup.ts';
import { type RunningKafka, startKafka } from '../test/real/kafka.ts';
import { until } from '../test/real/until.ts';
import type { NaiveBridgeOptions } from '../test/support/naive-bridge.ts';
import type { AckLatency, BlasterOptions, BlasterReport } from './blaster.ts';
import { startTelegraf, telegrafProgram } from './telegraf.ts';

const help = `Usage: npm run bench -- [options]

Measures the bridge beside a naive one, and Telegraf where it is installed: MQTT into a real Kafka, messages a second and CPU a message.

Options:
  --messages <count>  messages of each run (default: 500000)
  --rounds <count>    runs of each subject, whose median is shown (default: 3)
  --payload <bytes>   size of each payload (default: 285)
  --sink <fields>     more fields of the bridge's Kafka sink, such as 'mqttHeaders: true'; the one of --against goes without
  --buffer <fsync>    also the bridge with a buffer on disk (delivery.buffer), always or interval, as 'buffered'
  --tls               MQTT over TLS; the bridge and --against alone
  --rate <count>      messages a second, and how long PUBACKs take (QoS 1); without it, as fast as each subject takes them
  --report <file>     also write the table into this page, between its marks: docs/performance.md
  -h, --help          print this help

Kafka is installed by: npm run provision kafka
`;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    payload: { type: 'string', default: '285' },
    against: { type: 'string' },
    subjects: { type: 'string' },
    sink: { type: 'string' },
    buffer: { type: 'string' },
    tls: { type: 'boolean' },
    rate: { type: 'string' },
    report: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit();
}
const messages = Number(values.messages);
const folder = temporaryFolder('bench');
const certificates = values.tls ? makeCertificates(folder) : undefined;
/** What the rivals subscribe to; the bridge's rule names the level that is its key. */
const filter = 'mqttx/simulate/tesla/+';

interface Run {
  readonly subject: string;
  readonly qos: 0 | 1;
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly memoryMiB: number;
  readonly latency: AckLatency | undefined;
}

type Subject = (mqttPort: number, kafka: RunningKafka, topic: string, qos: 0 | 1) => ChildProcess;

/**
 * @param program cli/mkb.ts of a checkout
 * @param fields more of the sink
 * @param fsync of a buffer on disk, if it is to have one
 */
const bridgeOf =
  (program: string, fields = '', fsync?: string): Subject =>
  (port, kafka, topic, qos) => {
    const file = join(folder, `${topic}.yaml`);
    writeFileSync(
      file,
      `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: bench}
spec:
  mqtt: {${connection(port)}, qos: ${qos}}
  kafka: {bootstrapServers: ["${kafka.bootstrap}"]}
  rules:
    - name: vehicles
      sql: SELECT payload FROM "mqttx/simulate/tesla/{clientid}"
      sinks: [{kafka: {topic: ${topic}, key: "\${clientid}", timestamp: "\${timestamp}"${fields && `, ${fields}`}}}]
${fsync === undefined ? '' : `  delivery: {buffer: {mode: disk, path: ${join(folder, topic)}, fsync: ${fsync}}}\n`}`,
    );
    return spawn(process.execPath, [program, 'run', file, '--http', '127.0.0.1:0', '--log-level', 'warn'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  };

function connection(port: number): string {
  if (!certificates) return `url: "mqtt://127.0.0.1:${port}"`;
  return `url: "mqtts://127.0.0.1:${port}", tls: {ca: {valueFrom: {file: ${certificates.caFile}}}}`;
}

const all: Readonly<Record<string, Subject>> = {
  bridge: bridgeOf(new URL('../cli/mkb.ts', import.meta.url).pathname, values.sink),
  ...(values.buffer && {
    buffered: bridgeOf(new URL('../cli/mkb.ts', import.meta.url).pathname, values.sink, values.buffer),
  }),
  ...(values.against && { before: bridgeOf(resolve(values.against, 'cli/mkb.ts')) }),
  ...(!values.tls && {
    naive: (port, kafka, topic, qos) => naive(port, kafka, topic, qos, 'after'),
    'naive, acknowledging early': (port, kafka, topic, qos) => naive(port, kafka, topic, qos, 'before'),
    ...(telegrafProgram() && { telegraf }),
  }),
};
const chosen = values.subjects?.split(',') ?? Object.keys(all);
const subjects = Object.fromEntries(Object.entries(all).filter(([name]) => chosen.includes(name)));

function telegraf(mqttPort: number, { bootstrap }: RunningKafka, topic: string, qos: 0 | 1): ChildProcess {
  return startTelegraf(join(folder, `${topic}.toml`), { mqttPort, bootstrap, filter, topic, qos });
}

/** mqtt.js and kafkajs. `after` promises what the bridge does: PUBACK when Kafka has the message. */
function naive(port: number, kafka: RunningKafka, topic: string, qos: 0 | 1, acknowledge: 'after' | 'before') {
  const options: NaiveBridgeOptions = {
    mqttUrl: `mqtt://127.0.0.1:${port}`,
    bootstrap: kafka.bootstrap,
    filter,
    topic,
    qos,
    acknowledge,
  };
  const program = new URL('../test/support/naive-bridge.ts', import.meta.url).pathname;
  return spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function measure(subject: string, qos: 0 | 1, kafka: RunningKafka, round: number | 'warm-up'): Promise<Run> {
  const topic = `bench-${subject.replace(/\W+/g, '-')}-${qos}-${round}`;
  await kafka.createTopic(topic, { partitions: 10 });
  const options: BlasterOptions = {
    ...{ messages, qos, payloadBytes: Number(values.payload), clients: 10 },
    ...(values.rate !== undefined && { rate: Number(values.rate) }),
    ...(certificates && { tls: { cert: certificates.serverCertFile, key: certificates.serverKeyFile } }),
  };
  const blaster = fork(new URL('./blaster.ts', import.meta.url), [JSON.stringify(options)]);
  const reports = reportsOf(blaster);
  const { ready } = await reports<{ ready: number }>('ready');
  const child = subjects[subject]!(ready, kafka, topic, qos);
  try {
    await reports('first');
    const cpuBefore = cpuMicros(child.pid!);
    const started = performance.now();
    const { latency } = await reports<Extract<BlasterReport, { done: true }>>('done');
    await until(`${messages} records in ${topic}`, async () => (await recordsIn(topic)) >= messages, {
      timeoutMs: 120_000,
    });
    const seconds = (performance.now() - started) / 1000;
    await expectExactly(topic);
    return {
      subject,
      qos,
      perSecond: messages / seconds,
      cpuMicros: (cpuMicros(child.pid!) - cpuBefore) / messages,
      memoryMiB: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
      latency,
    };
  } finally {
    for (const process of [child, blaster]) {
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
  }
}

/** A subject that loses nothing, and that nothing disturbs, writes each message once. */
async function expectExactly(topic: string): Promise<void> {
  const records = await recordsIn(topic);
  if (records !== messages) throw new Error(`${topic} has ${records} records of ${messages} messages`);
}

/** Waits for a report of the blaster, which may have come already. */
function reportsOf(blaster: ChildProcess) {
  const seen: BlasterReport[] = [];
  blaster.on('message', message => seen.push(message as BlasterReport));
  return <T>(key: string): Promise<T> =>
    until(`the blaster's ${key}`, () => seen.find(report => key in report) as T, { timeoutMs: 300_000, everyMs: 5 });
}

/** CPU time of a process so far, all threads, in microseconds (proc(5): utime and stime, in ticks of 10 ms). */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function latencies(runs: readonly Run[]): string {
  const of = (quantile: keyof AckLatency) => median(runs.map(run => run.latency?.[quantile] ?? Number.NaN)).toFixed(2);
  return `${of('p50')} / ${of('p99')} / ${of('p999')}`;
}

function summary(runs: readonly Run[]): string {
  const timed = values.rate !== undefined;
  const rows = [
    `| | QoS | messages/s | CPU µs a message | messages per CPU second | most memory |${timed ? ' PUBACK p50 / p99 / p99.9, ms |' : ''}`,
    `| --- | --- | --- | --- | --- | --- |${timed ? ' --- |' : ''}`,
  ];
  const figures = new Map<string, number>();
  for (const [name, group] of Map.groupBy(runs, run => `${run.subject} | ${run.qos}`)) {
    const cpu = median(group.map(run => run.cpuMicros));
    figures.set(name, cpu);
    const rate = Math.round(median(group.map(run => run.perSecond)));
    const memory = Math.round(median(group.map(run => run.memoryMiB)));
    rows.push(
      `| ${name} | ${rate.toLocaleString('en')} | ${cpu.toFixed(2)} | ${Math.round(1e6 / cpu).toLocaleString('en')} | ${memory} MiB |${timed ? ` ${latencies(group)} |` : ''}`,
    );
  }
  const ratio = (rival: string, qos: 0 | 1) =>
    (figures.get(`${rival} | ${qos}`)! / figures.get(`bridge | ${qos}`)!).toFixed(2);
  for (const rival of ['before', 'naive', 'telegraf'].filter(name => name in subjects)) {
    const ratios = `${ratio(rival, 1)} times at QoS 1, ${ratio(rival, 0)} times at QoS 0`;
    rows.push('', `Messages per CPU second, bridge to ${rival}: ${ratios}.`);
  }
  return rows.join('\n');
}

const kafka = await startKafka({ java: ['-Xmx1g'] });
const admin = kafka.client().admin();
await admin.connect();

async function recordsIn(topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

try {
  const runs: Run[] = [];
  // The first run meets a Kafka that has compiled nothing yet, and would say so of its subject.
  await measure(Object.keys(subjects)[0]!, 1, kafka, 'warm-up');
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const qos of [1, 0] as const) {
      for (const subject of Object.keys(subjects)) {
        // With QoS 0 nothing is acknowledged, so early and late are the same.
        if (qos === 0 && subject.includes('early')) continue;
        const run = await measure(subject, qos, kafka, round);
        console.error(`${subject} QoS ${qos}: ${Math.round(run.perSecond)} messages/s, ${run.cpuMicros.toFixed(2)} µs`);
        runs.push(run);
      }
    }
  }
  const text = summary(runs);
  console.log(text);
  if (values.report) {
    const page = readFileSync(values.report, 'utf8');
    const marked = /(<!-- bench -->\n)[\s\S]*(<!-- \/bench -->)/;
    writeFileSync(values.report, page.replace(marked, `$1${text}\n$2`));
  }
} finally {
  await admin.disconnect();
  await kafka.stop();
  removeFolder(folder);
}
