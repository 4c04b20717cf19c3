import { describe, expect, it } from 'vitest';
import { LogLines } from '../../cli/log-lines.ts';

const time = new Date(2026, 10, 30, 11, 8, 12).toISOString();
const line = (fields: object): string => `${JSON.stringify({ level: 30, time, ...fields })}\n`;
const text = (...fields: object[]): string => {
  const lines = new LogLines(false);
  return fields.map(each => lines.text(line(each))).join('');
};

// A line of JSON had 500 characters.
describe('a line for a person', () => {
  it('has time, level, bridge and message, and other fields shortly', () => {
    const connected = {
      bridge: 'cars',
      url: 'mqtt://a:1883',
      sessionPresent: false,
      nothing: null,
      msg: 'MQTT is connected',
    };
    expect(text(connected)).toBe('11:08:12 info  cars: MQTT is connected url=mqtt://a:1883 sessionPresent=false\n');
    expect(text({ filters: Array.from({ length: 100 }, () => 'a/b') })).toHaveLength(
      '11:08:12 info   filters='.length + 62,
    );
  });

  it('of an error has its code, and what to do below the first of its kind', () => {
    const away = {
      level: 40,
      bridge: 'cars',
      code: 'kafka-unreachable',
      remedy: 'Start Kafka.',
      msg: 'Kafka is away.',
    };
    expect(text(away, { ...away, repeated: 9 })).toBe(
      '11:08:12 warn  cars: Kafka is away. [kafka-unreachable]\n' +
        '               Start Kafka.\n' +
        '11:08:12 warn  cars: Kafka is away. (9 times since) [kafka-unreachable]\n',
    );
  });

  it('of a lost message has its rule and topic, and the next step', () => {
    const lost = {
      level: 50,
      bridge: 'cars',
      rule: 'fast',
      topic: 'cars/7',
      outcome: 'dead_lettered',
      code: 'payload-not-json',
    };
    expect(text({ ...lost, remedy: 'Send JSON.', next: 'mkb dead-letters list shows it', msg: 'No JSON.' })).toBe(
      '11:08:12 error cars/fast (cars/7): No JSON. [payload-not-json]\n' +
        '               Send JSON.\n' +
        '               mkb dead-letters list shows it\n',
    );
  });

  it('of a fault of ours has the stack', () => {
    const err = { type: 'TypeError', message: 'x', stack: 'TypeError: x\n    at y' };
    expect(text({ level: 50, err, msg: 'failed' })).toBe('11:08:12 error failed\nTypeError: x\n    at y\n');
  });

  it('moves no cursor, whatever a publisher wrote', () => {
    const made = text({ rule: 'r', topic: 'a\u001b[2Jb\nc', msg: 'x\ry', url: '\u009b1m' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
    expect(made.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it.each(['not json\n', 'null\n', '7\n', ''])('that is none of the log comes as it is: %j', other => {
    expect(new LogLines(true).text(other)).toBe(other);
  });
});
