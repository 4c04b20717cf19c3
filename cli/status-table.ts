/** `mkb status` without names: a row for each bridge, and below it why some are not as they should be. */
import { age } from './age.ts';
import { type BridgeFacts, concerns, type News } from './status-facts.ts';
import { columnWidths, hanging, type Paint, printable } from './status-text.ts';

const titles = [
  'NAMESPACE',
  'NAME',
  'READY',
  'REASON',
  'REPLICAS',
  'RULES',
  'RECEIVED',
  'DELIVERED',
  'DEAD-LETTERED',
  'DROPPED',
  'AGE',
];
/** Those that are coloured by how a bridge is. */
const painted = new Set(['READY', 'REASON'].map(title => titles.indexOf(title)));
const gap = '  ';

export class StatusTable {
  readonly #paint: Paint;
  /** Rows that come later stand below those that have been printed. */
  #widths: readonly number[] = [];

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** The whole table. */
  text(bridges: readonly BridgeFacts[], now: Date): string {
    const rows = bridges.map(each => cells(each, now));
    this.#widths = columnWidths([titles, ...rows], this.#widths);
    const title = this.#paint(
      'title',
      this.#line(titles, text => text),
    );
    const notes = bridges.flatMap(each => this.#notes(each));
    return `${title}\n${this.rows(bridges, now)}${notes.length > 0 ? `\n${notes.join('')}` : ''}`;
  }

  /** Only rows: for those that have changed since the table was printed. */
  rows(bridges: readonly BridgeFacts[], now: Date): string {
    return bridges.map(each => `${this.#row(each, now)}\n`).join('');
  }

  #row(facts: BridgeFacts, now: Date): string {
    const row = cells(facts, now);
    this.#widths = columnWidths([row], this.#widths);
    return this.#line(row, (text, column) => (painted.has(column) ? this.#paint(newsIn(facts), text) : text));
  }

  #line(row: readonly string[], paint: (padded: string, column: number) => string): string {
    const last = row.length - 1;
    return row
      .map((text, column) => paint(column === last ? text : text.padEnd(this.#widths[column]!), column))
      .join(gap);
  }

  /** Why a bridge is not ready; else what is wrong with it all the same. */
  #notes(facts: BridgeFacts): string[] {
    const { namespace, name, ready, reason, message } = facts;
    const who = `${namespace}/${name}`;
    if (!ready) return [note(this.#paint('bad', `${who} is not ready, ${printable(reason)}`), message)];
    return concerns(facts).map(each =>
      note(this.#paint('open', `${who}: ${each.type} is ${each.status}, ${printable(each.reason)}`), each.message),
    );
  }
}

const note = (title: string, message: string): string =>
  `${title}\n${message === '' ? '' : `  ${hanging(message, 2)}\n`}`;

const newsIn = (facts: BridgeFacts): News => {
  if (!facts.ready) return 'bad';
  return concerns(facts).length > 0 ? 'open' : 'good';
};

const unknown = '-';

const cells = ({ namespace, name, ready, reason, wanted, status, created }: BridgeFacts, now: Date): string[] => {
  const { readyReplicas, rules, flow } = status;
  const counts = [flow?.received, flow?.delivered, flow?.deadLettered, flow?.dropped];
  return [
    namespace,
    name,
    ready ? 'True' : 'False',
    reason,
    `${readyReplicas ?? unknown}/${wanted ?? unknown}`,
    `${rules ?? unknown}`,
    ...counts.map(text => text ?? unknown),
    age(created, now),
  ].map(printable);
};
