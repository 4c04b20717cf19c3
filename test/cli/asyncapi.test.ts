// A contract was checked in, and nobody noticed that the bridge did something else by then.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mkb } from './mkb-process.ts';

const documentOf = (spec: object) => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars' },
  spec: { mqtt: { url: 'mqtt://a' }, kafka: { bootstrapServers: ['a:9092'] }, ...spec },
});
const rule = (sql: string, ...sinks: object[]) => ({ name: 'r', sql, sinks });
const kafka = (topic: string, more: object = {}) => ({ kafka: { topic, ...more } });

describe('mkb asyncapi', () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  const write = (spec: object) => writeFile(file('bridge.yaml'), JSON.stringify(documentOf(spec)));
  const fast = rule('SELECT payload.speed AS speed FROM "cars/{vin}"', kafka('fast', { key: `\${vin}` }));
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mkb-asyncapi-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('--check is quiet about what it printed, whatever the form, the order and the version, and says what has changed since', async () => {
    await write({ rules: [fast] });
    const printed = await mkb(['asyncapi', file('bridge.yaml'), '--api-version', '2.3.4']);
    const json = await mkb(['asyncapi', file('bridge.yaml'), '--format', 'json']);
    expect([printed.code, printed.stderr, json.code]).toEqual([0, '', 0]);
    expect(parse(printed.stdout)).toMatchObject({ info: { version: '2.3.4' } });
    const reversed = Object.fromEntries(Object.entries(JSON.parse(json.stdout) as object).reverse());
    await writeFile(file('contract.yaml'), printed.stdout);
    await writeFile(file('contract.json'), JSON.stringify(reversed));
    for (const name of ['contract.yaml', 'contract.json'])
      expect(await mkb(['asyncapi', file('bridge.yaml'), '--check', file(name)])).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });

    await write({ mqtt: { url: 'mqtt://b' }, rules: [{ ...fast, sinks: [kafka('slow')] }] });
    const { code, stdout } = await mkb(['asyncapi', file('bridge.yaml'), '--check', file('contract.yaml')]);
    expect(code).toBe(1);
    expect(stdout).toBe(`${file('contract.yaml')} is out of date:
  ~ servers.mqtt.host: "a", now "b"
  + channels.kafka.slow
  - channels.kafka.fast
  ~ operations.r-send.channel.$ref: "#/channels/kafka.fast", now "#/channels/kafka.slow"
  ~ operations.r-send.messages
`);
  });

  it.each([
    ['nothing', '', 1],
    ['text', 'hello', 1],
    ['a list', '[1]', 1],
    ['no YAML', 'a: [', 78],
    ['an anchor of itself', 'a: &a [*a]', 78],
  ])('--check of a file with %s says so', async (_name, text, expected) => {
    await write({ rules: [fast] });
    await writeFile(file('odd.yaml'), text);
    const { code, stdout, stderr } = await mkb(['asyncapi', file('bridge.yaml'), '--check', file('odd.yaml')]);
    expect([code, expected === 1 ? stderr : stdout]).toEqual([expected, '']);
    expect(stdout + stderr).toMatch(expected === 1 ? /is out of date:\n {2}~ all/ : /^error: .* cannot be read: /);
  });

  it.each([
    ['a document that is not valid', JSON.stringify(documentOf({ rules: [rule('SELECT', kafka('t'))] }))],
    [
      'several documents',
      Array(2)
        .fill(JSON.stringify(documentOf({ rules: [fast] })))
        .join('\n---\n')
        .replace('"cars"', '"vans"'),
    ],
    ['no document', ''],
  ])('of %s there is no contract', async (_name, stdin) => {
    const { code, stdout, stderr } = await mkb(['asyncapi', '-'], { stdin });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('error');
  });
});
