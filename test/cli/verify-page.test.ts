import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import type { TrialResult } from '../../bridge/verify/trial.ts';
import type { Verdict } from '../../bridge/verify/verdict.ts';
import { faultsOf } from '../../cli/verify-faults.ts';
import { isGood, reportOf, reportText } from '../../cli/verify-report.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/verify.md'), 'utf8');

const [away, restarted] = faultsOf({ faults: 'ask', mqttTargets: [], kafkaTargets: [] });

const result = (more: Partial<TrialResult> = {}, verdict: Partial<Verdict> = {}): TrialResult => ({
  verdict: {
    ...{ published: 21_480, acknowledged: 21_480, records: 19_550, duplicates: 50, lost: 1980, reordered: 0 },
    ...{ missing: new Map(), problems: ['Acknowledged messages are missing: c0: 1980 (1-1980).'], text: '' },
    ...verdict,
  },
  latency: { p50: 4.2, p99: 15_210, longest: 31_050.51 },
  stuck: undefined,
  ...{ lost: 1980, lostByKafka: 0, broker: { product: 'mosquitto', version: '2.0.18' }, acks: 'all', qos: 1 },
  sessionExpiry: '1h',
  topic: { replicas: 3, minInsync: 1, unclean: false, like: 'cars' },
  faults: [
    { ...away!, acknowledged: 3000, lost: 1980, end: 'newest', sessionPresent: true },
    { ...restarted!, acknowledged: 2480, lost: 0, end: 'mixed', sessionPresent: true },
  ],
  ...more,
});

it('docs/verify.md shows what is printed', () => {
  const shown = /<!-- compared [^\n]* -->\n\n```text\n(.*?)```/s.exec(page)?.[1];
  expect(reportText(reportOf(result()))).toBe(shown);
});

const none = { lost: 0, problems: [] };

// A trial that could not be finished looked like one in which nothing was lost.
it.each<[string, TrialResult, boolean, string]>([
  ['all is well', result({ lost: 0 }, none), true, 'Nothing was lost: all 21480 acknowledged messages are in Kafka'],
  ['something is lost', result(), false, 'LOST 1980 of 21480 acknowledged messages.'],
  [
    'the order is wrong',
    result({ lost: 0 }, { lost: 0, reordered: 3, problems: ['Messages arrived out of order: c0: 1 after 2.'] }),
    false,
    'Nothing was lost, and 3 messages came out of their order.',
  ],
  [
    'records are none of ours',
    result({ lost: 0 }, { lost: 0, problems: ['Records are not what anybody published: 1.'] }),
    false,
    'Nothing was lost. Records are not what anybody published: 1.',
  ],
  [
    'messages did not flow again',
    result({ stuck: new MkbError('verify-stuck', { fault: 'a', reason: 'b' }) }),
    false,
    'Not decided: 1980 of 21480 acknowledged messages have not come yet.',
  ],
])('when %s, the last line and the exit code say so', (_name, of, good, last) => {
  const report = reportOf(of);
  expect(isGood(report)).toBe(good);
  expect(reportText(report).trimEnd().split('\n').at(-1)).toContain(last);
});
