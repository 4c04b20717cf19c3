/** What happens to the parts of a bridge, as its log, its metrics and the events of its rules have it. */
import type { MkbError } from '../../api/errors.ts';
import type { EventName, Happening } from '../../rules/events.ts';
import type { Loss } from '../flow/dead-letters.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import type { ConnectedInfo } from '../mqtt/session-handler.ts';
import type { TableFigures } from '../tables/figures.ts';
import { Failures } from './failures.ts';
import { ErrorLog, type Logger } from './log.ts';

/** What to do about messages that failed, beside the remedy of the error. */
const nextSteps: { readonly [outcome in Outcome]?: string } = {
  dead_lettered: 'mkb dead-letters list shows such messages, and mkb dead-letters replay sends them again',
  dead_letter_failed: 'the message is lost: the topic of delivery.onFailure.deadLetter must take it',
};
const lost = 'the message is lost: with delivery.onFailure.deadLetter such messages are kept';

export class Reports {
  /** Failures that are retried, counted by error code. */
  readonly retried = new Map<string, number>();
  /** Messages that failed permanently. */
  readonly failures = new Failures();
  readonly #bridge: string;
  readonly #log: Logger;
  readonly #errors: ErrorLog;
  readonly #raise: (event: EventName, facts: () => Happening) => void;
  /** As the last event had it. */
  #mqttWasConnected = false;
  #kafkaWasConnected = false;
  #over = false;

  /** @param raise something happened that a rule may read as an event */
  constructor(bridge: string, log: Logger, raise: (event: EventName, facts: () => Happening) => void) {
    this.#bridge = bridge;
    this.#log = log;
    this.#errors = new ErrorLog(log);
    this.#raise = raise;
  }

  /** Something failed that is retried. */
  problem(error: MkbError): void {
    if (this.#over) return;
    this.retried.set(error.code, (this.retried.get(error.code) ?? 0) + 1);
    this.#errors.report(error.kind === 'permanent' ? 'error' : 'warn', error, { bridge: this.#bridge });
  }

  /** A message failed permanently: a line for each rule and error, with the topic of the last one, and how many there were since the line before. */
  failed(rule: string, error: MkbError, loss: Loss): void {
    this.failures.add(rule, error, loss);
    const { topic, outcome } = loss;
    this.#errors.report(
      'error',
      error,
      { bridge: this.#bridge, rule, outcome },
      { topic, next: nextSteps[outcome] ?? lost },
    );
  }

  /** A rule's sink can be written, but something is probably wrong with it. */
  noticed(rule: string, warning: MkbError): void {
    this.#errors.report('warn', warning, { bridge: this.#bridge, rule });
  }

  /** A table was read. */
  read(table: TableFigures): void {
    const { name, rows, heldBytes: bytes } = table;
    this.#log.info({ bridge: this.#bridge, table: name, rows, bytes }, 'the table was read');
  }

  bufferOpened(facts: object): void {
    this.#log.info({ bridge: this.#bridge, ...facts }, 'the buffer is open');
  }

  /** Messages of a buffer went nowhere, a group of them. @param reason that they are counted under; undefined for none */
  bufferDropped(error: MkbError, reason: string | undefined): void {
    this.problem(error);
    if (reason === undefined) return;
    this.#raise('message.dropped', () => ({ reason, error: error.code, error_message: error.message }));
  }

  sessionConnected({ grants, ...info }: ConnectedInfo): void {
    this.#log.info({ bridge: this.#bridge, ...info }, 'MQTT is connected');
    for (const { filter, asked, granted } of grants) {
      if (granted < asked)
        this.#log.warn(
          { bridge: this.#bridge, filter, asked, granted },
          `The broker delivers ${filter} with QoS ${granted} at most, not ${asked}: messages may be lost before they reach the bridge.`,
        );
    }
    this.#mqttWasConnected = true;
    this.#raise('bridge.mqtt_connected', () => ({ server: info.url, session_present: info.sessionPresent }));
  }

  /** A connection was lost, or could not be made. @param server that let the session in last */
  sessionDisconnected(error: MkbError, server: string | undefined): void {
    this.problem(error);
    if (!this.#mqttWasConnected) return;
    this.#mqttWasConnected = false;
    const { code: reason, message: error_message } = error;
    this.#raise('bridge.mqtt_disconnected', () => ({ reason, error_message, server }));
  }

  publisherConnected(url: string, clientId: string): void {
    this.#log.info({ bridge: this.#bridge, url, clientId }, 'the publisher is connected to MQTT');
  }

  /** A connection to a broker of Kafka came up or broke. @param connected whether there is one now */
  kafkaLinkChanged(connected: boolean): void {
    if (connected === this.#kafkaWasConnected) return;
    this.#kafkaWasConnected = connected;
    this.#raise(connected ? 'bridge.kafka_connected' : 'bridge.kafka_disconnected', () => ({}));
  }

  assigned(group: string, given: readonly AssignedPartition[]): void {
    const partitions = given.map(({ topic, partition }) => `${topic}-${partition}`);
    this.#log.info({ bridge: this.#bridge, group, partitions }, 'partitions to read');
  }

  /** The time to stop is over, and nobody reads these again. */
  rowsLost(rows: number): void {
    this.#log.warn({ bridge: this.#bridge, rows }, 'not all rows of windows were taken in time: they are lost');
  }

  /** Everything is closed. That requests end with it is no problem. */
  end(): void {
    this.#over = true;
  }
}
