/** Documents at random, made of the schema itself: whatever field it has, some of them have it. */
import * as fc from 'fast-check';
import { documentField } from '../../../api/bridge.ts';
import { checkDocument } from '../../../api/check.ts';
import { type Field, fieldsToWrite } from '../../../api/schema/fields.ts';
import { documentOf } from './documents.ts';

type Document = Record<string, unknown>;

/**
 * Documents that `checkDocument` calls valid. Each section is made on its own first: hardly one of whole documents would be valid in all.
 *
 * @param count how many
 */
export const validDocuments = (count: number, seed: number): Document[] => {
  const isValid = (document: Document) => checkDocument(document).findings.length === 0;
  const sections = Object.entries(documentField.properties!.spec!.properties!).map(([name, field]) => {
    const values = fc.sample(anyOf(field), { numRuns: 20 * count, seed });
    return [name, values.filter(value => isValid(documentOf({ mqtt: shared, [name]: value })))] as const;
  });
  const names = fc.sample(fc.stringMatching(/^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/), { numRuns: 20 * count, seed });
  return names
    .map((name, index) => ({
      ...documentOf(Object.fromEntries(sections.map(([section, values]) => [section, values[index % values.length]]))),
      metadata: { name },
    }))
    .filter(isValid)
    .slice(0, count);
};

const shared = { url: 'mqtt://localhost', share: 'cars' };

/** Of each field once: to make one reads patterns, and takes a hundred times as long as a value of it. */
const made = new WeakMap<Field, fc.Arbitrary<unknown>>();

function anyOf(field: Field): fc.Arbitrary<unknown> {
  const any = made.get(field) ?? makeAny(field);
  made.set(field, any);
  return any;
}

function makeAny(field: Field): fc.Arbitrary<unknown> {
  if (field.enum) return fc.constantFrom(...field.enum);
  switch (field.type) {
    case 'object':
      return objectOf(field);
    case 'array':
      return listOf(field);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: field.minimum!, max: field.maximum! });
    default:
      return textOf(field);
  }
}

function objectOf(field: Field): fc.Arbitrary<unknown> {
  const { properties, additionalProperties, 'x-exactly-one-of': choices = [] } = field;
  if (additionalProperties)
    return fc.dictionary(fc.stringMatching(/^[a-z.]{1,9}$/), anyOf(additionalProperties), { maxKeys: 2 });
  if (!properties) return fc.constantFrom({}, { limits: { cpu: '1', memory: '64Mi' } });
  const needed = fieldsToWrite(field);
  const others = Object.keys(properties).filter(name => !choices.includes(name));
  const record = (names: readonly string[]) =>
    fc
      .tuple(
        ...names.map(name =>
          needed.includes(name)
            ? anyOf(properties[name]!)
            : fc.option(anyOf(properties[name]!), { nil: undefined, freq: 2 }),
        ),
      )
      .map(values =>
        Object.fromEntries(
          names.map((name, index) => [name, values[index]]).filter(([, value]) => value !== undefined),
        ),
      );
  if (choices.length === 0) return record(others);
  return fc
    .tuple(record(others), fc.oneof(...choices.map(name => anyOf(properties[name]!).map(value => ({ [name]: value })))))
    .map(([rest, chosen]) => ({ ...rest, ...chosen }));
}

function listOf({
  items,
  minItems = 0,
  'x-kubernetes-list-type': type,
  'x-kubernetes-list-map-keys': keys,
}: Field): fc.Arbitrary<unknown> {
  const limits = { minLength: minItems, maxLength: minItems + 1 };
  if (type === undefined) return fc.array(anyOf(items!), limits);
  const selector = (item: unknown) => (keys ? (item as Document)[keys[0]!] : item);
  return fc.uniqueArray(anyOf(items!), { ...limits, selector });
}

function textOf({ pattern, minLength = 0, maxLength = 40, 'x-quantity': quantity }: Field): fc.Arbitrary<string> {
  if (quantity) return fc.constantFrom(quantity.min, quantity.max);
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: 'grapheme' });
  return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 40) });
}
