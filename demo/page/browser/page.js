/** The page: a stream of events in, everything that is drawn out. */
import { byId, setText } from './dom.js';
import { showFacts, showFigures, showPartitions } from './flow.js';
import { resetLatency, showLatency } from './latency.js';
import { count } from './numbers.js';
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
const maps = [new Region(byId('region'), roads, vehicles, follow), new Street(byId('street'), roads, vehicles, follow)];

function follow(key) {
  vehicles.follow(key);
  list.update();
}

const showState = (state, text) => {
  byId('state').dataset.state = state;
  setText(byId('state'), text);
};

const handlers = {
  hello({ facts, figures, vehicles: views, records: newest }) {
    showFacts(facts);
    vehicles.reset(views);
    list.rebuild();
    list.reserve(facts.vehicles);
    records.reset(facts.topic.name, newest);
    resetLatency(figures);
    if (figures.length > 0) showFigures(figures.at(-1));
    showState('live', 'Live');
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
    showFigures(figures);
    showLatency(figures);
    const hidden = figures.vehicles - vehicles.all.size;
    setText(byId('more'), hidden > 0 && vehicles.all.size >= 100 ? `and ${count(hidden)} more` : '');
  },
  bye({ published, delivered, lost }) {
    events.close();
    document.querySelector('.flow').dataset.moving = 'false';
    const verdict = lost === 0 ? 'none lost' : `${count(lost)} lost`;
    showState('ended', `Ended: ${count(published)} published, ${count(delivered)} delivered, ${verdict}`);
  },
};

const events = new EventSource('/events');
for (const [name, handle] of Object.entries(handlers)) {
  events.addEventListener(name, event => handle(JSON.parse(event.data)));
}
events.addEventListener('error', () => {
  if (events.readyState !== EventSource.CLOSED) showState('away', 'Reconnecting');
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
