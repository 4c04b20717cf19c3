/** How many dead letters there are of each rule and error. */
import type { Letter } from '../bridge/letters/letter.ts';
import { oneLine, whenOf } from './dead-letters-text.ts';
import { columnWidths } from './status-text.ts';

interface Group {
  readonly rule: string | null;
  readonly code: string | null;
  letters: number;
  firstMs: number;
  lastMs: number;
}

/** Programs that write to the topic make up names; beyond so many groups they are counted together. */
const mostGroups = 1000;
const titles = ['LETTERS', 'RULE', 'ERROR', 'FIRST', 'LAST'];

export class Summary {
  readonly #groups = new Map<string, Group>();

  count({ reason, timestamp }: Letter): void {
    const wanted = JSON.stringify(reason && [reason.rule, reason.code]);
    const isNew = !this.#groups.has(wanted);
    const others = isNew && this.#groups.size >= mostGroups;
    const name = others ? 'others' : wanted;
    const { rule, code } = others ? { rule: 'others', code: 'others' } : { ...nobody, ...reason };
    const group = this.#groups.get(name) ?? { rule, code, letters: 0, firstMs: timestamp, lastMs: timestamp };
    group.letters++;
    group.firstMs = Math.min(group.firstMs, timestamp);
    group.lastMs = Math.max(group.lastMs, timestamp);
    this.#groups.set(name, group);
  }

  /** The largest group first. */
  json(): object[] {
    return this.#sorted.map(({ rule, code, letters, firstMs, lastMs }) => {
      return { rule, code, letters, first: whenOf(firstMs) ?? null, last: whenOf(lastMs) ?? null };
    });
  }

  text(): string {
    const rows = this.#sorted.map(({ rule, code, letters, firstMs, lastMs }) =>
      [String(letters), rule || '-', code ?? '-', whenOf(firstMs) ?? '-', whenOf(lastMs) ?? '-'].map(oneLine),
    );
    const all = [titles, ...rows];
    const widths = columnWidths(all);
    const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padEnd(widths[at]!)).join('  ');
    return all.map(cells => `${line(cells).trimEnd()}\n`).join('');
  }

  get #sorted(): Group[] {
    return [...this.#groups.values()].sort((left, right) => right.letters - left.letters);
  }
}

/** Of a record that is no dead letter. */
const nobody = { rule: null, code: null };
