/** All that can be said about a document as data: its shape first, then, for parts whose shape is right, what they mean together. */
import { documentField, type MqttKafkaBridge } from './bridge.ts';
import { deliveryChecks } from './checks/delivery.ts';
import { kafkaChecks } from './checks/kafka.ts';
import { mqttChecks } from './checks/mqtt.ts';
import { mqttSinkChecks } from './checks/mqtt-sinks.ts';
import { objectChecks } from './checks/objects.ts';
import { operationChecks } from './checks/operation.ts';
import { queryModeChecks } from './checks/query-modes.ts';
import { retryChecks } from './checks/retry.ts';
import { ruleChecks } from './checks/rules.ts';
import { schemaChecks } from './checks/schemas.ts';
import { servedClientsChecks } from './checks/served-clients.ts';
import { tableChecks } from './checks/tables.ts';
import { completeDocument } from './complete.ts';
import { type Finding, isWithin } from './findings.ts';
import type { Path } from './problems.ts';
import { checkShape } from './shape.ts';

export interface CheckedDocument {
  /** With defaults filled in. Parts that have findings may not be what their type says. */
  readonly document: MqttKafkaBridge;
  readonly findings: readonly Finding[];
  /** Whether the parts at `paths` have the right shape. */
  sound(paths: readonly Path[]): boolean;
}

/** Checks a value read from anywhere. Finds everything at once and throws nothing. */
export const checkDocument = (value: unknown): CheckedDocument => {
  const shape = checkShape(documentField, value);
  const document = completeDocument(value);
  const sound = (paths: readonly Path[]) =>
    paths.every(part => isThere(document, part) && !shape.some(({ path }) => isWithin(path, part)));
  const semantic = [
    ...mqttChecks,
    ...kafkaChecks,
    ...ruleChecks,
    ...mqttSinkChecks,
    ...schemaChecks,
    ...tableChecks,
    ...deliveryChecks,
    ...retryChecks,
    ...queryModeChecks,
    ...operationChecks,
    ...servedClientsChecks,
    ...objectChecks,
  ]
    .filter(({ reads }) => sound(reads))
    .flatMap(({ check }) => check(document));
  return { document, findings: [...shape, ...semantic], sound };
};

const isThere = (document: unknown, path: Path): boolean => {
  let value = document;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return typeof value === 'object' && value !== null;
};
