import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { MqttSink } from '../schema/rules.ts';
import type { SemanticCheck } from './check.ts';

const rulesPath: Path = ['spec', 'rules'];

/** What an mqtt sink asks for, and the broker of the document cannot have. */
export const mqttSinkChecks: readonly SemanticCheck[] = [
  {
    reads: [rulesPath, ['spec', 'mqtt']],
    check: ({ spec: { rules, mqtt } }) => {
      const check = (sink: MqttSink, path: Path) => [
        ...(mqtt.version === '3.1.1' ? checkOld(sink, path) : []),
        ...checkAnswers(sink, path),
      ];
      return rules.flatMap(({ sinks }, rule) =>
        sinks.flatMap((sink, at) => (sink.mqtt ? check(sink.mqtt, [...rulesPath, rule, 'sinks', at, 'mqtt']) : [])),
      );
    },
  },
];

const ofMqtt5 = [
  'userProperties',
  'contentType',
  'responseTopic',
  'correlationData',
  'messageExpiry',
  'payloadFormat',
] as const satisfies readonly (keyof MqttSink)[];

const checkOld = (sink: MqttSink, path: Path): Finding[] => {
  const written = [
    ...ofMqtt5.filter(field => sink[field] !== undefined).map(field => [field]),
    ...(sink.mqttProperties ? [['mqttProperties']] : []),
    ...(sink.outcome?.answerWithin === undefined ? [] : [['outcome', 'answerWithin']]),
  ];
  const findings = written.map(names => {
    const field = names.at(-1)!;
    const reason = `\`${field}\` is of MQTT 5, and \`mqtt.version\` is 3.1.1.`;
    const remedy = 'Leave it out, or leave out `mqtt.version` if the broker speaks MQTT 5.';
    return finding([...path, ...names], 'field-conflict', { reason }, { at: 'key', remedy });
  });
  return sink.cloudEvents?.mode === 'binary' ? [...findings, binaryEvents([...path, 'cloudEvents'])] : findings;
};

/** CloudEvents, MQTT binding 1.0, 3. */
const binaryEvents = (path: Path): Finding => {
  const reason = 'With MQTT 3.1.1 (`mqtt.version`) a CloudEvent is always structured.';
  return finding(path, 'field-conflict', { reason }, { at: 'key', remedy: 'Write `mode: structured`.' });
};

/** The bridge knows an answer by what it gave the message itself. */
const checkAnswers = (sink: MqttSink, path: Path): Finding[] => {
  if (sink.outcome?.answerWithin === undefined) return [];
  return (['responseTopic', 'correlationData'] as const).flatMap(field => {
    if (sink[field] === undefined) return [];
    const reason = `\`${field}\` is the bridge's own where \`outcome.answerWithin\` is given.`;
    const remedy = 'Leave out one of the two. A rule of its own can take answers to a response topic of yours.';
    return [finding([...path, field], 'field-conflict', { reason }, { at: 'key', remedy })];
  });
};
