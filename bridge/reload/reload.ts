/**
 * A running bridge takes another document.
 *
 * Everything that can fail is done first, beside what runs: secrets are read, rules compiled, topics looked for, filters subscribed to. Then all is exchanged in
 * one turn of the event loop, in which nothing can fail. So there is no state between the two documents, and whatever fails leaves the old one.
 *
 * Messages go through the rules that they began with, and a rule that is the same in both documents stays as it is: its windows, what CHANGED
 * remembers, its counts.
 */
import type { BridgeSpec, MqttKafkaBridge } from '../../api/bridge.ts';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { type Change, changesOf } from '../../api/reload/changes.ts';
import { costLimitsOf } from '../../rules/cost-limits.ts';
import { type BoundTo, bindRules } from '../bind-rules.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Pipeline } from '../flow/pipeline.ts';
import type { BridgeParts } from '../parts.ts';
import type { KafkaSink } from '../sinks/kafka.ts';
import type { EventsSource } from '../sources/events.ts';
import type { KafkaSource } from '../sources/kafka.ts';
import type { ListenerSource } from '../sources/listener.ts';
import type { WindowsSource } from '../sources/windows.ts';
import { ConfigState } from './config-state.ts';
import { type FilterHost, Filters } from './filters.ts';
import { isSameRule } from './kept-rules.ts';
import { modesChanged, partsChanged } from './parts-changed.ts';

/** The document that runs, and its rules. */
export interface Running {
  document: MqttKafkaBridge;
  rules: readonly BoundRule[];
}

/** The bridge, as far as it takes something else while it runs. */
export interface ReloadHost {
  readonly running: Running;
  readonly parts: BridgeParts;
  readonly sinks: BoundTo;
  readonly pipeline: Pipeline;
  readonly kafkaSink: KafkaSink | undefined;
  readonly windows: WindowsSource;
  readonly events: EventsSource;
  readonly mqttSource: FilterHost['source'] | undefined;
  readonly listener: ListenerSource | undefined;
  readonly kafkaSource: KafkaSource | undefined;
  /** Why it takes no other document now; undefined if it does. */
  whyNot(): string | undefined;
  /** Another document's parts, which are not started. Throws as `prepareParts`. */
  prepareParts(document: MqttKafkaBridge): Promise<BridgeParts>;
}

/** What a reload does to the rules, by their names. */
export interface RuleChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** A document that can be taken. Call one of the two. */
export interface Prepared {
  readonly changes: readonly Change[];
  readonly rules: RuleChanges;
  /** Takes it. Cannot fail. */
  commit(): void;
  /** Leaves everything as it was. */
  abandon(): void;
}

/** For what waits for Kafka, milliseconds. */
const patienceMs = 20_000;

export class Reload {
  readonly config: ConfigState;
  readonly #host: ReloadHost;
  /** Of a bridge that has a session. */
  readonly #filters: Filters | undefined;

  constructor(host: ReloadHost) {
    this.#host = host;
    this.config = new ConfigState(host.running.document);
    const { mqttSource, parts, windows, pipeline } = host;
    this.#filters = mqttSource && new Filters({ source: mqttSource, windows, pipeline }, parts.mqttSource!);
  }

