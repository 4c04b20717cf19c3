/** Delivery latency: two numbers, and their last two minutes as lines. */
import { byId, setText } from './dom.js';
import { latency as milliseconds } from './numbers.js';

const seconds = 120;
const width = 240;
const height = 72;
const names = ['p50', 'p99'];

let history = [];

/** Begins anew with the figures that the server remembers. */
export const resetLatency = figures => {
  history = figures.map(({ latency }) => latency);
  draw();
};

export const showLatency = ({ latency }) => {
  history = [...history, latency].slice(-seconds);
  for (const name of names) setText(byId(name), latency ? milliseconds(latency[`${name}Ms`]) : '–');
  draw();
};

const draw = () => {
  const highest = history.reduce((most, latency) => Math.max(most, latency?.p99Ms ?? 0), 0);
  const top = roundUp(highest);
  for (const name of names) {
    document.querySelector(`#spark .${name}`).setAttribute(
      'd',
      pathOf(
        history.map(latency => latency?.[`${name}Ms`]),
        top,
      ),
    );
  }
  setText(byId('spark-top'), highest > 0 ? `top: ${milliseconds(top)} ms` : '');
};

/** The next of 1, 2, 5, 10, 20, 50, so that the scale does not change with every value. */
const roundUp = value => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value) ?? 10 * power;
};

/** A line from left to right, the newest at the right edge, with gaps where there was nothing to measure. */
const pathOf = (values, top) => {
  let path = '';
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (value !== undefined) {
      const x = width - ((values.length - 1 - index) * width) / (seconds - 1);
      path += `${drawing ? 'L' : 'M'}${x.toFixed(1)} ${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`;
    }
    drawing = value !== undefined;
  }
  return path;
};
