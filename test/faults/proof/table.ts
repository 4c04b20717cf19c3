/** The table of docs/reliability.md: from proofs, and back. */
import type { Proof } from './prove.ts';
import type { Row } from './rows.ts';

export const marks = { begin: '<!-- proof -->', end: '<!-- /proof -->' };

const head = [
  '| way | fault | messages | lost | dropped, counted | duplicated | systems |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

export const keyOf = ({ way, fault, systems }: Row): string => `${way} | ${fault} | ${systems}`;

export function tableOf(proofs: readonly Proof[]): string {
  const rows = proofs.map(({ way, fault, messages, lost, dropped, duplicated, systems }) => {
    const counts = [messages, lost, dropped, duplicated].map(count => count.toLocaleString('en'));
    return `| ${[way, fault, ...counts, systems].join(' | ')} |`;
  });
  return [...head, ...rows].join('\n');
}

export interface PageRow extends Row {
  readonly lost: string;
}

/** The rows that a page has between its marks. */
export function rowsOn(page: string): readonly PageRow[] {
  const table = page.slice(page.indexOf(marks.begin) + marks.begin.length, page.indexOf(marks.end)).trim();
  return table
    .split('\n')
    .slice(head.length)
    .map(line => {
      const [, way, fault, , lost, , , systems] = line.split('|').map(cell => cell.trim());
      return { way, fault, systems, lost } as PageRow;
    });
}

/** The page with another table. */
export const withTable = (page: string, table: string): string =>
  `${page.slice(0, page.indexOf(marks.begin) + marks.begin.length)}\n${table}\n${page.slice(page.indexOf(marks.end))}`;
