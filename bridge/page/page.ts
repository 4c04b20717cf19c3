/**
 * The page of running bridges, at `/` of their HTTP port: how they are, what they do, and what goes wrong.
 *
 * Everybody who reaches the port gets the page and its figures, which /metrics shows as well. What quotes messages, or the document, is for the user of
 * this machine and for who has the token. Nothing can be changed from it.
 *
 * Events of /-/figures: `hello` when a page opens, with the last minutes; `figures` once a second, even if nothing changes, so that a page knows when what
 * it shows is old.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { reply } from '../../network/http-server.ts';
import { isOfAnotherSite, refusalTo, type TokenReader } from '../../network/who-asks.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Handler } from '../observe/http.ts';
import { answerEvaluation, type Evaluate } from './evaluation.ts';
import { EventStream } from './event-stream.ts';
import { filesOf, folder, type PageFile } from './files.ts';
import { Meter } from './meter.ts';
import type { ShownBridge } from './shown-bridge.ts';
import { snapshotOf } from './snapshot.ts';

export interface BridgePageOptions {
  readonly bridges: readonly ShownBridge[];
  /** Lets others than the user of this machine see everything. */
  readonly token?: TokenReader;
  /** Works trials of the playground out; without it there is none. */
  readonly evaluate?: Evaluate;
}

const everyMs = 1000;
/** Pages of each stream that may be open at once: one that is open keeps a connection. Strangers take no place from who may see everything. */
const mostPages = 32;

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

export class BridgePage {
  readonly #options: BridgePageOptions;
  readonly #meters: ReadonlyMap<ShownBridge, Meter>;
  readonly #files = filesOf(folder);
  /** To those who may see everything, and to those who may not. */
  readonly #streams = { whole: new EventStream(), figures: new EventStream() };
  readonly #timer: NodeJS.Timeout;

  constructor(options: BridgePageOptions) {
    this.#options = options;
    this.#meters = new Map(options.bridges.map(bridge => [bridge, new Meter(bridge)]));
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  /** What is answered where. */
  get handlers(): Map<string, Handler> {
    const files = [...this.#files].map(([name, file]): [string, Handler] => [
      name === 'index.html' ? '/' : `/page/${name}`,
      only('GET', sending(file)),
    ]);
    return new Map<string, Handler>([
      ...files,
      ['/-/figures', only('GET', (request, response) => this.#open(request, response))],
      ...this.#evaluation,
    ]);
  }

  get #evaluation(): [string, Handler][] {
    const { bridges, token, evaluate } = this.#options;
    if (evaluate === undefined) return [];
    return [['/-/evaluate', only('POST', (...given) => answerEvaluation({ bridges, token, evaluate }, ...given))]];
  }

  /** Ends the stream of each page. */
  close(): void {
    clearInterval(this.#timer);
    this.#streams.whole.close();
    this.#streams.figures.close();
  }

  #look(): void {
    for (const meter of this.#meters.values()) meter.sample();
    this.#streams.whole.send('figures', () => this.#snapshot(true));
    this.#streams.figures.send('figures', () => this.#snapshot(false));
  }

  #snapshot(whole: boolean): object {
    return { at: Date.now(), bridges: [...this.#meters].map(([bridge, meter]) => snapshotOf(bridge, meter, whole)) };
  }

  async #open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await refusalTo(request, this.#options.token);
    const isWrong = request.headers.authorization !== undefined && this.#options.token !== undefined;
    if (refusal && (isWrong || isOfAnotherSite(request)))
      return reply(response, refusal.status, refusal.text, refusal.headers);
    const { whole, figures } = this.#streams;
    const stream = refusal ? figures : whole;
    if (stream.size >= mostPages)
      return reply(response, 503, `${mostPages} pages are open, and no more may be.\n`, { 'retry-after': '5' });
    stream.open(response, 'hello', this.#hello(refusal === undefined));
  }

  #hello(whole: boolean): object {
    const history = Object.fromEntries([...this.#meters].map(([{ name }, meter]) => [name, meter.history]));
    return {
      version: packageJson.version,
      whole,
      evaluates: this.#options.evaluate !== undefined,
      takesToken: this.#options.token !== undefined,
      history,
      ...this.#snapshot(whole),
    };
  }
}

/** Answers the method alone, with the headers that keep a page apart from others. */
const only =
  (method: 'GET' | 'POST', answer: (...given: Parameters<Handler>) => Promise<void> | void): Handler =>
  async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method === method) await answer(request, response);
    else reply(response, 405, `Only ${method} is answered here.\n`, { allow: method });
  };

const sending =
  ({ type, content }: PageFile): Handler =>
  async (_, response) =>
    void response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(content);
