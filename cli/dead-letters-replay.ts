/** `mkb dead-letters replay`: sends what dead letters hold through their rules again. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { Replay, type ReplayReport } from '../bridge/letters/replay.ts';
import type { Destination } from '../bridge/letters/replay-rules.ts';
import { type FilterOptions, filterOf } from './commands/dead-letters-filters.ts';
import type { TopicOptions } from './commands/dead-letters-options.ts';
import { replayJson, replayText } from './dead-letters-replay-text.ts';
import { letterGroup, type OpenTopic, withLetters } from './dead-letters-topic.ts';
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';
import { StopSignal } from './signals.ts';

export interface ReplayCommandOptions extends TopicOptions, FilterOptions {
  readonly maxRounds: number;
  readonly rate?: number;
  readonly limit?: number;
  readonly to?: Destination;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Returns the exit code. */
export const replayLetters = (file: string, options: ReplayCommandOptions): Promise<number> =>
  withLetters(file, options, opened => replay(opened, options));

const replay = async (opened: OpenTopic, options: ReplayCommandOptions): Promise<number> => {
  const { document, topic, reader, warn } = opened;
  checkRules(opened, options.rule);
  const signal = new StopSignal({ outlivesOutput: true });
  const dry = options.dryRun === true;
  let run: Replay | undefined;
  const group = letterGroup(opened, error => run?.lose(error));
  try {
    if (!dry) await signal.within(0, group.join());
    if (signal.received) return exitCodes.failed;
    run = new Replay(reader, group, {
      secrets: { secretsDir: options.secretsDir },
      ...{ topic, dry, problem: warn, now: Date.now(), signal: signal.stopping },
      ...{ destination: options.to, rate: options.rate, limit: options.limit ?? Number.POSITIVE_INFINITY },
      selection: { filter: filterOf(options), drops: false, maxRounds: options.maxRounds, not: [] },
    });
    return print(await run.run(document, await group.done()), options, signal.received);
  } finally {
    await group.leave();
    signal.end();
  }
};

/** A rule whose letters are asked for, and that the document has not, is probably a typing error. */
const checkRules = ({ document }: OpenTopic, wanted: readonly string[]): void => {
  const names = document.spec.rules.map(({ name }) => name);
  const rule = wanted.find(each => !names.includes(each));
  if (rule === undefined) return;
  throw new MkbError('dead-letter-rule-unknown', {
    rule,
    near: nearest(rule, names),
    known: names.slice(0, 10).join(', '),
  });
};

const print = (report: ReplayReport, { dryRun, json }: ReplayCommandOptions, stopped: boolean): number => {
  const dry = dryRun === true;
  process.stdout.write(json ? `${JSON.stringify(replayJson(report, dry), null, 2)}\n` : replayText(report, dry));
  if (report.error !== undefined) printError(report.error);
  else if (stopped) process.stderr.write('It was stopped before it had seen all letters.\n');
  const isWhole = report.error === undefined && !stopped && report.failures.size === 0;
  return isWhole ? exitCodes.ok : exitCodes.failed;
};
