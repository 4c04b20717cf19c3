/** Cases from EMQX's documentation, "Built-in SQL Functions": Date and Time Conversion Functions; and edges around them. */
import { describe, expect, test } from 'vitest';
import { evaluateOnce, exampleMessage } from '../../../rules/example-message.ts';
import { fails, gives } from './cases.ts';

describe('RFC 3339', () => {
  gives([
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30Z')", 1_708_703_790],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30+08:00')", 1_708_674_990],
    ["rfc3339_to_unix_ts('2024-02-23 15:56:30-00:30')", 1_708_705_590],
    ["rfc3339_to_unix_ts('2024-02-23t15:56:30z')", 1_708_703_790],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.87Z', 'second')", 1_708_703_790],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.87Z', 'millisecond')", 1_708_703_790_870],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.87Z', 'microsecond')", 1_708_703_790_870_000],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.535904509Z', 'nanosecond')", 1_708_703_790_535_904_509n],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.8765Z', 'millisecond')", 1_708_703_790_877],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:30.999999Z', 'millisecond')", 1_708_703_791_000],
    ["rfc3339_to_unix_ts('2024-02-23T15:56:60Z')", 1_708_703_820],
    ["rfc3339_to_unix_ts('0000-01-01T00:00:00Z')", -62_167_219_200],
    ["unix_ts_to_rfc3339(-1500, 'millisecond')", '1969-12-31T23:59:58.500+00:00'],
    ["unix_ts_to_rfc3339(1708671600766, 'millisecond')", '2024-02-23T07:00:00.766+00:00'],
    ["unix_ts_to_rfc3339(1708671600766001002, 'nanosecond')", '2024-02-23T07:00:00.766001002+00:00'],
  ]);
  fails([
    "rfc3339_to_unix_ts('2024-02-30T15:56:30Z')",
    "rfc3339_to_unix_ts('2024-02-23T15:56:30')",
    "rfc3339_to_unix_ts('2024-02-23T15:56:30+0800')",
    "rfc3339_to_unix_ts('')",
    'rfc3339_to_unix_ts(5)',
    "rfc3339_to_unix_ts('2024-02-23T15:56:30Z', 'week')",
    'unix_ts_to_rfc3339(1.5)',
    'unix_ts_to_rfc3339(100000000000000)',
    "unix_ts_to_rfc3339(1, 'minute')",
  ]);
});

describe('format_date', () => {
  const time = 1_708_933_353_472;
  gives([
    [`format_date('millisecond', '+08:00', '%Y-%m-%d %H:%M:%S.%6N%z', ${time})`, '2024-02-26 15:42:33.472000+0800'],
    [`format_date('millisecond', '+08:00', '%Y-%m-%d %H:%M:%S.%6N%:z', ${time})`, '2024-02-26 15:42:33.472000+08:00'],
    [
      `format_date('millisecond', '+08:20:30', '%Y-%m-%d %H:%M:%S.%3N%::z', ${time})`,
      '2024-02-26 16:03:03.472+08:20:30',
    ],
    [`format_date('millisecond', 'Z', '%Y-%m-%d %H:%M:%S.%3N%:z', ${time})`, '2024-02-26 07:42:33.472+00:00'],
    [`format_date('millisecond', 28800, '%Y-%m-%d %H:%M:%S.%3N%:z', ${time})`, '2024-02-26 15:42:33.472+08:00'],
    [`format_date('millisecond', '-03:30', '%H:%M%z', ${time})`, '04:12-0330'],
    [`format_date('millisecond', payload.missing, '%N', ${time})`, '472000000'],
    ["format_date('second', 'Z', '100%% %y %Y年', 0)", '100%% %y 1970年'],
    ["format_date('millisecond', 'Z', '%S.%3N', -500)", '59.500'],
    ["format_date('second', '+01:00', '%H:%M:%S')", '23:13:20'],
  ]);
  fails([
    "format_date('week', 'Z', '%Y', 0)",
    "format_date('second', '+8', '%Y', 0)",
    "format_date('second', '+24:00', '%Y', 0)",
    "format_date('second', 'Europe/Berlin', '%Y', 0)",
    "format_date('second', 'Z', '%Y', 1.5)",
    "format_date('second', true, '%Y', 0)",
  ]);
});

