/**
 * Keep-alive in both directions: the server hears from us in time [MQTT-3.1.2-22], and we notice when it is gone.
 *
 * It runs on a timer of its own and asks nothing of handlers, so no slow sink can hold it up. It counts ticks instead of reading a
 * clock: a process that was suspended finds its answers in the socket, not a deadline long past. While reading is held (back-pressure)
 * answers lie unread, so silence proves nothing: it pings on, and judges again when reading goes on.
 */
export interface KeepAliveEvents {
  ping(): void;
  /** Nothing came for 1.5 times the keep-alive although it was pinged. */
  silent(): void;
}

/** Half a keep-alive each; three without an answer are 1.5 times the keep-alive. */
const ticksUntilSilent = 3;

export class KeepAlive {
  readonly #events: KeepAliveEvents;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #held = false;
  /** Ticks since it is held. */
  #heldTicks = 0;
  #tickMs = 0;

  constructor(events: KeepAliveEvents) {
    this.#events = events;
  }

  /** @param keepAliveMs 0 turns it off */
  start(keepAliveMs: number): void {
    this.stop();
    this.#tickMs = keepAliveMs / 2;
    if (keepAliveMs > 0) this.#timer = setInterval(() => this.#tick(), this.#tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** How long the server may be silent. */
  get silenceMs(): number {
    return this.#tickMs * ticksUntilSilent;
  }

  /** Bytes came from the server. */
  heard(): void {
    this.#unanswered = 0;
  }

  /** Whether the socket is not being read. */
  hold(held: boolean): void {
    this.#held = held;
    this.#heldTicks = 0;
  }

  #tick(): void {
    // One tick may have met a moment: who holds again and again still notices silence.
    if (this.#held) this.#unanswered = ++this.#heldTicks > 1 ? 0 : this.#unanswered;
    else if (this.#unanswered >= ticksUntilSilent) {
      this.#events.silent();
      return;
    } else this.#unanswered++;
    this.#events.ping();
  }
}
