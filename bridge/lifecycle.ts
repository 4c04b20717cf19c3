/**
 * The start and the end of a bridge.
 *
 * It starts from the end, sinks before sources, so that nothing is received that could not go anywhere. It stops from the beginning: sources
 * hand over no more, what was read is delivered and acknowledged, and only then are the connections closed.
 */
import { asMkbError } from '../api/errors/as-mkb-error.ts';
import type { MkbError } from '../api/errors.ts';
import { durationMs } from '../api/units.ts';
import type { PipelineIntake } from './flow/intake.ts';
import type { Sink } from './flow/sink.ts';
import type { Source } from './flow/source.ts';
import type { InFlight } from './in-flight.ts';
import { type Needs, sinksOf, usable } from './needs.ts';
import type { Logger } from './observe/log.ts';
import type { Reports } from './observe/reports.ts';
import type { Standstills } from './observe/standstills.ts';
import type { BridgeParts } from './parts.ts';
import { Persistence } from './persistence.ts';
import type { Running } from './reload/reload.ts';
import type { ClientsSink } from './sinks/clients.ts';
import type { MqttSink } from './sinks/mqtt.ts';
import type { BufferedListenerSource } from './sources/buffered-listener.ts';
import type { BufferedMqttSource } from './sources/buffered-mqtt.ts';
import type { EventsSource } from './sources/events.ts';
import type { KafkaSource } from './sources/kafka.ts';
import type { ListenerSource } from './sources/listener.ts';
import type { MqttSource } from './sources/mqtt.ts';
import type { WindowsSource } from './sources/windows.ts';
import { endedWithin, type StopReport } from './stopping.ts';
import type { Transactions } from './transactions.ts';

/** The sources and sinks that a bridge may have. */
export interface Sides extends Needs {
  readonly mqttSource: MqttSource | BufferedMqttSource | undefined;
  /** Of a bridge that MQTT clients connect to, in the place of `mqttSource`. */
  readonly listener: ListenerSource | BufferedListenerSource | undefined;
  readonly kafkaSource: KafkaSource | undefined;
  readonly windows: WindowsSource;
  readonly events: EventsSource;
  readonly mqttSink: MqttSink | undefined;
  /** Of a bridge that MQTT clients connect to, in the place of `mqttSink`. */
  readonly clientsSink: ClientsSink | undefined;
}

export interface LifecycleOptions {
  readonly name: string;
  readonly sides: Sides;
  readonly parts: BridgeParts;
  readonly running: Running;
  readonly intakes: ReadonlyMap<Source, PipelineIntake>;
  readonly inFlight: InFlight;
  readonly transactions: Transactions | undefined;
  readonly standstills: Standstills;
  readonly reports: Reports;
  readonly log: Logger;
}

/** Those that a bridge has, in the order in which they end. */
export function sourcesOf({ mqttSource, listener, kafkaSource, events, windows }: Sides): readonly Source[] {
  const all: readonly (Source | undefined)[] = [mqttSource, listener, kafkaSource, events, windows];
  return all.filter(source => source !== undefined);
}

/** Those that a source needs. */
export function neededSinks(sides: Sides): ReadonlySet<Sink> {
  return new Set(sourcesOf(sides).flatMap(source => [...sinksOf(source, sides)]));
}

/** Those that no rule needs any more too. */
function everySink({ kafkaSink, mqttSink, clientsSink }: Sides): readonly Sink[] {
  return [kafkaSink, mqttSink, clientsSink].filter(sink => sink !== undefined);
}

