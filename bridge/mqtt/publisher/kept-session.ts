/**
 * The publisher's session at the server: QoS 2 needs one, and so does waiting for answers.
 *
 * The first connection begins a new one, since this process knows nothing of what the server may remember from an earlier process. So does one to
 * another url: nobody says whether both servers share sessions, and with an old session that server would throw away a new message as the
 * repetition of an old one.
 */
import type { MqttVersion } from '../options.ts';

export class KeptSession {
  readonly #kept: boolean;
  #at: string | undefined;

  /** @param kept false: each connection has one of its own */
  constructor(kept: boolean) {
    this.#kept = kept;
  }

  /** Whether a connection to `url` is to begin a new one. */
  isNew(url: string): boolean {
    return !this.#kept || url !== this.#at;
  }

  /** The server at `url` let us in. Returns whether that session ends with its connection: in MQTT 3.1.1 a new one always does. */
  begun(url: string, version: MqttVersion): boolean {
    const ends = this.#kept && this.isNew(url) && version === '3.1.1';
    this.#at = url;
    return ends;
  }

  /** The next connection is to begin a new one. */
  forget(): void {
    this.#at = undefined;
  }
}
