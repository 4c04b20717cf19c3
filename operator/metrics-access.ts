/**
 * Who may read the operator's own /metrics, which name every bridge of every namespace. The API server decides, as for controllers written in Go:
 * a TokenReview says whose the bearer token is, a SubjectAccessReview whether they may `get` the path `/metrics`.
 *
 * - Only a yes opens the door. An API server that does not answer, or that refuses the question, is a 503.
 * - Answers are kept for a short time, by a hash of the token: a yes for a minute, a no for ten seconds, so many of each.
 * - Whoever reaches the port may send any token. Of tokens that were not allowed before only a few are reviewed at once and a second, so that neither
 *   the API server nor the operator's own requests suffer. Those that were are reviewed whatever strangers send, and a no pushes no yes out.
 *
 * https://github.com/kubernetes-sigs/controller-runtime, pkg/metrics/filters
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../network/http-server.ts';
import { kinds } from './kinds.ts';
import type { ApiClient } from './runtime/client.ts';
import type { Log } from './runtime/log.ts';

export interface MetricsAccessOptions {
  readonly client: Pick<ApiClient, 'review'>;
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** How long an answer holds, milliseconds, and how many are kept. */
const allowedMs = 60_000;
const refusedMs = 10_000;
const mostAllowed = 16;
const mostRefused = 256;

/** How many tokens of strangers are reviewed at once, each for this long at least, milliseconds. */
const strangersAtOnce = 4;
const strangerMs = 200;

/** How long each of the two reviews may take, milliseconds: together less than the ten seconds that Prometheus waits. */
export const reviewTimeoutMs = 4000;

const unauthenticated: Refusal = {
  status: 401,
  text: 'This needs the bearer token of a Kubernetes account.\n',
  headers: { 'www-authenticate': 'Bearer' },
};
const forbidden: Refusal = { status: 403, text: 'This account has no right to get the nonResourceURL /metrics.\n' };
const unanswered: Refusal = {
  status: 503,
  text: 'The API server does not say whether you may read this; see the log.\n',
};
const busy: Refusal = { status: 503, text: 'Too many tokens are being reviewed.\n' };

export class MetricsAccess {
  readonly #client: MetricsAccessOptions['client'];
  readonly #log: MetricsAccessOptions['log'];
  readonly #now: () => number;
  /** Until when, by hash; also past that time, to know who was allowed before. */
  readonly #allowed = new Map<string, number>();
  readonly #refused = new Map<string, { readonly until: number; readonly refusal: Refusal }>();
  /** Reviews under way, for all who show the same token. */
  readonly #reviews = new Map<string, Promise<Refusal | undefined>>();
  #strangers = 0;
  /** The last failure, which is logged once and not at each scrape. */
  #failure: string | undefined;

  constructor({ client, log, now = () => performance.now() }: MetricsAccessOptions) {
    this.#client = client;
    this.#log = log;
    this.#now = now;
  }

  /** Undefined for whoever may read; otherwise the answer in place of the page. Never rejects. */
  async refusal({ headers }: Pick<IncomingMessage, 'headers'>): Promise<Refusal | undefined> {
    const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return unauthenticated;
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#allowed.get(hash);
    if (known !== undefined && known > this.#now()) return undefined;
    const refused = this.#refused.get(hash);
    if (refused !== undefined && refused.until > this.#now()) return refused.refusal;
    const under = this.#reviews.get(hash);
    if (under !== undefined) return under;
    if (known === undefined) {
      if (this.#strangers >= strangersAtOnce) return busy;
      this.#strangers++;
    }
    const review = this.#review(hash, token);
    this.#reviews.set(hash, review);
    const began = this.#now();
    const result = await review;
    this.#reviews.delete(hash);
    if (known === undefined) {
      const left = Math.max(0, strangerMs - (this.#now() - began));
      setTimeout(() => this.#strangers--, left).unref();
    }
    return result;
  }

  async #review(hash: string, token: string): Promise<Refusal | undefined> {
    try {
      const refusal = await this.#ask(token);
      this.#failure = undefined;
      this.#remember(hash, refusal);
      return refusal;
    } catch (error) {
      const failure = String((error as { code?: unknown }).code);
      if (failure !== this.#failure) this.#log.warn({ err: error }, 'who reads /metrics cannot be reviewed');
      this.#failure = failure;
      return unanswered;
    }
  }

  async #ask(token: string): Promise<Refusal | undefined> {
    const { authenticated, user } = fieldsOf(await this.#client.review(kinds.tokenReview, { token }));
    if (authenticated !== true) return unauthenticated;
    const { username, uid, groups, extra } = fieldsOf(user);
    const asked = {
      user: username,
      uid,
      groups,
      extra,
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
    };
    const answer = fieldsOf(await this.#client.review(kinds.subjectAccessReview, asked));
    return answer.allowed === true ? undefined : forbidden;
  }

  #remember(hash: string, refusal: Refusal | undefined): void {
    this.#allowed.delete(hash);
    this.#refused.delete(hash);
    if (refusal === undefined) keep(this.#allowed, mostAllowed, hash, this.#now() + allowedMs);
    else keep(this.#refused, mostRefused, hash, { until: this.#now() + refusedMs, refusal });
  }
}

/** The oldest goes when there are too many. */
function keep<T>(map: Map<string, T>, most: number, key: string, value: T): void {
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