export class Lifecycle {
  /** Settles when the bridge has ended: fulfilled by `stop`, rejected by an error that no retry changes. */
  readonly ended: Promise<void>;
  readonly #options: LifecycleOptions;
  readonly #end = Promise.withResolvers<void>();
  readonly #stopped = new AbortController();
  readonly #persistence: Persistence;
  #started = false;
  #stopping: Promise<StopReport> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#persistence = new Persistence(this.#stopped.signal, error => options.reports.problem(error));
    this.ended = this.#end.promise;
    // Whoever awaits it hears of a rejection; until then it is not an unhandled one.
    this.ended.catch(() => undefined);
  }

  get state(): 'starting' | 'running' | 'stopping' {
    if (this.#stopping) return 'stopping';
    return this.#started ? 'running' : 'starting';
  }

  /** Why what is tried again failed last. */
  get problems(): Iterable<MkbError> {
    return this.#persistence.problems;
  }

  /**
   * Connects all sides and returns when messages can flow. Waits for brokers that are down; throws what no waiting changes, unless another
   * direction goes on without it.
   */
  async start(): Promise<void> {
    const { sides, parts, running, intakes, transactions, standstills, reports, log, name } = this.#options;
    try {
      parts.registries.start(error => reports.problem(error));
      await parts.tables.start(reports);
      if (this.#stopping) return;
      if (sides.rules.some(({ rule }) => rule.callsJq)) await parts.jq.warm();
      standstills.watch(log, name, running.document.spec.kafka.bootstrapServers!.join(', '));
      void transactions?.run();
      const started = new Map([...neededSinks(sides)].map(sink => [sink, sink.start()]));
      await Promise.all([
        ...started.values(),
        ...sourcesOf(sides).map(async source => {
          await source.open?.(intakes.get(source)!);
          await Promise.all([...sinksOf(source, sides)].map(sink => usable(sink, source, sides) ?? started.get(sink)));
          if (!this.#stopping) await source.start(intakes.get(source)!);
        }),
      ]);
      this.#started = true;
    } catch (error) {
      this.fail(error as MkbError);
      throw error;
    }
  }

  /** Stops reading, delivers and acknowledges what was read, and closes; at the latest after `delivery.shutdownTimeout`, whatever hangs. */
  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<StopReport> {
    const { sides, parts, running, transactions, standstills, reports } = this.#options;
    this.#stopped.abort();
    standstills.close();
    const timeoutMs = durationMs(running.document.spec.delivery.shutdownTimeout);
    const ended = await endedWithin(timeoutMs, (settleMs, partingMs) => this.#endInOrder(settleMs, partingMs)).catch(
      // Whatever goes wrong with the end of one part, all are closed.
      error => reports.problem(asMkbError(error)),
    );
    const left = {
      unacknowledged: (sides.mqttSource ?? sides.listener)?.account.inFlight ?? 0,
      unpublished: sides.kafkaSource?.account.inFlight ?? 0,
    };
    // What a side that hangs has kept from ending.
    reports.end();
    for (const part of [...sourcesOf(sides), ...everySink(sides)]) void part.close(0);
    transactions?.close();
    parts.registries.close();
    parts.tables.close();
    parts.jq.close();
    this.#end.resolve();
    return { ...left, late: !ended || left.unacknowledged + left.unpublished > 0 };
  }

  async #endInOrder(endingMs: number, partingMs: number): Promise<void> {
    const { sides, inFlight, reports } = this.#options;
    const sources = sourcesOf(sides);
    const sinks = everySink(sides);
    const began = performance.now();
    await sides.listener?.part(endingMs / 2);
    const settleMs = endingMs - (performance.now() - began);
    for (const source of sources) source.stop(settleMs);
    for (const sink of sinks) sink.flush();
    await inFlight.none(settleMs);
    const rows = sides.windows.account.inFlight;
    if (rows > 0) reports.rowsLost(rows);
    await Promise.all(sources.map(source => source.close(partingMs)));
    await Promise.all(sinks.map(sink => sink.close(partingMs)));
  }

  /** What is refused to one direction is reported and tried again, if the other goes on. */
  untilDone(action: () => Promise<void>): Promise<void> {
    const { mqttSource, listener, kafkaSource } = this.#options.sides;
    return this.#persistence.untilDone(action, (mqttSource ?? listener) !== undefined && kafkaSource !== undefined);
  }

  /** Ends the bridge with an error that no retry changes. */
  fail(error: MkbError): void {
    this.#end.reject(error);
    void this.stop();
  }
}
