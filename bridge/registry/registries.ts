/**
 * The registries of a bridge: they give what `schema_encode` writes with, asked for from the start on, and what a message needs when it comes.
 *
 * A registry that is unavailable is asked again for ever, as Kafka is. Only rules whose messages need it wait, and nothing else of the bridge
 * does, not even its start. So a subject that is missing is asked for again as well: it may come later.
 *
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

/** What became of one question. */
export interface RegistryLook {
  readonly schema: string;
  readonly url: string;
  readonly subject: string | undefined;
  readonly error: MkbError | undefined;
}

/** How often a registry must say that it has no such schema. */
const missesBelieved = 3;
const firstPauseMs = 200;
const longestPauseMs = 5000;
/** After what only a person can change. */
const refusedPauseMs = 30_000;

/** Hears of each failure that is retried. */
type ReportProblem = (error: MkbError) => void;

export class Registries {
  readonly #feeds: readonly Feed[];
  readonly #closed = new AbortController();
  readonly #writers = new Map<Feed, Promise<boolean>>();
  /** Why what is asked for is not there, by who asks. */
  readonly #waits = new Map<Feed, Map<object, string>>();

  constructor(feeds: readonly Feed[]) {
    this.#feeds = feeds;
  }

  /** Begins to fetch what messages are written with. @param problem is called with each failure; all are retried */
  start(problem: ReportProblem): void {
    for (const feed of this.#feeds) if (feed.section.subject !== undefined) void this.#writerOf(feed, problem);
  }

  /**
   * Fetches a schema that a rule misses, or registers one, and returns when it is there, or known to be none. Never rejects.
   *
   * @param problem is called with each failure that is retried
   * @returns false if this was closed before
   */
  async obtain(missing: ErrorDetails<'schema-pending'>, problem: ReportProblem): Promise<boolean> {
    const feed = this.#feeds.find(({ schema }) => schema.name === missing.name);
    if (feed === undefined) return true;
    const what = missing.registration ?? missing.id;
    if (what === undefined) return await this.#writerOf(feed, problem);
    let misses = 0;
    return await this.#untilDone(feed, problem, async () => {
      const error = await this.#fetch(feed, what);
      if (!MkbError.is(error, 'registry-schema-missing')) return error;
      if (++misses < missesBelieved) return 'missing';
      feed.schema.refuse(what, error.message);
      return undefined;
    });
  }

  /** What rules wait for, each in a sentence. */
  missing(): readonly string[] {
    return [...this.#waits].flatMap(([{ schema }, reasons]) =>
      [...reasons.values()]
        .slice(-1)
        .map(reason => `rules wait for schema ${schema.name}: ${reason.replace(/\.$/, '')}`),
    );
  }

  /** Asks each registry once: for the schema that messages are written with, or whether it answers us at all. Throws nothing. */
  async *look(): AsyncGenerator<RegistryLook> {
    for (const feed of this.#feeds) {
      const { subject, url } = feed.section;
      const error = await (subject === undefined ? answers(feed) : fetchWriter(feed)).then(() => undefined, asMkbError);
      yield { schema: feed.schema.name, url, subject, error };
    }
  }

  close(): void {
    this.#closed.abort();
    for (const { client } of this.#feeds) client.close();
  }

  /** What messages are written with. Asked for once, however many wait for it. */
  #writerOf(feed: Feed, problem: ReportProblem): Promise<boolean> {
    let writer = this.#writers.get(feed);
    if (writer === undefined) {
      writer = this.#untilDone(feed, problem, () => fetchWriter(feed).then(() => undefined, asMkbError));
      this.#writers.set(feed, writer);
    }
    return writer;
  }

  /** @param action returns why it is to be repeated; 'missing' for what is not worth a report yet. Returns false if this was closed. */
  async #untilDone(
    feed: Feed,
    problem: ReportProblem,
    action: () => Promise<MkbError | 'missing' | undefined>,
  ): Promise<boolean> {
    const { signal } = this.#closed;
    const waits = this.#waits.get(feed) ?? new Map<object, string>();
    this.#waits.set(feed, waits);
    waits.set(action, `${feed.section.url} has not answered yet`);
    try {
      for (let attempt = 0; !signal.aborted; attempt++) {
        const error = await action();
        if (error === undefined) return true;
        if (error !== 'missing' && !signal.aborted) {
          problem(error);
          waits.set(action, error.message);
        }
        const permanent = error !== 'missing' && error.kind === 'permanent';
        const ms = backoffMs(attempt, firstPauseMs, permanent ? refusedPauseMs : longestPauseMs);
        await pause(ms, undefined, { signal }).catch(() => undefined);
      }
      return false;
    } finally {
      waits.delete(action);
    }
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

/** The largest id there can be: a registry that has no such schema has let us in. */
const nobodysId = 2_147_483_647;

async function answers({ client }: Feed): Promise<void> {
  try {
    await client.get(`/schemas/ids/${nobodysId}`);
  } catch (error) {
    if (!MkbError.is(error, 'registry-schema-missing')) throw error;
  }
}

/** Throws what a registry answers. */
async function fetchWriter({ schema, client, section }: Feed): Promise<void> {
  const version = await schemaOfSubject(client, section.subject!, section.version ?? 'latest');
  schema.learn(version.id, version.schema);
  schema.writeWith(version.id);
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
