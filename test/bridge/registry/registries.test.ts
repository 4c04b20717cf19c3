/** Against a registry over HTTP on this machine, which answers as Confluent's documentation of its API says. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import type { SchemaSection } from '../../../api/schema/schemas.ts';
import { prepareRegistries, type Registries } from '../../../bridge/registry/registries.ts';
import type { RegistrySchema } from '../../../rules/schemas/registry.ts';
import { schemasOf } from '../../../rules/schemas/schemas.ts';
import { makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { plainly } from '../../rules/schemas/plainly.ts';
import { SchemaRegistry } from '../../support/schema-registry.ts';

const point = '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}';
const message = (id: number, hex: string): Buffer => Buffer.from(`00${id.toString(16).padStart(8, '0')}${hex}`, 'hex');

let registry: SchemaRegistry;
let registries: Registries | undefined;
const problems: string[] = [];

beforeEach(async () => {
  registry = await SchemaRegistry.start();
  problems.length = 0;
});
afterEach(async () => {
  registries?.close();
  await registry.stop();
});

const prepare = async (section: Partial<SchemaSection['registry']> = {}) => {
  const documents: SchemaSection[] = [
    { name: 'point', avro: point },
    { name: 'cars', registry: { url: registry.url, requestTimeout: '10s', ...section } },
  ];
  const schemas = schemasOf(documents);
  registries = await prepareRegistries(documents, schemas, { secretsDir: '' });
  return { cars: schemas.find('cars')!, registries };
};

const obtain = (id: number, name = 'cars') =>
  registries!.obtain({ name, id }, ({ code }: MkbError) => problems.push(code));

/** Returns when there is something to write with. */
const started = async (): Promise<void> => {
  registries!.start(({ code }) => problems.push(code));
  await registries!.obtain({ name: 'cars', id: undefined }, () => undefined);
};

/** What keeps messages from being written, first. */
const firstFailure = (): Promise<MkbError> => new Promise(resolve => registries!.start(resolve));

describe('what messages are written with', () => {
  test('is the latest version of the subject, when the bridge starts', async () => {
    registry.add('cars/value', { id: 5, schema: '"int"' });
    registry.add('cars/value', { id: 9, schema: point });
    const { cars } = await prepare({ subject: 'cars/value' });
    await started();
    expect(cars.encode({ x: 5 })).toEqual(message(9, '0a'));
    expect(registry.asked).toEqual(['/subjects/cars%2Fvalue/versions/latest']);
  });

  test('is the version that the document names', async () => {
    registry.add('cars', { id: 5, schema: '"int"' });
    registry.add('cars', { id: 9, schema: point });
    const { cars } = await prepare({ subject: 'cars', version: 1 });
    await started();
    expect(cars.encode(7)).toEqual(message(5, '0e'));
  });

  test.each<[number, string, MkbError['kind']]>([
    [404, 'registry-schema-missing', 'permanent'],
    [401, 'registry-not-authorised', 'retryable'],
    [403, 'registry-not-authorised', 'retryable'],
    [500, 'registry-failed', 'retryable'],
  ])('HTTP %i at the start is %s, which is %s', async (status, code, kind) => {
    await prepare({ subject: 'cars' });
    registry.failure = { status };
    expect(await firstFailure()).toMatchObject({ code, kind });
  });

  test('a registry that is away is one to ask again', async () => {
    await prepare({ subject: 'cars' });
    registry.failure = 'reset';
    expect(await firstFailure()).toMatchObject({
      code: 'registry-unreachable',
      kind: 'retryable',
    });
  });

  test.each([
    ['hello', 'the answer is no JSON object'],
    ['[1', 'the answer is no JSON object'],
    ['{}', 'the answer has no id'],
    ['{"id": 5}', 'the answer has no schema'],
    [' '.repeat(17 * 1024 * 1024), 'the answer has more than 16 MiB'],
  ])('an answer that makes no sense is told: %.20s', async (body, reason) => {
    await prepare({ subject: 'cars' });
    registry.failure = { status: 200, body };
    const error = await firstFailure();
    expect([error.code, error.message]).toEqual(['registry-failed', expect.stringContaining(reason)]);
  });

  test('a registry that does not answer is not waited for longer than it may take', async () => {
    await prepare({ subject: 'cars', requestTimeout: '20ms' });
    registry.failure = 'silence';
    const error = await firstFailure();
    expect([error.code, error.message]).toEqual(['registry-unreachable', expect.stringContaining('it took too long')]);
  });

  // A typing error in `subject` ended the bridge, and the schema that was registered a moment later was not looked for.
  test.each<[string, SchemaRegistry['failure']]>([
    ['refuses', { status: 401 }],
    ['fails', { status: 500 }],
    ['has nothing', { status: 404 }],
    ['does not answer', 'silence'],
    ['is cut off', 'reset'],
    ['answers what nobody knows', { status: 299, body: '{}' }],
  ])('a registry that %s is asked until it has the schema, and is named meanwhile', async (_, failure) => {
    await prepare({ subject: 'cars', requestTimeout: '50ms' });
    registry.failure = failure;
    registries!.start(({ code }) => problems.push(code));
    expect(registries!.missing()).toEqual([`rules wait for schema cars: ${registry.url} has not answered yet`]);
    await until('two failures', () => problems.length >= 2, { everyMs: 2 });
    expect(registries!.missing()).toEqual([expect.stringContaining(registry.url)]);
    registry.add('cars', { id: 9, schema: point });
    registry.failure = undefined;
    await until('the schema', () => registries!.missing().length === 0, { everyMs: 2 });
    expect(problems.every(code => code.startsWith('registry-'))).toBe(true);
  });

  test('a schema that cannot be used is told, with its place', async () => {
    registry.add('cars', {
      id: 5,
      schema: '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "itn"}]}',
    });
    await prepare({ subject: 'cars' });
    const error = await firstFailure();
    expect(error).toMatchObject({ code: 'registry-schema-invalid', kind: 'permanent' });
    expect(error.message).toContain('at fields[0].type: there is no type itn (did you mean int?)');
  });
});

