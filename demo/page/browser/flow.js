/** The way of a message and its account: rates, totals, partitions. */
import { byId, make, setText } from './dom.js';
import { count, rate } from './numbers.js';

/** Which figure stands where, by the id of its element. */
const totals = {
  connected: 'connected',
  'total-published': 'published',
  'total-acknowledged': 'acknowledged',
  'total-passed': 'passed',
  'total-kafka': 'inKafka',
  'account-received': 'received',
  'account-delivered': 'delivered',
  'account-dead-lettered': 'deadLettered',
  'account-dropped': 'dropped',
  'account-in-flight': 'inFlight',
  'check-kafka': 'inKafka',
  'check-published': 'published',
};
const rates = ['published', 'received', 'passed', 'delivered'];

/** Shows what does not change while the demo runs. */
export const showFacts = ({ mqttPort, kafkaPort, topic, sql }) => {
  setText(byId('mqtt-address'), `localhost:${mqttPort}`);
  setText(byId('kafka-address'), `localhost:${kafkaPort}`);
  setText(byId('topic'), topic.name);
  setText(byId('sql'), sql);
  byId('sql').title = sql;
  byId('partitions').replaceChildren(...Array.from({ length: Math.min(100, topic.partitions) }, () => make('span')));
};

export const showFigures = figures => {
  for (const [id, name] of Object.entries(totals)) setText(byId(id), count(figures[name]));
  for (const name of rates) setText(byId(`rate-${name}`), rate(figures.rates[name]));
  document.querySelector('.flow').dataset.moving = `${figures.rates.delivered > 0 && figures.missing.length === 0}`;
  showAccount(figures);
};

const showAccount = ({ received, delivered, deadLettered, dropped, inFlight, acknowledged, inKafka, missing }) => {
  // The bridge's own account, and what others counted: Kafka cannot have less than what was delivered.
  const holds = received === delivered + deadLettered + dropped + inFlight && inKafka >= delivered;
  byId('account').dataset.tone = holds ? 'good' : 'bad';
  const all = holds && delivered >= acknowledged && deadLettered + dropped + inFlight === 0 && missing.length === 0;
  setText(byId('verdict'), !holds ? 'Does not add up' : all ? 'Adds up, nothing lost' : 'Adds up');
};

/** Lets the partitions flash that have new records. */
export const showPartitions = partitions => {
  const cells = byId('partitions').children;
  for (const index of Object.keys(partitions)) {
    const cell = cells[index];
    if (!cell) continue;
    cell.classList.remove('hit');
    // The animation begins again only after the class was seen to be gone.
    void cell.offsetWidth;
    cell.classList.add('hit');
  }
};

/** What was heard last is old. */
export const staleFlow = () => {
  document.querySelector('.flow').dataset.moving = 'false';
  for (const name of rates) setText(byId(`rate-${name}`), '–');
  byId('account').dataset.tone = 'unknown';
  setText(byId('verdict'), 'Unknown now');
};
