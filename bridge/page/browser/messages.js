/**
 * The newest messages at a point of the way: a few a second, for those who may see them. They stand still while somebody points at them, tabs through them or
 * asks for it: what one wants to press must not run away.
 */
import { byId, heard, make, setText } from './dom.js';
import { count, time } from './numbers.js';
import { onBridge, onEvent, shownBridge } from './page.js';
import { Stream } from './stream.js';

const shownRows = 8;
const everyMs = 1000;
/** /-/tap gives a sign of life every ten seconds. */
const silentMs = 25_000;
const everywhere = ['source', 'sink', 'dead-letters'];
const pointNames = { source: 'received', sink: 'sent', 'dead-letters': 'failed' };

const list = byId('message-list');
const hold = byId('hold');
let stream;
let newest = [];
let isPointed = false;
let lastReceived;
const tries = [];

/** Calls back with a message that somebody wants to try a rule on. */
export const onTryMessage = listener => tries.push(listener);

/** The newest message that was received; undefined before one. */
export const newestReceived = () => lastReceived;

const textOf = part => {
  if (part === undefined) return '';
  return `${part.text ?? (part.base64 === undefined ? '' : `base64:${part.base64}`)}${part.cut ? '…' : ''}`;
};

const pointText = ({ point, rule }) => pointNames[point] ?? `row of ${rule}`;
const contentOf = ({ row, payload, reason }) => textOf(row ?? payload) || (reason ?? '');

const isHeld = () => isPointed || hold.ariaPressed === 'true' || list.contains(document.activeElement);

const makeRow = () => {
  const row = {
    item: make('li', 'blank'),
    parts: ['time', 'point', 'topic', 'key', 'value'].map(name => make('span', name)),
  };
  const button = make('button', '', ...row.parts.flatMap(part => [part, heard(', ')]));
  button.type = 'button';
  button.addEventListener('click', () => row.message && showDetail(row.message));
  row.item.append(button);
  return row;
};

const rows = Array.from({ length: shownRows }, makeRow);
list.append(...rows.map(({ item }) => item));

const show = () => {
  setText(byId('messages-state'), isHeld() ? 'held still' : 'a few a second');
  if (isHeld()) return;
  for (const [at, row] of rows.entries()) {
    const message = newest[at];
    row.item.className = message ? '' : 'blank';
    if (message === undefined || message === row.message) continue;
    row.message = message;
    row.item.dataset.point = message.point;
    const texts = [
      time(Date.parse(message.time)),
      pointText(message),
      message.topic ?? '',
      textOf(message.key),
      contentOf(message),
    ];
    for (const [index, text] of texts.entries()) setText(row.parts[index], text.slice(0, 400));
  }
};

const take = (name, data) => {
  if (name === 'refused') setText(byId('messages-state'), data.text.split('\n')[0]);
  if (name !== 'message') return;
  if (data.point === 'source') lastReceived = data;
  newest = [data, ...newest].slice(0, shownRows);
};

const watch = () => {
  stream?.close();
  stream = undefined;
  newest = [];
  for (const row of rows) row.message = undefined;
  const bridge = shownBridge();
  // What nobody sees need not be watched: it costs the bridge something.
  if (document.hidden || bridge === undefined || byId('messages').hidden) return;
  const point = byId('point').value;
  const query = new URLSearchParams([
    ['bridge', bridge.name],
    ['rate', '4'],
    ['bytes', '4096'],
  ]);
  for (const each of point === '' ? everywhere : [point]) query.append('point', each);
  stream = new Stream(`/-/tap?${query}`, take, silentMs);
};

let known;
onBridge(({ name, rules }) => {
  const points = ['', ...everywhere, ...rules.map(rule => `rule:${rule.name}`)];
  if (known === `${name}\n${points}`) return;
  known = `${name}\n${points}`;
  const select = byId('point');
  const before = select.value;
  const textFor = point =>
    point === '' ? 'everywhere' : (pointNames[point] ?? `rows of ${point.slice('rule:'.length)}`);
  select.replaceChildren(...points.map(point => new Option(textFor(point), point)));
  select.value = points.includes(before) ? before : '';
  watch();
});
onEvent((name, data) => {
  if (name !== 'hello') return;
  byId('messages').hidden = !data.whole;
  watch();
});
document.addEventListener('visibilitychange', watch);
byId('point').addEventListener('change', watch);
list.addEventListener('pointerenter', () => {
  isPointed = true;
});
list.addEventListener('pointerleave', () => {
  isPointed = false;
});
hold.addEventListener('click', () => {
  hold.setAttribute('aria-pressed', `${hold.ariaPressed !== 'true'}`);
  show();
});
setInterval(show, everyMs);

/** The whole of a message. */
const showDetail = message => {
  const {
    topic,
    partition,
    offset,
    qos,
    retain,
    key,
    payload,
    row,
    rule,
    sink,
    source,
    error,
    reason,
    outcome,
    headers = [],
  } = message;
  const facts = {
    Where: [pointText(message), rule && `rule ${rule}`, sink].filter(Boolean).join(', '),
    Time: message.time,
    'Came from': source,
    Topic: topic,
    Partition: partition,
    Offset: offset,
    QoS: qos,
    Retained: retain === undefined ? undefined : retain ? 'yes' : 'no',
    Key: key && textOf(key),
    Bytes: payload && count(payload.bytes),
    'What became of it': outcome,
    Reason: reason && `${reason} [${error}]`,
  };
  const known = Object.entries(facts).filter(([, fact]) => fact !== undefined && fact !== '');
  const all = [...known, ...headers.map(({ name, value }) => [`Header ${name}`, textOf(value)])];
  byId('detail-facts').replaceChildren(
    ...all.flatMap(([name, fact]) => [make('dt', '', name), make('dd', '', `${fact}`)]),
  );
  byId('detail-value').textContent = pretty(textOf(row ?? payload));
  const canTry = message.point === 'source' && tries.length > 0;
  byId('detail-try').hidden = !canTry;
  byId('detail-try').onclick = () => {
    byId('detail').close();
    for (const listener of tries) listener(message);
  };
  byId('detail').showModal();
};

const pretty = text => {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
};