describe('date_to_unix_ts', () => {
  const plain = '%Y-%m-%d %H:%M:%S';
  gives([
    ["date_to_unix_ts('second', '%Y-%m-%d %H:%M:%S%:z', '2024-02-23 15:00:00+08:00')", 1_708_671_600],
    ["date_to_unix_ts('second', '+08:00', '%Y-%m-%d %H:%M:%S%:z', '2024-02-23 15:00:00')", 1_708_671_600],
    ["date_to_unix_ts('second', 'Z', '%Y-%m-%d %H:%M:%S%:z', '2024-02-23 07:00:00')", 1_708_671_600],
    ["date_to_unix_ts('second', 14400, '%Y-%m-%d %H:%M:%S%:z', '2024-02-23 15:00:00')", 1_708_686_000],
    [`date_to_unix_ts('second', '${plain}', '2022-05-26 10-40-12')`, 1_653_561_612],
    [`date_to_unix_ts('second', '${plain}', '2024-02-29 14:31:40')`, 1_709_217_100],
    [`date_to_unix_ts('second', '+08:00', '${plain}', '2100-03-01 12:44:31')`, 4_107_559_471],
    ["date_to_unix_ts('microsecond', '%Y-%m-%d %H-%M-%S.%6N', '2024-03-01 10:30:38.333444')", 1_709_289_038_333_444],
    ["date_to_unix_ts('second', '%Y-%m-%d %H-%M-%S.%3N', '2024-03-01 10:30:38.999')", 1_709_289_038],
    ["date_to_unix_ts('second', '%Y年%m月%d日 %H:%M:%S', '2024年03月01日 10:30:38')", 1_709_289_038],
    [`date_to_unix_ts('second', '+01:00', '${plain}%z', '2024-02-23 15:00:00+0100')`, 1_708_693_200],
    [`date_to_unix_ts('second', '${plain}', '2024-02-23 15:00:00 and more')`, 1_708_700_400],
  ]);
  fails([
    `date_to_unix_ts('second', '${plain}', '2022-059999-26 10:40:12')`,
    "date_to_unix_ts('second', '%y-%m-%d %H:%M:%S', '2022-05-26 10:40:12')",
    "date_to_unix_ts('second', '%Y-%d %H:%M:%S', '2022-32 10:40:12')",
    "date_to_unix_ts('second', '%H:%M:%S', '10:40:12')",
    `date_to_unix_ts('second', '${plain}', '2022-05-32 10:40:12')`,
    `date_to_unix_ts('second', '${plain}', '2023-02-29 10:40:12')`,
    `date_to_unix_ts('second', '${plain}', '2023-02-2')`,
    `date_to_unix_ts('second', '${plain}', '')`,
    `date_to_unix_ts('second', '${plain}', 5)`,
  ]);
});

describe('zones', () => {
  gives([
    ["timezone_to_offset_seconds('Z')", 0],
    ["timezone_to_offset_seconds('z')", 0],
    ["timezone_to_offset_seconds('+08:00')", 28_800],
    ["timezone_to_offset_seconds('-02:00:00')", -7200],
    ["timezone_to_second('+00:01:42')", 102],
    ["timezone_to_second('+0530')", 19_800],
    ['timezone_to_second(42)', 42],
    ['timezone_to_second(payload.missing)', 0],
  ]);
  fails([
    "timezone_to_second('08:00')",
    "timezone_to_second('+08')",
    "timezone_to_second('+01:60')",
    'timezone_to_second(1.5)',
  ]);

  test('local is the zone of the machine', () => {
    const ambient = { now: () => 0, zoneOffset: () => 120 };
    const message = exampleMessage({ topic: 't' });
    const sql = `SELECT timezone_to_offset_seconds('local') AS seconds, unix_ts_to_rfc3339(0) AS text,
      date_to_unix_ts('second', 'local', '%Y%m%d%H%M%S', '19700101020000') AS zero FROM "t"`;
    expect(evaluateOnce(sql, message, ambient)).toEqual([
      { seconds: 7200, text: '1970-01-01T02:00:00+02:00', zero: 0 },
    ]);
  });
});

describe('MongoDB', () => {
  gives([
    ['mongo_date(1708671600123)', 'ISODate(2024-02-23T07:00:00.123Z)'],
    ["mongo_date(1708671600123456, 'microsecond')", 'ISODate(2024-02-23T07:00:00.123Z)'],
    ["mongo_date(0, 'second')", 'ISODate(1970-01-01T00:00:00.000Z)'],
  ]);
  fails(["mongo_date('now')", "mongo_date(1, 'week')"]);
});
