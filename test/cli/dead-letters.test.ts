// Dead letters had to be read with Kafka's console consumer: all of them, in its format, and without what a code means or what to do.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { recordWriter } from '../bridge/support/record-writer.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { freePort } from '../real/ports.ts';
import { mkb, type Outcome } from './mkb-process.ts';

const folder = temporaryFolder('dead-letters');
const file = join(folder, 'bridge.yaml');
let kafka: EmbeddedKafka;

const documentOf = (bootstrap: string, topic: string | undefined): string =>
  JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: { url: 'mqtt://localhost:1' },
      kafka: { bootstrapServers: [bootstrap] },
      rules: [{ name: 'all', sql: 'SELECT payload FROM "cars/#"', sinks: [{ kafka: { topic: 'cars' } }] }],
      ...(topic !== undefined && { delivery: { onFailure: { deadLetter: { topic } } } }),
    },
  });

const letters = async (command: string, ...args: readonly string[]): Promise<Outcome> =>
  await mkb(['dead-letters', command, file, ...args]);
const placesIn = ({ stdout }: Outcome): string[] => [...stdout.matchAll(/^\d+:\d+/gm)].map(([place]) => place);

const hour = 3_600_000;
const begin = Date.parse('2026-11-30T10:00:00Z');
/** Number of the letter as its payload; every third is of another rule, and every second in partition 1. */
const letterOf = (number: number) => ({
  ...{ partition: number % 2, key: `k${number % 5}`, value: `{"number":${number}}` },
  timestamp: String(begin + number * hour),
  headers: {
    'mkb.error.code': number % 3 === 0 ? 'payload-not-json' : 'kafka-message-too-large',
    'mkb.error.message': `it failed: ${number}`,
    'mkb.rule': number % 3 === 0 ? 'positions' : 'states',
    'mqtt.topic': `cars/${number}`,
    'mqtt.qos': '1',
    'mqtt.retain': 'false',
  },
});

beforeAll(async () => {
  kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: [
      { name: 'dead', partitions: 2 },
      { name: 'empty', partitions: 3 },
      { name: 'odd', partitions: 1 },
    ],
  });
  await writeFile(file, documentOf(kafka.bootstrap, 'dead'));
  await recordWriter(
    kafka.bootstrap,
    'dead',
    Array.from({ length: 60 }, (_, number) => letterOf(number)),
  );
  await recordWriter(kafka.bootstrap, 'odd', [
    { value: 'not \u001b[2J a letter' },
    {
      value: null,
      headers: { 'mkb.error.code': 'never-heard\u001b[2J', 'mkb.error.message': 'two\nlines', mine: '1' },
    },
    { value: '{"id": 12345678901234567890, "a": [1.0]}', headers: { 'mkb.error.code': 'payload-not-json' } },
  ]);
});
afterAll(async () => {
  await kafka.stop();
  removeFolder(folder);
});

