/**
 * A Kafka broker in memory, for the demo and for tests only.
 *
 * It speaks the Kafka protocol on a TCP port, well enough for real clients: librdkafka, Kafka's own Java clients, kafkajs and
 * @platformatic/kafka produce, consume, form groups and manage topics as with Apache Kafka. Nothing reaches a disk, nothing is
 * replicated, nobody is authenticated: when the process ends, all is gone. Never put data there that somebody needs.
 *
 * Its use in tests is that it fails on command. A fault names a request and what goes wrong with it (`faults.add`), leaders move
 * when asked (`cluster.moveLeader`), nodes die and come back (`cluster.node(2).stop()`), and all of it happens at a point of
 * the conversation, not of the clock. What surprises: all nodes are ports of one process and share one memory, so an acknowledged
 * record survives the death of its leader even with one replica; it is then only out of reach.
 */
import { Broker } from './broker.ts';
import { Cluster, type NewBatch, type NewRequest } from './cluster.ts';
import type { Faults } from './faults.ts';
import type { EmbeddedRecord } from './records.ts';
import { defaultSettings } from './topic-settings.ts';

/** What whoever starts it should show to a person. */
export const embeddedKafkaNotice =
  'Embedded Kafka: in memory, for demos and tests only. No disk, no replication, no authentication; all records are gone when it stops.';

export interface EmbeddedKafkaOptions {
  /** Port of the first node, default 0: any free one. Further nodes take the ports after it. */
  readonly port?: number;
  /** Address to listen on, default 127.0.0.1. */
  readonly host?: string;
  /** Nodes of the cluster, default 1. Their ids are 1, 2, 3 ... */
  readonly nodes?: number;
  readonly topics?: readonly { readonly name: string; readonly partitions: number }[];
  /** Whether a topic is created when a client first asks about it, as Kafka does by default. Default true. */
  readonly autoCreateTopics?: boolean;
  /** Bytes a partition keeps before the oldest batches go, default 16 MiB; -1 for no limit. A topic may set its own. */
  readonly retentionBytes?: number;
  /** The largest record batch taken, in bytes, default 1,048,588 as in Kafka. A topic may set its own. */
  readonly maxMessageBytes?: number;
}

export interface EmbeddedKafka {
  /** Addresses for a client's `bootstrap.servers`, with commas between. */
  readonly bootstrap: string;
  readonly cluster: Cluster;
  readonly faults: Faults;
  /** Every record that a topic keeps, by partition and offset; [] for an unknown topic. */
  records(topic: string): EmbeddedRecord[];
  /** Calls back for each batch that is appended. Returns a function that ends it. */
  onBatch(listener: (batch: NewBatch) => void): () => void;
  /** Calls back for each request that arrives. Returns a function that ends it. */
  onRequest(listener: (request: NewRequest) => void): () => void;
  /** Calls back when a connection had to be ended because of what the client sent. Returns a function that ends it. */
  onProblem(listener: (problem: Error) => void): () => void;
  /** Closes all ports and connections. */
  stop(): Promise<void>;
}

/** Starts the embedded broker. Throws `embedded-listen-failed` when a port cannot be had. */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
  const { port = 0, host = '127.0.0.1', nodes = 1, topics = [], autoCreateTopics = true } = options;
  const cluster = new Cluster(defaultSettings(options), autoCreateTopics);
  for (let index = 0; index < nodes; index++) {
    cluster.addNode(new Broker(index + 1, host, port === 0 ? 0 : port + index, cluster));
  }
  const stop = async (): Promise<void> => {
    cluster.groups.close();
    await Promise.all(cluster.nodes.map(node => node.stop()));
  };
  try {
    for (const node of cluster.nodes) await node.start();
  } catch (error) {
    await stop();
    throw error;
  }
  for (const { name, partitions } of topics) cluster.createTopic(name, partitions);
  return {
    bootstrap: cluster.nodes.map(node => `${reachable(host)}:${node.port}`).join(','),
    cluster,
    faults: cluster.faults,
    records: topic => cluster.records(topic),
    onBatch: listener => cluster.batches.add(listener),
    onRequest: listener => cluster.requests.add(listener),
    onProblem: listener => cluster.problems.add(listener),
    stop,
  };
}

/** An address a client on this machine can connect to; brackets as in a URL around IPv6. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
