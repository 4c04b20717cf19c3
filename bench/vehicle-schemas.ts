/** The vehicle of bench/rules.ts in three languages of schemas, with all of its fields. */
import type { SchemaSection } from '../api/schema/schemas.ts';
import { schemasOf } from '../rules/schemas/schemas.ts';

const location = { name: 'Location', fields: { latitude: 'double', longitude: 'double' } };
const fields = {
  vin: 'string',
  speed: 'double',
  odometer: 'double',
  soc: 'int',
  elevation: 'int',
  heading: 'int',
  accuracy: 'int',
  power: 'int',
  shift_state: 'string',
  range: 'double',
  est_battery_range: 'double',
  gps_as_of: 'long',
  location,
  timestamp: 'long',
};

const avroRecord = (name: string, members: object): object => ({
  type: 'record',
  name,
  fields: Object.entries(members).map(([field, type]) => ({
    name: field,
    type: typeof type === 'string' ? type : avroRecord(type.name, type.fields),
  })),
});

const protobufTypes: Readonly<Record<string, string>> = { int: 'int32', long: 'int64' };

const protobufMessage = (name: string, members: object): string => {
  const lines = Object.entries(members).map(([field, type], at) => {
    const named = typeof type === 'string' ? (protobufTypes[type] ?? type) : type.name;
    return `${named} ${field} = ${at + 1};`;
  });
  return `message ${name} { ${lines.join(' ')} }`;
};

const jsonTypes: Readonly<Record<string, string>> = { double: 'number', int: 'integer', long: 'integer' };

const jsonObject = (members: object): object => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(members).map(([field, type]) => [
      field,
      typeof type === 'string' ? { type: jsonTypes[type] ?? type } : jsonObject(type.fields),
    ]),
  ),
  required: Object.keys(members),
});

const documents: readonly SchemaSection[] = [
  { name: 'avro', avro: JSON.stringify(avroRecord('Vehicle', fields)) },
  {
    name: 'protobuf',
    protobuf: `syntax = "proto3"; ${protobufMessage('Vehicle', fields)} ${protobufMessage(location.name, location.fields)}`,
  },
  { name: 'json', json: JSON.stringify(jsonObject(fields)) },
];

export const vehicleSchemas = schemasOf(documents);
