/**
 * Login by a server that is asked over HTTP, with EMQX's questions and answers: POST of a JSON object, answered by `{"result": "allow"}`, `deny` or `ignore`.
 *
 * The server may be down, slow or broken, and a fleet may come back at once. So requests are bounded in number, time and bytes, those that ask the same are one, and
 * a client waits no longer for its turn than a request may take. Whatever is no clear answer lets nobody in: the client is asked to come back.
 */

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { MkbError } from '../../../api/errors.ts';
import { failureText, tlsFailure } from '../../../network/connect-failure.ts';
import { RenewedAgent } from '../../../network/renewed-agent.ts';
import { shownUrl } from '../../../network/shown-url.ts';
import { smallRequest } from '../../../network/small-request.ts';
import type { TlsTexts } from '../../../network/tls-settings.ts';
import { readAttributes } from './attributes.ts';
import { Fault } from './fault.ts';
import { Gate } from './gate.ts';
import { grantedTopics } from './granted-topics.ts';
import { busy, type Known, type Login, type LoginMethod, type Verdict, wrong } from './login.ts';

export interface HttpLoginOptions {
  readonly url: string;
  /** Asked for before each request. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Templates of the texts of the JSON object, by name. */
  readonly body: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Requests at a time. */
  readonly requests: number;
  readonly tls: (() => Promise<TlsTexts>) | undefined;
  /** Whether a connection ends when the server says that the login expires. */
  readonly endsConnections: boolean;
}

const longestAnswer = 64 * 1024;
const mostWaiting = 10_000;

/** What the server says of a client. */
export type HttpAnswer =
  | { readonly result: 'deny' | 'ignore' }
  | ({ readonly result: 'allow' } & Pick<Known, 'attributes' | 'access' | 'expiresAt'> & {
        readonly superuser: boolean;
      });

interface Question {
  /** Whether each that asks it still wants the answer. */
  readonly wanted: (() => boolean)[];
  readonly answer: Promise<HttpAnswer | undefined>;
}

export class HttpLogin implements LoginMethod {
  readonly #options: HttpLoginOptions;
  readonly #agent: RenewedAgent;
  readonly #gate: Gate;
  /** What is asked now, by a digest of the question, which may have a password in it. */
  readonly #asking = new Map<string, Question>();
  readonly #sendsUsername: boolean;

  constructor(options: HttpLoginOptions) {
    this.#options = options;
    this.#agent = new RenewedAgent(options.url.startsWith('https:'), options.requests, options.tls);
    this.#gate = new Gate(options.requests, mostWaiting);
    this.#sendsUsername = Object.values(options.body).some(text => text.includes('${username}'));
  }

  /** Without logins in it. */
  get url(): string {
    return shownUrl(this.#options.url);
  }

  async verify(login: Login): Promise<Verdict> {
    const { password, username, awaited } = login;
    if (password !== undefined && !isUtf8(password)) return { ...wrong, detail: 'its password is no text' };
    const until = performance.now() + this.#options.timeoutMs;
    try {
      const answer = await this.#shared(login, () => awaited() && performance.now() < until);
      if (answer === undefined) return busy;
      if (answer.result === 'ignore') return undefined;
      if (answer.result === 'deny') return wrong;
      // What the server has not seen it has not checked.
      return { ...answer, username: this.#sendsUsername ? username : undefined };
    } catch (error) {
      return {
        refused: 'unavailable',
        reasonCode: 0x88,
        reason: 'Logins are not possible now: come back later.',
        detail: (error as Error).message.replace(/\.$/, ''),
      };
    }
  }

  /** What the server says. Throws `login-server-failed`, `tls-...`, `secret-unreadable`. */
  async ask(login: Login): Promise<HttpAnswer> {
    const { url, timeoutMs } = this.#options;
    try {
      const headers = {
        ...(await this.#options.headers()),
        'content-type': 'application/json',
        accept: 'application/json',
      };
      const agent = await this.#agent.current();
      const body = this.#bodyOf(login);
      return this.#read(await smallRequest({ url, agent, headers, body, timeoutMs, limit: longestAnswer }));
    } catch (cause) {
      if (MkbError.is(cause)) throw cause;
      const tls = tlsFailure(cause, `the login server ${this.url}`, this.#agent.withCertificate);
      throw tls ?? new MkbError('login-server-failed', { url: this.url, reason: failureText(cause) }, { cause });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** One answer for all that ask the same at a time; undefined if too many wait. */
  async #shared(login: Login, wanted: () => boolean): Promise<HttpAnswer | undefined> {
    const key = createHash('sha256').update(this.#bodyOf(login)).digest('base64');
    const asked = this.#asking.get(key);
    if (asked !== undefined) {
      asked.wanted.push(wanted);
      return await asked.answer;
    }
    const all = [wanted];
    const answer = this.#gate.run(
      () => this.ask(login),
      () => all.some(each => each()),
    );
    this.#asking.set(key, { wanted: all, answer });
    try {
      return await answer;
    } finally {
      this.#asking.delete(key);
    }
  }

  #bodyOf(login: Login): string {
    const entries = Object.entries(this.#options.body);
    return JSON.stringify(Object.fromEntries(entries.map(([name, text]) => [name, filled(text, login)])));
  }

  #read({ status, text }: { status: number; text: string }): HttpAnswer {
    if (status === 204) return { result: 'allow', superuser: false };
    if (status !== 200) throw new Fault(`it answers HTTP ${status}`);
    return readAnswer(text, this.#options.endsConnections);
  }
}

/** Throws Fault for what is no answer. */
export function readAnswer(text: string, endsConnections: boolean): HttpAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Fault('its answer is no JSON');
  }
  const {
    result,
    is_superuser: superuser = false,
    client_attrs,
    expire_at,
    acl,
  } = (answer ?? {}) as Record<string, unknown>;
  if (result === 'deny' || result === 'ignore') return { result };
  if (result !== 'allow') throw new Fault('its answer has no result that is allow, deny or ignore');
  if (typeof superuser !== 'boolean') throw new Fault('is_superuser of its answer is neither true nor false');
  const expiresAt = expiry(expire_at);
  if (expiresAt !== undefined && expiresAt <= Date.now()) return { result: 'deny' };
  return {
    result,
    superuser,
    attributes: readAttributes(client_attrs),
    access: grantedTopics(acl),
    expiresAt: endsConnections ? expiresAt : undefined,
  };
}

/** @param value seconds since 1970 */
function expiry(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Fault('expire_at of its answer is no time');
  return value * 1000;
}

/** What `${...}` stands for in the body; empty where the client has none. */
const texts: Readonly<Record<string, (login: Login) => string | undefined>> = {
  clientid: ({ clientId }) => clientId,
  username: ({ username }) => username,
  password: ({ password }) => password?.toString(),
  peerhost: ({ address }) => address,
  cert_common_name: ({ certificate }) => certificate?.commonName,
};

const filled = (text: string, login: Login): string =>
  text.replace(/\$\{([^}]*)\}/g, (whole, name: string) =>
    Object.hasOwn(texts, name) ? (texts[name]!(login) ?? '') : whole,
  );
