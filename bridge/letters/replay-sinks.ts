/** The sinks that a replay sends to, bound and connected as those of the bridge. */
import { randomUUID } from 'node:crypto';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { identityOf } from '../../api/complete.ts';
import { MkbError } from '../../api/errors.ts';
import type { SecretSources } from '../../api/secrets.ts';
import { binder } from '../bind-rules.ts';
import { memoryBytes } from '../buffer-settings.ts';
import type { BindSink } from '../flow/bound-rule.ts';
import type { LetterBox } from '../flow/letters.ts';
import type { Pipeline } from '../flow/pipeline.ts';
import type { Sink } from '../flow/sink.ts';
import { Persistence } from '../persistence.ts';
import { producerOptions, publisherOptions } from '../settings.ts';
import { KafkaSink } from '../sinks/kafka.ts';
import { MqttSink } from '../sinks/mqtt.ts';
import { DrySink } from './dry-sink.ts';

export interface ReplaySinks {
  readonly bind: BindSink;
  /** Where letters go that fail again. */
  readonly letterBox: LetterBox;
  use(pipeline: Pipeline): void;
  /** Connects, and waits for brokers that are down. Throws what no waiting changes. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface ReplaySinksOptions {
  readonly secrets: SecretSources;
  /** Of the dead letters. */
  readonly topic: string;
  /** Ends the waiting for brokers. */
  readonly signal: AbortSignal;
  readonly problem: (error: MkbError) => void;
  /** A sink has ended: a person has to change something. */
  readonly stopped: (error: MkbError) => void;
}

/** How long connections have to end, milliseconds. */
const partingMs = 2000;

/**
 * A replay is another client than the bridge, which may be running. Whatever the document says, a letter is done when all replicas in sync have
 * what was made of it.
 *
 * @param document with the rules of the replay
 */
export async function replaySinks(
  document: MqttKafkaBridge,
  { secrets, topic, signal, problem, stopped }: ReplaySinksOptions,
): Promise<ReplaySinks> {
  const { spec, metadata } = document;
  const bridge = identityOf(metadata);
  const persistence = new Persistence(signal, problem);
  const producer = { ...(await producerOptions(document, secrets)), acks: 'all' as const, idempotent: true };
  const kafka = new KafkaSink(
    { bridge, producer: { ...producer, deadLetterTopic: topic }, topics: [], deadLetterTopic: topic },
    {
      linkChanged: () => undefined,
      problem,
      noticed: (_, warning) => problem(warning),
      untilDone: action => persistence.untilDone(action, false),
    },
  );
  const publishes = spec.rules.some(({ sinks }) => sinks.some(sink => sink.mqtt !== undefined));
  if (publishes && spec.mqtt.listen !== undefined)
    throw new MkbError('part-unsupported', {
      path: 'spec.mqtt.listen',
      message: 'A replay cannot publish to clients of a bridge that listens: they are connected to the bridge.',
      remedy: 'Replay letters of rules that write to Kafka (--rule), or to a Kafka topic (--to).',
    });
  const mqtt = publishes ? await mqttSinkOf(document, secrets, { problem, stopped }) : undefined;
  const sinks: readonly (KafkaSink | MqttSink)[] = mqtt === undefined ? [kafka] : [kafka, mqtt];
  return {
    bind: binder(spec, { kafka, mqtt }),
    // Whatever it does not take whole is still in the letter that was read.
    letterBox: Object.assign(kafka.letterBox!, { whole: true }),
    use: pipeline => {
      for (const sink of sinks) sink.use(pipeline);
    },
    start: async () => {
      await Promise.all(sinks.map(sink => sink.start()));
    },
    close: async () => {
      await Promise.all(sinks.map(sink => sink.close(partingMs)));
    },
  };
}

async function mqttSinkOf(
  document: MqttKafkaBridge,
  secrets: SecretSources,
  { problem, stopped }: Pick<ReplaySinksOptions, 'problem' | 'stopped'>,
): Promise<MqttSink> {
  const publisher = await publisherOptions(document, secrets, 0, `replay-${randomUUID().slice(0, 8)}`);
  return new MqttSink(
    {
      bridge: identityOf(document.metadata),
      // Nobody comes back to a session of a replay.
      publisher: { ...publisher, sessionExpirySeconds: 0 },
      maxBytes: memoryBytes(document.spec),
    },
    { connected: () => undefined, problem, stopped },
  );
}

/** Sends nothing. */
export function drySinks(): ReplaySinks {
  const sink = new DrySink();
  return {
    bind: (document, _, rule) => ({ sink: sink satisfies Sink, writer: sink.bind(document, rule) }),
    letterBox: sink.letterBox,
    use: pipeline => sink.use(pipeline),
    start: () => sink.start(),
    close: () => sink.close(),
  };
}
