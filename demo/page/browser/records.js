/**
 * The newest records of the topic. Shown once a second, and held still while somebody points at them, tabs through them or asks for
 * it: what one wants to click must not run away.
 */
import { byId, heard, make, setText } from './dom.js';
import { count, time } from './numbers.js';
import { colourName } from './theme.js';

const shownRows = 8;
const everyMs = 1000;

export class Records {
  #list = byId('record-list');
  #hold = byId('hold');
  #rows = [];
  #newest = [];
  #topic = '';
  #vehicles;
  #pointed = false;

  constructor(vehicles) {
    this.#vehicles = vehicles;
    this.#rows = Array.from({ length: shownRows }, () => this.#row());
    this.#list.append(...this.#rows.map(({ item }) => item));
    this.#list.addEventListener('pointerenter', () => this.#point(true));
    this.#list.addEventListener('pointerleave', () => this.#point(false));
    this.#list.addEventListener('focusin', () => this.#tell());
    this.#list.addEventListener('focusout', () => this.#tell());
    this.#hold.addEventListener('click', () => {
      this.#hold.setAttribute('aria-pressed', `${this.#hold.ariaPressed !== 'true'}`);
      this.#tell();
    });
    setInterval(() => this.#show(), everyMs);
  }

  reset(topic, records) {
    this.#topic = topic;
    this.#newest = records;
    this.#show();
  }

  add(records) {
    this.#newest = [...records, ...this.#newest].slice(0, shownRows);
  }

  get #held() {
    return this.#pointed || this.#hold.ariaPressed === 'true' || this.#list.contains(document.activeElement);
  }

  #point(pointed) {
    this.#pointed = pointed;
    this.#tell();
  }

  #tell() {
    // Where focus goes is known only after it has left.
    queueMicrotask(() => setText(byId('records-state'), this.#held ? 'held still' : 'once a second'));
  }

  #row() {
    const row = {
      item: make('li'),
      button: make('button'),
      time: make('span', 'time'),
      dot: make('span', 'dot'),
      key: make('span'),
      partition: make('span', 'partition'),
      offset: make('span', 'offset'),
      value: make('span', 'value'),
      record: undefined,
    };
    row.button.type = 'button';
    row.button.append(
      row.time,
      make('span', 'key', row.dot, heard(', key '), row.key),
      make('span', '', heard(', partition '), row.partition),
      make('span', '', heard(', offset '), row.offset, heard(', ')),
      row.value,
    );
    row.button.addEventListener('click', () => row.record && showRecord(this.#topic, row.record));
    row.item.append(row.button);
    row.item.className = 'blank';
    return row;
  }

  #show() {
    if (this.#held) return;
    for (const [index, row] of this.#rows.entries()) {
      const record = this.#newest[index];
      if (record === undefined || record === row.record) continue;
      row.record = record;
      row.item.className = '';
      const { timestamp, key, partition, offset, value } = record;
      const vehicle = this.#vehicles.all.get(key);
      row.dot.style.setProperty('--colour', vehicle ? colourName(vehicle.index) : 'var(--line)');
      setText(row.time, time(timestamp));
      setText(row.key, key === '' ? '(no key)' : key);
      setText(row.partition, `${partition}`);
      setText(row.offset, `${offset}`);
      setText(row.value, value);
    }
  }
}

/** The whole of a record. */
const showRecord = (topic, { key, partition, offset, timestamp, bytes, value, headers }) => {
  const facts = {
    Topic: topic,
    Key: key,
    Partition: `${partition}`,
    Offset: `${offset}`,
    Timestamp: `${new Date(timestamp).toISOString()} (${timestamp})`,
    Value: `${count(bytes)} bytes`,
    ...Object.fromEntries(headers.map(([name, content]) => [`Header ${name}`, content])),
  };
  byId('record-facts').replaceChildren(
    ...Object.entries(facts).flatMap(([name, fact]) => [make('dt', '', name), make('dd', '', fact)]),
  );
  byId('record-value').textContent = pretty(value);
  byId('record').showModal();
};

const pretty = value => {
  try {
    return JSON.stringify(JSON.parse(value), undefined, 2);
  } catch {
    return value;
  }
};
