/** What rules do, and what fails in them. */
import { byId, heard, make, setText } from './dom.js';
import { count, duration, rate, timeOfDay } from './numbers.js';
import { Table } from './table.js';

const latencyText = latency => (latency ? `${duration(latency.p50Ms)} / ${duration(latency.p99Ms)}` : '–');

const sinkText = ({ kind, topic }) => `${kind === 'kafka' ? 'Kafka' : 'MQTT'}${topic ? ` ${topic}` : ''}`;

let rules;
let failures;
let tryRule;

/** @param chosen takes the name of a rule that somebody wants to try; undefined where nobody can */
export const showRules = ({ rules: all, moreRules }, chosen) => {
  tryRule = chosen;
  rules ??= new Table(
    byId('rules'),
    'Rules',
    [
      { name: 'Rule', className: 'name', fill: (cell, { name }) => fillName(cell, name) },
      { name: 'To', className: 'text', text: ({ sinks }) => sinks.map(sinkText).join(', ') },
      { name: 'Matched', className: 'number', text: ({ matched }) => count(matched) },
      { name: 'Passed', className: 'number', text: ({ passed }) => count(passed) },
      {
        name: 'Failed',
        className: 'number',
        text: ({ failed, sinks }) => count(failed + sinks.reduce((sum, sink) => sum + sink.failed, 0)),
      },
      { name: 'A second', className: 'number', text: rule => rate(rule.rate) },
      { name: 'p50 / p99', className: 'number', text: ({ latency }) => latencyText(latency) },
      {
        name: 'Last error',
        className: 'text',
        text: ({ lastError }) =>
          lastError ? `${timeOfDay(lastError.at)} ${lastError.message ?? lastError.code}` : 'none',
      },
    ],
    'No rules.',
  );
  rules.show(all, ({ name }) => name);
  setText(byId('rules-more'), moreRules > 0 ? `and ${count(moreRules)} more` : '');
};

const fillName = (cell, name) => {
  if (tryRule === undefined) {
    setText(cell, name);
    return;
  }
  if (cell.dataset.name === name) return;
  cell.dataset.name = name;
  const button = make('button', 'link', name, heard(': try it'));
  button.type = 'button';
  button.addEventListener('click', () => tryRule(name));
  cell.replaceChildren(button);
};

const outcomes = { dead_lettered: 'dead-lettered', dead_letter_failed: 'lost: no dead letter could be written' };

export const showFailures = ({ failures: all }) => {
  failures ??= new Table(
    byId('failures'),
    'Failed messages',
    [
      { name: 'Rule', className: 'name', text: ({ rule }) => rule },
      { name: 'Messages', className: 'number', text: ({ count: n }) => count(n) },
      {
        name: 'What became of them',
        className: 'text',
        text: ({ outcome }) => outcomes[outcome] ?? `dropped: ${outcome}`,
      },
      { name: 'Newest', className: 'number', text: ({ at }) => timeOfDay(at) },
      { name: 'Topic of the newest', className: 'text', text: ({ topic }) => topic ?? '–' },
      { name: 'Reason', className: 'text', fill: fillReason },
    ],
    'None since the start.',
  );
  failures.show(all, ({ rule, code, outcome }) => `${code} ${outcome} ${rule}`);
};

const fillReason = (cell, { code, message, remedy }) => {
  if (cell.children.length === 0) cell.append(make('span'), make('span', 'muted'));
  setText(cell.children[0], message ? `${message} ` : '');
  setText(cell.children[1], remedy ? `${remedy} [${code}]` : code);
};
