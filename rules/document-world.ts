/** What rules know of their document. All who compile rules of a document take it from here, so that none of it is forgotten. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { costLimitsOf } from './cost-limits.ts';
import { schemasOf } from './schemas/schemas.ts';
import type { Ambient } from './scope.ts';
import { tablesOf } from './tables/tables.ts';

/** @param document a valid one. Its tables are not read yet */
export const documentWorld = ({ metadata, spec }: MqttKafkaBridge) =>
  ({
    schemas: schemasOf(spec.schemas),
    tables: tablesOf(spec.tables),
    costs: costLimitsOf(spec.delivery),
    knowsPublisher: spec.mqtt.listen !== undefined,
    bridgeName: metadata.name,
  }) satisfies Partial<Ambient>;
