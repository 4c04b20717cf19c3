/** A rule of the document, compiled and bound to its sinks, with what it counts. */
import { createHash } from 'node:crypto';
import type { Retry } from '../../network/retry.ts';
import { compileRule } from '../../rules/compile.ts';
import type { EventName } from '../../rules/events.ts';
import type { Captures, Input, KafkaSource, MqttSource, Rule } from '../../rules/rule.ts';
import type { RuleDocument, SinkDocument } from '../../rules/rule-document.ts';
import type { Ambient } from '../../rules/scope.ts';
import { captureTopic } from '../../rules/sources.ts';
import { stateLimitsOf } from '../../rules/state-limits.ts';
import type { Windows } from '../../rules/windows/windows.ts';
import { DeliveryHistogram } from './delivery-histogram.ts';
import { type Fate, fates } from './fate.ts';
import type { LetterBox } from './letters.ts';
import { LimitedWriter } from './limited-writer.ts';
import { Line } from './line.ts';
import { type RateLimits, rateLimitsOf } from './rate-limit.ts';
import type { Sink, Writer } from './sink.ts';

/** What a message failed in. */
export interface Failing {
  readonly rule: BoundRule;
  /** Of a sink, its place in the rule: `sinks[0].kafka`. */
  readonly path?: string | undefined;
}

export interface BoundSink extends Failing {
  /** 1 and up over all sinks of the bridge; tokens carry it. */
  readonly number: number;
  /** Undefined for ever, with the usual pauses. */
  readonly retry: Retry | undefined;
  readonly path: string | undefined;
  readonly sink: Sink;
  /** Another one while somebody watches (witness.ts). */
  writer: Writer;
  /** Rows that are delivered. */
  delivered: number;
  /** Rows that never will be. */
  failed: number;
  /** How long messages took until it had acknowledged them: one of each group that it acknowledges at once. */
  readonly latency: DeliveryHistogram;
  /** Where it is said what became of each. */
  readonly outcome: BoundOutcome | undefined;
}

/** Where a sink says what became of each message. */
export interface BoundOutcome extends Failing {
  /** As those of sinks. */
  readonly number: number;
  readonly retry: Retry | undefined;
  readonly path: string;
  readonly sink: Sink;
  readonly box: LetterBox;
  delivered: number;
  failed: number;
  readonly counts: { [outcome in Fate['outcome']]: number };
}

const noFates = () => Object.fromEntries(fates.map(fate => [fate, 0])) as BoundOutcome['counts'];

/** Makes a sink of a rule. Throws for templates that do not compile. */
export type BindSink = (document: SinkDocument, name: string, rule: Rule) => Bound;

type Bound = Pick<BoundSink, 'sink' | 'writer'> & {
  readonly retry?: Retry | undefined;
  readonly outcome?: Pick<BoundOutcome, 'sink' | 'box'> | undefined;
};

/** What counts the messages of a rule with windows. Returns whether WHERE let the message pass. */
export interface Counter {
  count(message: Input, captures: Captures): boolean;
}

/** Of a rule whose sinks are not those of its document: what its failures are called, and limits that it shares with others like it. */
export interface Original {
  readonly version: string;
  /** Of each sink; undefined where the rule itself is what failed. */
  readonly paths: readonly (string | undefined)[];
  readonly limits: RateLimits;
}

/** Another text for each change of the rule. */
export const versionOf = (document: RuleDocument): string =>
  createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 12);

/** The place of a sink in its rule. */
export const pathOf = ({ kafka }: SinkDocument, index: number): string =>
  `sinks[${index}].${kafka === undefined ? 'mqtt' : 'kafka'}`;

export class BoundRule {
  readonly name: string;
  /** Another one for each change of the rule in its document. */
  readonly version: string;
  readonly rule: Rule;
  /** As the rule's. */
  readonly foreach: boolean;
  readonly sinks: readonly BoundSink[];
  /** MQTT filters, Kafka topics (or patterns over them) and events that it reads. */
  readonly filters: readonly MqttSource[];
  readonly topics: readonly KafkaSource[];
  readonly events: readonly EventName[];
  /** Of its messages, and of the rows of each sink. */
  readonly limits: RateLimits;
  /** Of a rule with windows. */
  counter: Counter | undefined;
  /** Messages whose topic matched. */
  matched = 0;
  /** Of those, the ones that WHERE let pass. */
  passed = 0;
  /** Of those that matched, the ones whose SQL failed. */
  failed = 0;
  /** Rows that windows gave, each for every sink. */
  rows = 0;
  /** Windows whose row could not be worked out. */
  rowsFailed = 0;
  /** Messages that wait until the rule has a schema. */
  readonly line = new Line();
  /** Of those that passed, the ones that are counted against its limit. */
  #counted = 0;
  /** Who has a message in the middle of this rule, and who waits for that one to be through. */
  #holder: object | undefined;
  readonly #queue: { readonly who: object; readonly given: () => void }[] = [];

