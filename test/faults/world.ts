/** Where a fault happens: Kafka, Mosquitto, a proxy before each of them, and bridges between. */
import { randomBytes } from 'node:crypto';
import { type KafkaOptions, type RunningKafka, startKafka } from '../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { freePort } from '../real/ports.ts';
import { type BridgeProcess, MkbProcess, NaiveProcess } from '../support/bridge-process.ts';
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts';
import { Oracle, type OracleOptions } from './oracle.ts';

/** Which way a run's bridge takes to its brokers: straight, or through the proxy of one side. */
export type Link = 'straight' | 'mqtt proxy' | 'kafka proxy';

/** The names and addresses of one run, so that runs in the same world do not meet. */
export interface Run {
  readonly topic: string;
  readonly deadTopic: string;
  /** Client `c0` publishes to `<topicPrefix>/c0`. */
  readonly topicPrefix: string;
  readonly mqttUrl: string;
  readonly bootstrap: string;
  /** `spec.kafka.auth` of the bridge; none when left out. */
  readonly auth?: object;
}

export interface World {
  readonly kafka: RunningKafka;
  readonly mosquitto: RunningMosquitto;
  readonly mqttProxy: ChaosProxy;
  /** The brokers, for people. */
  readonly systems: string;
  /** Creates the topics of a new run. */
  newRun(link?: Link): Promise<Run>;
  stop(): Promise<void>;
}

export async function startWorld(options: KafkaOptions = {}): Promise<World> {
  const [kafka, mosquitto] = await Promise.all([
    startKafka({ proxied: true, ...options }),
    startMosquitto({ persistence: true }),
  ]);
  const mqttProxy = await startChaosProxy(mosquitto.port);
  return {
    kafka,
    mosquitto,
    mqttProxy,
    systems: kafka.brokers.length === 1 ? 'Mosquitto, Kafka' : `Mosquitto, ${kafka.brokers.length} brokers of Kafka`,
    newRun: async (link = 'straight') => {
      const name = `run-${randomBytes(4).toString('hex')}`;
      const run = {
        topic: name,
        deadTopic: `${name}-dead`,
        topicPrefix: `oracle/${name}`,
        mqttUrl: link === 'mqtt proxy' ? `mqtt://127.0.0.1:${mqttProxy.port}` : mosquitto.url,
        bootstrap: link === 'kafka proxy' ? kafka.bootstrapProxied : kafka.bootstrap,
      };
      await Promise.all([run.topic, run.deadTopic].map(topic => kafka.createTopic(topic)));
      return run;
    },
    stop: async () => {
      await Promise.all([kafka.stop(), mosquitto.stop(), mqttProxy.close()]);
    },
  };
}

/** What of a run's bridge is another than usual: the rule's SQL, the QoS that it subscribes with, its `delivery.buffer`. */
export interface BridgeVariant {
  readonly sql?: string;
  readonly qos?: 0 | 1 | 2;
  readonly buffer?: object;
}

/** The document that carries a run's messages as they are. */
export function runDocument(run: Run, { sql, qos = 1, buffer }: BridgeVariant = {}): object {
  return {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: run.topic },
    spec: {
      mqtt: { url: run.mqttUrl, clientId: run.topic, qos },
      kafka: { bootstrapServers: run.bootstrap.split(','), ...(run.auth && { auth: run.auth }) },
      rules: [
        {
          name: 'carry',
          sql: sql ?? `SELECT payload FROM "${run.topicPrefix}/{clientid}"`,
          sinks: [{ kafka: { topic: run.topic, key: '${clientid}' } }],
        },
      ],
      delivery: { onFailure: { deadLetter: { topic: run.deadTopic } }, ...(buffer && { buffer }) },
    },
  };
}

/** Our bridge for a run. Not started yet. */
export const mkbFor = async (run: Run, variant: BridgeVariant = {}): Promise<MkbProcess> =>
  new MkbProcess(runDocument(run, variant), await freePort());

/** The naive bridge for a run. Not started yet. */
export const naiveFor = (run: Run, acknowledge: 'before' | 'after'): BridgeProcess =>
  new NaiveProcess({
    mqttUrl: run.mqttUrl,
    bootstrap: run.bootstrap,
    filter: `${run.topicPrefix}/+`,
    topic: run.topic,
    clientId: run.topic,
    acknowledge,
  });

/** An oracle for a run. It goes to both brokers straight: only the bridge suffers from the proxies. */
export const oracleFor = (world: World, run: Run, options: Partial<OracleOptions> = {}): Oracle =>
  new Oracle({
    mqttUrl: world.mosquitto.url,
    topicPrefix: run.topicPrefix,
    kafka: world.kafka.client(),
    kafkaTopic: run.topic,
    ...options,
  });
