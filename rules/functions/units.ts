/** Units of measurement: convert_unit(20, 'C', 'F'). */
import { float, toDouble } from '../numbers.ts';
import { refuse } from '../refusal.ts';
import { Float, isText } from '../value.ts';
import { custom, define, type FunctionEntry, number } from './define.ts';

/** A value times `factor`, plus `offset`, is that value in the first unit of its quantity. */
interface Unit {
  readonly quantity: string;
  readonly factor: number;
  readonly offset: number;
}

const foot = 0.3048;
const mile = 1609.344;
const pound = 0.453_592_37;
const psi = 6894.757_293_168_361;
const gallon = 3.785_411_784;

/** By quantity: names of units, and the factor to the first one. */
const quantities: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  length: { m: 1, mm: 0.001, cm: 0.01, km: 1000, in: 0.0254, ft: foot, yd: 0.9144, mi: mile, nmi: 1852 },
  area: { m2: 1, cm2: 0.0001, km2: 1e6, ha: 10_000, ft2: foot ** 2, acre: 4046.856_422_4 },
  volume: { l: 1, ml: 0.001, m3: 1000, gal: gallon, 'imp gal': 4.546_09, ft3: 28.316_846_592 },
  mass: { kg: 1, g: 0.001, mg: 1e-6, t: 1000, lb: pound, oz: pound / 16 },
  speed: { 'm/s': 1, 'km/h': 1 / 3.6, kmh: 1 / 3.6, mph: mile / 3600, kn: 1852 / 3600, 'ft/s': foot },
  pressure: {
    Pa: 1,
    hPa: 100,
    kPa: 1000,
    MPa: 1e6,
    bar: 100_000,
    mbar: 100,
    psi,
    atm: 101_325,
    mmHg: 133.322_387_415,
    inHg: 3386.389,
  },
  energy: { J: 1, kJ: 1000, MJ: 1e6, Wh: 3600, kWh: 3.6e6, MWh: 3.6e9, cal: 4.184, kcal: 4184, BTU: 1055.055_852_62 },
  power: { W: 1, mW: 0.001, kW: 1000, MW: 1e6, hp: 745.699_871_582_270_2, PS: 735.498_75 },
  flow: { 'l/s': 1, 'l/min': 1 / 60, 'm3/h': 1 / 3.6, gpm: gallon / 60 },
  time: { s: 1, ms: 0.001, us: 1e-6, ns: 1e-9, min: 60, h: 3600, d: 86_400 },
  angle: { rad: 1, deg: Math.PI / 180, turn: 2 * Math.PI },
  'electric current': { A: 1, mA: 0.001, kA: 1000 },
  'electric potential': { V: 1, mV: 0.001, kV: 1000 },
  frequency: { Hz: 1, kHz: 1000, MHz: 1e6, GHz: 1e9, rpm: 1 / 60 },
  data: { B: 1, kB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, bit: 0.125 },
};

const temperatures: Readonly<Record<string, Unit>> = {
  C: { quantity: 'temperature', factor: 1, offset: 0 },
  K: { quantity: 'temperature', factor: 1, offset: -273.15 },
  F: { quantity: 'temperature', factor: 5 / 9, offset: -160 / 9 },
};

const units: ReadonlyMap<string, Unit> = new Map([
  ...Object.entries(temperatures),
  ...Object.entries(quantities).flatMap(([quantity, factors]) =>
    Object.entries(factors).map(([name, factor]): [string, Unit] => [name, { quantity, factor, offset: 0 }]),
  ),
]);

/** `°C` and `m²` are written as well. */
const plain = (name: string): string => name.replace(/^°/, '').replace('²', '2').replace('³', '3').replace('µ', 'u');

const unit = (name: string) =>
  custom(name, 'unit', value => {
    const found = isText(value) ? units.get(plain(value.toString())) : undefined;
    return (
      found ??
      (refuse(
        `${name} must be a unit such as ${[...units.keys()].slice(0, 8).join(', ')} (upper and lower case count)`,
        value,
      ) as never)
    );
  });

const listed = [
  `temperature: ${Object.keys(temperatures).join(', ')}`,
  ...Object.entries(quantities).map(([quantity, factors]) => `${quantity}: ${Object.keys(factors).join(', ')}`),
].join('; ');

/** Of a factor that cannot be written in binary, the last digit is noise: 20 °C are 68 °F, and not 68.00000000000001. */
const withoutNoise = (value: number): number => Number(value.toPrecision(15));

const [from, to] = [unit('unit'), unit('wanted')];

export const unitFunctions: readonly FunctionEntry[] = [
  define({
    name: 'convert_unit',
    parameters: [number('value'), from, to],
    returns: 'float',
    description: `The value in another unit of the same quantity, as a float of 15 digits. Units: ${listed}.`,
    examples: [
      ["convert_unit(20, 'C', 'F')", new Float(68)],
      ["convert_unit(60, 'mph', 'km/h')", 96.560_64],
      ["convert_unit(2.5, 'bar', 'kPa')", new Float(250)],
    ],
    check: ([, source, target]) => {
      if (source === undefined || target === undefined) return undefined;
      const [a, b] = [from.read(source).quantity, to.read(target).quantity];
      return a === b ? undefined : { parameter: 2, reason: `converts no ${a} to ${b}` };
    },
    call: ([value, source, target]) => {
      if (source.quantity !== target.quantity) refuse(`${source.quantity} is no ${target.quantity}`, value);
      const base = toDouble(value) * source.factor + source.offset;
      return float(withoutNoise((base - target.offset) / target.factor));
    },
  }),
];
