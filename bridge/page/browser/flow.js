/** The way of messages, and the account of each source. */
import { byId, heard, keep, make, setText } from './dom.js';
import { count, duration, rate } from './numbers.js';
import { Table } from './table.js';

const names = {
  mqtt: 'MQTT',
  kafka: 'Kafka',
  windows: 'Windows',
  events: 'Events of the bridge',
};

const reasonsOf = ({ reasons }) => reasons.map(({ reason, count: n }) => `${count(n)} ${reason}`).join(', ');

const waitOf = ({ standstill, oldestSeconds, inFlight }) => {
  if (inFlight === 0) return 'none in flight';
  return `oldest ${duration(oldestSeconds * 1000)}${standstill ? `: ${standstill}` : ''}`;
};

/** `=` and `+` between columns, so that an account reads as one. */
const number = read => (cell, source) => setText(cell, count(read(source)));

let accounts;

export const showFlow = bridge => {
  accounts ??= new Table(byId('accounts'), 'What became of the messages of each source', [
    { name: 'Source', className: 'name', text: ({ name }) => names[name] },
    { name: 'Received', className: 'number', fill: number(({ received }) => received) },
    { name: '= Delivered', className: 'number', fill: number(({ delivered }) => delivered) },
    { name: '+ Dead-lettered', className: 'number', fill: number(({ deadLettered }) => deadLettered) },
    { name: '+ Dropped', className: 'number', fill: number(({ dropped }) => dropped) },
    { name: '+ Returned', className: 'number', fill: number(({ returned }) => returned) },
    { name: '+ In flight', className: 'number', fill: number(({ inFlight }) => inFlight) },
    {
      name: 'Waits',
      className: 'text',
      text: source =>
        [waitOf(source), reasonsOf(source) && `dropped: ${reasonsOf(source)}`].filter(Boolean).join(' · '),
    },
  ]);
  accounts.show(bridge.sources, ({ name }) => name);
  showSources(bridge);
  showRules(bridge);
  showSinks(bridge);
  byId('flow').dataset.moving = `${bridge.rates.delivered > 0 && bridge.missing.length === 0}`;
};

const showSources = ({ sources, mqtt, consumer }) => {
  const notes = {
    mqtt: mqtt?.listens ? `${count(mqtt.listens.clients)} clients connected` : mqtt?.url,
    kafka: consumer && `${count(consumer.count)} partitions, lag ${count(consumer.lag)}`,
  };
  stations(
    'sources',
    sources.map(source => ({
      key: source.name,
      part: source.name,
      title: names[source.name],
      rate: source.rates.received,
      note: notes[source.name] ?? '',
      total: `${count(source.received)} received`,
      down: source.name === 'mqtt' && mqtt && !mqtt.connected,
    })),
  );
};

const showRules = ({ rules, moreRules }) => {
  const [only] = rules;
  const sum = read => rules.reduce((all, rule) => all + read(rule), 0);
  stations('rules-station', [
    {
      key: 'rules',
      part: 'bridge',
      title: rules.length === 1 ? `Rule ${only.name}` : `${rules.length + moreRules} rules`,
      rate: sum(({ rate: each }) => each),
      note:
        rules.length === 1
          ? (only.sql ?? '')
          : rules
              .slice(0, 5)
              .map(({ name }) => name)
              .join(', '),
      isCode: rules.length === 1,
      total: `${count(sum(({ passed }) => passed))} passed`,
    },
  ]);
};

const showSinks = ({ rules, kafka, mqtt }) => {
  const sinks = rules.flatMap(({ sinks: each }) => each);
  const kinds = [...new Set(sinks.map(({ kind }) => kind))];
  const before = showSinks.before ?? new Map();
  const now = performance.now();
  showSinks.before = new Map();
  stations(
    'sinks',
    kinds.map(kind => {
      const of = sinks.filter(sink => sink.kind === kind);
      const delivered = of.reduce((all, sink) => all + sink.delivered, 0);
      const topics = [...new Set(of.map(({ topic }) => topic).filter(Boolean))];
      const last = before.get(kind);
      showSinks.before.set(kind, { delivered, now });
      return {
        key: kind,
        part: kind,
        title: names[kind],
        rate: last && now > last.now ? Math.max(0, (1000 * (delivered - last.delivered)) / (now - last.now)) : 0,
        note: topics.slice(0, 4).join(', '),
        total: `${count(delivered)} delivered`,
        down: kind === 'kafka' ? !kafka.connected : mqtt?.publisher && !mqtt.publisher.connected,
      };
    }),
  );
};

const stations = (id, items) => keep(byId(id), items, ({ key }) => key, makeStation, fillStation);

const makeStation = () =>
  make(
    'li',
    'station',
    make('h3'),
    make('p', 'rate', make('b'), ' msg/s'),
    make('p', 'note', make('span')),
    make('p', 'total'),
  );

const fillStation = (station, { part, title, rate: rated, note, isCode, total, down }) => {
  const [head, rates, notes, totals] = station.children;
  station.dataset.part = part;
  station.dataset.down = `${down === true}`;
  setText(head, title);
  if (down) head.append(make('span', 'down', heard(', '), 'not connected'));
  setText(rates.firstChild, rate(rated));
  setText(notes.firstChild, note || '\u00a0');
  notes.className = isCode ? 'note code' : 'note';
  notes.title = note;
  setText(totals, total);
};

/** What was last heard is old: no rate is known. */
export const staleFlow = () => {
  byId('flow').dataset.moving = 'false';
  for (const each of document.querySelectorAll('.flow .rate b')) setText(each, '–');
};
