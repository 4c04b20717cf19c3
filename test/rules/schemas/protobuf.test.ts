/** Bytes marked `protoc` were written by Google's implementation (protobuf for Python, from protoc). */
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../rules/refusal.ts';
import { SchemaFault } from '../../../rules/schemas/fault.ts';
import { protobufCodec } from '../../../rules/schemas/protobuf/codec.ts';
import { Float } from '../../../rules/value.ts';
import { plainly } from './plainly.ts';

const fleet = protobufCodec(`
syntax = "proto3";
package fleet;
import "google/protobuf/timestamp.proto";
enum Shift { P = 0; R = 1; N = 2; D = 3; }
message Location { float latitude = 1; float longitude = 2; }
message Vehicle {
  string vin = 1; double speed = 2; int64 odometer = 3; sint32 soc = 4; Shift shift = 5; Location location = 6;
  map<string, string> tags = 7; repeated int32 cells = 8; bytes raw = 9; bool charging = 10; optional int32 doors = 11;
  oneof fuel { double kwh = 12; double litres = 13; }
  google.protobuf.Timestamp seen = 14; uint64 serial = 15; fixed32 crc = 16;
  message Trip { message Stop { string name = 1; } int32 km = 1; repeated Stop stops = 2; }
  repeated Trip trips = 17;
}`);

/** protoc */
const vehicleBytes =
  '0a04304d4b33110000000000c0474018ffffffffffffffefff01205b2803320a0d0080404215000038413a0d0a05666c656574120473c3bc64420d01ffffffffffffffffff01ac024a02ff005001580061000000000000f83f72060880e2cfaa0678ffffffffffffffffff018501070000008a0107080512030a0141';

const vehicle = {
  vin: '0MK3',
  speed: 47.5,
  odometer: -9_007_199_254_740_993n,
  soc: -46,
  shift: 'D',
  location: { latitude: 48.125, longitude: 11.5 },
  tags: { fleet: 'süd' },
  cells: [1, -1, 300],
  raw: Buffer.of(255, 0),
  charging: true,
  doors: 0,
  kwh: 1.5,
  seen: { seconds: 1_700_000_000, nanos: 0 },
  serial: 2n ** 64n - 1n,
  crc: 7,
  trips: [{ km: 5, stops: [{ name: 'A' }] }],
};

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('version 3', () => {
  test('what another implementation wrote is read, and written alike', () => {
    expect(plainly(fleet.decode(bytes(vehicleBytes), 'Vehicle'))).toEqual(vehicle);
    expect(fleet.encode(vehicle, 'fleet.Vehicle').toString('hex')).toBe(vehicleBytes);
  });

  test('a plain field that bytes do not hold is its zero; one that may be missing is left out', () => {
    expect(plainly(fleet.decode(Buffer.alloc(0), 'Vehicle'))).toEqual({
      vin: '',
      speed: new Float(0),
      odometer: 0,
      soc: 0,
      shift: 'P',
      raw: Buffer.alloc(0),
      charging: false,
      serial: 0,
      crc: 0,
    });
  });

  test('a value that the enum does not name stays a number', () => {
    expect(fleet.decode(bytes('2809'), 'Vehicle')).toMatchObject({ shift: 9 });
  });

  test('a message within a message has a name of two words', () => {
    expect(plainly(fleet.decode(bytes('080512030a0141'), 'Vehicle.Trip'))).toEqual({ km: 5, stops: [{ name: 'A' }] });
    expect(plainly(fleet.decode(bytes('0a0141'), 'fleet.Vehicle.Trip.Stop'))).toEqual({ name: 'A' });
  });

  test.each([
    'ff',
    '0a05',
    '0a02ffff',
    `32${'ffffffff0f'}`,
    '0b0b0b',
    vehicleBytes.slice(0, -2),
  ])('bytes that are no vehicle are refused: %s', hex => {
    expect(() => fleet.decode(bytes(hex), 'Vehicle')).toThrow(Refusal);
  });

  test.each([
    [{ nothing: 1 }, 'no field nothing'],
    [{ shift: 'X' }, 'one of P, R, N, D'],
    [{ soc: 2 ** 31 }, 'must be sint32'],
    [{ vin: 5 }, 'must be string'],
    [{ cells: 5 }, 'must be a list'],
    [{ location: 'here' }, 'must be a map'],
    [[1], 'must be a map'],
  ])('%j cannot be written', (value, reason) => {
    expect(() => fleet.encode(value as never, 'Vehicle')).toThrow(reason);
  });

  test('a key named __proto__ is a key like any other', () => {
    const held = bytes(`3a0e0a095f5f70726f746f5f5f120178`);
    const { tags } = fleet.decode(held, 'Vehicle') as { tags: object };
    expect(Object.keys(tags)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(tags)).not.toHaveProperty('x');
  });
});

