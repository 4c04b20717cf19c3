/**
 * The registries of a bridge: they give what `schema_encode` writes with before the first message, and what a message needs when it comes.
 *
 * A registry that is away is asked again for ever, as Kafka is: the message that needs it waits, and the MQTT broker keeps those behind it.
 * A schema that is not there is asked for a little longer, as one that was registered a moment ago may not have reached each replica of the
 * registry; then it is refused, and so is the message.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { type ErrorDetails, MkbError } from '../../api/errors.ts';
import type { RegistrySection, SchemaSection } from '../../api/schema/schemas.ts';
import { resolveSecret, type SecretSources } from '../../api/secrets.ts';
import { durationMs } from '../../api/units.ts';
import { backoffMs } from '../../network/backoff.ts';
import { tlsTexts } from '../../network/tls-settings.ts';
import type { Registration, RegistrySchema } from '../../rules/schemas/registry.ts';
import type { Schemas } from '../../rules/schemas/schemas.ts';
import { RegistryClient, type RegistryOptions } from './client.ts';
import { idOfSchema, type SchemaText, schemaOfId, schemaOfSubject } from './fetch-schema.ts';

/** A registry of the document, and the schema of the rules that it feeds. */
interface Feed {
  readonly schema: RegistrySchema;
  readonly client: RegistryClient;
  readonly section: RegistrySection;
  /** Schemas of the document, which may be registered. */
  readonly texts: ReadonlyMap<string, SchemaText>;
}

/** How often a registry must say that it has no such schema. */
const missesBelieved = 3;
const firstPauseMs = 200;
const longestPauseMs = 5000;

export class Registries {
  readonly #feeds: readonly Feed[];
  readonly #closed = new AbortController();

  constructor(feeds: readonly Feed[]) {
    this.#feeds = feeds;
  }

  /** Fetches what messages are written with. Call again after a retryable error; throws `registry-schema-missing` and its like. */
  async start(): Promise<void> {
    for (const { schema, client, section } of this.#feeds) {
      if (section.subject === undefined) continue;
      const version = await schemaOfSubject(client, section.subject, section.version ?? 'latest');
      schema.learn(version.id, version.schema);
      schema.writeWith(version.id);
    }
  }

  /**
   * Fetches a schema that a rule misses, or registers one, and returns when it is there, or known to be none. Never rejects.
   *
   * @param problem is told of each failure that is retried
   * @returns false if this was closed before
   */
  async obtain(missing: ErrorDetails<'schema-pending'>, problem: (error: MkbError) => void): Promise<boolean> {
    const feed = this.#feeds.find(({ schema }) => schema.name === missing.name);
    const what = missing.registration ?? missing.id;
    // What messages are written with is there since `start`.
    if (feed === undefined || what === undefined) return true;
    let misses = 0;
    for (let attempt = 0; !this.#closed.signal.aborted; attempt++) {
      const error = await this.#fetch(feed, what);
      if (error === undefined) return true;
      if (MkbError.is(error, 'registry-schema-missing')) misses++;
      else problem(error);
      if (misses === missesBelieved) {
        feed.schema.refuse(what, error.message);
        return true;
      }
      const ms = backoffMs(attempt, firstPauseMs, longestPauseMs);
      await pause(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
    return false;
  }

  close(): void {
    this.#closed.abort();
    for (const { client } of this.#feeds) client.close();
  }

  /** Returns why the schema is not decided yet, if it is not. */
  async #fetch({ schema, client, texts }: Feed, what: number | Registration): Promise<MkbError | undefined> {
    try {
      if (typeof what === 'number') schema.learn(what, await schemaOfId(client, what));
      else schema.register(what, await idOfSchema(client, what.subject, texts.get(what.schema)!));
      return undefined;
    } catch (error) {
      const known = asMkbError(error);
      const forGood = MkbError.is(known, 'registry-schema-invalid') || MkbError.is(known, 'registry-schema-refused');
      if (!forGood) return known;
      schema.refuse(what, known.message);
      return undefined;
    }
  }
}

/** The registries that a document names. Throws `secret-unreadable`. */
export async function prepareRegistries(
  documents: readonly SchemaSection[],
  schemas: Schemas,
  secrets: SecretSources,
): Promise<Registries> {
  const texts = new Map(documents.map(({ name, avro, json }) => [name, textOf(avro, json)]));
  const feeds = documents.flatMap(({ name, registry }) => {
    const schema = schemas.registries.find(each => each.name === name);
    return registry === undefined || schema === undefined ? [] : [{ schema, section: registry, texts }];
  });
  const connected = feeds.map(async feed => ({
    ...feed,
    client: new RegistryClient(await registryOptions(feed.section, secrets)),
  }));
  return new Registries(await Promise.all(connected));
}

/** Only these can be registered by a rule. */
function textOf(avro: string | undefined, json: string | undefined): SchemaText {
  return avro === undefined ? { schemaType: 'JSON', schema: json ?? '' } : { schemaType: 'AVRO', schema: avro };
}

/** Secrets are read for each request, and certificates for each connection, so that they may change; once now, so that a fault is found at start. */
async function registryOptions(section: RegistrySection, secrets: SecretSources): Promise<RegistryOptions> {
  const { url, auth, tls, requestTimeout } = section;
  const readTls = tls && (() => tlsTexts(tls, secrets, 'spec.schemas[].registry.tls'));
  const authorization = auth && (() => authorizationOf(auth, secrets));
  await Promise.all([readTls?.(), authorization?.()]);
  return {
    url,
    requestTimeoutMs: durationMs(requestTimeout),
    ...(readTls && { tls: readTls }),
    ...(authorization && { authorization }),
  };
}

async function authorizationOf(
  { token, basic }: NonNullable<RegistrySection['auth']>,
  secrets: SecretSources,
): Promise<string> {
  if (token) return `Bearer ${(await resolveSecret(token, secrets)).reveal()}`;
  const password = (await resolveSecret(basic!.password, secrets)).reveal();
  return `Basic ${Buffer.from(`${basic!.username}:${password}`).toString('base64')}`;
}
