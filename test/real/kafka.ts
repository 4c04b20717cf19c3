/**
 * Real Apache Kafka for tests: one KRaft node or three, on free ports, in a temporary folder, in about two seconds.
 *
 * Each node is broker and controller, so that killing one of three leaves a majority. A node keeps its ports and its data over kill and
 * start, as a real one does. Listeners beyond PLAINTEXT are opened on request; see `RunningKafka`.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import {
  kafkaUser,
  type Listener,
  type ListenerName,
  log4jConfig,
  serverProperties,
  smallJava,
} from './kafka-config.ts';
import { freePorts } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { kafkaClassPath } from './systems.ts';
import { until, untilStarted } from './until.ts';

export interface KafkaOptions {
  readonly brokers?: 1 | 3;
  /** Opens listeners for PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, and over TLS too when `tls` is set. */
  readonly sasl?: boolean;
  /** Opens a TLS listener, and one that requires a client certificate. */
  readonly tls?: boolean;
  /**
   * Puts a chaos proxy before each broker's `bootstrapProxied` listener: clients that start there stay behind it. At 127.0.0.1, or at
   * another address of this machine, such as `host` of a real node for its Pods.
   */
  readonly proxied?: boolean | string;
  /** server.properties that are added, or override ours. */
  readonly config?: Readonly<Record<string, string>>;
  /** Java's options instead of the small and quick ones; a benchmark wants a warm compiler and a larger heap. */
  readonly java?: readonly string[];
}

