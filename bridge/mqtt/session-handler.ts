/** What hears of a session (session.ts). */
import type { MkbError } from '../../api/errors.ts';
import type { MqttMessage } from './message.ts';
import type { MqttVersion } from './options.ts';
import type { Grant } from './subscriber.ts';

export interface ConnectedInfo {
  /** Whether the server had kept our session. If not, what was not acknowledged before is lost to us, unless others share it. */
  readonly sessionPresent: boolean;
  readonly url: string;
  readonly version: MqttVersion;
  /** What the server granted for each filter; empty when it still had the subscriptions. A grant may be below what was asked. */
  readonly grants: readonly Grant[];
  /** How long the server keeps the session without us: less than asked if it says so. Undefined for MQTT 3.1.1. */
  readonly sessionExpirySeconds: number | undefined;
}

export interface SessionHandler {
  /**
   * A new message. `message` and its bytes are valid only during the call. Arrival numbers grow; some are never handed out.
   * After a reconnect, messages may come before `connected`: the server need not wait for us.
   */
  message(message: MqttMessage, arrival: number): void;
  /** All complete packets of one socket read were handed over, or as many as there is room for. Called only if there was a message, or PUBRELs wait for `kept`. */
  readEnd(): void;
  /** The server has no session of ours. Returns whether that has to be kept before it gets one; then it is left at once. */
  sessionLost?(): boolean;
  /** What is waited for before the next connection is made, if anything. */
  connectsLater?(): Promise<void> | undefined;
  /** The server has confirmed the subscriptions, or still has them. */
  connected(info: ConnectedInfo): void;
  /** A connection was lost or could not be made. It is tried again by itself, even for a permanent error if `persistent` is set. */
  disconnected(error: MkbError): void;
  /** The server does something wrong, or does not do something now, and the session can live with it. */
  noticed(error: MkbError): void;
  /** The session has stopped: a person has to change something. */
  failed(error: MkbError): void;
}
