import { describe, expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { deadLetter, type Failure, type Remains, shortened } from '../../../bridge/flow/letters.ts';
import type { RecordDraft } from '../../../bridge/kafka/record.ts';
import { type LetterFilter, wants } from '../../../bridge/letters/filter.ts';
import { type Letter, letterOf } from '../../../bridge/letters/letter.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const error = new MkbError('mqtt-topic-invalid', { topic: 'a+b', reason: 'it has a wildcard' });
const failure: Failure = { rule: 'carry', version: '0123456789ab', sink: 'sinks[1].mqtt', error };
const mqttPlace = [
  { name: 'mqtt.topic', value: 'cars/7' },
  { name: 'mqtt.qos', value: '1' },
  { name: 'mqtt.retain', value: 'false' },
];
const kafkaPlace = [
  { name: 'kafka.topic', value: 'commands' },
  { name: 'kafka.partition', value: '3' },
  { name: 'kafka.offset', value: '1200' },
];

/** What Kafka gives back of a letter. */
const read = ({ key, value, valueStart, valueEnd, timestamp, headers }: RecordDraft): Letter =>
  letterOf(2, {
    offset: 5n,
    timestamp,
    timestampType: 'create',
    key,
    value: value?.subarray(valueStart, valueEnd),
    headers: headers.map(({ name, value: content }) => [
      name,
      content === undefined ? undefined : Buffer.from(content),
    ]),
  });

const letter = (remains: Partial<Remains> = {}, time = 1000): Letter =>
  read(deadLetter({ key: Buffer.from('k'), value: Buffer.from('v'), place: mqttPlace, ...remains }, failure, time));

describe('a dead letter that is read back', () => {
  test('says why, by which text of the rule, in which sink and in which version of the bridge', () => {
    expect(letter()).toMatchObject({
      partition: 2,
      offset: 5n,
      timestamp: 1000,
      reason: {
        code: 'mqtt-topic-invalid',
        message: error.message,
        rule: 'carry',
        ruleVersion: '0123456789ab',
        sink: 'sinks[1].mqtt',
        version: packageJson.version,
        truncatedFrom: undefined,
      },
      source: { kind: 'mqtt', topic: 'cars/7', qos: '1', retain: 'false', clientid: undefined },
      headers: [],
    });
  });

  test('has the headers of its record apart from its own', () => {
    const headers = [
      { name: 'trace', value: 't' },
      { name: 'kafka.topic', value: 'made up' },
      { name: 'empty', value: undefined },
    ];
    const { source, headers: own } = letter({ headers, place: kafkaPlace });
    expect(source).toEqual({ kind: 'kafka', topic: 'commands', partition: '3', offset: '1200' });
    expect(own.map(([name, value]) => [name, value?.toString()])).toEqual([
      ['trace', 't'],
      ['kafka.topic', 'made up'],
      ['empty', undefined],
    ]);
  });

  test('of a record that was a dead letter itself says why that failed now', () => {
    const inner = deadLetter({ key: undefined, value: undefined, place: mqttPlace }, { ...failure, rule: 'old' }, 1);
    const { reason, source } = letter({ headers: inner.headers, place: kafkaPlace });
    expect([reason?.rule, source.kind]).toEqual(['carry', 'kafka']);
  });

  test('says that it was shortened', () => {
    const whole = deadLetter({ key: undefined, value: Buffer.alloc(100_000) }, failure, 1);
    const { reason, value } = read(shortened(whole)!);
    expect([reason?.truncatedFrom, value?.length]).toEqual(['100000', 65_536]);
  });

  test('of an older bridge lacks what that did not write, and so does a record that is none', () => {
    const old = { name: 'mkb.error.code', value: 'rule-failed' };
    const headers = [[old.name, Buffer.from(old.value)]] as const;
    const record = { offset: 0n, timestamp: -1, timestampType: 'create', key: undefined, value: undefined } as const;
    expect(letterOf(0, { ...record, headers }).reason).toMatchObject({
      ...{ code: 'rule-failed', rule: '', message: '', ruleVersion: undefined, sink: undefined },
    });
    expect(letterOf(0, { ...record, headers: [['x', undefined]] })).toMatchObject({
      ...{ reason: undefined, source: { kind: 'other' }, headers: [['x', undefined]] },
    });
  });
});

describe('a filter', () => {
  const all: LetterFilter = { rules: [], codes: [], topics: [], key: undefined, since: undefined, until: undefined };
  const fromKafka = letter({ place: kafkaPlace });
  const noLetter = { ...letter(), reason: undefined, source: { kind: 'other' } as const };

  test.each<[name: string, Partial<LetterFilter>, Letter, boolean]>([
    ['of nothing takes all', {}, letter(), true],
    ['of nothing takes what is no letter', {}, noLetter, true],
    ['of a rule takes its letters', { rules: ['x', 'carry'] }, letter(), true],
    ['of a rule takes no others', { rules: ['x'] }, letter(), false],
    ['of a rule takes nothing that is no letter', { rules: ['carry'] }, noLetter, false],
    ['of an error takes it', { codes: ['mqtt-topic-invalid'] }, letter(), true],
    ['of an error takes no others', { codes: ['mqtt-topic'] }, letter(), false],
    ['of two kinds needs both', { rules: ['carry'], codes: ['x'] }, letter(), false],
    ['of an MQTT topic takes it', { topics: ['cars/7'] }, letter(), true],
    ['of an MQTT filter takes what it matches', { topics: ['bikes/#', 'cars/+'] }, letter(), true],
    ['of an MQTT filter takes no record', { topics: ['#'] }, fromKafka, false],
    ['of a Kafka topic takes its records', { topics: ['commands'] }, fromKafka, true],
    ['of a topic takes nothing without one', { topics: ['#'] }, noLetter, false],
    ['of a key takes it', { key: 'k' }, letter(), true],
    ['of a key takes no other', { key: 'kk' }, letter(), false],
    ['of a key takes no letter without one', { key: '' }, letter({ key: undefined }), false],
    ['of a time takes it', { since: 1000, until: 1001 }, letter(), true],
    ['of a time takes nothing earlier', { since: 1001 }, letter(), false],
    ['of a time takes nothing at its end', { until: 1000 }, letter(), false],
  ])('%s', (_name, filter, given, wanted) => expect(wants({ ...all, ...filter }, given)).toBe(wanted));
});
