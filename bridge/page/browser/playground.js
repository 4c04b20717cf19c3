/** The playground: SQL and a message in; rows, records, or why there are none out. All of it is worked out by the bridge's own code, in its own process. */
import { byId, make, setText } from './dom.js';
import { newestReceived, onTryMessage } from './messages.js';
import { onBridge, onEvent, onTry, shownBridge } from './page.js';
import { authorization } from './stream.js';

const sql = byId('trial-sql');
const result = byId('trial-result');
const rule = byId('trial-rule');
let isBase64 = false;
let touched = false;

const choose = name => {
  const found = shownBridge()?.rules.find(each => each.name === name);
  rule.value = found?.name ?? '';
  if (found) sql.value = found.sql;
};

let known;
onBridge(({ name, rules }) => {
  byId('trial-last').disabled = newestReceived() === undefined;
  const names = rules.map(each => each.name);
  if (known === `${name}\n${names}`) return;
  known = `${name}\n${names}`;
  rule.replaceChildren(new Option('no rule', ''), ...names.map(each => new Option(each, each)));
  if (!touched) choose(names[0]);
});

onEvent((name, data) => {
  if (name !== 'hello') return;
  byId('playground').hidden = !(data.whole && data.evaluates);
  if (data.whole && data.evaluates)
    onTry(chosen => {
      choose(chosen);
      byId('playground').scrollIntoView();
      sql.focus();
    });
});

rule.addEventListener('change', () => choose(rule.value));
sql.addEventListener('input', () => {
  touched = true;
});

/** As FROM names what it came from. */
const takeMessage = ({ source, topic = '', event, payload }) => {
  byId('trial-topic').value =
    source === 'kafka' ? `$kafka/${topic}` : event ? `$events/${event.replace('.', '/')}` : topic;
  isBase64 = payload?.base64 !== undefined;
  byId('trial-payload').value = payload?.text ?? payload?.base64 ?? '';
};
byId('trial-payload').addEventListener('input', () => {
  isBase64 = false;
});
byId('trial-last').addEventListener('click', () => takeMessage(newestReceived()));
onTryMessage(message => {
  takeMessage(message);
  byId('playground').scrollIntoView();
  sql.focus();
});

byId('trial').addEventListener('submit', async event => {
  event.preventDefault();
  byId('trial-go').disabled = true;
  try {
    show(await ask());
  } catch (error) {
    show({ error: { message: `The bridge does not answer: ${error.message}`, remedy: '', code: 'no answer' } });
  } finally {
    byId('trial-go').disabled = false;
  }
});

const ask = async () => {
  const response = await fetch('/-/evaluate', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization() },
    body: JSON.stringify({
      ...{ sql: sql.value, topic: byId('trial-topic').value, payload: byId('trial-payload').value, isBase64 },
      ...{ bridge: shownBridge()?.name, rule: rule.value },
    }),
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
};

const show = ({ rows = [], records, why, more = 0, doubts = [], error }) => {
  const place = error?.place ?? doubts[0]?.place;
  sql.setAttribute('aria-invalid', `${error?.place !== undefined}`);
  const where = place ? ` (line ${place.line}, column ${place.column})` : '';
  const texts = error
    ? [`${error.message}${where} ${error.remedy} [${error.code}]`]
    : doubts.map(({ reason }) => `Warning: ${reason}${where}`);
  setText(byId('trial-error'), texts.join('\n'));
  if (error?.place) mark(error.place.offset);
  result.replaceChildren(
    ...(why ? [make('p', '', make('b', '', 'No row: '), why)] : []),
    ...listOf('Row', rows),
    ...listOf('Written', records ?? []),
    ...(more > 0 ? [make('p', 'muted', `and ${more} more rows`)] : []),
  );
};

const listOf = (name, texts) =>
  texts.flatMap((text, at) => [
    make('h3', '', texts.length > 1 ? `${name} ${at + 1}` : name),
    focusable(make('pre', '', text)),
  ]);

/** It may be wider than its place, and has to be scrolled with keys too. */
const focusable = element => {
  element.tabIndex = 0;
  return element;
};

/** The word at a place is selected: there the mistake is. */
const mark = offset => {
  const end = /^[\w$.]*/.exec(sql.value.slice(offset))[0].length;
  sql.focus();
  sql.setSelectionRange(offset, offset + Math.max(1, end));
};
