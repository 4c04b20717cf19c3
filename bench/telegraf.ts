/**
 * Telegraf as a subject of the benchmark: the generic agent that people who already run it would reach for.
 *
 * Its settings make it acknowledge when the bridge does: with a persistent session Telegraf sends PUBACK when its output has
 * written the metric, and the output waits for `acks=all`. The window is the bridge's too, 1,000 messages. A metric is more than a payload,
 * so a template makes the record's value of the payload alone; a payload that ends in white space would lose it to the `value` parser.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { systems } from '../test/real/systems.ts';

export interface TelegrafOptions {
  readonly mqttPort: number;
  /** host:port of one Kafka broker. */
  readonly bootstrap: string;
  /** The topic filter it subscribes to. */
  readonly filter: string;
  /** The Kafka topic. A record's key is the MQTT topic. */
  readonly topic: string;
  readonly qos: 0 | 1;
}

/** Its program, or undefined where it has not been installed (`npm run provision telegraf`). */
export const telegrafProgram = (): string | undefined => systems.find(({ name }) => name === 'telegraf')!.found();

/**
 * Starts Telegraf, which connects at once.
 *
 * @param file where its configuration is written
 */
export function startTelegraf(file: string, options: TelegrafOptions): ChildProcess {
  writeFileSync(file, configuration(options));
  return spawn(telegrafProgram()!, ['--quiet', '--strict-env-handling', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** A full batch is written at once. `flush_interval` is for what does not fill one, while the window is waiting to move. */
function configuration({ mqttPort, bootstrap, filter, topic, qos }: TelegrafOptions): string {
  return `
[agent]
  omit_hostname = true
  metric_batch_size = 1000
  metric_buffer_limit = 10000
  flush_interval = "10ms"
  flush_jitter = "0s"

[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:${mqttPort}"]
  topics = ["${filter}"]
  qos = ${qos}
  client_id = "telegraf"
  persistent_session = true
  max_undelivered_messages = 1000
  topic_tag = "topic"
  data_format = "value"
  data_type = "string"

[[outputs.kafka]]
  brokers = ["${bootstrap}"]
  topic = "${topic}"
  routing_tag = "topic"
  required_acks = -1
  data_format = "template"
  template = '{{ .Field "value" }}'
`;
}