  /**
   * Does everything for another document but taking it. Throws `reload-needs-restart`, `reload-too-early`, and what is wrong with the document.
   * One at a time.
   */
  async prepare(document: MqttKafkaBridge): Promise<Prepared> {
    const { running } = this.#host;
    const whyNot = this.#host.whyNot();
    if (whyNot !== undefined)
      throw new MkbError('reload-too-early', { bridge: running.document.metadata.name, whyNot });
    const changes = changesOf(running.document, document);
    refuse(changes.filter(({ handling }) => handling === 'restart').map(({ path }) => path));
    refuse(modesChanged(running.document, document));
    const after = await this.#host.prepareParts(document);
    after.registries.close();
    after.jq.close();
    refuse(partsChanged(this.#host.parts, after));
    return await this.#prepared(document, after, changes);
  }

  async #prepared(document: MqttKafkaBridge, after: BridgeParts, changes: readonly Change[]): Promise<Prepared> {
    const { running, kafkaSink, mqttSource, parts } = this.#host;
    const before = running.rules;
    const namedBefore = kafkaSink && [...kafkaSink.namedTopics];
    const topicsBefore = kafkaSink?.topics ?? [];
    const abandon = () => kafkaSink?.nameOnly(topicsBefore, namedBefore!);
    try {
      const rules = this.#bind(document.spec);
      const isNew = (rule: BoundRule) => !before.includes(rule);
      const topics = changes.some(({ path }) => path === 'spec.kafka.topics') ? after.kafkaSink?.topics : undefined;
      const names = kafkaSink && namesOf(rules, document.spec, parts);
      const unseen = names?.filter(name => !namedBefore!.includes(name)) ?? [];
      if (topics !== undefined || unseen.length > 0) await inTime(kafkaSink!.seeTo(topics ?? [], unseen));
      if (rules.some(rule => isNew(rule) && rule.rule.callsJq)) await parts.jq.warm();
      const filters = await this.#filters?.prepare(before, rules, document.spec.mqtt);
      const commit = () => {
        kafkaSink?.nameOnly(topics ?? topicsBefore, names!);
        if (after.kafkaSink) kafkaSink?.tune(after.kafkaSink.producer);
        this.#take(document, rules, after);
        filters?.commit();
        mqttSource?.session.giveUp(document.spec.mqtt.unsubscribe);
      };
      const undo = () => {
        filters?.abandon();
        abandon();
      };
      return { changes, rules: namesOfChanges(before, rules), commit, abandon: undo };
    } catch (error) {
      abandon();
      throw error;
    }
  }

  /** The rules of a document: those that run where they are the same, and others bound to the sinks there are. */
  #bind(spec: BridgeSpec): readonly BoundRule[] {
    const { running, sinks, parts, pipeline } = this.#host;
    const kept = new Map<string, BoundRule>();
    for (const rule of spec.rules) {
      const place = running.document.spec.rules.findIndex(({ name }) => name === rule.name);
      const old = running.document.spec.rules[place];
      if (old !== undefined && isSameRule(old, running.document.spec, rule, spec))
        kept.set(rule.name, running.rules.find(({ name }) => name === rule.name)!);
    }
    const others = spec.rules.filter(({ name }) => !kept.has(name));
    const count = others.reduce((sum, { sinks }) => sum + sinks.length + sinks.filter(hasOutcome).length, 0);
    const first = pipeline.numbersFor(count);
    if (first === undefined) throw new MkbError('reload-too-many-rules', { count: others.length });
    const bound = bindRules({ ...spec, rules: others }, sinks, parts.ambient, first);
    return spec.rules.map(({ name }) => kept.get(name) ?? bound.find(rule => rule.name === name)!);
  }

  #take(document: MqttKafkaBridge, rules: readonly BoundRule[], after: BridgeParts): void {
    const { running, parts, pipeline, windows, events, listener, kafkaSource } = this.#host;
    for (const rule of rules) {
      const same = running.rules.find(({ name }) => name === rule.name);
      if (same !== undefined && same !== rule) rule.inherit(same);
    }
    Object.assign(parts.ambient.costs!, costLimitsOf(document.spec.delivery));
    // First, since the last rows of windows that end are those of rules that still are.
    windows.use(rules);
    pipeline.use(rules);
    events.use(rules);
    listener?.use(rules, after.listen!.topics);
    kafkaSource?.use(rules);
    running.document = document;
    running.rules = rules;
    this.config.taken(document);
    this.#forgetLater();
  }

  /** Old rules hold memory, and are gone when the last message is through. */
  #forgetLater(): void {
    const { pipeline } = this.#host;
    if (pipeline.forget()) setTimeout(() => this.#forgetLater(), 1000).unref();
  }
}

const hasOutcome = ({ mqtt }: BridgeSpec['rules'][number]['sinks'][number]): boolean => mqtt?.outcome !== undefined;

function refuse(fields: readonly string[]): void {
  if (fields.length > 0) throw new MkbError('reload-needs-restart', { fields: fields.join(', ') });
}

/** Topics of Kafka that rules always write to, or that are no rule's. */
function namesOf(rules: readonly BoundRule[], spec: BridgeSpec, { mqttSource }: BridgeParts): readonly string[] {
  const ofSinks = rules.flatMap(rule => rule.sinks.flatMap(({ writer }) => writer.constantTopic ?? []));
  const outcomes = spec.rules.flatMap(({ sinks }) => sinks.flatMap(({ mqtt }) => mqtt?.outcome?.topic ?? []));
  const receipts = mqttSource?.receipts?.topic;
  return [...new Set([...ofSinks, ...outcomes, ...(receipts === undefined ? [] : [receipts])])];
}

function namesOfChanges(before: readonly BoundRule[], after: readonly BoundRule[]): RuleChanges {
  const names = (rules: readonly BoundRule[]) => rules.map(({ name }) => name);
  const [old, next] = [new Set(names(before)), new Set(names(after))];
  return {
    added: names(after).filter(name => !old.has(name)),
    changed: names(after.filter(rule => old.has(rule.name) && !before.includes(rule))),
    removed: names(before).filter(name => !next.has(name)),
  };
}

async function inTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new MkbError('reload-unanswered', { seconds: patienceMs / 1000 })), patienceMs);
  try {
    await Promise.race([work, promise]);
  } catch (error) {
    throw asMkbError(error);
  } finally {
    clearTimeout(timer);
  }
}