describe('what a message was written with', () => {
  test.each<[string, object, string, unknown]>([
    ['Avro', { schema: point }, '0a', { x: 5 }],
    ['JSON Schema', { schema: '{"required": ["x"]}', schemaType: 'JSON' }, '7b2278223a357d', { x: 5 }],
    [
      'Protobuf',
      { schema: 'syntax = "proto3"; message A { int32 y = 1; } message P { int32 x = 1; }', schemaType: 'PROTOBUF' },
      '02020805',
      { x: 5 },
    ],
  ])('is fetched by its id: %s', async (_kind, schema, hex, value) => {
    registry.add('s', { id: 300, ...schema } as never);
    const { cars } = await prepare();
    expect(await obtain(300)).toBe(true);
    expect(plainly(cars.decode(message(300, hex)))).toEqual(value);
    expect(registry.asked).toEqual(['/schemas/ids/300']);
  });

  test('comes with what it refers to, however deep', async () => {
    registry.add('id', { id: 1, schema: '{"type": "fixed", "name": "Id", "size": 1}' });
    const car = '{"type": "record", "name": "Car", "fields": [{"name": "id", "type": "Id"}]}';
    registry.add('car', { id: 2, schema: car, references: [{ name: 'Id', subject: 'id', version: 1 }] });
    const references = [
      { name: 'Car', subject: 'car', version: 1 },
      { name: 'Id', subject: 'id', version: 1 },
    ];
    const fleet =
      '{"type": "record", "name": "Fleet", "fields": [{"name": "car", "type": "Car"}, {"name": "of", "type": "Id"}]}';
    registry.add('fleet', { id: 3, schema: fleet, references });
    const { cars } = await prepare();
    await obtain(3);
    expect(plainly(cars.decode(message(3, '4142')))).toEqual({ car: { id: Buffer.from('A') }, of: Buffer.from('B') });
  });

  test('comes with the files that it imports', async () => {
    const at = 'syntax = "proto3"; package p; message At { int32 x = 1; }';
    registry.add('at', { id: 1, schema: at, schemaType: 'PROTOBUF' });
    registry.add('car', {
      id: 2,
      schema: 'syntax = "proto3"; package p; import "at.proto"; message Car { At at = 1; }',
      schemaType: 'PROTOBUF',
      references: [{ name: 'at.proto', subject: 'at', version: 1 }],
    });
    const { cars } = await prepare();
    await obtain(2);
    expect(plainly(cars.decode(message(2, '000a020805')))).toEqual({ at: { x: 5 } });
  });

  test('is asked for until the registry answers, and each failure is told', async () => {
    registry.add('s', { id: 7, schema: point });
    registry.failure = { status: 503 };
    const { cars } = await prepare();
    const obtained = obtain(7);
    await until('two failures', () => problems.length >= 2, { everyMs: 2 });
    registry.failure = undefined;
    expect(await obtained).toBe(true);
    expect(plainly(cars.decode(message(7, '0a')))).toEqual({ x: 5 });
    expect(new Set(problems)).toEqual(new Set(['registry-failed']));
  });

  test('may be registered a moment later: one answer that it is not there is not believed', async () => {
    const { cars } = await prepare();
    const obtained = obtain(7);
    await until('the first question', () => registry.asked.length === 1, { everyMs: 2 });
    registry.add('s', { id: 7, schema: point });
    expect(await obtained).toBe(true);
    expect(plainly(cars.decode(message(7, '0a')))).toEqual({ x: 5 });
  });

  test('is refused when the registry says three times that there is none', async () => {
    const { cars } = await prepare();
    expect(await obtain(7)).toBe(true);
    expect(registry.asked).toHaveLength(3);
    expect(() => cars.decode(message(7, '0a'))).toThrow(`has nothing at ${registry.url}/schemas/ids/7`);
  });

  test('is refused when it cannot be used', async () => {
    registry.add('s', { id: 7, schema: '"strin"' });
    registry.add('s', { id: 8, schema: 'x', schemaType: 'THRIFT' });
    const { cars } = await prepare();
    await obtain(7);
    await obtain(8);
    expect(() => cars.decode(message(7, '0a'))).toThrow('did you mean string?');
    expect(() => cars.decode(message(8, '0a'))).toThrow('its type is THRIFT');
  });

  test('is no longer asked for when the bridge has stopped', async () => {
    registry.failure = 'reset';
    await prepare();
    const obtained = obtain(7);
    await until('a failure', () => problems.length > 0, { everyMs: 2 });
    registries!.close();
    expect(await obtained).toBe(false);
  });
});

