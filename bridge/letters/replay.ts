/**
 * Replays dead letters: what a letter holds goes through its rule again, in the bridge's own pipeline, to the sink that failed.
 *
 * A letter is done when everything that was made of it is where it belongs, and the group's offset says so. So a crash in between sends a letter
 * again (at least once), and counts it once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import type { SecretSources } from '../../api/secrets.ts';
import { documentWorld } from '../../rules/document-world.ts';
import { JqThreads } from '../../rules/jq/threads.ts';
import { memoryBytes } from '../buffer-settings.ts';
import { type Outcome, outcomes } from '../flow/outcome.ts';
import { Pipeline } from '../flow/pipeline.ts';
import { prepareRegistries } from '../registry/registries.ts';
import { TableFeeds } from '../tables/table-feeds.ts';
import { type Done, encodeDone, type Selection, withWorked } from './done.ts';
import { type Letter, placeOf } from './letter.ts';
import type { LetterGroup } from './letter-group.ts';
import { Progress } from './progress.ts';
import type { LetterReader } from './reader.ts';
import { type Destination, partsOf, ReplayRules } from './replay-rules.ts';
import { drySinks, replaySinks } from './replay-sinks.ts';
import { ReplaySource } from './replay-source.ts';

export interface ReplayOptions {
  readonly secrets: SecretSources;
  /** Of the dead letters. */
  readonly topic: string;
  readonly selection: Selection;
  readonly destination: Destination | undefined;
  /** Letters a second; undefined for any number. */
  readonly rate: number | undefined;
  /** The most letters. */
  readonly limit: number;
  /** Sends nothing, and remembers nothing. */
  readonly dry: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Takes no more letters, and ends when those under way are settled or some seconds have passed. */
  readonly signal: AbortSignal;
  readonly problem: (error: MkbError) => void;
}

export interface ReplayReport {
  /** Letters of this run by what became of them. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Failures by their error: a letter may fail in several sinks. */
  readonly failures: ReadonlyMap<string, number>;
  /** Letters that stay open although they were asked for, by the reason. */
  readonly passedOver: ReadonlyMap<string, number>;
  /** Letters of this run that are done, and are not read again. */
  readonly done: number;
  /** Letters that this run took and that are not: they are replayed by the next. */
  readonly left: number;
  /** Why it ended before it had seen all. */
  readonly error: MkbError | undefined;
}

const commitEveryMs = 1000;
/** How long what is under way has to settle after something has ended the run, milliseconds. */
const settleMs = 10_000;
/** Room for an offset in what is remembered. */
const longestOffset = 2n ** 62n;

export class Replay {
  readonly #reader: LetterReader;
  readonly #group: LetterGroup;
  readonly #options: ReplayOptions;
  readonly #ended = Promise.withResolvers<void>();
  readonly #failures = new Map<string, number>();
  #progresses: readonly Progress[] = [];
  #source: ReplaySource | undefined;
  #error: MkbError | undefined;
  #lost = false;
  #lastFailure = '';
  #committing: Promise<void> = Promise.resolve();

  /** @param reader is open */
  constructor(reader: LetterReader, group: LetterGroup, options: ReplayOptions) {
    this.#reader = reader;
    this.#group = group;
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#end());
  }

  /** The group is someone else's: nothing more is sent. */
  lose(error: MkbError): void {
    this.#lost = true;
    this.#fail(error);
  }

