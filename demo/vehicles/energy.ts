/**
 * Where a battery's energy goes: rolling, air, climbing, accelerating, and what runs beside the motor.
 */

/** What a model of car is to physics. */
export interface CarModel {
  /** As in the payload: S, 3, X or Y. */
  readonly name: 'S' | '3' | 'X' | 'Y';
  readonly massKg: number;
  /** Drag coefficient times frontal area, square metres. */
  readonly dragM2: number;
  /** What can be used of the battery, kWh. */
  readonly batteryKwh: number;
  /** The consumption that `range` is worked out with, Wh per km. */
  readonly ratedWhPerKm: number;
  /** The most a fast charger can give it, kW. */
  readonly fastChargeKw: number;
  readonly trim: string;
}

export const carModels: readonly CarModel[] = [
  { name: '3', massKg: 1850, dragM2: 0.51, batteryKwh: 75, ratedWhPerKm: 138, fastChargeKw: 170, trim: '74D' },
  { name: 'Y', massKg: 2070, dragM2: 0.6, batteryKwh: 75, ratedWhPerKm: 152, fastChargeKw: 160, trim: '74D' },
  { name: 'S', massKg: 2250, dragM2: 0.56, batteryKwh: 95, ratedWhPerKm: 162, fastChargeKw: 180, trim: '100D' },
  { name: 'X', massKg: 2520, dragM2: 0.71, batteryKwh: 95, ratedWhPerKm: 182, fastChargeKw: 170, trim: '100D' },
];

const gravity = 9.81;
const airDensity = 1.2;
const rollingResistance = 0.0095;
const motorEfficiency = 0.9;
const regenerationEfficiency = 0.7;
/** Beyond this the friction brakes take over, W. */
const regenerationLimitW = 60_000;

/**
 * The battery's power, W: positive when it is drained, negative when braking or rolling downhill charges it.
 *
 * @param slope metres of height per metre of way, positive uphill
 * @param besideW what lights, computers and climate take
 */
export const batteryPower = (
  car: CarModel,
  speedMps: number,
  accelerationMps2: number,
  slope: number,
  besideW: number,
): number => {
  if (speedMps <= 0) return besideW;
  const force =
    car.massKg * (accelerationMps2 + gravity * (slope + rollingResistance)) +
    0.5 * airDensity * car.dragM2 * speedMps ** 2;
  const wheels = force * speedMps;
  const motor = wheels > 0 ? wheels / motorEfficiency : Math.max(wheels * regenerationEfficiency, -regenerationLimitW);
  return motor + besideW;
};

/** Lights and computers of a car in use, W. */
const onboardW = 280;

/** What a car in use takes beside the motor, W: the further from a comfortable 21 degrees, the more. */
export const besidePower = (outsideCelsius: number): number =>
  onboardW + Math.min(3500, 75 * Math.abs(21 - outsideCelsius));

/** Degrees Celsius outside at a time (ms since 1970) and a height: warm in July and in the afternoon, cold in January and at night. */
export const outsideCelsius = (timeMs: number, elevationM: number): number => {
  const day = 86_400_000;
  const season = Math.cos((2 * Math.PI * (timeMs / day - 199)) / 365.25);
  const hour = Math.cos(2 * Math.PI * (timeMs / day - 15 / 24));
  return 10 + 10 * season + 4.5 * hour - 0.0065 * (elevationM - 500);
};