/** https://docs.emqx.com/en/emqx/latest/data-integration/schema-registry-example-protobuf.html */
describe("version 2, with the person of EMQX's documentation", () => {
  const person = protobufCodec(`message Person {
    required string name = 1;
    required int32 id = 2;
    optional string email = 3;
  }`);
  /** protoc */
  const shawn = '0a05536861776e10011a0d6c6975787940656d71782e696f';

  test('bytes and map are one another', () => {
    const value = { name: 'Shawn', id: 1, email: 'liuxy@emqx.io' };
    expect(plainly(person.decode(bytes(shawn), 'Person'))).toEqual(value);
    expect(person.encode(value, 'Person').toString('hex')).toBe(shawn);
  });

  test('a field that is needed is missed, and one that is not is left out', () => {
    expect(() => person.decode(bytes('0a0141'), 'Person')).toThrow(Refusal);
    expect(() => person.encode({ name: 'A' }, 'Person')).toThrow('needs the field id');
    expect(plainly(person.decode(bytes('0a01411001')))).toEqual({ name: 'A', id: 1 });
  });
});

describe('the type of message', () => {
  test('may be left out where there is one', () => {
    const one = protobufCodec('syntax = "proto3"; message A { message Inner {} int32 x = 1; }');
    expect(one.problem('decode', undefined)).toBeUndefined();
    expect(plainly(one.decode(bytes('0805')))).toEqual({ x: 5 });
  });

  test.each([
    [undefined, 'needs the type of message, as the schema has several: Location, Vehicle'],
    ['Vehicel', 'did you mean Vehicle?'],
    ['Zebra', 'there are Location'],
  ])('%s is told to be wrong', (type, reason) => {
    expect(fleet.problem('decode', type)).toContain(reason);
  });
});

describe('a text that cannot be used is told with the line', () => {
  test.each<[string, string, number | undefined]>([
    ['', 'has no message', undefined],
    ['syntax = "proto3";\n  mesage A {}', 'mesage', 21],
    ['message A { string n = 1; }', 'without `syntax', 0],
    ['syntax = "proto3"; message A { Other n = 1; }', 'Other', undefined],
    ['syntax = "proto3"; import "other.proto"; message A {}', 'imports other.proto', undefined],
    ['syntax = "proto3"; message A { int32 x = 1; int32 y = 1; }', 'duplicate id', undefined],
    ['syntax = "proto9"; message A {}', 'proto9', undefined],
  ])('%j', (text, reason, offset) => {
    const attempt = () => protobufCodec(text);
    expect(attempt).toThrow(SchemaFault);
    expect(attempt).toThrow(reason);
    if (offset !== undefined) expect(attempt).toThrow(expect.objectContaining({ offset }));
  });
});

test('a file may import others that come with it, which have messages of their own', () => {
  const files = [{ name: 'at.proto', text: 'syntax = "proto3"; package p; message At { int32 x = 1; }' }];
  const text = 'syntax = "proto3"; package p; import "at.proto"; message Car { At at = 1; }';
  const { types, decode } = protobufCodec(text, files);
  expect(types.names).toEqual(['Car']);
  expect(plainly(decode(bytes('0a020805')))).toEqual({ at: { x: 5 } });
});
