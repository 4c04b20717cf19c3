/** What became of letters that were replayed, as the last lines of `mkb dead-letters replay`. */
import type { Outcome } from '../bridge/flow/outcome.ts';
import type { ReplayReport } from '../bridge/letters/replay.ts';
import { oneLine } from './dead-letters-text.ts';

/** In words that follow a number of letters. */
const inWords: { readonly [outcome in Outcome]?: string } = {
  delivered: 'delivered',
  filtered: 'filtered out by their rule',
  expired: 'expired before they could be sent',
  dead_lettered: 'failed again',
  dead_letter_failed: 'failed again and stay open',
};

export const replayText = (report: ReplayReport, dry: boolean): string => {
  const { outcomes, failures, passedOver, done, left } = report;
  const seen = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...outcomes].map(([outcome, count]) => {
    const errors = outcome === 'dead_lettered' ? ` (${listed(failures)})` : '';
    return `${count} ${inWords[outcome] ?? outcome.replaceAll('_', ' ')}${errors}`;
  });
  const verb = dry ? 'Would replay' : 'Replayed';
  const lines = [
    `${verb} ${seen} ${seen === 1 ? 'letter' : 'letters'}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}.`,
  ];
  if (!dry && left > 0)
    lines.push(`Done are ${done}; the other ${left} stay open, and may be sent again by the next run.`);
  for (const [because, count] of passedOver) lines.push(`Passed over ${count}, which stay open: ${oneLine(because)}.`);
  return lines.map(line => `${line}\n`).join('');
};

export const replayJson = ({ outcomes, failures, passedOver, done, left, error }: ReplayReport, dry: boolean) => ({
  dry_run: dry,
  outcomes: Object.fromEntries(outcomes),
  failures: Object.fromEntries(failures),
  passed_over: Object.fromEntries(passedOver),
  done,
  left: dry ? 0 : left,
  error: error === undefined ? null : { code: error.code, message: error.message },
});

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([code, count]) => `${code} ${count}`).join(', ');
