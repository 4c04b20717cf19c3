/** An issuer of tokens, with two keys, and a server whose answers a test chooses. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

export interface TokenOptions {
  readonly kid?: string | undefined;
  readonly pair?: Pair;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
}

export class Issuer {
  readonly pair: Pair;
  readonly other: Pair;

  constructor(pair: Pair, other: Pair) {
    this.pair = pair;
    this.other = other;
  }

  static async make(): Promise<Issuer> {
    const make = () => generateKeyPair('RS256', { extractable: true });
    return new Issuer(...((await Promise.all([make(), make()])) as [Pair, Pair]));
  }

  /** A JWK Set with the public key. */
  async jwks(kid = 'one', pair = this.pair): Promise<string> {
    return JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid }] });
  }

  publicKey(): Promise<string> {
    return exportSPKI(this.pair.publicKey);
  }

  token(claims: JWTPayload = {}, options: TokenOptions = {}): Promise<string> {
    const { pair = this.pair } = options;
    const kid = 'kid' in options ? options.kid : 'one';
    const expiresIn = 'expiresIn' in options ? options.expiresIn : 60;
    const jwt = new SignJWT({ sub: 'car-1', ...claims }).setProtectedHeader({
      alg: 'RS256',
      ...(kid !== undefined && { kid }),
    });
    if (expiresIn !== undefined) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
    return jwt.sign(pair.privateKey);
  }
}

export type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export class AnsweringServer implements AsyncDisposable {
  readonly #server: Server;
  /** Bodies of the requests that came. */
  readonly requests: { readonly body: string; readonly headers: IncomingMessage['headers'] }[] = [];
  answer: Answering;

  constructor(answer: Answering) {
    this.answer = answer;
    this.#server = createServer(async (request, response) => {
      response.on('error', () => undefined);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      this.requests.push({ body, headers: request.headers });
      this.answer(request, response, body);
    });
  }

  static async start(answer: Answering): Promise<AnsweringServer> {
    const made = new AnsweringServer(answer);
    await new Promise<void>(resolve => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/path`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

export const says =
  (text: string, status = 200, headers: Record<string, string> = {}): Answering =>
  (_request, response) =>
    void response.writeHead(status, headers).end(text);

/** Answers that are none: what a server may do when it is broken, or somebody else's. */
export const broken: readonly (readonly [what: string, answer: Answering])[] = [
  ['answers 500', says('{"result": "allow", "keys": []}', 500)],
  ['answers 404', says('not here', 404)],
  ['redirects', says('', 302, { location: 'http://127.0.0.1:1/' })],
  ['answers with text', says('allow')],
  ['answers with nothing', says('')],
  ['answers with a list', says('[]')],
  ['answers with null', says('null')],
  ['closes the connection', (request: IncomingMessage) => void request.socket.destroy()],
  ['never answers', () => undefined],
  ['begins an answer and stops', (_: IncomingMessage, response: ServerResponse) => void response.write('{"result":')],
  [
    'floods',
    (_: IncomingMessage, response: ServerResponse) => {
      const more = (): void => {
        if (response.destroyed) return;
        if (response.write(' '.repeat(64 * 1024))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    },
  ],
];
