/** What a bridge is made of, read from its document: rules compiled, secrets revealed, options as the parts take them. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import type { SecretSources } from '../api/secrets.ts';
import { JqThreads } from '../rules/jq/threads.ts';
import { schemasOf } from '../rules/schemas/schemas.ts';
import type { Ambient } from '../rules/scope.ts';
import { readsKafka, unsupportedParts } from '../rules/unsupported.ts';
import { BoundRule } from './flow/bound-rule.ts';
import { RecordRule } from './flow/records/record-rule.ts';
import type { ProducerOptions } from './kafka/producer-options.ts';
import type { SessionOptions } from './mqtt/options.ts';
import type { Logger } from './observe/log.ts';
import { prepareRegistries, type Registries } from './registry/registries.ts';
import { consumerOptions, producerOptions, publisherOptions, sessionOptions } from './settings.ts';
import { planSubscriptions } from './subscriptions.ts';
import type { WayBackParts } from './way-back.ts';

export interface BridgeOptions {
  readonly secrets: SecretSources;
  readonly log: Logger;
  /** Which replica this is, from 0. It is part of the client id when the document has `mqtt.share`. */
  readonly ordinal?: number;
}

/** What a bridge is made of beside its document. */
export interface BridgeParts {
  readonly rules: readonly BoundRule[];
  readonly session: SessionOptions;
  /** As `PipelineOptions.ownerOf`. */
  readonly ownerOf: (filter: string) => number;
  readonly producer: ProducerOptions;
  readonly registries: Registries;
  /** What rules run jq with. */
  readonly jq: JqThreads;
  /** Of a document with rules that read Kafka. */
  readonly wayBack: WayBackParts | undefined;
}

/** Throws for secrets that cannot be read, rules that do not compile, and parts that a bridge cannot run. */
export async function prepareParts(
  document: MqttKafkaBridge,
  { secrets, ordinal }: BridgeOptions,
): Promise<BridgeParts> {
  const unsupported = unsupportedParts(document, 'process')[0];
  if (unsupported) throw new MkbError('part-unsupported', unsupported);
  const schemas = schemasOf(document.spec.schemas);
  const back = document.spec.rules.filter(({ sql }) => readsKafka(sql));
  const forth = document.spec.rules.filter(({ sql }) => !readsKafka(sql));
  const jq = new JqThreads();
  const ambient = { schemas, askJq: jq.ask };
  const rules: BoundRule[] = [];
  let firstNumber = 1;
  for (const rule of forth) {
    rules.push(new BoundRule(rule, firstNumber, ambient));
    firstNumber += rule.sinks.length;
  }
  const filters = rules.flatMap(rule => rule.filters.map(({ filter }) => filter));
  const { subscriptions, ownerOf } = planSubscriptions(filters, document.spec.mqtt);
  const [session, producer, registries, wayBack] = await Promise.all([
    sessionOptions(document, subscriptions, secrets, ordinal ?? 0),
    producerOptions(document, secrets),
    prepareRegistries(document.spec.schemas, schemas, secrets),
    back.length === 0 ? undefined : wayBackParts(document, back, { secrets, ordinal: ordinal ?? 0, ambient }),
  ]);
  if (rules.length === 0 || wayBack === undefined)
    return { rules, session, ownerOf, producer, registries, jq, wayBack };
  // Two directions: neither ends for what is refused to the other.
  const persistent = { persistent: true };
  const publisher = { ...wayBack.publisher, ...persistent };
  return {
    rules,
    session: { ...session, ...persistent },
    ownerOf,
    producer,
    registries,
    jq,
    wayBack: { ...wayBack, publisher },
  };
}

async function wayBackParts(
  document: MqttKafkaBridge,
  back: MqttKafkaBridge['spec']['rules'],
  { secrets, ordinal, ambient }: { secrets: SecretSources; ordinal: number; ambient: Partial<Ambient> },
): Promise<WayBackParts> {
  const rules = back.map(rule => new RecordRule(rule, ambient));
  const topics = [...new Set(rules.flatMap(rule => rule.topics))];
  const [consumer, publisher, producer] = await Promise.all([
    consumerOptions(document, topics, secrets),
    publisherOptions(document, secrets, ordinal),
    producerOptions(document, secrets),
  ]);
  return { rules, consumer, publisher, producer };
}
