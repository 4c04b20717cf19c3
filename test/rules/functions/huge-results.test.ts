/** A payload of some kilobytes could ask for gigabytes of text, a character at a time or an element at a time, and the process was gone. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { evaluated, thrownBy } from '../support/evaluate.ts';

const long = 'x'.repeat(100_000);
const list = JSON.stringify(Array.from({ length: 100_000 }, () => 1));

const megabytes = (count: number) => Array.from({ length: count }, () => "pad('', 999999, 'leading', 'y')").join(', ');

describe('a call that would make more text than 16 MiB is refused', () => {
  test.each([
    ["pad('', 1000000, 'leading', payload)", long],
    ["pad('', 1000000, 'both', payload)", long],
    ["replace(payload, 'x', payload)", long],
    ["regex_replace(payload, 'x', payload)", long],
    ["regex_replace(payload, '', payload)", long],
    ["regex_replace(payload, '.+', payload)", '&'.repeat(100_000)],
    ["join_to_string(pad('', 1000, 'leading', 'y'), json_decode(payload))", list],
    [
      "join_to_sql_values_string([pad('', 999999, 'leading', '0123456789'), pad('', 999999, 'leading', '0123456789')])",
      '',
    ],
    ['sprintf(payload)', '~1000000n'.repeat(10_000)],
    ["sprintf_s(payload, json_decode('[]'))", '~1000000~'.repeat(10_000)],
    ["concat(pad('', 999999, 'leading', '0123456789'), pad('', 999999, 'leading', '0123456789'))", ''],
    [`json_encode([${Array.from({ length: 170 }, () => 'payload')}])`, long],
    [`json_encode({a: {b: [${Array.from({ length: 170 }, () => 'payload')}]}})`, long],
    [`bin2hexstr(concat(${megabytes(9)}))`, ''],
    [`base64_encode(concat(${megabytes(13)}))`, ''],
    ["pad('', 999999, 'leading', '0123456789') || pad('', 999999, 'leading', '0123456789')", ''],
  ])('%s', (expression, payload) => {
    const before = process.memoryUsage().rss;
    expect(thrownBy(() => evaluated(expression, payload)).message).toContain('more than 16777216 characters');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  test('and so is one that unpacks to more', () => {
    const packed = (megabytes: number) => gzipSync(Buffer.alloc(megabytes * 1024 * 1024)).toString('base64');
    const unpacked = 'gunzip(base64_decode(payload))';
    expect(thrownBy(() => evaluated(unpacked, packed(17))).message).toContain('cannot be decompressed');
    expect(evaluated(unpacked, packed(16))).toHaveLength(16 * 1024 * 1024);
  });

  test('and one that makes a large payload is not', () => {
    expect(String(evaluated("replace(payload, 'x', 'yz')", long))).toHaveLength(200_000);
  });
});
