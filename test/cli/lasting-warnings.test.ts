// `mkb dead-letters list` warned of COORDINATOR_NOT_AVAILABLE whenever a Kafka had had no consumer group yet.
import { expect, test } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { lastingWarnings } from '../../cli/lasting-warnings.ts';

const passing = (reason: string) => new MkbError('kafka-request-failed', { what: 'find the coordinator', reason });
const permanent = new MkbError('kafka-not-authorised', {
  what: 'read as group cars',
  reason: 'GROUP_AUTHORIZATION_FAILED',
});

test('what passes is not said, what lasts is said once, and what only a person can change at once', () => {
  const lines: string[] = [];
  let now = 0;
  const warn = lastingWarnings(
    line => lines.push(line),
    () => now,
  );
  warn(passing('COORDINATOR_NOT_AVAILABLE'));
  now = 2999;
  warn(passing('COORDINATOR_NOT_AVAILABLE'));
  expect(lines).toEqual([]);
  now = 3000;
  warn(passing('COORDINATOR_LOAD_IN_PROGRESS'));
  warn(passing('COORDINATOR_LOAD_IN_PROGRESS'));
  expect(lines).toEqual([
    expect.stringMatching(/^warning: .*COORDINATOR_LOAD_IN_PROGRESS.* \[kafka-request-failed\]\n$/),
  ]);
  warn(permanent);
  warn(permanent);
  expect(lines.slice(1)).toEqual([expect.stringContaining('[kafka-not-authorised]')]);
});
