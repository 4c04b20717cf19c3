/**
 * The vehicles as the page knows them.
 *
 * A record says once a second where a vehicle is. In between it is drawn on its way there, one record late: what is shown is where it
 * has been, and never a guess at where it might be.
 */
import { isStill } from './theme.js';

const longestTrail = 1200;
const shortestSpanMs = 120;
const longestSpanMs = 2500;

export class Vehicles {
  /** By key, in the order in which they are listed. */
  all = new Map();
  #followed;
  #chosen = false;

  /** Begins again with what the server knows. */
  reset(views) {
    this.all.clear();
    const sorted = views.toSorted((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }));
    for (const view of sorted) this.#add(view, view.trail);
    if (!this.all.has(this.#followed)) this.#chosen = false;
    this.#choose();
  }

  /** Takes newer views of some of them. Returns whether there are any that were not known. */
  update(views, now) {
    let added = false;
    for (const view of views) {
      const vehicle = this.all.get(view.key);
      if (vehicle) move(vehicle, view, now);
      else this.#add(view, []);
      added ||= vehicle === undefined;
    }
    this.#choose();
    return added;
  }

  get followed() {
    return this.all.get(this.#followed);
  }

  follow(key) {
    this.#followed = key;
    this.#chosen = true;
  }

  #add(view, trail) {
    const place = { x: view.x, y: view.y, heading: view.heading };
    this.all.set(view.key, {
      view,
      index: this.all.size,
      from: place,
      arrivedAt: performance.now(),
      spanMs: 1000,
      pulsedAt: Number.NEGATIVE_INFINITY,
      trail: [...trail],
    });
  }

  /** Until somebody chooses: one with company that drives in town, and another when that one parks. */
  #choose() {
    const { followed } = this;
    if (followed && (this.#chosen || followed.view.speedKmh > 1)) return;
    const all = [...this.all.values()];
    const driving = all.filter(({ view }) => view.speedKmh > townKmh.least);
    const best = driving.reduce((a, b) => (a === undefined || interest(b, all) > interest(a, all) ? b : a), undefined);
    const next = best ?? (followed ? undefined : all[0]);
    if (next) this.#followed = next.view.key;
  }
}

const townKmh = { least: 20, most: 70 };
const companyM = 2500;

const interest = ({ view }, all) => {
  const company = all.filter(other => Math.hypot(other.view.x - view.x, other.view.y - view.y) < companyM).length;
  return company + (view.speedKmh < townKmh.most ? 1 : 0);
};

const move = (vehicle, view, now) => {
  const gap = Math.min(longestSpanMs, Math.max(shortestSpanMs, now - vehicle.arrivedAt));
  vehicle.from = placeAt(vehicle, now);
  vehicle.spanMs += (gap - vehicle.spanMs) * 0.3;
  vehicle.arrivedAt = now;
  vehicle.pulsedAt = now;
  const { trail } = vehicle;
  const [x, y] = trail.slice(-2);
  if (x !== vehicle.view.x || y !== vehicle.view.y) trail.push(vehicle.view.x, vehicle.view.y);
  if (trail.length > longestTrail) trail.splice(0, 2);
  vehicle.view = view;
};

/** Where to draw a vehicle: x, y and heading. */
export const placeAt = ({ view, from, arrivedAt, spanMs }, now) => {
  const share = isStill() ? 1 : Math.min(1, (now - arrivedAt) / spanMs);
  const turn = ((((view.heading - from.heading) % 360) + 540) % 360) - 180;
  return {
    x: from.x + (view.x - from.x) * share,
    y: from.y + (view.y - from.y) * share,
    heading: from.heading + turn * share,
  };
};

/** Driving, charging or parked, in a word. */
export const activity = ({ shift, powerKw }) => {
  if (shift !== 'P') return 'driving';
  return powerKw < 0 ? 'charging' : 'parked';
};

/** The owner's name of `Ada's Model S`, for where there is little room. */
export const shortName = ({ name }) => name.split(/['’]s /, 1)[0];
