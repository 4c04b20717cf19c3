import { AuthenticationError, NetworkError, ResponseError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { connectError } from '../../../network/kafka/connect-error.ts';
import '../../../network/kafka/unknown-codes.ts';
import { kafkaCodes, refuses } from '../../../network/kafka/error-codes.ts';

/** As the library wraps what a broker answers to a login. */
const refusedWith = (code: number): Error => {
  const cause = new ResponseError(36, 2, { '/': [code, null] }, {});
  return new NetworkError('Connection to kafka:9092 failed.', {
    cause: new AuthenticationError('SASL authentication failed.', { cause }),
  });
};

/** A listener that takes no login at all says this to the first request of one. */
const illegalState = 34;
const answers = [
  [-7, 'one that nobody knows'],
  ...kafkaCodes.filter(({ code }) => code !== 0).map(({ code, name }) => [code, name] as const),
] as const;

// A broker that could not look at credentials for a moment ended a consumer as a wrong password does.
test.each(answers)('a login that is answered %d (%s) is final only if it can never be another way', code => {
  const { kind } = connectError('kafka:9092', refusedWith(code));
  expect(kind).toBe(refuses(code, 'login') || code === illegalState ? 'permanent' : 'retryable');
});

test('a login whose connection ends is retried, however the library wraps that', () => {
  for (const what of ['SASL authentication failed.', 'Cannot find a suitable SASL mechanism.']) {
    const cause = new AuthenticationError(what, { cause: new NetworkError('Connection closed') });
    const error = connectError('kafka:9092', new NetworkError('Connection to kafka:9092 failed.', { cause }));
    expect(error.code).toBe('kafka-unreachable');
  }
});