  /**
   * Throws what keeps it from beginning: rules that do not compile, secrets that cannot be read, brokers that refuse it.
   *
   * @param document whose rules letters go through
   * @param done what is done already, by partition
   */
  async run(document: MqttKafkaBridge, done: readonly Done[]): Promise<ReplayReport> {
    const { selection, destination, dry, now, secrets, topic, signal, problem } = this.#options;
    for (const each of done) checkRoom(each, selection);
    const { rules: wanted } = selection.filter;
    const asked = document.spec.rules.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    const parts = partsOf(asked, destination, new Date(now).toISOString());
    const replayed = { ...document, spec: { ...document.spec, rules: parts.map(part => part.document) } };
    const stopped = (error: MkbError) => this.#fail(error);
    const sinks = dry ? drySinks() : await replaySinks(replayed, { secrets, topic, signal, problem, stopped });
    const world = documentWorld(document);
    const tables = new TableFeeds(world.tables);
    const registries = await prepareRegistries(document.spec.schemas, world.schemas, secrets);
    const jq = new JqThreads();
    let timer: NodeJS.Timeout | undefined;
    try {
      // A letter does not say who published: rules that count on it are refused, and do not write records without it.
      const ambient = { ...world, knowsPublisher: false, askJq: jq.ask };
      const rules = new ReplayRules(parts, sinks.bind, ambient);
      this.#progresses = done.map((each, partition) => new Progress(partition, each, selection));
      const source = this.#makeSource(rules);
      const pipeline = new Pipeline({
        rules: rules.rules,
        letterBox: sinks.letterBox,
        failed: (_, error) => this.#failed(error),
        raise: () => undefined,
        settled: () => undefined,
        obtainSchema: missing => registries.obtain(missing, problem),
        maxKeptBytes: memoryBytes(document.spec),
      });
      sinks.use(pipeline);
      registries.start(problem);
      await Promise.race([tables.start({ problem, read: () => undefined }), this.#ended.promise]);
      if (rules.rules.some(({ rule }) => rule.callsJq)) await jq.warm();
      const started = sinks.start();
      started.catch(() => undefined);
      await Promise.race([started, this.#ended.promise]);
      await source.start(pipeline.intake(source, rules.rules));
      if (!dry) timer = setInterval(() => this.#commit(), commitEveryMs);
      await this.#read(source, done);
      clearInterval(timer);
      if (!dry && !this.#lost) await this.#commitAll();
      return this.#report(source);
    } finally {
      clearInterval(timer);
      registries.close();
      tables.close();
      jq.close();
      await sinks.close();
    }
  }

  #makeSource(rules: ReplayRules): ReplaySource {
    const { rate, limit } = this.#options;
    const stuck = (letter: Letter) => this.#stuck(letter);
    this.#source = new ReplaySource({ rules, progresses: this.#progresses, rate, limit, stuck });
    if (this.#error !== undefined || this.#options.signal.aborted) this.#source.stop();
    return this.#source;
  }

  async #read(source: ReplaySource, done: readonly Done[]): Promise<void> {
    try {
      await this.#reader.read(source, { offsets: done.map(({ before }) => before) });
    } catch (error) {
      this.#fail(asMkbError(error));
    }
    // What was taken before it was enough has not been sent yet.
    source.readEnd();
    const late = this.#ended.promise.then(() => pause(settleMs, undefined, { ref: false }));
    await Promise.race([source.settled(), late]);
  }

  #end(): void {
    this.#source?.stop();
    this.#ended.resolve();
  }

  #fail(error: MkbError): void {
    this.#error ??= error;
    this.#end();
  }

  #failed(error: MkbError): void {
    this.#lastFailure = error.message;
    this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
  }

  #stuck(letter: Letter): void {
    const { topic } = this.#options;
    this.#fail(new MkbError('dead-letter-stuck', { topic, place: placeOf(letter), reason: this.#lastFailure }));
  }

  /** One after the other; what failed is tried again by the next. */
  #commit(): void {
    this.#committing = this.#committing
      .then(() => (this.#lost ? undefined : this.#group.commit(this.#progresses)))
      .catch(error => {
        const known = asMkbError(error);
        if (known.kind === 'permanent') this.#fail(known);
        else this.#options.problem(known);
      });
  }

  async #commitAll(): Promise<void> {
    await this.#committing;
    await this.#group.commitAll(this.#progresses).catch(error => this.#fail(asMkbError(error)));
  }

  #report({ account, passedOver }: ReplaySource): ReplayReport {
    const counted = outcomes.map(outcome => [outcome, account.count(outcome)] as const);
    const done = this.#progresses.reduce((sum, { remembered }) => sum + remembered, 0);
    return {
      outcomes: new Map(counted.filter(([, count]) => count > 0)),
      failures: this.#failures,
      passedOver,
      done,
      left: account.received - done,
      error: this.#error,
    };
  }
}

/** Throws before anything is sent if it could not be remembered. */
export function checkRoom(done: Done, selection: Selection): void {
  encodeDone(withWorked(done, { ...selection, end: longestOffset }, done.before), '0'.repeat(32));
}
