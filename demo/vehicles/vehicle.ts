/**
 * One vehicle: an endless row of legs, of which it keeps the current one.
 *
 * Chance is drawn only when a leg begins, and a leg is a formula of time (leg.ts). So the vehicle's whole life follows from its
 * seed and the time it began, and not from when or how often it is asked.
 */
import { charge } from './charge.ts';
import { type Driver, drive } from './drive.ts';
import { besidePower, outsideCelsius } from './energy.ts';
import { distanceBetween, elevationAt, type Location, locationOf } from './geography.ts';
import { type Identity, identityOf } from './identity.ts';
import { type Leg, type Moment, type ShiftState, stay } from './leg.ts';
import { Random } from './random.ts';
import { type Place, parkedHeading, type RoadNetwork, roadNetwork } from './road-network.ts';
import { routeBetween } from './routes.ts';

export type Activity = 'driving' | 'charging' | 'parked';

/** Everything about a vehicle at one moment. */
export interface VehicleState {
  readonly timeMs: number;
  readonly activity: Activity;
  /** When that activity began, ms since 1970. */
  readonly sinceMs: number;
  readonly location: Location;
  readonly elevationM: number;
  /** Where the nose points, degrees, 0 to below 360. */
  readonly heading: number;
  readonly speedMps: number;
  readonly shift: ShiftState;
  /** Out of the battery; negative into it. */
  readonly powerKw: number;
  readonly odometerKm: number;
  /** State of charge, percent. */
  readonly soc: number;
  readonly outsideCelsius: number;
  readonly insideCelsius: number;
  /** Where charging stops, percent. */
  readonly chargeLimit: number;
  /** What the current or last charge has given, kWh. */
  readonly chargedKwh: number;
  /** Until the limit is reached; 0 unless charging. */
  readonly secondsToFull: number;
  readonly fastCharger: boolean;
  /** The city in or near which it is: 0 or 1. */
  readonly city: number;
}

const joulesPerKwh = 3.6e6;
/** Less than this is kept for the way to a charger, percent. */
const reserve = 8;
const lowBattery = 30;
const parkedDrainW = 40;
const comfortableCelsius = 21;
/** How fast the cabin follows climate control or the weather: this many seconds for two thirds of the way. */
const cabinSeconds = 420;

type Chapter = 'driven' | 'arrived' | 'charged' | 'rested';

export class Vehicle {
  readonly identity: Identity;
  readonly #network: RoadNetwork;
  readonly #random: Random;
  readonly #driver: Driver;
  readonly #chargeLimit: number;
  #place: Place;
  #leg: Leg;
  /** What the current leg ends with. */
  #chapter: Chapter;
  #startMs: number;
  #odometerM: number;
  #storedJ: number;
  #cabinCelsius: number;
  #outsideCelsius: number;
  #chargedKwh = 0;

  /**
   * @param number from 1
   * @param beginMs the earliest time it can be asked for; it is in the middle of something then
   */
  constructor(seed: number | string, number: number, beginMs: number) {
    this.identity = identityOf(seed, number);
    this.#network = roadNetwork();
    const random = new Random(seed, `vehicle ${number} life`);
    this.#random = random;
    this.#driver = { pace: random.between(0.9, 1.06), accelerationMps2: random.between(1.2, 2.1) };
    this.#chargeLimit = random.whole(14, 18) * 5;
    this.#place = random.pick(this.#network.places);
    this.#odometerM = random.spread(800, 120_000) * 1000;
    this.#storedJ = (random.between(35, 88) / 100) * this.#capacityJ;
    this.#startMs = beginMs;
    this.#outsideCelsius = outsideCelsius(beginMs, elevationAt(this.#place.spot));
    this.#cabinCelsius = this.#outsideCelsius;
    this.#leg = stay(standing(this.#network, this.#place), 0, parkedDrainW);
    this.#chapter = 'rested';
    // Most of them begin on the road, so that there is something to see; the rest at home or at a charger.
    if (random.chance(0.25)) this.#chapter = random.chance(0.5) ? 'arrived' : 'driven';
    this.#begin();
    this.#startMs = beginMs - Math.floor(random.unit() * this.#leg.seconds * 800);
  }

