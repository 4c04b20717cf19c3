/** Gives running bridges what their files say now: all of them, or none. */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { reloadErrors } from '../../api/errors/reload.ts';
import { type ErrorCode, MkbError } from '../../api/errors.ts';
import type { LoadedDocument } from '../../api/load.ts';
import { formatProblems, hasErrors, type Problem } from '../../api/problems.ts';
import type { Bridge } from '../../bridge/main.ts';
import type { Logger } from '../../bridge/observe/log.ts';
import type { Prepared } from '../../bridge/reload/reload.ts';
import { loadChecked } from '../documents.ts';

export interface ReloadReport {
  readonly ok: boolean;
  /** What was done, or everything that is wrong, for a person. */
  readonly text: string;
  /** Whether the same documents may be taken later: a broker is down, a topic does not exist yet. */
  readonly mayPass?: boolean;
}

/** A document is wrong, in these ways. */
class Wrong extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the documents have errors');
    this.problems = problems;
  }
}

export class Reloads {
  readonly #files: readonly string[];
  readonly #bridges: readonly Bridge[];
  readonly #log: Logger;
  #running: Promise<ReloadReport> | undefined;
  #next: Promise<ReloadReport> | undefined;

  constructor(files: readonly string[], bridges: readonly Bridge[], log: Logger) {
    this.#files = files;
    this.#bridges = bridges;
    this.#log = log;
  }

  /** Reads the files again. One after the other: who asks while one is under way gets the result of the next, with all others who do. */
  reload(): Promise<ReloadReport> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<ReloadReport> {
    const running = this.#report().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #report(): Promise<ReloadReport> {
    let documents: ReadonlyMap<Bridge, LoadedDocument> | undefined;
    try {
      documents = await this.#documents();
      return { ok: true, text: await this.#take(documents) };
    } catch (error) {
      for (const bridge of this.#bridges) bridge.reload.config.refused(codeOf(error), documents?.get(bridge)?.document);
      return { ok: false, text: this.#refused(error), mayPass: mayPass(error) };
    }
  }

  async #take(documents: ReadonlyMap<Bridge, LoadedDocument>): Promise<string> {
    const prepared = new Map<Bridge, Prepared>();
    try {
      for (const [bridge, { document }] of documents) prepared.set(bridge, await bridge.reload.prepare(document));
    } catch (error) {
      for (const each of prepared.values()) each.abandon();
      throw error;
    }
    for (const each of prepared.values()) each.commit();
    return [...prepared].map(([bridge, each]) => this.#taken(bridge, each)).join('');
  }

  async #documents(): Promise<ReadonlyMap<Bridge, LoadedDocument>> {
    if (this.#files.includes('-')) throw new MkbError('reload-from-stdin', undefined);
    const { documents, problems } = await loadChecked(this.#files);
    if (hasErrors(problems)) throw new Wrong(problems);
    const nameOf = ({ document }: LoadedDocument) => document.metadata.name;
    const names = new Set(documents.map(nameOf));
    const running = new Set(this.#bridges.map(({ name }) => name));
    const added = [...names].filter(name => !running.has(name)).map(name => `${name} is new`);
    const removed = [...running].filter(name => !names.has(name)).map(name => `${name} is gone`);
    const difference = [...added, ...removed].join(', ');
    if (difference !== '') throw new MkbError('reload-other-bridges', { difference });
    return new Map(this.#bridges.map(bridge => [bridge, documents.find(each => nameOf(each) === bridge.name)!]));
  }

  #taken(bridge: Bridge, { changes, rules }: Prepared): string {
    const { hash } = bridge.reload.config;
    const fields = changes.filter(({ handling }) => handling === 'live').map(({ path }) => path);
    const parts = { ...rules, fields };
    const facts = Object.entries(parts).filter(([, names]) => names.length > 0);
    const done = facts.length === 0 ? 'nothing to change' : 'reloaded';
    this.#log.info({ bridge: bridge.name, hash, ...Object.fromEntries(facts) }, done);
    const what = facts.map(([how, names]) => `${how} ${names.join(', ')}`).join('; ');
    return `${bridge.name}: ${done}${what && `: ${what}`}\n`;
  }

  #refused(error: unknown): string {
    if (error instanceof Wrong) {
      const { problems } = error;
      for (const { severity, code, message, remedy, file, line, path } of problems)
        this.#log[severity === 'error' ? 'error' : 'warn']({ code, remedy, file, line, path }, message);
      this.#log.error('not reloaded: the documents have errors, and the bridges go on with those that they have');
      return formatProblems(problems, { colour: false });
    }
    const known = asMkbError(error);
    this.#log.error({ err: known }, `not reloaded: ${known.message}`);
    return `error: ${known.message} [${known.code}]\n  remedy: ${known.remedy}\n`;
  }
}

function codeOf(error: unknown): ErrorCode {
  if (!(error instanceof Wrong)) return asMkbError(error).code;
  return error.problems.find(({ severity }) => severity === 'error')!.code;
}

/** A document that is wrong stays wrong, and so does a change that a running bridge cannot make. Everything else somebody may put right elsewhere. */
function mayPass(error: unknown): boolean {
  if (error instanceof Wrong) return false;
  const { code, kind } = asMkbError(error);
  return kind === 'retryable' || !(code in reloadErrors);
}
