/** Which branch of a union may take a value. */
import { namedFloat } from '../../formats/special-floats.ts';
import { isInteger, isList, isMap, isNumeric, isText, type Value } from '../../value.ts';
import type { AvroType } from './schema.ts';

/** Whether a type may take a value, by a look at its outside. */
export const takes = (type: AvroType): ((value: Value) => boolean) => {
  switch (type.kind) {
    case 'null':
      return value => value === undefined || value === null;
    case 'boolean':
      return value => typeof value === 'boolean';
    case 'int':
      return value => isInteger(value) && within(value, 31n);
    case 'long':
      return value => isInteger(value) && within(value, 63n);
    case 'float':
    case 'double':
      return value => isNumeric(value) || (isText(value) && namedFloat(value.toString()) !== undefined);
    case 'enum':
      return value => isText(value) && type.symbols.includes(value.toString());
    case 'fixed':
      return value => isText(value) && Buffer.byteLength(value) === type.size;
    case 'array':
      return isList;
    case 'map':
    case 'record':
      return isMap;
    default:
      return isText;
  }
};

export const within = (value: number | bigint, bits: bigint): boolean => value >= -(2n ** bits) && value < 2n ** bits;
