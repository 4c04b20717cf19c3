/** A chart of the last five minutes, or of the first one: lines with a scale, and gaps where nothing is known. */
import { make, setText } from './dom.js';

const spansMs = [60_000, 300_000];
const longestMs = spansMs.at(-1);
const margin = { left: 52, right: 10, top: 8, bottom: 20 };
/** Points further apart than this have nothing known between them. */
const gapMs = 3500;
const svgNamespace = 'http://www.w3.org/2000/svg';

export class Chart {
  #svg = draw('svg', { role: 'img' });
  #legend = make('dl', 'legend');
  #series;
  #format;
  #label;
  #points = [];
  #width = 0;
  #height = 0;

  /**
   * @param series each with `name`, a CSS class, and `value` of a point (undefined where there is none)
   * @param format a value with its unit
   */
  constructor(parent, { label, series, format }) {
    this.#series = series;
    this.#format = format;
    this.#label = label;
    for (const each of series) {
      each.shown = make('dd', '', '–');
      this.#legend.append(make('div', each.className, make('dt', '', each.name), each.shown));
    }
    const box = make('div', 'plot', this.#svg);
    parent.replaceChildren(this.#legend, box);
    new ResizeObserver(() => this.#fit(box)).observe(box);
  }

  reset(points) {
    this.#points = [...points];
    this.#draw();
  }

  add(point) {
    this.#points.push(point);
    while (this.#points[0].at < point.at - longestMs) this.#points.shift();
    this.#draw();
  }

  /** What is shown is old: the legend says no number. */
  stale() {
    for (const { shown } of this.#series) setText(shown, '–');
  }

  #fit({ clientWidth, clientHeight }) {
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#draw();
  }

  #draw() {
    const newest = this.#points.at(-1);
    for (const { shown, value } of this.#series) {
      const last = newest && value(newest);
      setText(shown, last === undefined ? '–' : this.#format(last));
    }
    if (this.#width === 0) return;
    const values = this.#points.flatMap(point => this.#series.map(({ value }) => value(point) ?? 0));
    const top = roundUp(values.reduce((most, value) => Math.max(most, value), 0));
    const now = newest?.at ?? Date.now();
    const known = now - (this.#points[0]?.at ?? now);
    const span = spansMs.find(each => each >= known) ?? longestMs;
    const [width, height] = [this.#width - margin.left - margin.right, this.#height - margin.top - margin.bottom];
    const place = {
      x: at => margin.left + width * (1 - (now - at) / span),
      y: value => margin.top + height * (1 - value / top),
    };
    this.#svg.setAttribute('viewBox', `0 0 ${this.#width} ${this.#height}`);
    this.#svg.setAttribute('aria-label', this.#sentence(top));
    this.#svg.replaceChildren(...this.#scale(top, place), ...this.#times(now, span, place), ...this.#lines(place));
  }

  #scale(top, { y }) {
    return [0, 0.5, 1].flatMap(share => {
      const at = y(top * share);
      const line = draw('line', { class: 'grid', x1: margin.left, x2: this.#width - margin.right, y1: at, y2: at });
      const text = draw('text', { x: margin.left - 6, y: at + 4, 'text-anchor': 'end' });
      text.textContent = this.#format(top * share);
      return [line, text];
    });
  }

  #times(now, span, { x }) {
    const steps = span < longestMs ? 4 : this.#width < 320 ? 2 : 5;
    return Array.from({ length: steps + 1 }, (_, step) => {
      const ago = (span * step) / steps;
      const anchor = step === 0 ? 'end' : step === steps ? 'start' : 'middle';
      const text = draw('text', { x: x(now - ago), y: this.#height - 4, 'text-anchor': anchor });
      text.textContent = agoText(ago);
      return text;
    });
  }

  #lines({ x, y }) {
    return this.#series.map(({ className, value }) => {
      let path = '';
      let before;
      for (const point of this.#points) {
        const known = value(point);
        const joined = known !== undefined && before !== undefined && point.at - before < gapMs;
        if (known !== undefined) path += `${joined ? 'L' : 'M'}${x(point.at).toFixed(1)} ${y(known).toFixed(1)}`;
        before = known === undefined ? undefined : point.at;
      }
      return draw('path', { class: className, d: path });
    });
  }

  #sentence(top) {
    const now = this.#series.map(({ name, shown }) => `${name} ${shown.textContent}`).join(', ');
    return `${this.#label}, scale from 0 to ${this.#format(top)}; now ${now}`;
  }
}

const agoText = ms => {
  if (ms === 0) return 'now';
  return ms < 60_000 || ms % 60_000 !== 0 ? `−${ms / 1000} s` : `−${ms / 60_000} min`;
};

/** The next of 1, 2, 5, 10, so that the scale does not change with every value. */
const roundUp = value => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value) ?? 10 * power;
};

function draw(tag, attributes) {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
