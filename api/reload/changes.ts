/** What is different between two documents of a bridge, and what a running bridge does with it. */
import { isDeepStrictEqual } from 'node:util';
import { documentField, type MqttKafkaBridge } from '../bridge.ts';
import { identityOf } from '../complete.ts';
import { formatPath, type Path } from '../problems.ts';
import type { Field } from '../schema/fields.ts';
import { type Handling, handlingOf } from './fields.ts';

export interface Change {
  /** The field, as in `spec.kafka.producer.linger`; of lists and free mappings, the whole. */
  readonly path: string;
  readonly handling: Handling;
}

/** Both are complete. Fields that are the same are not among the changes. */
export function changesOf(before: MqttKafkaBridge, after: MqttKafkaBridge): readonly Change[] {
  const changes = [...differences(documentField, before, after, [])];
  // It is the default of client ids, and named in what is written.
  if (identityOf(before.metadata) !== identityOf(after.metadata))
    changes.push({ path: 'metadata.annotations', handling: 'restart' });
  return changes;
}

function* differences(
  field: Field | undefined,
  before: unknown,
  after: unknown,
  path: Path,
  above?: Handling,
): Generator<Change> {
  if (isDeepStrictEqual(before, after)) return;
  const handling = above ?? handlingOf[formatPath(path)];
  const { properties } = field ?? {};
  const sections = [before, after].filter(isSection);
  // What nobody reads, rules, and sections that come or go are one change.
  const isOne = handling !== undefined && (handling === 'unread' || handling === 'rules' || sections.length < 2);
  if (isOne || properties === undefined || sections.length === 0) {
    // What is not known to be harmless is refused.
    yield { path: formatPath(path), handling: handling ?? unknown(field, path) };
    return;
  }
  const names = new Set(sections.flatMap(section => Object.keys(section)));
  for (const name of names)
    yield* differences(properties[name], inner(before, name), inner(after, name), [...path, name], handling);
}

/** Kubernetes writes more into `metadata` than the schema names. */
const unknown = (field: Field | undefined, [first]: Path): Handling =>
  field === undefined && first === 'metadata' ? 'unread' : 'restart';

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const inner = (value: unknown, name: string): unknown => (isSection(value) ? value[name] : undefined);
