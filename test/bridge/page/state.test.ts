// The page said "10.0 msg/s" and a green "nothing lost" while it could not reach anything.
import { describe, expect, test } from 'vitest';
// @ts-expect-error a script of the page, which browsers run as it is
import * as state from '../../../bridge/page/browser/state.js';

const source = (more: object = {}) => ({
  reasons: [],
  deadLettered: 0,
  oldestSeconds: 0,
  inFlight: 0,
  ...more,
});
const bridge = (more: object = {}, ofSource: object = {}) => ({
  missing: [],
  config: {},
  sources: [source(ofSource)],
  ...more,
});

describe('a bridge that has just been heard from', () => {
  test('is ready, and has lost nothing', () => {
    expect(state.heard(bridge())).toMatchObject({
      tone: 'good',
      status: 'Ready',
      verdict: { tone: 'good', text: 'Adds up, nothing lost' },
    });
  });

  test.each([
    ['Kafka cannot be reached', { missing: ['Kafka is not connected'] }, {}, 'Waits: '],
    [
      'Kafka cannot be reached and some are in the dead-letter topic',
      { missing: ['x'] },
      { deadLettered: 3 },
      'Waits: ',
    ],
    ['a message has been in flight for long', {}, { oldestSeconds: 45, inFlight: 7 }, 'the oldest of 7 in flight'],
    ['some are in the dead-letter topic', {}, { deadLettered: 3 }, '3 in the dead-letter topic'],
    [
      'some are dropped by a failure',
      {},
      { reasons: [{ reason: 'rule_failed', count: 2, intended: false }] },
      '2 dropped that nobody asked for',
    ],
  ])('shows no green when %s', (_, more, ofSource, text) => {
    const { verdict } = state.heard(bridge(more, ofSource));
    expect(verdict.tone).not.toBe('good');
    expect(verdict.text).toContain(text);
  });

  test('shows messages that a rule leaves out as no loss', () => {
    const reasons = [{ reason: 'filtered', count: 1000, intended: true }];
    expect(state.heard(bridge({}, { reasons })).verdict.tone).toBe('good');
  });

  test('says why it is not ready', () => {
    expect(state.heard(bridge({ missing: ['MQTT is not connected'] }))).toMatchObject({
      tone: 'bad',
      status: 'Not ready: MQTT is not connected',
    });
  });

  test('says that the last reload failed', () => {
    expect(state.heard(bridge({ config: { refused: 'reload-needs-restart' } })).tone).toBe('warn');
  });
});

describe('a bridge that is not heard from', () => {
  test.each([
    ['before the first figures', undefined, undefined],
    ['after some', 1_000, undefined],
    ['when it refuses', 1_000, 'this is not the token'],
  ])('has nothing good said of it %s', (_, heardAt, refusal) => {
    const { tone, verdict } = state.silent(heardAt, 60_000, refusal);
    expect([tone, verdict.tone]).not.toContain('good');
    expect(verdict.text).toMatch(/^Unknown/);
  });

  test('is said to be silent for how long, and not once more each second to who listens', () => {
    expect(state.silent(1_000, 8_400)).toMatchObject({ status: 'Not heard from for 7 s', spoken: 'Not heard from' });
  });
});
