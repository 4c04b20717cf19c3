/**
 * A missing or empty time became 1970, and Kafka deleted the records within minutes; so did seconds. What is a time is decided here value by
 * value: a template gives it, and the record has it, or the message is a dead letter that says why.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { Flow } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const start = async (timestamp = '${payload.at}', sql = 'SELECT * FROM "v/#"'): Promise<void> => {
  const rules = [{ name: 'r', sql, sinks: [{ kafka: { topic: 't', value: 'v', timestamp } }] }];
  flow = await Flow.start({ topics: ['t', 'dead'], deadLetter: 'dead', rules });
};

const send = (at: string) => flow.send({ topic: 'v/1', payload: `{"at": ${at}}` });
const messageOf = (letter: number) => Object.fromEntries(flow.records('dead')[letter]!.headers)['mkb.error.message'];

describe('a time of a record', () => {
  test.each([
    ['1700000000123', 1_700_000_000_123],
    ['1700000000123.0', 1_700_000_000_123],
    ['1700000000123.9', 1_700_000_000_123],
    ['1.700000000123e12', 1_700_000_000_123],
    ['"1700000000123"', 1_700_000_000_123],
    ['0', 0],
    ['"0"', 0],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('%s is one', async (at, expected) => {
    await start();
    await send(at);
    expect(flow.records('t').map(({ timestamp }) => timestamp)).toEqual([expected]);
  });

  test.each([
    ['""', 'record-timestamp-invalid', "gives the text ''"],
    ['" "', 'record-timestamp-invalid', "gives the text ' '"],
    ['true', 'record-timestamp-invalid', 'gives true'],
    ['false', 'record-timestamp-invalid', 'gives false'],
    ['"0x10"', 'record-timestamp-invalid', "gives the text '0x10'"],
    ['"1e3"', 'record-timestamp-invalid', "gives the text '1e3'"],
    ['"1700000000123.5"', 'record-timestamp-invalid', 'gives the text'],
    ['"+1700000000123"', 'record-timestamp-invalid', 'gives the text'],
    ['" 1700000000123"', 'record-timestamp-invalid', 'gives the text'],
    ['"1_700"', 'record-timestamp-invalid', 'gives the text'],
    ['"١٧"', 'record-timestamp-invalid', 'gives the text'],
    ['"NaN"', 'record-timestamp-invalid', "gives the text 'NaN'"],
    ['"Infinity"', 'record-timestamp-invalid', 'gives the text'],
    ['"2026-11-29T12:00:00Z"', 'record-timestamp-invalid', 'gives the text'],
    ['-1', 'record-timestamp-invalid', 'gives the number -1'],
    ['-0.5', 'record-timestamp-invalid', 'gives the number -0.5'],
    ['"-1"', 'record-timestamp-invalid', 'gives the text'],
    ['9007199254740993', 'record-timestamp-invalid', 'gives the number 9007199254740993'],
    ['1700000000123456789', 'record-timestamp-invalid', 'gives the number 1700000000123456789'],
    ['1e300', 'record-timestamp-invalid', 'gives the number'],
    ['[1700000000123]', 'record-timestamp-invalid', 'gives a list of 1'],
    ['[]', 'record-timestamp-invalid', 'gives a list of 0'],
    ['{}', 'record-timestamp-invalid', 'gives a map of nothing'],
    ['null', 'record-timestamp-missing', '${payload.at} has no value, or null'],
    ['1, "at": null', 'record-timestamp-missing', '${payload.at} has no value, or null'],
  ])('%s is none, and its dead letter says so', async (at, code, message) => {
    await start();
    await send(at);
    expect(flow.failures).toEqual([{ rule: 'r', code }]);
    expect(messageOf(0)).toContain(message);
    expect([flow.records('t'), flow.count('dead_lettered')]).toEqual([[], 1]);
  });

  test('that a message does not have is missing, and the letter says which', async () => {
    await start();
    await flow.send({ topic: 'v/1', payload: '{}' });
    expect(messageOf(0)).toContain('${payload.at} has no value');
  });

  test.each([
    '{}',
    '{"s": null}',
    '{"s": ""}',
  ])('put together of parts is none where one is missing: %s', async payload => {
    await start('${payload.s}000');
    await flow.send({ topic: 'v/1', payload });
    await flow.send({ topic: 'v/1', payload: '{"s": 1700000000}' });
    expect(flow.failures).toHaveLength(1);
    expect(flow.records('t').map(({ timestamp }) => timestamp)).toEqual([1_700_000_000_000]);
  });

  test('may be a column of the row, bytes, or a fallback', async () => {
    await start('${at:-1700000000777}', 'SELECT payload AS at FROM "v/#" WHERE payload != \'\'');
    await flow.send({ topic: 'v/1', payload: '1700000000123' });
    expect(flow.records('t').map(({ timestamp }) => timestamp)).toEqual([1_700_000_000_123]);
  });
});

describe('a time that is probably of another unit is written, with one warning a sink:', () => {
  test.each([
    ['seconds', '1700000000', 'it is probably in seconds'],
    ['a count from the start of the device', '53211', 'it is probably in seconds'],
    ['nothing at all', '0', 'the year 1970'],
    ['microseconds', '1700000000123456', 'it is probably in microseconds'],
  ])('%s', async (_what, at, text) => {
    await start();
    await send('1700000000123');
    expect(flow.warnings).toEqual([]);
    await send(at);
    await send(at);
    expect(flow.warnings).toMatchObject([{ rule: 'r', code: 'record-timestamp-unlikely' }]);
    expect(flow.warnings[0]!.message).toContain(text);
    expect(flow.records('t')).toHaveLength(3);
  });
});
