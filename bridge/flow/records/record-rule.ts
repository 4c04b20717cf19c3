/** A rule that reads Kafka topics, compiled and bound to its MQTT sinks, with what it counts. */
import type { BridgeSpec } from '../../../api/bridge.ts';
import { compileRule } from '../../../rules/compile.ts';
import type { Rule } from '../../../rules/rule.ts';
import type { Ambient } from '../../../rules/scope.ts';
import { stateLimitsOf } from '../../../rules/state-limits.ts';
import { MqttSink } from '../../sinks/mqtt.ts';

export interface RecordSink {
  readonly rule: RecordRule;
  readonly sink: MqttSink;
  /** Messages that the MQTT server has. */
  delivered: number;
  /** Messages that it never will have. */
  failed: number;
  /** Messages have no key. */
  readonly keysMissing: 0;
}

export class RecordRule {
  readonly name: string;
  readonly rule: Rule;
  readonly sinks: readonly RecordSink[];
  /** Kafka topics that it reads. */
  readonly topics: readonly string[];
  /** Records of its topics. */
  matched = 0;
  /** Of those, the ones that WHERE let pass. */
  passed = 0;
  /** Of those that matched, the ones whose SQL failed. */
  failed = 0;
  // It has no windows: they would count records that are committed before the window ends (rules/unsupported.ts).
  readonly windows = undefined;
  readonly rows = 0;
  readonly rowsFailed = 0;

  /** @param ambient what `compileRule` takes, the schemas of the document among it */
  constructor(document: BridgeSpec['rules'][number], ambient?: Partial<Ambient>) {
    this.name = document.name;
    this.rule = compileRule(document.sql, { ...ambient, limits: stateLimitsOf(document) });
    this.topics = this.rule.sources.flatMap(source => (source.kind === 'kafka' ? [source.topic] : []));
    this.sinks = document.sinks.map(({ mqtt }) => ({
      rule: this,
      sink: new MqttSink(mqtt!, this.rule),
      delivered: 0,
      failed: 0,
      keysMissing: 0 as const,
    }));
  }
}
