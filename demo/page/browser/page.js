/** The page: a stream of events in, everything that is drawn out. */
import { Chart } from './chart.js';
import { byId, setText } from './dom.js';
import { showFacts, showFigures, showPartitions, staleFlow } from './flow.js';
import { count, latency as milliseconds, rate } from './numbers.js';
import { Records } from './records.js';
import { Region } from './region.js';
import { loadRoads } from './roads.js';
import { Street } from './street.js';
import { VehicleList } from './vehicle-list.js';
import { Vehicles } from './vehicles.js';

/** Thirty frames a second are plenty for what moves here. */
const frameMs = 30;

const vehicles = new Vehicles();
const list = new VehicleList(vehicles, follow);
const records = new Records(vehicles);
const roads = await loadRoads();
const street = new Street(byId('street'), roads, vehicles, follow);
const maps = [new Region(byId('region'), roads, vehicles, follow), street];
byId('nearer').addEventListener('click', () => street.zoom(1 / 2));
byId('farther').addEventListener('click', () => street.zoom(2));
byId('street').addEventListener('dblclick', () => street.zoom(1 / 2));

const charts = [
  new Chart(byId('throughput'), {
    label: 'Throughput',
    format: rate,
    series: [
      { name: 'received', className: 'received', value: ({ rates }) => rates.received },
      { name: 'delivered', className: 'delivered', value: ({ rates }) => rates.delivered },
    ],
  }),
  new Chart(byId('latency'), {
    label: 'Latency',
    format: value => `${milliseconds(value)} ms`,
    series: [
      { name: 'p50', className: 'p50', value: ({ latency }) => latency?.p50Ms },
      { name: 'p99', className: 'p99', value: ({ latency }) => latency?.p99Ms },
    ],
  }),
];

/** Figures come each second: without any for so long they are old, milliseconds. */
const staleMs = 3000;
let heardAt = Date.now();
let isOver = false;

function follow(key) {
  vehicles.follow(key);
  list.update();
}

const showState = (state, text) => {
  byId('state').dataset.state = state;
  setText(byId('state'), text);
};

/** What has just been heard, and whether the bridge moves messages now. */
const showHeard = figures => {
  document.body.dataset.stale = 'false';
  showFigures(figures);
  const [missing] = figures.missing;
  if (missing === undefined) showState('good', 'Live');
  else showState('bad', `Not ready: ${missing}`);
};

/** Nothing is known of now: no rate, and nothing that is lost or not. */
const showStale = () => {
  document.body.dataset.stale = 'true';
  staleFlow();
  for (const chart of charts) chart.stale();
  showState('bad', 'Not heard from, reconnecting');
};
setInterval(() => {
  if (!isOver && Date.now() - heardAt > staleMs) showStale();
}, 500);

const handlers = {
  hello({ facts, figures, vehicles: views, records: newest }) {
    showFacts(facts);
    vehicles.reset(views);
    list.rebuild();
    list.reserve(facts.vehicles);
    records.reset(facts.topic.name, newest);
    for (const chart of charts) chart.reset(figures);
    heardAt = Date.now();
    showState('good', 'Live');
    if (figures.length > 0) showHeard(figures.at(-1));
  },
  records({ vehicles: views, records: newest, partitions }) {
    if (vehicles.update(views, performance.now())) {
      vehicles.reset([...vehicles.all.values()].map(({ view, trail }) => ({ ...view, trail })));
      list.rebuild();
    } else list.update();
    records.add(newest);
    showPartitions(partitions);
  },
  figures(figures) {
    for (const chart of charts) chart.add(figures);
    heardAt = Date.now();
    showHeard(figures);
    const hidden = figures.vehicles - vehicles.all.size;
    setText(byId('more'), hidden > 0 && vehicles.all.size >= 100 ? `and ${count(hidden)} more` : '');
  },
  bye({ published, delivered, lost }) {
    events.close();
    isOver = true;
    document.body.dataset.stale = 'false';
    document.querySelector('.flow').dataset.moving = 'false';
    const verdict = lost === 0 ? 'none lost' : `${count(lost)} lost`;
    showState('unknown', `Ended: ${count(published)} published, ${count(delivered)} delivered, ${verdict}`);
  },
};

const events = new EventSource('/events');
for (const [name, handle] of Object.entries(handlers)) {
  events.addEventListener(name, event => handle(JSON.parse(event.data)));
}
events.addEventListener('error', () => {
  if (events.readyState !== EventSource.CLOSED) showStale();
});

let drawnAt = 0;
const frame = now => {
  if (now - drawnAt >= frameMs) {
    drawnAt = now;
    for (const map of maps) map.draw(performance.now());
  }
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
