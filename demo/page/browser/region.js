/**
 * The whole region: both cities, every vehicle, and a pulse wherever a record has just arrived.
 *
 * Roads are drawn once per size and scheme; a frame is that picture and a handful of dots.
 */
import { colourOf, drawLabels, drawPulse, drawScale, keyNear, placed } from './marks.js';
import { boundsOf, traceLine } from './roads.js';
import { Surface } from './surface.js';
import { onTheme, theme } from './theme.js';

const margin = 20;

export class Region {
  #surface;
  #ground = document.createElement('canvas');
  #roads;
  #bounds;
  #vehicles;
  #view = { scale: 1, x: 0, y: 0 };

  /** @param chosen takes the key of the vehicle that was clicked */
  constructor(canvas, roads, vehicles, chosen) {
    this.#roads = roads.toSorted((a, b) => a.limit - b.limit);
    this.#bounds = boundsOf(roads);
    this.#vehicles = vehicles;
    this.#surface = new Surface(canvas, surface => this.#prepare(surface));
    onTheme(() => this.#prepare(this.#surface));
    canvas.addEventListener('click', event => {
      const marks = placed(vehicles, performance.now(), this.#toScreen);
      const key = keyNear(marks, event.offsetX, event.offsetY);
      if (key !== undefined) chosen(key);
    });
  }

  draw(now) {
    const { context, width, height, scale } = this.#surface;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.#ground, 0, 0);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const marks = placed(this.#vehicles, now, this.#toScreen);
    const { followed } = this.#vehicles;
    for (const mark of marks) this.#drawTrail(mark);
    for (const mark of marks) drawPulse(context, mark, now, { from: 4, to: 17 });
    for (const mark of marks) drawDot(context, mark, mark.vehicle === followed);
    drawLabels(context, marks, { width, height, first: followed, alone: true, clear: 12 });
  }

  #toScreen = (x, y) => [this.#view.x + x * this.#view.scale, this.#view.y - y * this.#view.scale];

  #prepare({ width, height, scale }) {
    const { left, right, top, bottom } = this.#bounds;
    const pixels = Math.min((width - 2 * margin) / (right - left), (height - 2 * margin) / (top - bottom));
    this.#view = {
      scale: pixels,
      x: width / 2 - (pixels * (left + right)) / 2,
      y: height / 2 + (pixels * (top + bottom)) / 2,
    };
    this.#ground.width = Math.max(1, width * scale);
    this.#ground.height = Math.max(1, height * scale);
    const context = this.#ground.getContext('2d');
    context.scale(scale, scale);
    context.fillStyle = theme().land;
    context.fillRect(0, 0, width, height);
    context.lineJoin = 'round';
    context.lineCap = 'round';
    this.#drawRoads(
      context,
      limit => roadWidth(limit) + 1.4,
      () => theme().casing,
    );
    this.#drawRoads(context, roadWidth, limit => (limit > 100 ? theme().motorway : theme().road));
    drawScale(context, height, 10_000 * this.#view.scale, '10 km');
  }

  #drawRoads(context, widthOf, colour) {
    for (const { limit, line } of this.#roads) {
      context.lineWidth = widthOf(limit);
      context.strokeStyle = colour(limit);
      traceLine(context, line, this.#toScreen);
    }
  }

  #drawTrail({ vehicle: { trail, ...vehicle }, x, y }) {
    const { context } = this.#surface;
    context.strokeStyle = colourOf(vehicle);
    context.lineWidth = 2;
    context.globalAlpha = 0.7;
    context.beginPath();
    for (let i = 0; i < trail.length; i += 2) context.lineTo(...this.#toScreen(trail[i], trail[i + 1]));
    context.lineTo(x, y);
    context.stroke();
    context.globalAlpha = 1;
  }
}

const roadWidth = limit => {
  if (limit > 100) return 2.6;
  if (limit > 60) return 1.5;
  return limit > 30 ? 1 : 0.6;
};

/** A disc for those that drive, a ring for those that stand. */
const drawDot = (context, { vehicle, x, y }, followed) => {
  const colour = colourOf(vehicle);
  const disc = radius => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  };
  if (followed) {
    context.globalAlpha = 0.25;
    context.fillStyle = colour;
    disc(11);
    context.fill();
    context.globalAlpha = 1;
  }
  disc(followed ? 5 : 4);
  context.lineWidth = 3;
  context.strokeStyle = theme().card;
  context.stroke();
  context.fillStyle = vehicle.view.shift === 'P' ? theme().card : colour;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
};
