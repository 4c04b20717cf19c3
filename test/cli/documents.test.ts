import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchema } from '../../rules/editor-schema.ts';
import { documentOf } from '../api/support/documents.ts';
import { mkb } from './mkb-process.ts';

const document = `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt:
    url: mqtt://localhost:1883
    auth: {username: me, password: {value: hunter2}}
  kafka: {bootstrapServers: [localhost:9092]}
  rules:
    - name: all
      sql: |
        SELECT payload
        FROM "cars/{vin}"
      sinks:
        - kafka: {topic: cars, key: "\${vin}"}
`;

let folder: string;
let file: string;
const write = (text: string) => writeFile(file, text);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-cli-'));
  file = path.join(folder, 'bridge.yaml');
  await write(document);
});
afterEach(() => rm(folder, { recursive: true }));

describe('validate', () => {
  it('names each document that is valid', async () => {
    expect(await mkb(['validate', file])).toEqual({ code: 0, stdout: `${file}: cars is valid\n`, stderr: '' });
  });

  it('reads standard input', async () => {
    expect(await mkb(['validate', '-'], { stdin: document })).toEqual({
      code: 0,
      stdout: '<stdin>: cars is valid\n',
      stderr: '',
    });
  });

  // It said that the operator's configuration is not a bridge; a typo in it was found when every bridge of the cluster failed to roll.
  it("looks at the operator's configuration too", async () => {
    const configuration = (podTemplate: string) =>
      `apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaOperator\nspec: {defaults: {podTemplate: ${podTemplate}}}\n`;
    await write(`${document}---\n${configuration('{spec: {tolerations: []}}')}`);
    expect(await mkb(['validate', file])).toEqual({
      code: 0,
      stdout: `${file}: cars is valid\n${file}: the MqttKafkaOperator is valid\n`,
      stderr: '',
    });
    await write(configuration('{spec: {tolerationz: []}}'));
    const { code, stdout, stderr } = await mkb(['validate', file]);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(`${file}:3:40: error: there is no field tolerationz; did you mean tolerations?`);
  });

  it('names typos in what is passed on to Kubernetes, and what the operator may not trust', async () => {
    const overrides = `
  bridge: {podTemplate: {spec: {nodeselector: {}}}}
  overrides:
    - {kind: Service, patch: {spec: {ports: [{port: 1, apProtocol: mqtt}]}}}
    - {kind: PodMonitor, patch: {spec: {jobLabel: x}}}
`;
    await write(`${document.trimEnd()}${overrides}`);
    const { code, stderr } = await mkb(['validate', file]);
    expect(code).toBe(78);
    expect(stderr).toContain('at spec.bridge.podTemplate.spec.nodeselector');
    expect(stderr).toContain('at spec.overrides[0].patch.spec.ports[0].apProtocol');
    expect(stderr).toContain('warning: `spec.jobLabel` of a PodMonitor reaches beyond the namespace');
    expect(stderr).toMatch(/\n2 errors\n$/);
  });

  it('tells what is wrong with its place, and ends with 78', async () => {
    await write(document.replace('url: mqtt', 'url: tcp').replace('topic: cars', 'topic: cars, kye: x'));
    const { code, stdout, stderr } = await mkb(['validate', file]);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(`${file}:6:10: error: Found "tcp://localhost:1883"`);
    expect(stderr).toContain(
      `${file}:15:32: error: \`kye\` is not a field here. Did you mean \`key\`? [field-unknown]`,
    );
    expect(stderr).toMatch(/\n2 errors\n$/);
  });

  it('tells what is wrong with the SQL at its place in the file', async () => {
    await write(document.replace('FROM', 'FORM'));
    const { code, stderr } = await mkb(['validate', file]);
    expect(code).toBe(78);
    expect(stderr).toContain(`${file}:13:14: error: `);
    expect(stderr).toContain('[rule-syntax]');
  });

  it('refuses a template that can never have a value', async () => {
    await write(document.replace('${vin}', '${vim}'));
    const { code, stderr } = await mkb(['validate', file]);
    expect(code).toBe(78);
    expect(stderr).toMatch(/:15:\d+: error: .*vim/);
    expect(stderr).toContain('[template-unresolvable]');
  });

  it('refuses by name what this version cannot run', async () => {
    await write(
      document
        .replace('url: mqtt://localhost:1883', 'listen: [{port: 1883}]')
        .replace('auth: {username: me, password: {value: hunter2}}', 'clients: {passwords: {value: x}}')
        .replace('kafka: {topic: cars, key: "${vin}"}', 'mqtt: {topic: cars, retain: true}'),
    );
    const { code, stderr } = await mkb(['validate', file]);
    expect(code).toBe(78);
    expect(stderr).toContain(`${file}:15:31: error: `);
    expect(stderr).toContain('[part-unsupported]');
  });

  it('--json tells programs the same', async () => {
    await write(document.replace('name: cars', 'name: Cars'));
    const { code, stdout, stderr } = await mkb(['validate', '--json', file]);
    expect([code, stderr]).toEqual([78, '']);
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      documents: [],
      problems: [
        expect.objectContaining({
          severity: 'error',
          code: 'field-value',
          file,
          line: 3,
          column: 18,
          path: 'metadata.name',
        }),
      ],
    });
  });

  it('--json names the documents that are valid', async () => {
    const { code, stdout } = await mkb(['validate', '--json', folder]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ valid: true, documents: [{ file, name: 'cars' }], problems: [] });
  });

  it('has no colours where there is no terminal', async () => {
    await write('a: 1');
    expect((await mkb(['validate', file])).stderr).not.toContain('\x1b');
  });
});

describe('config print', () => {
  it('fills in defaults and shows no secret', async () => {
    const { code, stdout, stderr } = await mkb(['config', 'print', '--redact', file]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('hunter2');
    const { spec } = parse(stdout);
    expect(spec.mqtt.auth.password).toEqual({ value: '[redacted]' });
    expect(spec.kafka.producer).toMatchObject({ acks: 'all', linger: '5ms' });
    expect(spec.rules[0].sql).toBe('SELECT payload\nFROM "cars/{vin}"\n');
  });

  it('shows no secret without --redact either', async () => {
    const { stdout } = await mkb(['config', 'print', file]);
    expect(stdout).toBe((await mkb(['config', 'print', '--redact', file])).stdout);
  });

  it('prints what is a valid document again', async () => {
    const { stdout } = await mkb(['config', 'print', file]);
    expect((await mkb(['validate', '-'], { stdin: stdout })).code).toBe(0);
  });

  it('prints nothing of a document that is not valid', async () => {
    await write(document.replace('name: cars', 'name: Cars'));
    const { code, stdout, stderr } = await mkb(['config', 'print', file]);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('metadata.name');
  });

  it('prints several documents with a line between', async () => {
    await writeFile(path.join(folder, 'b.json'), JSON.stringify({ ...documentOf(), metadata: { name: 'bikes' } }));
    const { stdout } = await mkb(['config', 'print', folder]);
    expect(stdout.split('---\n').map(text => parse(text).metadata.name)).toEqual(['bikes', 'cars']);
  });
});

it('schema prints the JSON Schema', async () => {
  const { code, stdout } = await mkb(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(editorSchema());
});
