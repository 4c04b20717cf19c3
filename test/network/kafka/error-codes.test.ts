import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { protocolErrors } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import { errorName, kafkaCodes, reactionTo, refuses } from '../../../network/kafka/error-codes.ts';
import { describeReal } from '../../real/require.ts';
import { kafkaClassPath } from '../../real/systems.ts';

const table = Object.fromEntries(kafkaCodes.map(({ code, name }) => [code, name]));

describe('the table of Kafka’s error codes', () => {
  test('has each code once', () => {
    expect(new Set(kafkaCodes.map(({ code }) => code)).size).toBe(kafkaCodes.length);
    expect(new Set(kafkaCodes.map(({ name }) => name)).size).toBe(kafkaCodes.length);
  });

  test('has every code that the library knows, by the same name', () => {
    const library = Object.values(protocolErrors).map(({ code, id }) => [code, id] as const);
    expect(library.length).toBeGreaterThan(100);
    expect(table).toMatchObject(Object.fromEntries(library));
  });

  test('gives a reason for each', () => {
    expect(kafkaCodes.filter(({ because }) => !/^[A-Z].*\.$/.test(because))).toEqual([]);
  });

  test('is final for a record only where the record breaks a rule', () => {
    const final = kafkaCodes.filter(({ code }) => refuses(code, 'record')).map(({ name }) => name);
    expect(final).toEqual(['INVALID_TOPIC_EXCEPTION', 'INVALID_TIMESTAMP', 'POLICY_VIOLATION', 'INVALID_RECORD']);
  });
});

test.each([-2, 134, 999, 32_767])('code %d, which Kafka may mean something by one day, is retried', code => {
  expect(reactionTo(code)).toBe('retry');
  expect(refuses(code, 'record') || refuses(code, 'topic') || refuses(code, 'group')).toBe(false);
  expect(errorName(code)).toBe(`error ${code}`);
});

describeReal('kafka', 'jdk')('a real Kafka', () => {
  test('has no error code that the table lacks', () => {
    const program = join(import.meta.dirname, '../../real/KafkaCodes.java');
    const printed = execFileSync('java', ['-cp', kafkaClassPath()!, program], { encoding: 'utf8' });
    const real = printed
      .trim()
      .split('\n')
      .map(line => line.split(' '));
    expect(real.length).toBeGreaterThan(130);
    expect(table).toMatchObject(Object.fromEntries(real));
  });
});
