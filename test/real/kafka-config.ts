/** What a test's Kafka node is told: a server.properties, and what its Java is started with. */
import type { Certificates } from './certificates.ts';

/** Users of every SASL mechanism. */
export const kafkaUser = { username: 'bridge', password: 'bridge-secret' };

/** A listener of a node, and the host:port it is known by: another than its own when a proxy stands before it. */
export interface Listener {
  readonly name: ListenerName;
  readonly port: number;
  readonly advertised: string;
}

/** PLAINTEXT asks for nothing, TLS for no client certificate, MTLS for one, SASL for a login, SASL_TLS for a login over TLS. */
export type ListenerName = 'PLAINTEXT' | 'PROXIED' | 'TLS' | 'MTLS' | 'SASL' | 'SASL_TLS';

const protocols: Record<ListenerName | 'CONTROLLER', string> = {
  PLAINTEXT: 'PLAINTEXT',
  PROXIED: 'PLAINTEXT',
  CONTROLLER: 'PLAINTEXT',
  TLS: 'SSL',
  MTLS: 'SSL',
  SASL: 'SASL_PLAINTEXT',
  SASL_TLS: 'SASL_SSL',
};

export interface NodePlan {
  readonly id: number;
  readonly folder: string;
  readonly listeners: readonly Listener[];
  readonly controllerPort: number;
  /** The controller ports of all nodes, in order of their ids, from 1. */
  readonly voters: readonly number[];
  readonly certificates: Certificates | undefined;
  /** Added last, so they win. */
  readonly config: Readonly<Record<string, string>>;
}

const local = '127.0.0.1';

/** The server.properties of one KRaft node, which is broker and controller. */
export function serverProperties(plan: NodePlan): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': plan.id,
    'controller.quorum.voters': plan.voters.map((port, index) => `${index + 1}@${local}:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: [
      ...plan.listeners.map(({ name, port }) => `${name}://${local}:${port}`),
      `CONTROLLER://${local}:${plan.controllerPort}`,
    ].join(','),
    'advertised.listeners': plan.listeners.map(each => `${each.name}://${each.advertised}`).join(','),
    'listener.security.protocol.map': Object.entries(protocols)
      .map(pair => pair.join(':'))
      .join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': `${plan.folder}/data`,
    ...replicationSettings(plan.voters.length),
    ...quickness,
    ...(plan.certificates ? tlsSettings(plan.certificates) : {}),
    ...(plan.listeners.some(({ name }) => name.startsWith('SASL')) ? saslSettings() : {}),
    ...plan.config,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

/** A typo in a topic's name must be seen, so no topic makes itself; and internal topics are as small as the cluster. */
function replicationSettings(nodes: number) {
  const minimum = Math.min(2, nodes);
  return {
    'auto.create.topics.enable': false,
    'num.partitions': 3,
    'default.replication.factor': nodes,
    'min.insync.replicas': minimum,
    'offsets.topic.replication.factor': nodes,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': nodes,
    'transaction.state.log.min.isr': minimum,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': nodes,
    'share.coordinator.state.topic.min.isr': minimum,
    'share.coordinator.state.topic.num.partitions': 1,
  };
}

/** A dead broker is found in two seconds rather than nine, and small tests do not wait for large buffers. */
const quickness = {
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 2000,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1000,
  'replica.lag.time.max.ms': 5000,
  'controlled.shutdown.enable': true,
  'group.initial.rebalance.delay.ms': 0,
  'log.cleaner.dedupe.buffer.size': 8_388_608,
  'log.segment.delete.delay.ms': 1000,
};

function tlsSettings(certificates: Certificates) {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificates.serverStoreFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.caFile,
    'listener.name.mtls.ssl.client.auth': 'required',
  };
}

function saslSettings() {
  const { username, password } = kafkaUser;
  const login = 'org.apache.kafka.common.security';
  const modules = {
    plain: `${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    'scram-sha-256': `${login}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${login}.scram.ScramLoginModule required;`,
    // Kafka's own validator of unsecured tokens (alg none), which it has for exactly this.
    oauthbearer: `${login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
  const settings: Record<string, string> = {
    'sasl.enabled.mechanisms': Object.keys(modules).join(',').toUpperCase(),
  };
  for (const listener of ['sasl', 'sasl_tls']) {
    for (const [mechanism, module] of Object.entries(modules)) {
      settings[`listener.name.${listener}.${mechanism}.sasl.jaas.config`] = module;
    }
  }
  return settings;
}

/** Quick to start rather than fast: only the first tier of the compiler, and a heap that lets several nodes stand side by side. */
export const smallJava = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Warnings and errors only, to standard output. */
export const log4jConfig = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ABSOLUTE} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;
