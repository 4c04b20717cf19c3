/** Bridges as the API server has them, made up: each test says only what matters to it. */
import type { BridgeStatus, Condition } from '../../api/schema/status.ts';
import type { KubeObject } from '../../operator/runtime/object.ts';

/** Ten minutes after everything below. */
export const now = new Date('2026-03-01T12:10:00Z');
const then = '2026-03-01T12:00:00Z';

export const condition = (
  type: string,
  status: Condition['status'],
  reason: string,
  message = '',
  more: Partial<Condition> = {},
): Condition => ({ type, status, reason, message, lastTransitionTime: then, observedGeneration: 1, ...more });

export const readyCondition = condition(
  'Ready',
  'True',
  'AllReady',
  '2 of 2 Pods of StatefulSet cars-bridge are ready.',
);

/** What the operator says when all is well. */
export const goodStatus: BridgeStatus = {
  observedGeneration: 1,
  appliedGeneration: 1,
  conditions: [
    readyCondition,
    condition('Progressing', 'False', 'Complete', 'Everything is as the document says.'),
    condition('Degraded', 'False', 'AsExpected'),
    condition('KafkaReachable', 'True', 'Connected', 'The bridge is connected to Kafka.'),
  ],
  replicas: 2,
  readyReplicas: 2,
  updatedReplicas: 2,
  rules: 3,
  sessions: 2,
  flow: { received: '950/s', delivered: '940/s', deadLettered: '12', dropped: '0' },
  endpoints: { mqtt: 'mqtt://cars-mqtt.shop.svc:1883', grafana: 'http://cars-grafana.shop.svc:3000' },
};

interface MadeUp {
  readonly metadata?: Partial<KubeObject['metadata']>;
  readonly replicas?: number;
  readonly status?: BridgeStatus | undefined;
}

export const bridgeObject = ({ metadata, replicas = 2, ...rest }: MadeUp = {}): KubeObject => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars', namespace: 'shop', uid: 'u', generation: 1, creationTimestamp: then, ...metadata },
  spec: { bridge: { replicas } },
  status: 'status' in rest ? rest.status : goodStatus,
});

/** The good status with these conditions in place of those of their type. */
export const withConditions = (...conditions: readonly Condition[]): BridgeStatus => ({
  ...goodStatus,
  conditions: [
    ...goodStatus.conditions!.filter(({ type }) => !conditions.some(each => each.type === type)),
    ...conditions,
  ],
});
