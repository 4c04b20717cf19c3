/** The page: a stream of events in, everything that is drawn out. Other scripts add what they show with `onEvent` and `onBridge`. */
import { Chart } from './chart.js';
import { showConnections } from './connections.js';
import { byId, setText } from './dom.js';
import { showFlow, staleFlow } from './flow.js';
import { duration, short, timeOfDay } from './numbers.js';
import { showFailures, showRules } from './rules.js';
import { heard, silent, staleMs } from './state.js';
import { Stream } from './stream.js';

const charts = [
  new Chart(byId('throughput'), {
    label: 'Throughput',
    format: value => (value < 10 && value % 1 !== 0 ? value.toFixed(1) : short(value)),
    series: [
      { name: 'received', className: 'received', value: ({ received }) => received },
      { name: 'delivered', className: 'delivered', value: ({ delivered }) => delivered },
    ],
  }),
  new Chart(byId('latency'), {
    label: 'Latency',
    format: duration,
    series: [
      { name: 'p50', className: 'p50', value: ({ latency }) => latency?.p50Ms },
      { name: 'p99', className: 'p99', value: ({ latency }) => latency?.p99Ms },
    ],
  }),
];

/** At one a second, what the charts show and a little more. */
const mostPoints = 310;

const listeners = { event: [], bridge: [] };

/** Calls back with each event, its name and data. */
export const onEvent = listener => listeners.event.push(listener);

/** Calls back with the bridge that is shown, whenever there is something new of it. */
export const onBridge = listener => listeners.bridge.push(listener);

let tryRule;

/** Rules become buttons. @param listener takes the name of one that somebody wants to try */
export const onTry = listener => {
  tryRule = listener;
};

let bridges = [];
let history = {};
let chosen;
let heardAt;
let refusal;
let ending;

/** The bridge that is shown. */
export const shownBridge = () => bridges.find(({ name }) => name === chosen) ?? bridges[0];

const handlers = {
  hello(data) {
    history = data.history;
    byId('token-form').hidden = data.whole;
    byId('token-field').hidden = !data.takesToken;
    byId('token-button').hidden = !data.takesToken;
    byId('token-hint').hidden = !data.takesToken;
    take(data);
    showBridges();
    setText(byId('about'), aboutOf(data.version));
    restart();
  },
  figures(data) {
    for (const { name, rates, latency } of data.bridges) {
      history[name] = [...(history[name] ?? []), { at: data.at, ...rates, latency }].slice(-mostPoints);
    }
    take(data);
    const newest = history[shownBridge()?.name]?.at(-1);
    if (newest) for (const chart of charts) chart.add(newest);
  },
  refused({ status, text }) {
    refusal = status === 401 ? 'this is not the token' : text.trim();
    byId('token-form').hidden = status !== 401;
    showState();
  },
};

const take = data => {
  bridges = data.bridges;
  heardAt = Date.now();
  refusal = undefined;
  const bridge = shownBridge();
  if (bridge) {
    showFlow(bridge);
    showConnections(bridge);
    showRules(bridge, tryRule);
    showFailures(bridge);
    for (const listener of listeners.bridge) listener(bridge);
  }
  showState();
};

const restart = () => {
  for (const chart of charts) chart.reset(history[shownBridge()?.name] ?? []);
};

const aboutOf = version => {
  const bridge = shownBridge();
  return bridge
    ? `MQTT-Kafka kit ${version} · its document was taken at ${timeOfDay(bridge.config.takenAt * 1000)}`
    : '';
};

const showBridges = () => {
  const select = byId('bridge');
  byId('chooser').hidden = bridges.length < 2;
  select.replaceChildren(...bridges.map(({ name }) => new Option(name, name, false, name === chosen)));
  select.value = shownBridge()?.name ?? '';
};

byId('bridge').addEventListener('change', ({ target }) => {
  chosen = target.value;
  take({ bridges });
  restart();
});

const showState = () => {
  if (ending !== undefined) return;
  const now = Date.now();
  const isStale = heardAt === undefined || refusal !== undefined || now - heardAt > staleMs;
  const bridge = shownBridge();
  const { tone, status, spoken, verdict } = isStale || !bridge ? silent(heardAt, now, refusal) : heard(bridge);
  document.body.dataset.stale = `${isStale}`;
  byId('state').dataset.state = tone;
  setText(byId('state'), status);
  byId('state').title = status;
  // Seconds that pass are nothing to be read out.
  setText(byId('spoken'), spoken);
  byId('account').dataset.tone = verdict.tone;
  setText(byId('verdict'), verdict.text);
  if (bridge) {
    setText(byId('title'), bridge.name);
    document.title = `${isStale ? 'not heard from' : tone === 'good' ? 'ready' : status} · ${bridge.name}`.slice(0, 80);
  }
  if (!isStale) return;
  staleFlow();
  for (const chart of charts) chart.stale();
};
setInterval(showState, 500);

byId('token-form').addEventListener('submit', event => {
  event.preventDefault();
  stream.use(byId('token').value);
  byId('token').value = '';
});

let stream;

// Once all scripts of the page have said what they listen to.
addEventListener('DOMContentLoaded', () => {
  stream = new Stream('/-/figures', (name, data) => {
    handlers[name]?.(data);
    for (const listener of listeners.event) listener(name, data);
  });
});

/** Nothing comes any more: the page says why. */
export const end = text => {
  stream.close();
  staleFlow();
  ending = text;
  byId('state').dataset.state = 'unknown';
  setText(byId('state'), text);
};
