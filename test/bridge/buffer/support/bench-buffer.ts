/** A buffer with a session before it and a pipeline behind it that a test moves by hand. */

import type { MkbError } from '../../../../api/errors.ts';
import type { BufferDropReason } from '../../../../bridge/buffer/figures.ts';
import { type OpenBuffer, openBuffer } from '../../../../bridge/buffer/open-buffer.ts';
import type { BufferOptions } from '../../../../bridge/buffer/options.ts';
import { MqttMessage } from '../../../../bridge/mqtt/message.ts';

/** Messages are numbers: the payload says which. */
export class Bench {
  buffer!: OpenBuffer;
  /** Numbers that were handed over, in order, and the token of each. */
  readonly handed: { number: number; token: number }[] = [];
  /** Arrivals that the session may acknowledge. */
  readonly safe = new Set<number>();
  readonly dropped: Record<BufferDropReason, number> = { full: 0, expired: 0, unreadable: 0, torn: 0 };
  readonly problems: MkbError[] = [];
  held = false;
  /** Pauses the buffer after each message that it hands over, when set. */
  mostInFlight = Number.POSITIVE_INFINITY;
  #settled = 0;
  readonly #message = new MqttMessage('00000000');

  static async open(options: Partial<BufferOptions> & Pick<BufferOptions, 'store'>, paused = false): Promise<Bench> {
    const bench = new Bench();
    const all = {
      maxBytes: 2 ** 30,
      whenFull: 'block',
      maxAgeMs: undefined,
      drainRate: undefined,
      ...options,
    } as const;
    bench.buffer = await openBuffer(
      all,
      {
        message: (message, token) => bench.#take(message, token),
        handedOver: () => undefined,
        safe: arrival => bench.safe.add(arrival),
        acknowledge: () => undefined,
        hold: () => {
          bench.held = true;
        },
        go: () => {
          bench.held = false;
        },
        dropped: (reason, count) => {
          bench.dropped[reason] += count;
        },
        unreadable: error => bench.problems.push(error),
      },
      error => bench.problems.push(error),
    );
    if (!paused) bench.buffer.messages.resume();
    return bench;
  }

  get numbers(): number[] {
    return this.handed.map(({ number }) => number);
  }

  get inFlight(): number {
    return this.handed.length - this.#settled;
  }

  /** Gives it messages as the session does, of QoS 1 unless told; arrival and number are the same. */
  take(
    numbers: readonly number[],
    { qos = 1, bytes = 100, at = Date.now() }: { qos?: 0 | 1; bytes?: number; at?: number } = {},
  ): void {
    for (const number of numbers) {
      const message = this.#message;
      const payload = Buffer.alloc(bytes, 'x');
      payload.writeUInt32LE(number, 0);
      Object.assign(message, {
        buffer: payload,
        payloadStart: 0,
        payloadEnd: bytes,
        topic: `cars/${number % 7}`,
        qos,
        flags: 0x30 | (qos << 1),
        timestamp: at,
        arrival: number,
      });
      this.buffer.messages.take(message, number);
    }
    this.buffer.messages.readEnd();
  }

  /** Settles what is in flight from `from` on, in the order of handing over. */
  settle(count = Number.POSITIVE_INFINITY): void {
    for (; count > 0 && this.#settled < this.handed.length; count--)
      this.buffer.messages.settle(this.handed[this.#settled++]!.token);
    if (this.inFlight < this.mostInFlight) this.buffer.messages.resume();
  }

  /** received + recovered - settled - dropped - messages: 0. */
  get imbalance(): number {
    const { received, recovered, settled, dropped, messages } = this.buffer.figures;
    return received + recovered - settled - Object.values(dropped).reduce((a, b) => a + b, 0) - messages;
  }

  #take(message: MqttMessage, token: number): void {
    this.handed.push({ number: message.payload.readUInt32LE(0), token });
    if (this.inFlight >= this.mostInFlight) this.buffer.messages.pause();
  }
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);
