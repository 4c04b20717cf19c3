/** A rule of the document, compiled and bound to its sinks, with what it counts. */
import { compileRule } from '../../rules/compile.ts';
import type { EventName } from '../../rules/events.ts';
import type { Captures, MqttSource, Rule } from '../../rules/rule.ts';
import type { RuleDocument } from '../../rules/rule-document.ts';
import type { Ambient } from '../../rules/scope.ts';
import { captureTopic } from '../../rules/sources.ts';
import { stateLimitsOf } from '../../rules/state-limits.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import type { Windows } from '../../rules/windows/windows.ts';
import type { Topic } from '../kafka/topic.ts';
import { KafkaSink } from '../sinks/kafka.ts';

export interface BoundSink {
  /** 1 and up over all sinks of the bridge; tokens carry it. */
  readonly number: number;
  readonly rule: BoundRule;
  readonly sink: KafkaSink;
  /** The topic's writer, when the topic is always the same. */
  topic: Topic | undefined;
  /** Records that Kafka has. */
  delivered: number;
  /** Records that it never will. */
  failed: number;
  /** Records without the key that the sink asks for. */
  readonly keysMissing: number;
}

export class BoundRule {
  readonly name: string;
  readonly rule: Rule;
  readonly sinks: readonly BoundSink[];
  readonly filters: readonly MqttSource[];
  /** Events of the bridge that it reads. */
  readonly events: readonly EventName[];
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

  /**
   * @param firstNumber the number of its first sink
   * @param ambient what `compileRule` takes, the schemas of the document among it
   */
  constructor(document: RuleDocument, firstNumber: number, ambient?: Partial<Ambient>) {
    this.name = document.name;
    this.rule = compileRule(document.sql, { ...ambient, limits: stateLimitsOf(document) });
    this.filters = this.rule.sources.filter(source => source.kind === 'mqtt');
    this.events = this.rule.sources.flatMap(source => (source.kind === 'event' ? [source.event.name] : []));
    this.sinks = document.sinks.map(({ kafka }, index) => {
      const sink = compileSink(kafka!, this.rule);
      return {
        number: firstNumber + index,
        rule: this,
        sink,
        topic: undefined,
        delivered: 0,
        failed: 0,
        get keysMissing() {
          return sink.keysMissing;
        },
      };
    });
  }

  /** Whether its records belong to no message that waits for them: they are of windows, or of events. */
  get standsAlone(): boolean {
    return this.windows !== undefined || this.events.length > 0;
  }

  get windows(): Windows | undefined {
    return this.rule.windows;
  }

  /** The client id that FROM captures, if it does. */
  clientIdOf(captures: Captures): string | undefined {
    const position = this.rule.captureNames.indexOf('clientid');
    return position < 0 ? undefined : captures[position];
  }

  /** What the captures hold for a topic that matched `filter`, in the order of the rule's capture names. */
  captures(filter: MqttSource, topic: string): Captures {
    return captureTopic(this.rule.captureNames, filter, topic);
  }
}

/** A Kafka sink of a rule. Throws what `compileTemplate` throws. */
export function compileSink(document: NonNullable<RuleDocument['sinks'][number]['kafka']>, rule: Rule): KafkaSink {
  const compile = (text: string): CompiledTemplate => compileTemplate(text, rule);
  const optional = (text: string | undefined) => (text === undefined ? undefined : compile(text));
  return new KafkaSink({
    topic: compile(document.topic),
    key: optional(document.key),
    value: compile(document.value ?? defaultValue(rule)),
    timestamp: optional(document.timestamp),
    headers: (document.headers ?? []).map(({ name, value }) => ({ name, value: compile(value) })),
    mqttHeaders: document.mqttHeaders,
  });
}

/** Without a `value` the payload goes on as it came if the rule selects it alone; else the row goes as JSON. */
function defaultValue(rule: Rule): string {
  return rule.passesPayload ? '${payload}' : '${.}';
}
