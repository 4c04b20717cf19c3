/**
 * Who a vehicle is: the same number of the same seed is always the same car.
 */
import { type CarModel, carModels } from './energy.ts';
import { Random } from './random.ts';

export interface Identity {
  /** From 1. */
  readonly number: number;
  /** 17 characters, with a valid check digit. */
  readonly vin: string;
  readonly displayName: string;
  readonly car: CarModel;
  readonly colour: string;
  readonly wheels: string;
  readonly spoiler: string;
}

const names = (
  'Ada Alan Amina Anita Barbara Bela Carla Chen Dana Edsger Elif Emmy Erik Fatima Grace Hedy Hugo Ida Ines Jonas Kaito Karl Katherine ' +
  'Lena Linus Lotte Maja Margaret Marie Max Mei Mira Nadia Nils Noor Olga Omar Paul Priya Radia Rosa Sofia Tarik Tim Ursula Vera Yara Zuse'
).split(' ');
const colours = ['White', 'Black', 'Midnight Silver', 'Deep Blue', 'Red', 'Quicksilver'];
const wheels = ['18 inch aero', '19 inch sport', '20 inch turbine'];

/** The identity of vehicle `number` (from 1) of a seed. */
export const identityOf = (seed: number | string, number: number): Identity => {
  const random = new Random(seed, `vehicle ${number} identity`);
  const car = random.pick(carModels);
  return {
    number,
    vin: vinOf(car, random),
    displayName: `${random.pick(names)}'s Model ${car.name}`,
    car,
    colour: random.pick(colours),
    wheels: random.pick(wheels),
    spoiler: random.chance(0.2) ? 'Carbon' : 'None',
  };
};

/** No region of the world has a 0 in front, so that no VIN is that of somebody's car. */
const maker = '0MK';
const modelYears = 'NPRST';

const vinOf = (car: CarModel, random: Random): string => {
  const serial = String(random.whole(0, 999_999)).padStart(6, '0');
  const body =
    random.pick(['E', 'G']) + random.whole(1, 8) + random.pick(['A', 'B', 'C']) + random.pick(['A', 'E', 'K']);
  const start = maker + car.name + body;
  const end = `${random.pick([...modelYears])}B${serial}`;
  return start + vinCheckDigit(`${start}0${end}`) + end;
};

const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const letters = 'ABCDEFGH JKLMN P R STUVWXYZ';
const letterValues = '12345678 12345 7 9 23456789';

/** What has to stand at the ninth place of a VIN (its own ninth character does not count): 0 to 9, or X for ten. 49 CFR 565.15(c). */
export const vinCheckDigit = (vin: string): string => {
  let sum = 0;
  for (let i = 0; i < 17; i++) {
    const character = vin[i]!;
    const value = /[0-9]/.test(character) ? Number(character) : Number(letterValues[letters.indexOf(character)]);
    sum += value * weights[i]!;
  }
  return sum % 11 === 10 ? 'X' : String(sum % 11);
};
