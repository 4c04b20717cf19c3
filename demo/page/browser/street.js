/**
 * The streets around the vehicle that is followed, north up, nearer the slower it is.
 *
 * When another one is followed the view glides there, or jumps if it is far away or less motion is wanted.
 */
import { colourOf, drawLabels, drawPulse, drawScale, keyNear, placed } from './marks.js';
import { roadWidth, traceLine } from './roads.js';
import { Surface } from './surface.js';
import { isStill, theme } from './theme.js';
import { placeAt } from './vehicles.js';

const gridM = 250;
const nearest = 1 / 4;
const farthest = 16;
const labelledVehicles = 40;
/** How far the light of a vehicle outside reaches in, pixels. */
const reachPx = 50;
/** Farther than this nobody would see what the view glides over, metres. */
const farthestGlideM = 8000;
/** How long two thirds of a glide take. */
const glideMs = 220;

export class Street {
  #surface;
  #roads;
  #vehicles;
  #metresPerPixel = 2.6;
  /** What somebody zoomed by. */
  #zoom = 1;
  #isZoomed = false;
  #centre = { x: 0, y: 0 };
  #key;
  #aside = { x: 0, y: 0 };
  #drawnAt = 0;

  /** @param chosen takes the key of the vehicle that was clicked */
  constructor(canvas, roads, vehicles, chosen) {
    this.#roads = roads;
    this.#vehicles = vehicles;
    this.#surface = new Surface(canvas);
    canvas.addEventListener('click', event => {
      const marks = placed(vehicles, performance.now(), this.#toScreen);
      const key = keyNear(marks, event.offsetX, event.offsetY);
      if (key !== undefined) chosen(key);
    });
  }

  /** @param factor above 1 for a view from farther away */
  zoom(factor) {
    this.#zoom = Math.min(farthest, Math.max(nearest, this.#zoom * factor));
    this.#isZoomed = true;
  }

  draw(now) {
    const { context, width, height, scale } = this.#surface;
    const { followed } = this.#vehicles;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = theme().land;
    context.fillRect(0, 0, width, height);
    if (!followed) return;
    this.#look(followed, now);
    this.#drawGrid();
    this.#drawRoads();
    const marks = placed(this.#vehicles, now, this.#toScreen);
    for (const { vehicle, x, y } of marks) this.#drawTrail(vehicle, x, y);
    const within = margin =>
      marks.filter(({ x, y }) => x > -margin && x < width + margin && y > -margin && y < height + margin);
    const seen = within(reachPx);
    for (const mark of seen) drawPulse(context, mark, now, { from: 14, to: 34 });
    for (const mark of seen) drawCar(context, mark);
    if (seen.length <= labelledVehicles) drawLabels(context, within(0), { width, height, first: followed, clear: 20 });
    drawScale(context, height, 200 / this.#metresPerPixel, '200 m');
  }

  /** Moves the view: `#aside` is how far it still is from the vehicle, and shrinks. */
  #look(followed, now) {
    const place = placeAt(followed, now);
    if (followed.view.key !== this.#key) {
      this.#key = followed.view.key;
      this.#aside = { x: this.#centre.x - place.x, y: this.#centre.y - place.y };
      if (isStill() || Math.hypot(this.#aside.x, this.#aside.y) > farthestGlideM) this.#aside = { x: 0, y: 0 };
    }
    const left = Math.exp((this.#drawnAt - now) / glideMs);
    this.#aside = { x: this.#aside.x * left, y: this.#aside.y * left };
    this.#centre = { x: place.x + this.#aside.x, y: place.y + this.#aside.y };
    const wanted = (2 + Math.min(130, followed.view.speedKmh) / 45) * this.#zoom;
    this.#metresPerPixel += (wanted - this.#metresPerPixel) * (isStill() || this.#isZoomed ? 1 : 0.02);
    this.#isZoomed = false;
    this.#drawnAt = now;
  }

  #toScreen = (x, y) => [
    this.#surface.width / 2 + (x - this.#centre.x) / this.#metresPerPixel,
    this.#surface.height / 2 - (y - this.#centre.y) / this.#metresPerPixel,
  ];

  #drawGrid() {
    const { context, width, height } = this.#surface;
    const step = gridM / this.#metresPerPixel;
    const [originX, originY] = this.#toScreen(0, 0);
    context.strokeStyle = theme().grid;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = originX % step; x < width; x += step) {
      context.moveTo(x, 0);
      context.lineTo(x, height);
    }
    for (let y = originY % step; y < height; y += step) {
      context.moveTo(0, y);
      context.lineTo(width, y);
    }
    context.stroke();
  }

  #drawRoads() {
    const { context, width, height } = this.#surface;
    const reach = (Math.max(width, height) / 2) * this.#metresPerPixel;
    const { x, y } = this.#centre;
    const near = this.#roads.filter(
      ({ box }) => box.left < x + reach && box.right > x - reach && box.bottom < y + reach && box.top > y - reach,
    );
    context.lineJoin = 'round';
    context.lineCap = 'round';
    const draw = (margin, colour) => {
      for (const { limit, line } of near) {
        context.strokeStyle = colour(limit);
        context.lineWidth = Math.max(4, (1.6 * roadWidth(limit)) / this.#metresPerPixel) + margin;
        traceLine(context, line, this.#toScreen);
      }
    };
    // All edges first, so that roads run into one another at a crossing.
    draw(3, () => theme().casing);
    draw(0, limit => (limit > 100 ? theme().motorway : theme().road));
  }

  /** The newer, the stronger. */
  #drawTrail(vehicle, x, y) {
    const { context } = this.#surface;
    const trail = vehicle.trail.slice(-240);
    const count = trail.length / 2;
    context.strokeStyle = colourOf(vehicle);
    context.lineWidth = 4;
    context.lineCap = 'butt';
    for (let i = 0; i < count; i++) {
      const last = i === count - 1;
      context.globalAlpha = 0.8 * ((i + 1) / count) ** 1.5;
      context.beginPath();
      context.moveTo(...this.#toScreen(trail[2 * i], trail[2 * i + 1]));
      context.lineTo(...(last ? [x, y] : this.#toScreen(trail[2 * i + 2], trail[2 * i + 3])));
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}

/** Seen from above, its nose upwards, larger than life. */
const drawCar = (context, { vehicle, x, y, heading }) => {
  context.save();
  context.translate(x, y);
  context.rotate((heading * Math.PI) / 180);
  if (vehicle.view.shift !== 'P') drawBeam(context);
  context.beginPath();
  context.roundRect(-6.5, -12, 13, 24, 5);
  context.lineWidth = 3;
  context.strokeStyle = theme().card;
  context.stroke();
  context.fillStyle = colourOf(vehicle);
  context.fill();
  context.fillStyle = theme().card;
  context.beginPath();
  context.roundRect(-4, -6, 8, 5, 2);
  context.roundRect(-4, 5, 8, 3.5, 1.5);
  context.fill();
  context.restore();
};

const drawBeam = context => {
  const beam = context.createLinearGradient(0, -10, 0, -50);
  beam.addColorStop(0, theme().beam);
  beam.addColorStop(1, theme()['beam-end']);
  context.fillStyle = beam;
  context.beginPath();
  context.moveTo(-4, -9);
  context.lineTo(-17, -50);
  context.lineTo(17, -50);
  context.lineTo(4, -9);
  context.fill();
};
