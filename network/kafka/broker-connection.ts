/**
 * A connection to a broker that is replaced before its login expires, and never logs in twice.
 *
 * A broker may limit how long a login holds (KIP-368, `connections.max.reauth.ms`, and always the life of an OAUTHBEARER token). The protocol
 * lets a client repeat the exchange on the same connection, and while it lasts the broker refuses every other request with
 * ILLEGAL_SASL_STATE and hangs up. The library repeats it by itself at four fifths of the time, whatever else is being sent.
 *
 * So the session's life is taken out of the answer before the library sees it, and `expiring` is called instead: whoever owns the
 * connection opens another, which logs in before anybody may use it, and retires this one. A retired connection ends when its last answer
 * has come: a broker looks at the session when a request arrives, not when it answers.
 */
import './unknown-codes.ts';
import { Connection, type ConnectionOptions, type saslAuthenticateV2 } from '@platformatic/kafka';

const saslAuthenticate = 36;
/** How much of a session is used. What is left is time to log in again, and to try that more than once. */
const used = 0.8;
/** What a timer can hold: 24.8 days. */
const longestTimerMs = 2 ** 31 - 1;

export class BrokerConnection extends Connection {
  readonly #expiring: (connection: BrokerConnection) => void;
  #timer: NodeJS.Timeout | undefined;
  /** Requests that have no answer yet. */
  #open = 0;
  #retired = false;

  /** @param expiring called once, when the session has a fifth of its life left */
  constructor(clientId: string, options: ConnectionOptions, expiring: (connection: BrokerConnection) => void) {
    super(clientId, options);
    this.#expiring = expiring;
    this.on('error', () => undefined);
    this.on('close', () => clearTimeout(this.#timer));
  }

  /** Closes as soon as nothing is under way. Send nothing more. */
  retire(): void {
    this.#retired = true;
    // Somebody may have been given this connection a moment ago, and be about to send.
    setImmediate(() => this.#closeIfDone());
  }

  override send<Answer>(...request: Parameters<typeof Connection.prototype.send<Answer>>): void {
    const [apiKey, , , , , , answered] = request;
    this.#open++;
    request[6] = (error, answer) => {
      this.#open--;
      answered(error, apiKey === saslAuthenticate && answer ? this.#loggedIn(answer) : answer);
      this.#closeIfDone();
    };
    super.send(...request);
  }

  #loggedIn<Answer>(answer: Answer): Answer {
    const { sessionLifetimeMs = 0n } = answer as Partial<saslAuthenticateV2.SaslAuthenticateResponse>;
    if (sessionLifetimeMs > 0n) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#expiring(this), Math.min(Number(sessionLifetimeMs) * used, longestTimerMs));
    }
    return { ...answer, sessionLifetimeMs: 0n };
  }

  #closeIfDone(): void {
    if (this.#retired && this.#open === 0) this.close().catch(() => undefined);
  }
}