describe('a schema of the document', () => {
  const registration = { schema: 'point', subject: 'points/value' };
  const register = () =>
    registries!.obtain({ name: 'cars', id: undefined, registration }, ({ code }) => problems.push(code));

  test('is registered under a subject, once', async () => {
    registry.add('other', { id: 5, schema: '"int"' });
    const { cars } = await prepare();
    expect(await register()).toBe(true);
    expect((cars as RegistrySchema).idOf(registration)).toBe(6);
    expect(registry.asked).toEqual(['/subjects/points%2Fvalue/versions']);
    await prepare();
    await register();
    expect((cars as RegistrySchema).idOf(registration)).toBe(6);
  });

  test('that the subject does not take fails permanently, with the reason of the registry', async () => {
    registry.incompatible = point;
    const { cars } = await prepare();
    expect(await register()).toBe(true);
    expect(() => (cars as RegistrySchema).idOf(registration)).toThrow('Schema being registered is incompatible');
    expect(problems).toEqual([]);
  });
});

describe('login', () => {
  test('with a user name and a password', async () => {
    await prepare({ auth: { basic: { username: 'ada', password: { value: 'p:w' } } } });
    await obtain(1);
    expect(registry.authorization).toBe(`Basic ${Buffer.from('ada:p:w').toString('base64')}`);
  });

  test('with a token', async () => {
    await prepare({ auth: { token: { value: 'secret' } } });
    await obtain(1);
    expect(registry.authorization).toBe('Bearer secret');
  });

  test('with a secret that cannot be read, the bridge does not start', async () => {
    const auth = { token: { valueFrom: { env: 'MKB_TEST_NO_SUCH_VARIABLE' } } };
    await expect(prepare({ auth })).rejects.toMatchObject({ code: 'secret-unreadable' });
  });
});

describeReal('openssl')('https', () => {
  test('is trusted by the authority of the document, who is told who we are, and not without it', async () => {
    const folder = temporaryFolder('registry');
    onTestFinished(() => removeFolder(folder));
    const { ca, serverCertFile, serverKeyFile, clientCert, clientKey } = makeCertificates(folder);
    const [cert, key] = [readFileSync(serverCertFile), readFileSync(serverKeyFile)];
    const secure = await SchemaRegistry.start({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
    onTestFinished(() => secure.stop());
    secure.add('s', { id: 7, schema: point });
    const ours = {
      ca: { value: ca },
      cert: { value: clientCert },
      key: { value: clientKey },
      insecureSkipVerify: false,
    };
    const { cars } = await prepare({ url: secure.url, tls: ours });
    expect(await obtain(7)).toBe(true);
    expect(plainly(cars.decode(message(7, '0a')))).toEqual({ x: 5 });
    registries!.close();
    await prepare({ url: secure.url, subject: 's' });
    expect(await firstFailure()).toMatchObject({ code: 'tls-untrusted' });
  });
});
