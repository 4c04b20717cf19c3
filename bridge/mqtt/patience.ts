/**
 * A refusal after a success. Brokers say "not authorised" when the service that they ask is being restarted, and "banned" for a few minutes
 * when clients come back too often. So what is permanent at the first connection is, later, tried again for ten minutes before it counts.
 */
import { MkbError } from '../../api/errors.ts';

/** How long a refusal after a success is taken for a passing trouble of the server. */
const patienceMs = 10 * 60_000;

/** Refusals that a server which let us in before may take back, and files that are just being written. */
const mayPass: ReadonlySet<string> = new Set([
  'mqtt-client-id-refused',
  'mqtt-not-authorised',
  'mqtt-not-spoken',
  'mqtt-refused',
  'mqtt-subscription-refused',
  'mqtt-version-unsupported',
  'secret-unreadable',
  'tls-certificate-demanded',
  'tls-certificate-refused',
  'tls-expired',
  'tls-invalid',
  'tls-name-mismatch',
  'tls-no-agreement',
  'tls-not-spoken',
  'tls-untrusted',
]);

export class Patience {
  readonly #now: () => number;
  #wasLetIn = false;
  #refusedSince: number | undefined;

  /** @param now milliseconds of a clock that nobody sets */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The server let us in, and gave what was asked for. */
  letIn(): void {
    this.#wasLetIn = true;
    this.#refusedSince = undefined;
  }

  /** The error that ended a connection as it counts for us: itself, or a retryable one while there is patience. */
  judge(error: MkbError): MkbError {
    if (error.kind === 'retryable' || !this.#wasLetIn || !mayPass.has(error.code)) return error;
    this.#refusedSince ??= this.#now();
    if (this.#now() - this.#refusedSince >= patienceMs) return error;
    return new MkbError('mqtt-refused-for-now', { refusal: error.message }, { cause: error });
  }
}
