/**
 * What rules cost, on one core and without a bridge around them: operations per second for the shapes that pipelines are made of.
 *
 *     node bench/rules.ts
 */
import { compileRule } from '../rules/compile.ts';
import { exampleMessage } from '../rules/example-message.ts';

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
];

/** How long a shape is measured, milliseconds, after as long a warm-up. */
const windowMs = 1000;

function perSecond(sql: string, payload: unknown): number {
  const rule = compileRule(sql);
  const bytes = Buffer.from(JSON.stringify(payload));
  const captures = ['1'];
  let rows = 0;
  const run = (untilMs: number): number => {
    let count = 0;
    while (performance.now() < untilMs) {
      for (let index = 0; index < 100; index++) {
        // A message of its own each time: what it decoded is kept for the one message only.
        const message = exampleMessage({ topic: 'v/1', payload: bytes });
        rows += rule.rows(message, captures).length;
      }
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
