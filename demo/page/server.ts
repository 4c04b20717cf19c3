/**
 * The page's server: a few files and a stream of events, for this machine only. It answers GET and takes nothing.
 *
 * Events: `hello` with everything when a page opens, `records` four times a second with what is new in the topic, `figures` once a
 * second, `bye` when the demo ends.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EventStream } from '../../bridge/page/event-stream.ts';
import { type HttpServer, listenHttp } from '../../network/http-server.ts';
import type { EmbeddedKafka } from '../embedded/kafka.ts';
import type { Figures } from '../meter.ts';
import { Feed } from './feed.ts';
import { pageFiles } from './files.ts';

/** What the page says about where things are. */
export interface PageFacts {
  readonly mqttPort: number;
  readonly kafkaPort: number;
  readonly topic: { readonly name: string; readonly partitions: number };
  readonly sql: string;
  readonly vehicles: number;
}

/** Figures of a moment. */
export interface ShownFigures extends Figures {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Why the bridge cannot move messages now; empty when it can. */
  readonly missing: readonly string[];
}

export interface PageOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly kafka: Pick<EmbeddedKafka, 'onBatch'>;
  readonly facts: PageFacts;
}

const host = '127.0.0.1';
const lookEveryMs = 250;
/** Seconds of figures that a newly opened page gets. */
const rememberedFigures = 300;

const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Serves the page on 127.0.0.1. Throws `listen-failed`. */
export const servePage = async (options: PageOptions): Promise<PageServer> => {
  const page = new PageServer(options);
  await page.listen(options.port);
  return page;
};

export class PageServer {
  readonly #facts: PageFacts;
  readonly #files = pageFiles();
  readonly #events = new EventStream();
  readonly #feed = new Feed();
  readonly #stopListening: () => void;
  #server: HttpServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #figures: ShownFigures[] = [];

  /** Use `servePage`. */
  constructor({ kafka, facts }: PageOptions) {
    this.#facts = facts;
    this.#stopListening = kafka.onBatch(batch => {
      if (batch.topic === facts.topic.name) this.#feed.add(batch);
    });
  }

  get port(): number {
    return this.#server!.port;
  }

  async listen(port: number): Promise<void> {
    this.#server = await listenHttp({
      host,
      port,
      answer: (path, request, response) => this.#answer(path, request, response),
    }).catch(error => {
      this.#stopListening();
      throw error;
    });
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** Shows new figures. */
  show(figures: ShownFigures): void {
    this.#figures = [...this.#figures, figures].slice(-rememberedFigures);
    this.#events.send('figures', () => figures);
  }

  /** Lets every page know that the demo is over. */
  farewell(summary: object): void {
    this.#look();
    this.#events.send('bye', () => summary);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#events.close();
    // Whoever does not take the end of its stream is not waited for.
    await this.#server?.close(500);
  }

  #look(): void {
    const changes = this.#feed.look();
    if (Object.keys(changes.partitions).length > 0) this.#events.send('records', () => changes);
  }

  #answer(path: string, { method }: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const file = this.#files.get(path);
    if (method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
    else if (path === '/events') this.#events.open(response, 'hello', this.#hello());
    else if (file === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found.\n');
    else response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-cache' }).end(file.content);
  }

  #hello(): object {
    return { facts: this.#facts, figures: this.#figures, ...this.#feed.whole() };
  }
}
