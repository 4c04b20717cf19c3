import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format, inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { redact, resolveSecret, SecretText } from '../../api/secrets.ts';
import { documentOf } from './support/documents.ts';

describe('a secret is found', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mkb-secrets-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = async (secret: Parameters<typeof resolveSecret>[0], env = {}) =>
    (await resolveSecret(secret, { secretsDir: folder, env })).reveal();

  it('in the document, where a newline belongs to it', async () => {
    expect(await read({ value: 'a\n' })).toBe('a\n');
  });

  it('in the environment', async () => {
    expect(await read({ valueFrom: { env: 'X' } }, { X: 'a' })).toBe('a');
  });

  it.each([
    ['a', 'a'],
    ['a\n', 'a'],
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    [' a ', ' a '],
    ['', ''],
  ])('in a file, without one newline at its end: %j is %j', async (content, expected) => {
    await writeFile(path.join(folder, 'f'), content);
    expect(await read({ valueFrom: { file: path.join(folder, 'f') } })).toBe(expected);
  });

  it('in a Kubernetes Secret that is a folder here', async () => {
    await mkdir(path.join(folder, 'mqtt'));
    await writeFile(path.join(folder, 'mqtt', 'password'), 'a\n');
    expect(await read({ valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } })).toBe('a');
  });

  it.each([
    [{ valueFrom: { env: 'X' } }, 'environment variable X'],
    [{ valueFrom: { file: '/nowhere/f' } }, 'file /nowhere/f cannot be read: there is no such file'],
    [{ valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } }, 'secretKeyRef mqtt/password'],
    [{}, 'nowhere'],
  ])('or the error names where it was looked for: %j', async (secret, source) => {
    await expect(read(secret)).rejects.toMatchObject({
      code: 'secret-unreadable',
      message: expect.stringContaining(source),
    });
  });
});

describe('a secret cannot be printed by accident', () => {
  const secret = new SecretText('hunter2');

  it.each([
    ['in a template', `${secret}`],
    ['as text', String(secret)],
    ['as JSON', JSON.stringify({ secret })],
    ['by node:util', format('%s %o %j %O', secret, secret, secret, { deep: { secret } })],
    ['by inspect', inspect(secret, { showHidden: true, depth: null })],
    ['by its fields', Object.values(secret).join() + JSON.stringify({ ...secret })],
  ])('%s', (_, printed) => {
    expect(printed).not.toContain('hunter2');
  });

  it('and reveal() gives it', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});

describe('a redacted document', () => {
  const value = 'hunter2';
  const document = completeDocument({
    ...documentOf({
      mqtt: {
        url: 'wss://broker',
        auth: { username: 'me', password: { value } },
        tls: { cert: { value }, key: { value }, ca: { valueFrom: { file: 'ca.pem' } } },
        webSocket: { headers: [{ name: 'authorization', value }] },
      },
      kafka: {
        bootstrapServers: ['k:1'],
        auth: {
          mechanism: 'oauthbearer',
          oauth: { tokenEndpoint: 'https://t', clientId: 'c', clientSecret: { value } },
        },
      },
    }),
    metadata: { name: 'cars', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': value } },
  });

  it('holds no secret', () => {
    expect(JSON.stringify(redact(document))).not.toContain(value);
  });

  it('holds none of those that log clients in', () => {
    const secret = { value };
    const jwt = { jwksUrl: `https://u:${value}@idp/keys?key=${value}`, algorithms: ['RS256'] };
    const http = { url: `https://u:${value}@auth/?key=${value}`, headers: [{ name: 'authorization', value }] };
    for (const clients of [{ passwords: secret, jwt, http }, { jwt: { secret, algorithms: ['HS256'] } }]) {
      const mqtt = { listen: [{ port: 1883 }], clients };
      const text = JSON.stringify(redact(completeDocument(documentOf({ mqtt }))));
      expect(text).toContain('"clients"');
      expect(text).not.toContain(value);
    }
  });

  it('says where other secrets come from, and is otherwise the same', () => {
    const { spec } = redact(document);
    expect(spec.mqtt.tls!.ca).toEqual({ valueFrom: { file: 'ca.pem' } });
    expect(spec.mqtt.auth).toEqual({ username: 'me', password: { value: '[redacted]' } });
    expect(spec.kafka.producer).toEqual(document.spec.kafka.producer);
  });

  it('leaves the document itself as it was', () => {
    redact(document);
    expect(document.spec.mqtt.auth!.password!.value).toBe(value);
  });
});
