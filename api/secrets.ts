/**
 * Secrets: from where the document says to a value that cannot be printed by accident. Only `reveal()` gives the text; everything
 * that turns objects into text (templates, JSON, console, pino, node:util) gets `[redacted]`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { documentField, type MqttKafkaBridge } from './bridge.ts';
import { MkbError } from './errors.ts';
import type { Path } from './problems.ts';
import type { Secret } from './schema/security.ts';
import { secretPaths } from './secret-paths.ts';
import { valueAt } from './values.ts';
import { maskUrls } from './words.ts';

export const redacted = '[redacted]';

export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. Call it where the secret is used, and nowhere else. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

export interface SecretSources {
  /** The folder of `secretKeyRef`: `<folder>/<name>/<key>`. */
  readonly secretsDir: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readText?: (file: string) => Promise<string>;
}

/**
 * Reads a secret; one newline at the end of a file or variable is left out, because editors and `echo` put it there.
 * Throws `secret-unreadable`, which names the source and never the content.
 */
export const resolveSecret = async (secret: Secret, sources: SecretSources): Promise<SecretText> => {
  if (secret.value !== undefined) return new SecretText(secret.value);
  const { secretKeyRef, env, file } = secret.valueFrom ?? {};
  if (env !== undefined) return new SecretText(withoutNewline(fromEnvironment(env, sources.env ?? process.env)));
  if (file !== undefined) return fromFile(file, `file ${file}`, sources);
  if (secretKeyRef === undefined)
    throw new MkbError('secret-unreadable', { source: 'nowhere', reason: 'it has no source' });
  const { name, key } = secretKeyRef;
  return fromFile(path.join(sources.secretsDir, name, key), `secretKeyRef ${name}/${key}`, sources);
};

const fromEnvironment = (name: string, env: Readonly<Record<string, string | undefined>>): string => {
  const text = env[name];
  if (text !== undefined && text !== '') return text;
  const reason = text === '' ? 'it is empty' : 'it is not set';
  throw new MkbError('secret-unreadable', { source: `environment variable ${name}`, reason });
};

const fromFile = async (file: string, source: string, { readText = readUtf8 }: SecretSources): Promise<SecretText> => {
  try {
    return new SecretText(withoutNewline(await readText(file)));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = `${reasons[code] ?? 'it cannot be opened'} (${file})`;
    throw new MkbError('secret-unreadable', { source, reason }, { cause });
  }
};

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'this user may not read it',
};

const readUtf8 = (file: string): Promise<string> => readFile(file, 'utf8');

const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');

/** Where kubectl keeps the document as it was applied, secrets and all. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** A copy that is safe to print: secrets written in the document are replaced; where other secrets come from stays. */
export const redact = (document: MqttKafkaBridge): MqttKafkaBridge => {
  const copy = structuredClone(document);
  for (const path of secretPaths(documentField, copy)) redactAt(copy, path);
  maskAddresses(copy);
  const { annotations } = copy.metadata;
  if (annotations?.[lastApplied] !== undefined) annotations[lastApplied] = redacted;
  return copy;
};

/** Some servers take a token in the query of their address. */
const maskAddresses = ({ spec: { mqtt, kafka } }: MqttKafkaBridge): void => {
  if (mqtt.url !== undefined) mqtt.url = maskUrls(mqtt.url);
  if (mqtt.urls !== undefined) mqtt.urls = mqtt.urls.map(url => maskUrls(url));
  const { jwt, http } = mqtt.clients ?? {};
  if (jwt?.jwksUrl !== undefined) jwt.jwksUrl = maskUrls(jwt.jwksUrl);
  if (http) http.url = maskUrls(http.url);
  const oauth = kafka.auth?.oauth;
  if (oauth) oauth.tokenEndpoint = maskUrls(oauth.tokenEndpoint);
};

const redactAt = (document: unknown, path: Path): void => {
  const secret = valueAt(document, path);
  if (typeof secret === 'object' && secret !== null && 'value' in secret) secret.value = redacted;
};