  /**
   * @param firstNumber the number of its first sink
   * @param ambient what `compileRule` takes, the schemas of the document among it
   * @param original of a rule that has other sinks than in its document
   */
  constructor(
    document: RuleDocument,
    firstNumber: number,
    bind: BindSink,
    ambient?: Partial<Ambient>,
    original?: Original,
  ) {
    this.name = document.name;
    this.version = original?.version ?? versionOf(document);
    this.rule = compileRule(document.sql, { ...ambient, ruleName: document.name, limits: stateLimitsOf(document) });
    this.foreach = this.rule.foreach;
    this.limits = original?.limits ?? rateLimitsOf(document);
    const { sources } = this.rule;
    this.filters = sources.filter(source => source.kind === 'mqtt');
    this.topics = sources.filter(source => source.kind === 'kafka');
    this.events = sources.flatMap(source => (source.kind === 'event' ? [source.event.name] : []));
    const bound = document.sinks.map((sink, index) => ({
      ...bind(sink, document.name, this.rule),
      path: original === undefined ? pathOf(sink, index) : original.paths[index],
    }));
    let number = firstNumber + bound.length;
    const limits = this.limits.sinks;
    this.sinks = bound.map(({ sink, writer, retry, outcome, path }, index) => ({
      number: firstNumber + index,
      rule: this,
      path,
      sink,
      writer: limits[index] === undefined ? writer : new LimitedWriter(writer, limits[index]),
      retry,
      delivered: 0,
      failed: 0,
      latency: new DeliveryHistogram(),
      outcome: outcome && {
        number: number++,
        rule: this,
        retry,
        path: `${path}.outcome`,
        ...outcome,
        delivered: 0,
        failed: 0,
        counts: noFates(),
      },
    }));
  }

  /** Everything that its messages are written to, by number. */
  get targets(): readonly (BoundSink | BoundOutcome)[] {
    return [...this.sinks, ...this.sinks.flatMap(({ outcome }) => outcome ?? [])];
  }

  /** Goes on counting where the rule of its name stopped that another document had. */
  inherit(before: BoundRule): void {
    for (const count of ['matched', 'passed', 'failed', 'rows', 'rowsFailed'] as const) this[count] += before[count];
    this.#counted = this.passed;
    for (const sink of this.sinks) {
      const same = before.sinks.find(({ path }) => path === sink.path);
      sink.delivered += same?.delivered ?? 0;
      sink.failed += same?.failed ?? 0;
    }
  }

  /** Whether it takes no more messages now. */
  get isOverLimit(): boolean {
    const { rule: limit } = this.limits;
    if (limit === undefined) return false;
    limit.passed(this.passed - this.#counted);
    this.#counted = this.passed;
    return limit.over;
  }

  get windows(): Windows | undefined {
    return this.rule.windows;
  }

  /** The client id that FROM captures, if it does. */
  clientIdOf(captures: Captures): string | undefined {
    const position = this.rule.captureNames.indexOf('clientid');
    return position < 0 ? undefined : captures[position];
  }

  /** What the captures hold for a topic that `source` matches, in the order of the rule's capture names. */
  captures(source: MqttSource | KafkaSource, topic: string): Captures {
    return captureTopic(this.rule.captureNames, source, topic);
  }

  /** Whether somebody else has the rule: it takes no other message before it is through with that one. */
  isBusyFor(who: object): boolean {
    return this.#holder !== undefined && this.#holder !== who;
  }

  /** A message of `who` waits in the middle of this rule. Call `letGo` when it is through. */
  hold(who: object): void {
    this.#holder = who;
  }

  /** Gives the rule to the intake that has waited longest for it. Does nothing unless `who` has it. */
  letGo(who: object): void {
    if (this.#holder !== who) return;
    const next = this.#queue.shift();
    this.#holder = next?.who;
    next?.given();
  }

  /** Settles when `who` has the rule, in the order in which this was called: a source with a backlog gives others their turn. */
  given(who: object): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ who, given: resolve });
    return promise;
  }
}