  get #capacityJ(): number {
    return this.identity.car.batteryKwh * joulesPerKwh;
  }

  /** The state at a time, ms since 1970. Earlier than the leg in progress counts as its beginning: ask forwards. */
  at(timeMs: number): VehicleState {
    while (timeMs >= this.#startMs + this.#leg.seconds * 1000) this.#turnPage();
    const second = Math.max(0, (timeMs - this.#startMs) / 1000);
    const moment = this.#leg.at(second);
    const charging = this.#leg.kind === 'charge';
    return {
      timeMs,
      activity: charging ? 'charging' : this.#leg.kind === 'drive' ? 'driving' : 'parked',
      sinceMs: Math.floor(this.#startMs),
      location: locationOf(moment.point),
      elevationM: moment.elevationM,
      heading: moment.heading,
      speedMps: moment.speedMps,
      shift: moment.shift,
      powerKw: moment.powerW / 1000,
      odometerKm: (this.#odometerM + moment.travelledM) / 1000,
      soc: (100 * (this.#storedJ - moment.usedJ)) / this.#capacityJ,
      outsideCelsius: this.#outsideCelsius,
      insideCelsius: this.#cabinAt(second),
      chargeLimit: this.#chargeLimit,
      chargedKwh: charging ? -moment.usedJ / joulesPerKwh : this.#chargedKwh,
      secondsToFull: charging ? this.#leg.seconds - second : 0,
      fastCharger: this.#place.fastCharger,
      city: this.#place.city,
    };
  }

  #cabinAt(second: number): number {
    const aim = this.#leg.kind === 'drive' ? comfortableCelsius : this.#outsideCelsius;
    return aim + (this.#cabinCelsius - aim) * Math.exp(-second / cabinSeconds);
  }

  /** Books what the leg has done, and begins the next. */
  #turnPage(): void {
    const end = this.#leg.at(this.#leg.seconds);
    this.#cabinCelsius = this.#cabinAt(this.#leg.seconds);
    this.#odometerM += end.travelledM;
    this.#storedJ = Math.min(this.#capacityJ, Math.max(0, this.#storedJ - end.usedJ));
    if (this.#leg.kind === 'charge') this.#chargedKwh = -end.usedJ / joulesPerKwh;
    this.#startMs += this.#leg.seconds * 1000;
    this.#outsideCelsius = outsideCelsius(this.#startMs, end.elevationM);
    this.#begin();
  }

  /** After driving somebody gets out; then the car is plugged in or left; and at last it is driven again. */
  #begin(): void {
    const where = standing(this.#network, this.#place);
    const soc = (100 * this.#storedJ) / this.#capacityJ;
    if (this.#chapter === 'driven') {
      this.#chapter = 'arrived';
      this.#leg = stay(where, this.#random.between(15, 45), besidePower(this.#outsideCelsius));
    } else if (this.#chapter === 'arrived' && this.#wantsCharge(soc)) {
      this.#chapter = 'charged';
      this.#leg = this.#chargeHere(where);
    } else if (this.#chapter === 'arrived' || this.#chapter === 'charged') {
      this.#chapter = 'rested';
      this.#leg = stay(where, this.#random.spread(30, 1200), parkedDrainW);
    } else {
      this.#driveOn(where, soc);
    }
  }

  #wantsCharge(soc: number): boolean {
    return soc < this.#chargeLimit - 5 && (soc < lowBattery || (this.#place.fastCharger && soc < 65));
  }

  #chargeHere(where: Moment): Leg {
    const { batteryKwh, fastChargeKw } = this.identity.car;
    const { fastCharger } = this.#place;
    return charge(where, {
      batteryKwh,
      fromKwh: this.#storedJ / joulesPerKwh,
      toKwh: (batteryKwh * this.#chargeLimit) / 100,
      powerKw: fastCharger ? fastChargeKw * this.#random.between(0.7, 1) : 11,
      knee: fastCharger ? 0.5 : 0.95,
    });
  }

  /** Drives to the next place, or charges first if the battery would not last. */
  #driveOn(where: Moment, soc: number): void {
    const target = this.#nextPlace(soc);
    const route = routeBetween(this.#network, this.#place, target);
    const trip = drive(route, this.identity.car, this.#driver, besidePower(this.#outsideCelsius), this.#random);
    const socAfter = soc - (100 * trip.at(trip.seconds).usedJ) / this.#capacityJ;
    if (socAfter < reserve) {
      this.#chapter = 'charged';
      this.#leg = this.#chargeHere(where);
      return;
    }
    this.#place = target;
    this.#chapter = 'driven';
    this.#leg = trip;
  }

  #nextPlace(soc: number): Place {
    const here = this.#place;
    const others = this.#network.places.filter(place => place !== here);
    if (soc < lowBattery) {
      const far = (place: Place) => distanceBetween(place.spot, here.spot);
      return others.filter(place => place.fastCharger).reduce((best, place) => (far(place) < far(best) ? place : best));
    }
    const abroad = this.#random.chance(0.12);
    return this.#random.pick(others.filter(place => (place.city === here.city) !== abroad));
  }
}

/** Parked at a place. */
const standing = (network: RoadNetwork, place: Place): Moment => ({
  point: place.spot,
  elevationM: elevationAt(place.spot),
  heading: parkedHeading(network, place),
  speedMps: 0,
  shift: 'P',
  powerW: 0,
  travelledM: 0,
  usedJ: 0,
});
