import { describe, expect, test } from 'vitest';
import type { NewBatch } from '../../../demo/embedded/cluster.ts';
import type { EmbeddedRecord } from '../../../demo/embedded/records.ts';
import { Feed } from '../../../demo/page/feed.ts';
import { locationOf } from '../../../demo/vehicles/geography.ts';

const payload = (change: object = {}): string =>
  JSON.stringify({
    display_name: "Ada's Model S",
    model: 'S',
    speed: 48.2,
    odometer: 1234.567,
    soc: 61.25,
    heading: 90,
    power: 7.5,
    shift_state: 'D',
    location: locationOf({ x: 1000, y: -500 }),
    ...change,
  });

const record = (offset: number, key: string | null, value: string): EmbeddedRecord => ({
  partition: 3,
  offset,
  timestamp: 1_700_000_000_000 + offset,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  headers: [],
});

const batch = (...records: EmbeddedRecord[]): NewBatch => ({
  topic: 'my-vehicles',
  partition: 3,
  baseOffset: records[0]?.offset ?? 0,
  count: records.length,
  bytes: 100,
  records: () => records,
});

describe('a look at the topic', () => {
  test('shows a vehicle as its newest record has it', () => {
    const feed = new Feed();
    feed.add(batch(record(0, 'car_1', payload({ speed: 10 })), record(1, 'car_1', payload())));
    const { vehicles } = feed.look();
    expect(vehicles).toHaveLength(1);
    expect(vehicles[0]).toMatchObject({
      key: 'car_1',
      name: "Ada's Model S",
      speedKmh: 48.2,
      charge: 61.25,
      odometerKm: 1234.567,
      shift: 'D',
    });
    expect(vehicles[0]!.x).toBeCloseTo(1000, 0);
    expect(vehicles[0]!.y).toBeCloseTo(-500, 0);
  });

  test('shows records newest first, with the number of new ones in each partition', () => {
    const feed = new Feed();
    feed.add(batch(record(0, 'car_1', payload()), record(1, 'car_2', payload())));
    feed.add(batch(record(2, 'car_3', payload())));
    const { records, partitions } = feed.look();
    expect(records.map(({ offset }) => offset)).toEqual([2, 1, 0]);
    expect(records[0]).toMatchObject({ key: 'car_3', partition: 3, timestamp: 1_700_000_000_002, value: payload() });
    expect(partitions).toEqual({ 3: 3 });
  });

  test('tells only what is new', () => {
    const feed = new Feed();
    feed.add(batch(record(0, 'car_1', payload())));
    feed.look();
    expect(feed.look()).toEqual({ vehicles: [], records: [], partitions: {} });
    expect(feed.whole().vehicles).toHaveLength(1);
  });

  test.each([
    ['no JSON', '{"speed":'],
    ['no object', '17'],
    ['no place', payload({ location: undefined })],
    ['a place that is no number', payload({ location: { latitude: 'north', longitude: 1 } })],
    ['no speed', payload({ speed: null })],
  ])('shows a record with %s as a record, and no vehicle for it', (_, value) => {
    const feed = new Feed();
    feed.add(batch(record(0, 'guest', value)));
    const { records, vehicles } = feed.look();
    expect(records[0]!.value).toBe(value);
    expect(vehicles).toEqual([]);
  });

  test('survives a batch that holds no valid records', () => {
    const feed = new Feed();
    const broken = { ...batch(), records: () => assertBroken() };
    feed.add(broken);
    feed.add(batch(record(5, 'car_1', payload())));
    expect(feed.look().records).toHaveLength(1);
  });

  test('is bounded: of a flood it shows the newest records and as many vehicles as a page can', () => {
    const feed = new Feed();
    for (let i = 0; i < 6000; i++) feed.add(batch(record(i, `car_${i % 300}`, payload())));
    const { records, vehicles } = feed.look();
    expect(records.length).toBeLessThanOrEqual(12);
    expect(records[0]!.offset).toBe(5999);
    expect(vehicles).toHaveLength(100);
  });
});

const assertBroken = (): never => {
  throw new Error('broken');
};

describe('everything, for a page that opens', () => {
  test('has the way that a vehicle has gone, without the moments in which it stood', () => {
    const feed = new Feed();
    for (const [offset, x] of [0, 10, 10, 10, 20].entries()) {
      feed.add(batch(record(offset, 'car_1', payload({ location: locationOf({ x, y: 0 }) }))));
    }
    feed.look();
    expect(feed.whole().vehicles[0]!.trail).toEqual([0, 0, 10, 0, 20, 0]);
  });
});
