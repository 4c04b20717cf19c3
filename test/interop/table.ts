/** The rows of docs/interoperability.md. */
import type { Verdict } from '../../bridge/verify/verdict.ts';
import type { CarryOptions, Way } from './carried.ts';

const header = `| broker | MQTT | QoS | bridge | broker | acknowledged | missing | order |
| --- | --- | --- | --- | --- | --- | --- | --- |`;

export interface Carried extends Pick<CarryOptions, 'restart' | 'ordered'> {
  readonly title: string;
  readonly version: string;
  readonly way: Way;
  readonly verdict: Verdict;
}

/** What a run says that passed: everything that it found is the same in each. */
export const rowOf = ({ title, version, way, restart, ordered, verdict }: Carried): string => {
  const ended = { SIGKILL: '`kill -9`, started again', SIGTERM: 'stopped, started again' };
  const cells = [
    `${title} ${version}`,
    way.version === 'auto' ? 'default' : way.version,
    way.qos,
    '`kill -9`',
    restart ? ended[restart] : 'keeps nothing',
    verdict.acknowledged.toLocaleString('en'),
    missingOf(verdict),
    ordered ? 'kept' : 'may change',
  ];
  return `| ${cells.join(' | ')} |`;
};

/** A verdict without a problem misses nothing: the oracle says so, and this is where the page gets it from. */
const missingOf = ({ problems }: Verdict): number | string => (problems.length === 0 ? 0 : problems.join(' '));

/** A page with these rows in place of the table in it. */
export const tableWith = (page: string, rows: readonly string[]): string =>
  page.replace(/\| broker \| MQTT .*\n(\|.*\n)+/, () => `${[header, ...rows].join('\n')}\n`);

/** The rows of a broker; without its version, which a distribution chooses, unless `versioned`. */
export const rowsOf = (text: string, title: string, versioned: boolean): string[] =>
  text
    .split('\n')
    .filter(line => line.startsWith(`| ${title} `))
    .map(line => (versioned ? line : line.replace(/^\|[^|]*/, '')));
