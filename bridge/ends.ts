/** Makes the sources and sinks of a bridge, and connects what happens to them with its log, its metrics and its end. */
import type { MkbError } from '../api/errors.ts';
import type { BoundRule } from './flow/bound-rule.ts';
import type { Pipeline } from './flow/pipeline.ts';
import type { Source } from './flow/source.ts';
import type { Sessions } from './listen/sessions.ts';
import type { Logger } from './observe/log.ts';
import type { Reports } from './observe/reports.ts';
import type { BridgeParts } from './parts.ts';
import { KafkaSink } from './sinks/kafka.ts';
import { MqttSink } from './sinks/mqtt.ts';
import { BufferedListenerSource } from './sources/buffered-listener.ts';
import type { BufferedMqttSource } from './sources/buffered-mqtt.ts';
import { KafkaSource } from './sources/kafka.ts';
import { ListenerSource } from './sources/listener.ts';
import type { MqttSource } from './sources/mqtt.ts';
import { mqttSourceOf } from './sources/mqtt-source-of.ts';
import { isTransacted } from './transacted.ts';
import { Transactions } from './transactions.ts';

/** What ends ask of their bridge. */
export interface EndsHost {
  /** Repeats an action until it is done, or throws what no retry changes. */
  untilDone(action: () => Promise<void>): Promise<void>;
  /** A connection to Kafka came up or broke. */
  kafkaLinkChanged(): void;
  /** The address of the MQTT server that let the session in last. */
  server(): string | undefined;
  /** An error that no retry changes: the bridge ends. */
  fail(error: MkbError): void;
  transactions(): Transactions | undefined;
  /** Of a bridge with transactions. */
  kafkaSink(): KafkaSink;
}

type Given<Part extends keyof BridgeParts> = NonNullable<BridgeParts[Part]>;

export class Ends {
  readonly #bridge: string;
  readonly #log: Logger;
  readonly #reports: Reports;
  readonly #host: EndsHost;

  constructor(bridge: string, log: Logger, reports: Reports, host: EndsHost) {
    this.#bridge = bridge;
    this.#log = log;
    this.#reports = reports;
    this.#host = host;
  }

  kafkaSink(options: Given<'kafkaSink'>): KafkaSink {
    return new KafkaSink(options, {
      linkChanged: () => this.#host.kafkaLinkChanged(),
      problem: error => this.#reports.problem(error),
      doomed: error => this.#host.transactions()?.doomed(error),
      noticed: (rule, warning) => this.#reports.noticed(rule, warning),
      untilDone: action => this.#host.untilDone(action),
    });
  }

  mqttSink(options: Given<'mqttSink'>): MqttSink {
    return new MqttSink(options, {
      connected: url => this.#reports.publisherConnected(url, options.publisher.clientId),
      problem: error => this.#reports.problem(error),
      stopped: error => this.#host.fail(error),
    });
  }

  mqttSource(options: Given<'mqttSource'>, rules: readonly BoundRule[]): MqttSource | BufferedMqttSource {
    return mqttSourceOf(
      { ...options, rules },
      {
        reports: this.#reports,
        untilDone: action => this.#host.untilDone(action),
        connected: info => this.#reports.sessionConnected(info),
        disconnected: error => this.#reports.sessionDisconnected(error, this.#host.server()),
        problem: error => this.#reports.problem(error),
        stopped: error => this.#host.fail(error),
        full: () => this.#host.transactions()?.hurry(),
        keep: (topic, key, value) => this.#host.kafkaSink().keep(topic, key, value),
      },
    );
  }

  listener(
    { listen, clientsBuffer: buffer }: BridgeParts,
    sessions: Sessions,
    rules: readonly BoundRule[],
  ): ListenerSource | BufferedListenerSource {
    const options = { listen: listen!, sessions, rules };
    const events = {
      reports: this.#reports,
      untilDone: (action: () => Promise<void>) => this.#host.untilDone(action),
      listening: (ports: readonly number[]) =>
        this.#log.info({ bridge: this.#bridge, ports }, 'MQTT clients can connect'),
      problem: (error: MkbError) => this.#reports.problem(error),
    };
    return buffer ? new BufferedListenerSource({ ...options, buffer }, events) : new ListenerSource(options, events);
  }

  kafkaSource(options: Given<'kafkaSource'>, rules: readonly BoundRule[]): KafkaSource {
    return new KafkaSource(
      { ...options, rules },
      {
        assigned: given => this.#reports.assigned(options.consumer.groupId, given),
        problem: error => this.#reports.problem(error),
        stopped: error => this.#host.fail(error),
        full: () => this.#host.transactions()?.hurry(),
        withdrawn: () => this.#host.transactions()?.withdrawn(),
        untilDone: action => this.#host.untilDone(action),
      },
    );
  }

  transactions(options: Given<'transactions'>, sources: readonly Source[], pipeline: Pipeline): Transactions {
    return new Transactions(options, {
      sources: sources.flatMap(source => (isTransacted(source) ? [source] : [])),
      sink: this.#host.kafkaSink(),
      pipeline,
      problem: error => this.#reports.problem(error),
      stopped: error => this.#host.fail(error),
    });
  }
}
