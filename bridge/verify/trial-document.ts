/**
 * The document of a trial: connections, logins and guarantees of the user's own, with one rule from topics of the trial to a topic of the trial.
 * Nothing in it has a name that the user's bridge has, so that both may run at once.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { loadText } from '../../api/load.ts';

/** @param run the name of everything that the trial makes: client ids, MQTT topics, Kafka topic. Throws `verify-no-broker`. */
export function trialDocument({ apiVersion, kind, metadata, spec }: MqttKafkaBridge, run: string): MqttKafkaBridge {
  const { mqtt, kafka, delivery } = spec;
  if (mqtt.listen !== undefined) throw new MkbError('verify-no-broker', { name: metadata.name });
  const { topicDefaults: _made, topics: _others, ...cluster } = kafka;
  const trial = {
    ...{ apiVersion, kind, metadata: { name: metadata.name } },
    spec: {
      mqtt: {
        ...mqtt,
        clientId: run,
        // QoS 0 may be lost by its definition: there would be nothing to verify.
        qos: Math.max(1, mqtt.qos),
        ...(mqtt.share !== undefined && { share: run }),
        ...{ retained: 'none', unsubscribe: [] },
      },
      kafka: { ...cluster, clientId: run, topics: [], consumer: { groupId: run } },
      rules: [
        {
          name: 'verify',
          sql: `SELECT payload FROM "${run}/{client}"`,
          sinks: [{ kafka: { topic: run, key: '${client}' } }],
        },
      ],
      // No buffer of the bridge: what waits has to wait in the MQTT server, which is what is looked at.
      delivery: {
        ...delivery,
        ...ordinary,
        buffer: { mode: 'none' },
        commitInterval: undefined,
        sessionTopic: undefined,
      },
    },
  };
  const { documents, problems } = loadText(JSON.stringify(trial), 'the trial');
  const [loaded] = documents;
  if (loaded === undefined)
    throw new MkbError('unexpected', { reason: problems.map(({ message }) => message).join('; ') });
  return loaded.document;
}

const ordinary = { guarantee: 'atLeastOnce', onFailure: { drop: {} }, shutdownTimeout: '3s' } as const;