describe('mkb dead-letters list', () => {
  it('prints each letter once: where it is, when, why, and where it came from', async () => {
    const outcome = await letters('list');
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    const places = placesIn(outcome);
    expect(places).toEqual([0, 1].flatMap(partition => Array.from({ length: 30 }, (_, at) => `${partition}:${at}`)));
    expect(outcome.stdout).toMatch(/^PLACE +TIME +RULE +ERROR +FROM +BYTES +REASON\n/);
    expect(outcome.stdout).toMatch(
      /^1:1 +2026-11-30T13:00:00.000Z +positions +payload-not-json +cars\/3 +12 +it failed: 3$/m,
    );
  });

  it.each<[args: string[], numbers: (number: number) => boolean]>([
    [['--rule', 'positions'], number => number % 3 === 0],
    [['--rule', 'positions', '--rule', 'states'], () => true],
    [['--error', 'kafka-message-too-large', '--key', 'k2'], number => number % 3 !== 0 && number % 5 === 2],
    [['--topic', 'cars/7', '--topic', 'bikes/#'], number => number === 7],
    [['--topic', 'cars/+', '--since', '2026-12-02T10:00:00Z'], number => number >= 48],
    [
      ['--since', '2026-11-30T20:00:00Z', '--until', '2026-12-01T00:00:00+02:00'],
      number => number >= 10 && number < 12,
    ],
  ])('with %j prints those alone', async (args, isWanted) => {
    const { code, stdout } = await letters('list', '--json', ...args);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(JSON.parse(line).value).number as number);
    const wanted = Array.from({ length: 60 }, (_, number) => number).filter(isWanted);
    expect([code, found.sort((left, right) => left - right)]).toEqual([0, wanted]);
  });

  it('prints all of a letter as JSON, and its payload as it is', async () => {
    const json = await letters('list', '--json', '--topic', 'cars/3');
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ partition: 1, offset: '1', time: '2026-11-30T13:00:00.000Z', key: 'k3', value: '{"number":3}' },
      ...{ code: 'payload-not-json', message: 'it failed: 3', rule: 'positions', headers: [] },
      source: { kind: 'mqtt', topic: 'cars/3', qos: '1', retain: 'false' },
    });
    expect((await letters('list', '--raw', '--topic', 'cars/3')).stdout).toBe('{"number":3}\n');
  });

  it('prints no more than --limit', async () => {
    expect(placesIn(await letters('list', '--limit', '3', '--rule', 'positions'))).toEqual(['0:0', '0:3', '0:6']);
  });

  it('counts letters by rule and error, the largest group first', async () => {
    const { code, stdout } = await letters('list', '--summary');
    expect([code, stdout.trimEnd().split('\n')]).toEqual([
      0,
      [
        'LETTERS  RULE       ERROR                    FIRST                     LAST',
        '40       states     kafka-message-too-large  2026-11-30T11:00:00.000Z  2026-12-02T21:00:00.000Z',
        '20       positions  payload-not-json         2026-11-30T10:00:00.000Z  2026-12-02T19:00:00.000Z',
      ],
    ]);
    const { stdout: json } = await letters('list', '--summary', '--json', '--key', 'k1');
    expect(JSON.parse(json)).toMatchObject([
      { rule: 'states', code: 'kafka-message-too-large', letters: 8 },
      { rule: 'positions', code: 'payload-not-json', letters: 4 },
    ]);
  });

  it('says that there is none', async () => {
    const outcome = await letters('list', '--dead-letter-topic', 'empty');
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: 'There are no such open dead letters.\n' });
    expect((await letters('list', '--age', '1h', '--until', '2026-11-30T10:00:00Z')).stdout).toBe('');
  });

  it('prints what is no letter on one line, and nothing that moves a cursor', async () => {
    const { code, stdout } = await letters('list', '--dead-letter-topic', 'odd');
    expect([code, stdout.split('\n').length, stdout.includes('\u001b')]).toEqual([0, 5, false]);
    expect(stdout).toMatch(/^0:0 .* no dead letter$/m);
    expect(stdout).toMatch(/^0:1 .* never-heard\ufffd\[2J .* two lines$/m);
  });

  it('goes on when Kafka fails for a moment, and loses no letter and repeats none', async () => {
    const faults = [
      kafka.faults.add({ api: 'Fetch', topic: 'dead', times: 2, notLeader: true }),
      kafka.faults.add({ api: 'Fetch', topic: 'dead', skip: 2, times: 1, drop: 'before' }),
    ];
    const outcome = await letters('list');
    for (const fault of faults) fault.remove();
    expect(faults.map(({ hits }) => hits)).toEqual([2, 1]);
    expect([outcome.code, new Set(placesIn(outcome)).size, placesIn(outcome).length]).toEqual([0, 60, 60]);
    expect(outcome.stderr).toBe('');
  });

  it('ends with the reason when a partition cannot be read, and has printed the others', async () => {
    const fault = kafka.faults.add({
      api: 'Fetch',
      topic: 'dead',
      partition: 1,
      times: Infinity,
      error: 'KAFKA_STORAGE_ERROR',
    });
    const outcome = await letters('list');
    fault.remove();
    expect([outcome.code, placesIn(outcome).length]).toEqual([69, 30]);
    expect(outcome.stderr).toContain('read partition 1 of dead');
  });
});

