/** Runs a test of a rule: its messages through the rule and its sinks, and what comes out beside what was expected. */
import { MkbError } from '../api/errors.ts';
import type { ExpectedRecord, RuleTest } from '../api/schema/rule-tests.ts';
import { compileRule } from '../rules/compile.ts';
import type { ObserveCase } from '../rules/compiler.ts';
import { type CostLimits, defaultCostLimits } from '../rules/cost-limits.ts';
import { encodeJson } from '../rules/json.ts';
import { Memory } from '../rules/memory.ts';
import { type MadeRow, passTime, rowsOf, wholeRows } from '../rules/offline.ts';
import { placeOf, renderCaret } from '../rules/position.ts';
import type { RuleDocument } from '../rules/rule-document.ts';
import type { Ambient } from '../rules/scope.ts';
import { stateLimitsOf } from '../rules/state-limits.ts';
import { asExpected, type DiffLine, diffLines, recordText, rowTexts } from './test-diff.ts';
import { capturesOf, messageOf } from './test-message.ts';
import { type Written, writtenBy } from './test-records.ts';

export interface Outcome {
  /** Nothing if it passed; else what differs, in lines. */
  readonly difference: readonly DiffLine[];
  /** How many rows the rule made. */
  readonly rows: number;
}

export interface TestLimits {
  readonly costs: CostLimits;
  /** As in `writtenBy`. */
  readonly maxRecordBytes: number | undefined;
}

/**
 * Runs one test. It gives the same result everywhere, and whatever ran before: the clock stands at each message's time, in UTC, chance is
 * always the same, and nothing is remembered from test to test. Only the environment's variables are the machine's own.
 *
 * @param observeCase is told of the branches that are taken
 * @param bridge the name of the document
 * @param limits what the document lets a message cost, and a record be
 */
export const runTest = (
  document: RuleDocument,
  test: RuleTest,
  world: Partial<Pick<Ambient, 'schemas' | 'tables'>>,
  observeCase?: ObserveCase,
  bridge?: string,
  limits: TestLimits = { costs: defaultCostLimits, maxRecordBytes: undefined },
): Outcome => {
  let made: Made;
  try {
    made = makeOf(document, test, { ...world, ...limits }, observeCase, bridge);
  } catch (error) {
    if (!MkbError.is(error)) throw error;
    return { difference: error.code === test.error ? [] : unexpectedError(error, test), rows: 0 };
  }
  return { difference: compare(test, made), rows: made.rows.length };
};

interface Made {
  readonly matched: boolean;
  /** As JSON. */
  readonly rows: readonly string[];
  readonly records: readonly Written[];
}

const makeOf = (
  document: RuleDocument,
  test: RuleTest,
  { maxRecordBytes, ...world }: Partial<Pick<Ambient, 'schemas' | 'tables'>> & TestLimits,
  observeCase?: ObserveCase,
  bridge?: string,
): Made => {
  const clock = { now: 0 };
  const rule = compileRule(document.sql, { ...ambientOf(document, clock), ...world, bridgeName: bridge }, observeCase);
  const made: MadeRow[] = [];
  let matched = false;
  for (const each of [test.message, ...(test.followedBy ?? [])]) {
    clock.now = each.timestamp;
    for (const row of passTime(rule, clock.now)) made.push(row);
    const captures = capturesOf(rule, each);
    if (captures === undefined) continue;
    matched = true;
    for (const row of rowsOf(rule, messageOf(each), captures)) made.push(row);
  }
  for (const row of passTime(rule, Number.POSITIVE_INFINITY)) made.push(row);
  return {
    matched,
    // A row of a plain rule may hold bytes that JSON does not take; a test that is about records does not ask for it.
    rows: test.rows === undefined ? made.map(() => '{}') : wholeRows(rule, made).map(encodeJson),
    records: test.rows === undefined ? writtenBy(document, rule, made, bridge, maxRecordBytes) : [],
  };
};

const ambientOf = (document: RuleDocument, clock: { readonly now: number }): Partial<Ambient> => ({
  now: () => clock.now,
  zoneOffset: () => 0,
  uuid: () => '00000000-0000-4000-8000-000000000000',
  random: () => 0.5,
  memory: new Memory(),
  // A rule that needs a publisher that nobody names was refused with its document.
  knowsPublisher: true,
  ruleName: document.name,
  limits: stateLimitsOf(document),
});

const compare = (test: RuleTest, made: Made): readonly DiffLine[] => {
  if (test.error !== undefined) return [only('-', `error ${test.error}`), only('+', `no error, and ${summary(made)}`)];
  const difference = test.rows === undefined ? compareRecords(test.records!, made) : compareRows(test.rows, made);
  return difference.length > 0 && !made.matched ? [...difference, noMatch] : difference;
};

const noMatch: DiffLine = { mark: ' ', text: 'No name of FROM matches the topic of the message.' };

const summary = ({ rows }: Made): string => `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;

const only = (mark: DiffLine['mark'], text: string): DiffLine => ({ mark, text });

const compareRows = (expected: readonly string[], made: Made): DiffLine[] =>
  difference(rowTexts(expected), rowTexts(made.rows), '\n', 'no row');

const compareRecords = (expected: readonly ExpectedRecord[], made: Made): DiffLine[] => {
  const written = made.records.map(asExpected);
  const texts = written.map((record, at) => recordText(record, expected[at] && Object.keys(expected[at])));
  return difference(
    expected.map(record => recordText(record)),
    texts,
    '\n---\n',
    'no record',
  );
};

const difference = (
  expected: readonly string[],
  actual: readonly string[],
  separator: string,
  none: string,
): DiffLine[] => {
  const left = expected.length === 0 ? none : expected.join(separator);
  const right = actual.length === 0 ? none : actual.join(separator);
  return left === right ? [] : diffLines(left, right);
};

const unexpectedError = (error: MkbError, test: RuleTest): DiffLine[] => {
  const place = placeOf(error);
  const caret = place === undefined ? [] : renderCaret(place).split('\n');
  const wanted = test.error === undefined ? (test.rows === undefined ? 'records' : 'rows') : `error ${test.error}`;
  return [only('-', wanted), only('+', `error ${error.code}: ${error.message}`), ...caret.map(line => only(' ', line))];
};