export interface RunningBroker {
  /** Kafka's node id, from 1. */
  readonly id: number;
  readonly pid: number;
  readonly running: boolean;
  /** The folder of its logs: a partition's segments are in TOPIC-PARTITION/. */
  readonly data: string;
  /** Before the PROXIED listener; only with `proxied`. */
  readonly proxy: ChaosProxy | undefined;
  /** Sends a signal, SIGKILL unless told, and waits for the process to end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** A controlled shutdown. */
  stop(): Promise<void>;
  /** Starts it again with the same ports and data, and waits until it is a member of the cluster. */
  start(): Promise<void>;
  /** SIGSTOP: its connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** A running cluster. Each `bootstrap...` is host:port, one for each broker, joined by commas; '' when it was not asked for. */
export interface RunningKafka {
  readonly bootstrap: string;
  /** TLS with a server certificate of `certificates.ca`; asks for no client certificate. */
  readonly bootstrapTls: string;
  /** TLS that requires a client certificate, such as `certificates.clientCert`. */
  readonly bootstrapMtls: string;
  /** Login of `user` with any mechanism, without TLS. An OAUTHBEARER token may be unsecured (`unsecuredToken`). */
  readonly bootstrapSasl: string;
  /** The same over TLS. */
  readonly bootstrapSaslTls: string;
  /** No TLS and no login, through each broker's chaos proxy. */
  readonly bootstrapProxied: string;
  readonly user: { readonly username: string; readonly password: string };
  readonly certificates: Certificates | undefined;
  readonly brokers: readonly RunningBroker[];
  /** A kafkajs client of the PLAINTEXT listener, which logs nothing, and tries for a minute what may be tried again. */
  client(config?: Partial<KafkaConfig>): Kafka;
  /** Creates a topic, of 3 partitions and as many replicas as brokers unless told, and waits until each partition has a leader. */
  createTopic(name: string, options?: TopicOptions): Promise<void>;
  /** Ends every broker at once and removes the data: tests want to be quick, not to shut down in order. */
  stop(): Promise<void>;
}

/** Starts Kafka and waits until every broker is a member. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const folder = temporaryFolder('kafka');
  const certificates = options.tls ? makeCertificates(folder) : undefined;
  const count = options.brokers ?? 1;
  const controllerPorts = await freePorts(count);
  const classPath = kafkaClassPath();
  if (!classPath) throw new Error('Kafka is not installed here: npm run provision');
  const logging = join(folder, 'log4j2.properties');
  writeFileSync(logging, log4jConfig);
  const java = [...(options.java ?? smallJava), `-Dlog4j2.configurationFile=${logging}`, '-cp', classPath];
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'k');

  const nodes = await Promise.all(
    controllerPorts.map(async (controllerPort, index) => {
      const { listeners, proxy } = await openListeners(options);
      const node = { id: index + 1, folder: join(folder, `node-${index + 1}`), listeners, proxy };
      const properties = `${node.folder}.properties`;
      const config = options.config ?? {};
      writeFileSync(
        properties,
        serverProperties({ ...node, controllerPort, voters: controllerPorts, certificates, config }),
      );
      await format(java, { cluster, properties, users: options.sasl === true });
      const args = [...java, 'kafka.Kafka', properties];
      const name = `Kafka broker ${node.id}`;
      return { ...node, process: new ServerProcess({ name, command: 'java', args, logFile: `${node.folder}.log` }) };
    }),
  );

  const bootstrap = (name: ListenerName) =>
    nodes
      .flatMap(node => node.listeners.filter(listener => listener.name === name))
      .map(listener => listener.advertised)
      .join(',');
  const client = (config: Partial<KafkaConfig> = {}) =>
    new Kafka({
      brokers: bootstrap('PLAINTEXT').split(','),
      logLevel: logLevel.NOTHING,
      // Its own are five tries in ten seconds, and a second to connect: brokers here are killed and frozen, on a busy machine.
      retry: { retries: 60, maxRetryTime: 1000 },
      connectionTimeout: 10_000,
      ...config,
    });

  const brokers = nodes.map(node => broker(node, async () => (await members(client)).includes(node.id)));
  const stop = async () => {
    await Promise.all(nodes.map(node => node.process.kill()));
    await Promise.all(nodes.map(node => node.proxy?.close()));
    removeFolder(folder);
  };
  try {
    await Promise.all(brokers.map(each => each.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    bootstrap: bootstrap('PLAINTEXT'),
    bootstrapTls: bootstrap('TLS'),
    bootstrapMtls: bootstrap('MTLS'),
    bootstrapSasl: bootstrap('SASL'),
    bootstrapSaslTls: bootstrap('SASL_TLS'),
    bootstrapProxied: bootstrap('PROXIED'),
    user: kafkaUser,
    certificates,
    brokers,
    client,
    createTopic: (name, topic = {}) => createTopic(client, name, topic),
    stop,
  };
}

/**
 * A token that Kafka's test validator takes: a JWT that nobody signed.
 *
 * @param seconds how long it is good for; below 0 it is over already
 */
export function unsecuredToken(subject: string, seconds = 3600): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: Math.min(now, now + seconds - 60), exp: now + seconds })}.`;
}

interface Node {
  readonly id: number;
  readonly folder: string;
  readonly proxy: ChaosProxy | undefined;
  readonly process: ServerProcess;
}

/** @param joined whether the node is a member of the cluster */
function broker({ id, folder, proxy, process }: Node, joined: () => Promise<boolean>): RunningBroker {
  return {
    id,
    data: join(folder, 'data'),
    proxy,
    get pid() {
      return process.pid;
    },
    get running() {
      return process.running;
    },
    kill: signal => process.kill(signal),
    stop: () => process.stop(),
    pause: () => process.pause(),
    resume: () => process.resume(),
    start: async () => {
      await process.launch();
      await untilStarted(`Kafka broker ${id} to join`, () => process.pid > 0 && joined()).catch(error => {
        throw new Error(`${error.message}\n${process.log()}`, { cause: error });
      });
    },
  };
}

/** One port for each listener that is asked for; the proxied one is known by its proxy's port. */
async function openListeners(options: KafkaOptions): Promise<{ listeners: Listener[]; proxy: ChaosProxy | undefined }> {
  const { sasl, tls, proxied } = options;
  const wanted: Record<ListenerName, boolean | undefined> = {
    PLAINTEXT: true,
    PROXIED: Boolean(proxied),
    TLS: tls,
    MTLS: tls,
    SASL: sasl,
    SASL_TLS: sasl && tls,
  };
  const names = (Object.keys(wanted) as ListenerName[]).filter(name => wanted[name]);
  const ports = await freePorts(names.length);
  const host = typeof proxied === 'string' ? proxied : '127.0.0.1';
  const proxy = proxied ? await startChaosProxy(ports[names.indexOf('PROXIED')]!, 0, host) : undefined;
  const listeners = names.map((name, index) => {
    const port = ports[index]!;
    return { name, port, advertised: name === 'PROXIED' ? `${host}:${proxy!.port}` : `127.0.0.1:${port}` };
  });
  return { listeners, proxy };
}

/** Writes a node's first metadata, SCRAM's users among it. */
async function format(java: string[], task: { cluster: string; properties: string; users: boolean }): Promise<void> {
  const { username, password } = kafkaUser;
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
  const tool = ['kafka.tools.StorageTool', 'format', '-t', task.cluster, '-c', task.properties];
  await promisify(execFile)('java', [...java, ...tool, ...(task.users ? users : [])]);
}

type Client = RunningKafka['client'];

/** Node ids of the brokers that are up, as the cluster's controller sees it. */
async function members(client: Client): Promise<number[]> {
  // As many tries as brokers: kafkajs asks one of them a try.
  const admin = client({ retry: { retries: 3, initialRetryTime: 50 } }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId);
  } finally {
    await admin.disconnect();
  }
}

async function createTopic(client: Client, topic: string, options: TopicOptions): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(options.config ?? {}).map(([name, value]) => ({ name, value }));
    const { partitions: numPartitions = 3, replicas: replicationFactor = -1 } = options;
    const plan = { topic, numPartitions, replicationFactor, configEntries };
    // A broker that was frozen is fenced until its next heartbeat: before that the controller has none to place a replica on.
    await until(`topic ${topic} to be made`, async () => {
      await admin.createTopics({ waitForLeaders: false, topics: [plan] });
      return true;
    });
    // Our own wait: that of kafkajs fails when the broker it asks has not heard of the topic yet.
    await until(`leaders of topic ${topic}`, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const { partitions } = topics[0]!;
      return partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0);
    });
  } finally {
    await admin.disconnect();
  }
}
