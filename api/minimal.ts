/**
 * The shortest document that means the same: without what its defaults say anyway.
 *
 * The operator writes documents for bridges of other versions than its own. A field that is new, and that nobody has set, must not reach a
 * bridge that does not know it.
 */
import { documentField, type MqttKafkaBridge } from './bridge.ts';
import { completeDocument } from './complete.ts';
import type { Path } from './problems.ts';
import type { Field } from './schema/fields.ts';
import { fillDefaults } from './shape.ts';
import { setAt, valueAt } from './values.ts';

/** What a person would have to write; `completeDocument` gives the whole document back. */
export function minimalDocument(document: MqttKafkaBridge): unknown {
  const dependent: Path[] = [];
  const minimal = without(documentField, document, [], dependent);
  const complete = completeDocument(minimal);
  for (const path of dependent) {
    const value = valueAt(document, path);
    if (valueAt(complete, path) !== value) setAt(minimal, path, value);
  }
  return minimal;
}

/** @param dependent gets the paths of fields whose default depends on others; they are left out at first */
function without(field: Field, value: unknown, path: Path, dependent: Path[]): unknown {
  if (field.type === 'array') {
    return (value as unknown[]).map((item, index) => without(field.items!, item, [...path, index], dependent));
  }
  if (field.type !== 'object' || field.properties === undefined) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value as object)) {
    const own = Object.hasOwn(field.properties, name) ? field.properties[name] : undefined;
    if (own?.['x-default-from'] !== undefined) {
      dependent.push([...path, name]);
      continue;
    }
    const short = own ? without(own, inner, [...path, name], dependent) : inner;
    if (!isDefault(own, inner, short)) kept[name] = short;
  }
  return kept;
}

/** A section whose default is `{}` is left out when nothing of it is left. */
function isDefault(own: Field | undefined, value: unknown, short: unknown): boolean {
  if (own?.default === undefined) return false;
  return sameJson(short, own.default) || sameJson(value, fillDefaults(own, own.default));
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
