/** Sinks that send one after the other (`queryMode: sync`): somebody must acknowledge what they send, and a topic has one mode. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { KafkaSink, MqttSink, Rule } from '../schema/rules.ts';
import type { SemanticCheck } from './check.ts';

const rulesPath: Path = ['spec', 'rules'];

type Mode = 'async' | 'sync';

interface Place<Sink> {
  readonly sink: Sink;
  readonly mode: Mode;
  /** Where the document says so, in words. */
  readonly said: string;
  readonly rule: string;
  readonly path: Path;
}

export const queryModeChecks: readonly SemanticCheck[] = [
  {
    reads: [rulesPath, ['spec', 'delivery']],
    check: ({ spec: { rules, delivery } }) => [
      ...mqttPlaces(rules, delivery.mode).flatMap(checkQos),
      ...checkTopics(kafkaPlaces(rules, delivery.mode)),
    ],
  },
  {
    reads: [rulesPath, ['spec', 'delivery'], ['spec', 'kafka']],
    check: ({ spec: { rules, delivery, kafka } }) => {
      const first = kafkaPlaces(rules, delivery.mode).find(({ mode }) => mode === 'sync');
      if (kafka.producer.acks !== 'none' || first === undefined) return [];
      const reason = `With \`acks: none\` Kafka answers nothing, and \`${first.said}\` has rule ${first.rule} wait for its answers.`;
      return [conflict(['spec', 'kafka', 'producer', 'acks'], reason, 'Leave out one of the two.')];
    },
  },
];

const kafkaPlaces = (rules: readonly Rule[], mode: Mode) => placesOf(rules, mode, ({ kafka }) => kafka, 'kafka');
const mqttPlaces = (rules: readonly Rule[], mode: Mode) => placesOf(rules, mode, ({ mqtt }) => mqtt, 'mqtt');

/** @param inherited by sinks that have no mode */
const placesOf = <Sink extends KafkaSink | MqttSink>(
  rules: readonly Rule[],
  inherited: Mode,
  of: (sink: Rule['sinks'][number]) => Sink | undefined,
  kind: string,
): Place<Sink>[] =>
  rules.flatMap(({ name, sinks }, rule) =>
    sinks.flatMap((each, at) => {
      const sink = of(each);
      if (sink === undefined) return [];
      const mode = sink.queryMode ?? inherited;
      const said = sink.queryMode === undefined ? `delivery.mode: ${mode}` : `queryMode: ${mode}`;
      return [{ sink, mode, said, rule: name, path: [...rulesPath, rule, 'sinks', at, kind] }];
    }),
  );

const checkQos = ({ sink, mode, said, path }: Place<MqttSink>): Finding[] => {
  if (mode === 'async' || sink.qos !== 0) return [];
  const reason = `Nobody acknowledges a message of \`qos: 0\`, and \`${said}\` has the next one wait for that.`;
  return [conflict([...path, 'qos'], reason, 'Write `qos: 1`, or `queryMode: async`.')];
};

/** A template may give any topic, so only names are compared. */
const checkTopics = (places: readonly Place<KafkaSink>[]): Finding[] =>
  places.flatMap(({ sink, mode, said, path }, index) => {
    if (sink.topic.includes('$')) return [];
    const other = places.slice(0, index).find(each => each.sink.topic === sink.topic && each.mode !== mode);
    if (other === undefined) return [];
    const reason = `\`${said}\` is here, and \`${other.said}\` in rule ${other.rule}, which writes to ${sink.topic} too: a topic has one mode.`;
    const field = sink.queryMode === undefined ? 'topic' : 'queryMode';
    return [conflict([...path, field], reason, 'Choose one mode for the sinks of the topic.')];
  });

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });
