/**
 * A message that a client sends to itself through a broker: whether it comes back, and how long it takes.
 *
 * Each message has a number. One that comes after its time is known by it, and is not taken for the answer to a later one.
 */
import type { MqttClient } from 'mqtt';
import { MkbError } from '../../api/errors.ts';

export interface ProbeOptions {
  readonly url: string;
  /** Where the messages go; no other client may publish here. */
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** A clock that only goes forward, milliseconds. */
  readonly now: () => number;
}

export class Probe {
  readonly #client: MqttClient;
  readonly #options: ProbeOptions;
  #sent = 0;
  #waiting: { readonly payload: string; readonly resolve: () => void } | undefined;

  /** @param client subscribes to the topic by itself, and gives what it receives to `received` */
  constructor(client: MqttClient, options: ProbeOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Sends a message and waits for it. Returns how long it was under way, milliseconds. Throws `probe-lost` when the signal says to stop. */
  async send(signal: AbortSignal): Promise<number> {
    const { url, topic, qos, now } = this.#options;
    const payload = `${++this.#sent}`;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const startedAt = now();
    const lost = () => reject(new MkbError('probe-lost', { url, topic, waitedMs: Math.round(now() - startedAt) }));
    signal.addEventListener('abort', lost);
    this.#waiting = { payload, resolve };
    // An acknowledgement that never comes is no error of its own: the message does not come back either.
    this.#client.publish(topic, payload, { qos }, () => undefined);
    try {
      await promise;
      return now() - startedAt;
    } finally {
      this.#waiting = undefined;
      signal.removeEventListener('abort', lost);
    }
  }

  /** A message came. Returns whether it was for the probe. */
  received(topic: string, payload: string): boolean {
    if (topic !== this.#options.topic) return false;
    if (payload === this.#waiting?.payload) this.#waiting.resolve();
    return true;
  }
}
