/**
 * What rules cost, on one core and without a bridge around them: operations per second for the shapes that pipelines are made of.
 *
 *     node bench/rules.ts
 */
import { compileRule } from '../rules/compile.ts';
import { exampleMessage } from '../rules/example-message.ts';
import { rowsAtOnceOf, tablesFrom, tablesOf } from '../rules/tables/tables.ts';
import type { Value } from '../rules/value.ts';
import { vehicleSchemas as schemas } from './vehicle-schemas.ts';

const vehicle = {
  vin: '0MK3G2CK8PB990476',
  speed: 47.9,
  odometer: 95_772.4,
  soc: 46,
  elevation: 31,
  heading: 142,
  accuracy: 4,
  power: 12,
  shift_state: 'D',
  range: 231.5,
  est_battery_range: 214.8,
  gps_as_of: 1_700_000_000,
  location: { latitude: 48.13, longitude: 11.57 },
  timestamp: 1_700_000_000_123,
};
const list = { items: Array.from({ length: 10 }, (_, index) => ({ id: index, value: index * 1.5 })) };

const encoded = (name: string, type?: string): Buffer => schemas.find(name)!.encode(vehicle as unknown as Value, type);

const shapes: readonly { readonly name: string; readonly sql: string; readonly payload: unknown }[] = [
  { name: 'forward the payload', sql: 'SELECT payload FROM "v/{id}"', payload: vehicle },
  {
    name: 'filter on one JSON field and forward, parse included',
    sql: 'SELECT payload FROM "v/{id}" WHERE payload.speed > 10',
    payload: vehicle,
  },
  {
    name: 'select 5 of 14 fields into a new object, parse included',
    sql: 'SELECT payload.vin AS vin, payload.speed AS speed, payload.soc AS soc, payload.location AS location, payload.timestamp AS at FROM "v/{id}"',
    payload: vehicle,
  },
  {
    name: 'FOREACH over 10 elements, parse included',
    sql: 'FOREACH payload.items AS i DO i.id AS id, i.value AS value FROM "v/{id}"',
    payload: list,
  },
  {
    name: 'count and average of 1,000 keys in tumbling windows, parse and rows included',
    sql: 'SELECT id, COUNT(*) AS n, AVG(payload.speed) AS mean FROM "v/{id}" GROUP BY id, TUMBLING(10s)',
    payload: vehicle,
  },
  {
    name: 'the same in windows that hop six times, parse and rows included',
    sql: 'SELECT id, COUNT(*) AS n, AVG(payload.speed) AS mean FROM "v/{id}" GROUP BY id, HOPPING(60s, 10s)',
    payload: vehicle,
  },
  {
    name: 'report one field when it changes, 1,000 keys, parse included',
    sql: 'SELECT id FROM "v/{id}" WHERE CHANGED(payload.speed, id)',
    payload: vehicle,
  },
  {
    name: 'difference to the message before, 1,000 keys, parse included',
    sql: 'SELECT payload.odometer - lag(payload.odometer, 1, payload.odometer) OVER (PARTITION BY id) AS km FROM "v/{id}"',
    payload: vehicle,
  },
  {
    name: 'filter and map 10 elements with lambdas, parse included',
    sql: 'SELECT array_map(array_filter(payload.items, x -> x.value > 3), x -> x.id) AS ids FROM "v/{id}"',
    payload: list,
  },
  {
    name: 'look two columns up among a million rows of 100 bytes, another row each time',
    sql: `SELECT lookup('devices', id).owner AS owner, lookup('devices', id).site AS site FROM "v/{id}"`,
    payload: vehicle,
  },
  {
    name: 'decode 14 fields of Avro',
    sql: `SELECT schema_decode('avro', payload) AS v FROM "v/{id}"`,
    payload: encoded('avro'),
  },
  {
    name: 'decode 14 fields of Protobuf',
    sql: `SELECT schema_decode('protobuf', payload, 'Vehicle') AS v FROM "v/{id}"`,
    payload: encoded('protobuf', 'Vehicle'),
  },
  {
    name: 'check 14 fields by a JSON Schema, parse included',
    sql: `SELECT payload FROM "v/{id}" WHERE schema_check('json', payload)`,
    payload: vehicle,
  },
  {
    name: 'parse JSON and encode 14 fields as Avro',
    sql: `SELECT schema_encode('avro', json_decode(payload)) AS v FROM "v/{id}"`,
    payload: vehicle,
  },
  {
    name: 'parse JSON and encode 14 fields as Protobuf',
    sql: `SELECT schema_encode('protobuf', json_decode(payload), 'Vehicle') AS v FROM "v/{id}"`,
    payload: vehicle,
  },
];

const tables = deviceTables();

/** A million rows of 100 bytes. */
function deviceTables() {
  const rows = Array.from(
    { length: 1_000_000 },
    (_, id) => `${`${id},customer-${id % 5000},site-${id % 50},`.padEnd(99, 'x')}\n`,
  );
  const [table] = tablesOf([
    { name: 'devices', key: 'id', format: 'csv', separator: ',', maxRows: 1_000_000, maxBytes: '128MiB' },
  ]).all;
  table!.use(rowsAtOnceOf(table!.section, `id,owner,site,note\n${rows.join('')}`));
  return tablesFrom([table!]);
}

/** How many keys there are, and how many messages come in a millisecond: each key has one in 100 ms. */
const keys = 1000;
const perMillisecond = 10;

/** How long a shape is measured, milliseconds, after as long a warm-up. */
const windowMs = 1000;

function perSecond(sql: string, payload: unknown): number {
  const rule = compileRule(sql, { schemas, tables });
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const captures = Array.from({ length: keys }, (_, key) => [`${key}`]);
  let rows = 0;
  let messages = 0;
  const run = (untilMs: number): number => {
    let count = 0;
    while (performance.now() < untilMs) {
      for (let index = 0; index < 100; index++) {
        // A message of its own each time: what it decoded is kept for the one message only.
        const timestamp = Math.floor(messages / perMillisecond);
        const message = exampleMessage({ topic: 'v/1', payload: bytes, timestamp });
        rows += rule.rows(message, captures[messages % keys]!).length;
        messages++;
      }
      while (rule.windows?.next(messages / perMillisecond) !== undefined) rows++;
      count += 100;
    }
    return count;
  };
  run(performance.now() + windowMs);
  const start = performance.now();
  const count = run(start + windowMs);
  if (rows === 0) throw new Error(`${sql} gave no row: it does not measure what it says.`);
  return (count / (performance.now() - start)) * 1000;
}

console.log('| rule | operations per second |\n| --- | --- |');
for (const { name, sql, payload } of shapes) {
  console.log(`| ${name} | ${Math.round(perSecond(sql, payload)).toLocaleString('en')} |`);
}
