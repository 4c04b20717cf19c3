/**
 * How a client comes to its server, again and again: to which one, in which version of MQTT, with which login, and after what pause.
 *
 * The login (password, certificates, headers) is read for each connection, so that a renewed file or Secret is used without a restart.
 *
 * With `auto` the first attempt speaks MQTT 5. A server without it answers so, or closes without an answer: then 3.1.1 is tried on the same
 * server, at once. Both are tried in each round until a CONNACK accepts, and that version stays for the life of the process. That no
 * time passes between the two matters: a server of MQTT 5 that is being restarted closes too, and is met by both in the same state.
 *
 * A shared subscription is part of MQTT 5 only. A server of 3.1.1 may take `$share/...` for a topic of that name and send nothing, so there
 * is no way down from 5 for it.
 */
import { MkbError } from '../../api/errors.ts';
import { shownUrl } from '../../network/shown-url.ts';
import { type ConnectionOptions, type MqttVersion, type SessionOptions, stopwatch } from './options.ts';
import { Patience } from './patience.ts';
import { lookCloser, suspicious } from './port-probe.ts';
import { parseServerUrl } from './server-url.ts';
import { Servers } from './servers.ts';
import { prepareTls, type Security } from './tls.ts';
import type { Target } from './transport.ts';

/** What the next connection is made with. */
export interface Call {
  readonly target: Target;
  readonly options: ConnectionOptions;
}

/** What becomes of an attempt that failed, or of a connection that ended. */
export interface Verdict {
  /** As it counts for us: permanent, or the next attempt comes after `pauseMs`. */
  readonly error: MkbError;
  readonly pauseMs: number;
  /** Nothing to report yet: the other version is tried at once. */
  readonly quiet: boolean;
}

/** After so many suspicious attempts in a row the port is looked at closer: one may be a server that is just being restarted. */
const doubtful = 3;

export class Dialer {
  readonly #options: SessionOptions;
  readonly #servers: Servers;
  readonly #patience: Patience;
  readonly #security: Security;
  #version: MqttVersion;
  /** Whether the version stays as it is. */
  #chosen: boolean;
  /** How the server that is tried now refused MQTT 5. */
  #refusal: MkbError | undefined;
  /** Attempts in a row that a port of another kind may be the reason of. */
  #suspicions = 0;
  /** The server that is to be looked at closer before the next attempt. */
  #suspect: URL | undefined;
  #wasLetIn = false;

  /** Throws `mqtt-url-invalid` or `tls-invalid`. */
  constructor(options: SessionOptions) {
    const { random = Math.random } = options;
    this.#options = options;
    this.#patience = new Patience(stopwatch(options));
    this.#security = prepareTls(options.tls);
    this.#servers = new Servers(options.urls.map(parseServerUrl), options.reconnect, random);
    this.#chosen = options.version !== 'auto';
    this.#version = options.version === 'auto' ? '5' : options.version;
  }

  /** What the present connection speaks, or the next one. */
  get version(): MqttVersion {
    return this.#version;
  }

  /** Throws what no attempt is worth for: a login that cannot be read, or a port that speaks something else. */
  async next(): Promise<Call> {
    const suspect = this.#suspect;
    this.#suspect = undefined;
    if (suspect) await lookCloser(suspect);
    const { login } = this.#options;
    const options = login ? { ...this.#options, ...(await login()) } : this.#options;
    const security = login ? prepareTls(options.tls) : this.#security;
    const target = { url: this.#servers.current, security, headers: options.webSocketHeaders ?? {} };
    return { target, options: { ...options, version: this.#version } };
  }

  /** CONNACK accepted. Returns what to report, once: that the version is not 5. */
  accepted(): MkbError | undefined {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    this.#chosen = true;
    this.#wasLetIn = true;
    if (refusal === undefined) return undefined;
    const reason = MkbError.is(refusal, 'mqtt-version-unsupported')
      ? refusal.details.reason
      : 'it closes the connection when it sees the CONNECT of MQTT 5';
    return new MkbError('mqtt-version-lowered', { url: shownUrl(this.#servers.current), reason }, { cause: refusal });
  }

  /** The server gave all that was asked for. */
  live(): void {
    this.#patience.letIn();
  }

  /** Why the latest connections ended is known, and will not be again. */
  explained(): void {
    this.#servers.explained();
  }

  /** @param livedMs how long the connection was live; undefined if it never was */
  ended(error: MkbError, livedMs: number | undefined): Verdict {
    const ofVersion = this.#ofVersion(error);
    if (ofVersion === undefined) return { error, pauseMs: 0, quiet: true };
    const judged = this.#patience.judge(ofVersion);
    this.#suspicions = !this.#wasLetIn && suspicious(judged) ? this.#suspicions + 1 : 0;
    if (this.#suspicions > 0 && this.#suspicions % doubtful === 0) this.#suspect = this.#servers.current;
    const pauseMs = livedMs === undefined ? this.#servers.failed() : this.#servers.lost(livedMs);
    if (MkbError.is(error, 'mqtt-server-moved') && error.details.reference)
      this.#servers.prefer(error.details.reference);
    return { error: judged, pauseMs, quiet: false };
  }

  /** The error with both versions in mind; undefined when the other is to be tried first. */
  #ofVersion(error: MkbError): MkbError | undefined {
    if (this.#chosen) return error;
    const unsupported = MkbError.is(error, 'mqtt-version-unsupported');
    const refused = unsupported || MkbError.is(error, 'mqtt-closed-unanswered');
    if (this.#version === '5') {
      if (!refused) return error;
      if (this.#shares) return unsupported ? new MkbError('mqtt-version-needed', error.details) : error;
      this.#refusal = error;
      this.#version = '3.1.1';
      return undefined;
    }
    const both = unsupported && MkbError.is(this.#refusal, 'mqtt-version-unsupported');
    this.#refusal = undefined;
    this.#version = '5';
    if (!refused || both) return error;
    const url = shownUrl(this.#servers.current);
    return new MkbError('mqtt-closed-unanswered', { url, version: '5, and 3.1.1' }, { cause: error });
  }

  get #shares(): boolean {
    return this.#options.subscriptions.some(({ filter }) => filter.startsWith('$share/'));
  }
}