describe('mkb dead-letters show', () => {
  it('prints the reason with its remedy, where it came from, and the payload', async () => {
    const { code, stdout } = await letters('show', '1:1');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^place: 1:1\ntime: .*\nerror: payload-not-json\nreason: it failed: 3\nremedy: .+\nrule: positions\n/,
    );
    expect(stdout).toMatch(/from: cars\/3\nqos: 1\nretain: false\nkey: k3\n\n\{\n {2}"number": 3\n\}\n$/);
  });

  it.each([
    ['auto', '{\n  "id": 12345678901234567890,\n  "a": [\n    1.0\n  ]\n}\n'],
    ['text', '{"id": 12345678901234567890, "a": [1.0]}\n'],
    ['hex', '00000000  7b 22 69 64 22 3a 20 31 32 33 34 35 36 37 38 39  {"id": 123456789\n'],
    ['raw', '{"id": 12345678901234567890, "a": [1.0]}'],
  ])('prints a payload as %s, with every digit', async (form, expected) => {
    const { stdout } = await letters('show', '0:2', '--dead-letter-topic', 'odd', '--payload', form);
    expect(stdout).toContain(expected);
  });

  it('prints a letter of another version, with headers of its record and without a payload', async () => {
    const { stdout } = await letters('show', '0:1', '--dead-letter-topic', 'odd');
    expect(stdout).toContain('error: never-heard\ufffd[2J\nreason: two\n  lines\n');
    expect(stdout).toContain('(no payload: null)');
    expect(stdout).not.toContain('remedy:');
  });

  it.each([
    ['1:30', 'partition 1 has 0 to 29'],
    ['2:0', 'its partitions are 0 to 1'],
  ])('says that there is none at %s, and what there is', async (place, has) => {
    const { code, stdout, stderr } = await letters('show', place);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `error: dead has no record at ${place}: ${has}. [dead-letter-missing]\n  remedy: List what it has: mkb dead-letters list. Letters are deleted when the retention time of their topic is over.\n`,
    );
  });
});

describe('what cannot be read is said with a remedy:', () => {
  it.each<[what: string, args: string[], code: number, stderr: string]>([
    ['a topic that does not exist', ['--dead-letter-topic', 'absent'], 69, '[kafka-unknown-topic]'],
    ['a time that is none', ['--since', 'yesterday'], 2, 'Write a time such as'],
    ['a place that is none', ['--limit', '0'], 2, 'Write a whole number'],
  ])('%s', async (_what, args, code, stderr) => {
    const outcome = await letters('list', ...args);
    expect([outcome.code, outcome.stdout]).toEqual([code, '']);
    expect(outcome.stderr).toContain(stderr);
  });

  it('a document without a topic for dead letters', async () => {
    const other = join(folder, 'none.yaml');
    await writeFile(other, documentOf(kafka.bootstrap, undefined));
    const { code, stderr } = await mkb(['dead-letters', 'list', other]);
    expect([code, stderr]).toEqual([78, expect.stringContaining('[dead-letter-topic-missing]\n  remedy: ')]);
    await rm(other);
  });

  it('Kafka that is down', async () => {
    const other = join(folder, 'down.yaml');
    await writeFile(other, documentOf(`127.0.0.1:${await freePort()}`, 'dead'));
    const { code, stderr } = await mkb(['dead-letters', 'show', other, '0:0']);
    expect([code, stderr]).toEqual([69, expect.stringContaining('[kafka-unreachable]\n  remedy: ')]);
  });
});
