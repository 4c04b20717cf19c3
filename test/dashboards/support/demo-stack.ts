/**
 * The demo under its load, of real parts: Kafka, Mosquitto, the bridge with the demo's document, the simulator, the exporter, a consumer
 * group, and Prometheus with our rules. EMQX cannot run here; the exporter watches the imitation of its API that its own tests use.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type EmqxImitation, key, startEmqxImitation } from '../../exporter/emqx/support/emqx-api.ts';
import { inMemory } from '../../exporter/emqx/support/recorded.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { freePorts } from '../../real/ports.ts';
import { type RunningPrometheus, startPrometheus } from '../../real/prometheus.ts';
import { ServerProcess } from '../../real/server-process.ts';
import { until } from '../../real/until.ts';
import { MkbProcess } from '../../support/bridge-process.ts';
import { root } from './committed.ts';

/** Of the bridge's document, what a test may change. */
export interface DemoDocument {
  readonly spec: { delivery?: object; readonly rules: object[] };
}

export interface DemoStackOptions {
  /** Between two scrapes, and two looks of the exporter; seconds. Default 1. */
  readonly interval?: number;
  /** Default 10. */
  readonly vehicles?: number;
  /** The rule file. Default: the one that is committed. */
  readonly rules?: string;
  /** Whether messages from MQTT go through a buffer on disk. The demo's do not. */
  readonly buffered?: boolean;
  /** Changes the bridge's document before it starts. */
  readonly changed?: (document: DemoDocument) => void;
}

export interface DemoStack {
  readonly kafka: RunningKafka;
  readonly mosquitto: RunningMosquitto;
  readonly bridge: MkbProcess;
  readonly simulator: ServerProcess;
  readonly exporter: ServerProcess;
  readonly emqx: EmqxImitation;
  readonly prometheus: RunningPrometheus;
  stop(): Promise<void>;
}

const committedRules = join(root, 'dashboards', 'generated', 'rules.yaml');

interface Brokers {
  readonly kafka: RunningKafka;
  readonly mosquitto: RunningMosquitto;
  readonly emqx: EmqxImitation;
}

/** Starts all of it, and returns when Prometheus has scraped each. */
export async function startDemoStack(options: DemoStackOptions = {}): Promise<DemoStack> {
  const folder = temporaryFolder('dashboards');
  const stops: (() => unknown)[] = [() => removeFolder(folder)];
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    return { ...(await startParts(folder, stops, options)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  folder: string,
  stops: (() => unknown)[],
  { interval = 1, vehicles = 10, rules = committedRules, buffered = false, changed = () => {} }: DemoStackOptions,
): Promise<Omit<DemoStack, 'stop'>> {
  const brokers = await startBrokers(stops);
  const { kafka, mosquitto, emqx } = brokers;
  const [bridgePort, exporterPort, simulatorPort] = (await freePorts(3)) as [number, number, number];

  const document = bridgeDocument(brokers);
  if (buffered) document.spec.delivery = { buffer: { mode: 'disk', path: join(folder, 'buffer'), maxBytes: '16MiB' } };
  changed(document);
  const bridge = new MkbProcess(document, bridgePort);
  stops.push(() => bridge.remove());
  await bridge.start();
  const exporterFile = join(folder, 'exporter.yaml');
  writeFileSync(exporterFile, JSON.stringify(exporterDocument(brokers, `${interval}s`)));
  const mkb = async (...args: string[]) => {
    const name = `mkb-${args[0]}`;
    const logFile = join(folder, name);
    const process_ = new ServerProcess({
      name,
      command: process.execPath,
      args: [join(root, 'cli/mkb.ts'), ...args],
      logFile,
    });
    stops.push(() => process_.kill());
    await process_.launch();
    return process_;
  };
  const load = ['--url', mosquitto.url, '--mqtt-version', '3.1.1', '--vehicles', `${vehicles}`];
  const simulator = await mkb('simulate', ...load, '--metrics', `127.0.0.1:${simulatorPort}`);
  const exporter = await mkb('exporter', exporterFile, '--http', `127.0.0.1:${exporterPort}`);

  const consumer = kafka.client().consumer({ groupId: 'dashboards' });
  stops.push(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic: 'my-vehicles', fromBeginning: true });
  await consumer.run({ autoCommitInterval: 500, eachMessage: async () => {} });

  const local = (port: number) => `127.0.0.1:${port}`;
  const prometheus = await startPrometheus({
    jobs: { bridge: local(bridgePort), exporter: local(exporterPort), simulator: local(simulatorPort) },
    rules: [rules],
    interval: `${interval}s`,
  });
  stops.push(() => prometheus.stop());
  await until('every scrape to succeed', () => prometheus.targetsUp());
  return { kafka, mosquitto, bridge, simulator, exporter, emqx, prometheus };
}

async function startBrokers(stops: (() => unknown)[]): Promise<Brokers> {
  const [kafka, mosquitto, emqx] = await Promise.all([
    startKafka(),
    startMosquitto({ config: { sys_interval: '1' } }),
    startEmqxImitation(),
  ]);
  stops.push(
    () => kafka.stop(),
    () => mosquitto.stop(),
    () => emqx.stop(),
  );
  // A bridge that keeps up.
  emqx.cluster.clients = { 'my-vehicles': { ...inMemory, connected: true, mqueue_len: 0, mqueue_dropped: 0 } };
  return { kafka, mosquitto, emqx };
}

const demoFile = (name: string) => parse(readFileSync(join(root, 'demo', name), 'utf8'));

/** The demo's document, with these addresses, with a rule from Kafka to MQTT, which publishes each record again, to a topic that no rule reads, and with one that remembers, and has limits. */
function bridgeDocument({ kafka, mosquitto }: Brokers): DemoDocument {
  const document = demoFile('my-vehicles.yaml');
  document.spec.mqtt.url = mosquitto.url;
  document.spec.kafka.bootstrapServers = kafka.bootstrap.split(',');
  document.spec.rules.push({
    name: 'back',
    sql: 'SELECT value FROM "$kafka/my-vehicles"',
    sinks: [{ mqtt: { topic: 'back/${key}', payload: '${value}', qos: 1 } }],
  });
  document.spec.rules.push({
    name: 'windows',
    sql: 'SELECT COUNT(*) AS messages FROM "mqttx/simulate/tesla/{clientid}" WHERE CHANGED(clientid) GROUP BY TUMBLING(1s)',
    rateLimit: '1000/s',
    sinks: [{ kafka: { topic: 'my-vehicles', key: 'all', rateLimit: '1000/s' } }],
  });
  return document;
}

/** The demo's exporter, with these addresses, asking this often, and with an EMQX beside. */
function exporterDocument({ kafka, mosquitto, emqx }: Brokers, interval: string): object {
  const document = demoFile('exporter.yaml');
  document.spec.interval = interval;
  document.spec.timeout = '1s';
  document.spec.aliases = true;
  Object.assign(document.spec.mqtt[0], {
    url: mosquitto.url,
    sysInterval: '1s',
    queueLimit: 100_000,
    memoryLimit: '128MiB',
  });
  document.spec.kafka[0].bootstrapServers = kafka.bootstrap.split(',');
  const { apiKey, apiSecret } = key;
  const clients = ['my-vehicles'];
  document.spec.emqx = [{ name: 'emqx', url: emqx.url, apiKey, apiSecret: { value: apiSecret }, clients }];
  return document;
}
