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
      if (mqtt.version !== '3.1.1') return [];
      return rules.flatMap(({ sinks }, rule) =>
        sinks.flatMap((sink, at) => (sink.mqtt ? checkOld(sink.mqtt, [...rulesPath, rule, 'sinks', at, 'mqtt']) : [])),
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

const checkOld = (sink: MqttSink, path: Path): Finding[] =>
  ofMqtt5.flatMap(field => {
    if (sink[field] === undefined) return [];
    const reason = `\`${field}\` is of MQTT 5, and \`mqtt.version\` is 3.1.1.`;
    const remedy = 'Leave it out, or leave out `mqtt.version` if the broker speaks MQTT 5.';
    return [finding([...path, field], 'field-conflict', { reason }, { at: 'key', remedy })];
  });
