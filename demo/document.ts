/** The demo's document, demo/my-vehicles.yaml: the very file that `mkb run` takes, with other addresses only where other ports are used. */
import { join } from 'node:path';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { completeDocument } from '../api/complete.ts';
import { MkbError } from '../api/errors.ts';
import { loadDocuments } from '../api/load.ts';

export const documentPath = join(import.meta.dirname, 'my-vehicles.yaml');

/** The only topic of the document. */
export const topicOf = (document: MqttKafkaBridge): { readonly name: string; readonly partitions: number } => {
  const [topic] = document.spec.kafka.topics;
  return { name: topic!.name, partitions: topic!.partitions };
};

/** Loads the document. Throws `document-invalid` if it was edited into something that is none. */
export const loadDemoDocument = async (): Promise<MqttKafkaBridge> => {
  const { documents, problems } = await loadDocuments([documentPath]);
  const document = documents[0]?.document;
  if (document === undefined || document.spec.kafka.topics.length === 0) {
    throw new MkbError('document-invalid', { count: Math.max(1, problems.length) });
  }
  return document;
};

/** The document with the addresses of what the demo started; where they are the document's own, nothing changes. */
export const withPorts = (document: MqttKafkaBridge, ports: { mqtt: number; kafka: number }): MqttKafkaBridge => {
  const { urls: _, ...mqtt } = document.spec.mqtt;
  return {
    ...document,
    spec: {
      ...document.spec,
      mqtt: { ...mqtt, url: `mqtt://localhost:${ports.mqtt}` },
      kafka: { ...document.spec.kafka, bootstrapServers: [`localhost:${ports.kafka}`] },
    },
  };
};

/** The document without a broker: the vehicles connect to the bridge itself, which knows who they are. */
export const withListener = (document: MqttKafkaBridge, ports: { mqtt: number; kafka: number }): MqttKafkaBridge => {
  const { spec, ...rest } = document;
  const [rule] = spec.rules;
  return completeDocument({
    ...rest,
    spec: {
      ...spec,
      mqtt: { listen: [{ port: ports.mqtt, host: '127.0.0.1' }], clients: { anonymous: true } },
      kafka: { ...spec.kafka, bootstrapServers: [`localhost:${ports.kafka}`] },
      rules: [{ ...rule, sql: 'SELECT payload FROM "mqttx/simulate/#"' }],
    },
  });
};
