/**
 * One direction of one connection through the chaos proxy.
 *
 * A lane delivers chunks in order, each not before its due time: latency moves the due time, a bandwidth spaces it out, and a freeze
 * stops delivery and reading without closing anything, which is what a peer behind a failed link sees. The end of a
 * stream travels through the lane like a chunk, so a frozen lane hides it too.
 */
import type { Socket } from 'node:net';

/** What is done to one direction; shared by all of its lanes, so that a change takes hold of open connections. */
export interface Weather {
  latencyMs: number;
  bytesPerSecond: number;
  frozen: boolean;
}

/** Gives what goes on of a chunk that came; undefined ends the connection. */
export type Pass = (chunk: Buffer) => readonly Buffer[] | undefined;

interface Parcel {
  /** undefined is the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly due: number;
}

/** What a lane holds before it stops reading its source. */
const laneBytes = 256 * 1024;

/** Carries what `source` sends to `destination`, under the weather. */
export class Lane {
  readonly source: Socket;
  readonly destination: Socket;
  readonly weather: Weather;
  readonly #queue: Parcel[] = [];
  #queuedBytes = 0;
  /** When the narrow link has sent all that is queued. */
  #linkFree = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, destination: Socket, weather: Weather, pass: Pass = chunk => [chunk]) {
    this.source = source;
    this.destination = destination;
    this.weather = weather;
    source.on('data', (chunk: Buffer) => {
      const passed = pass(chunk);
      if (passed) for (const each of passed) this.#receive(each);
      else for (const socket of [source, destination]) socket.resetAndDestroy();
    });
    source.on('end', () => {
      this.#push(undefined);
      this.deliver();
    });
    destination.on('drain', () => this.deliver());
    destination.on('close', () => clearTimeout(this.#timer));
  }

  #receive(chunk: Buffer): void {
    // Small pieces, so that a narrow link trickles instead of pausing and then handing over 64 KiB at once.
    const piece = Math.max(1, Math.min(chunk.length, Math.floor(this.weather.bytesPerSecond / 50)));
    for (let from = 0; from < chunk.length; from += piece) this.#push(chunk.subarray(from, from + piece));
    this.deliver();
  }

  #push(chunk: Buffer | undefined): void {
    const bytes = chunk?.length ?? 0;
    this.#linkFree = Math.max(performance.now(), this.#linkFree) + (bytes / this.weather.bytesPerSecond) * 1000;
    this.#queue.push({ chunk, due: this.#linkFree + this.weather.latencyMs });
    this.#queuedBytes += bytes;
  }

  /** Delivers what is due, and comes back when more will be. */
  deliver(): void {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 && !this.weather.frozen && !this.destination.writableNeedDrain) {
      const wait = this.#queue[0]!.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.deliver(), wait);
        break;
      }
      this.#hand(this.#queue.shift()!);
    }
    if (this.weather.frozen || this.#queuedBytes > laneBytes) this.source.pause();
    else this.source.resume();
  }

  #hand({ chunk }: Parcel): void {
    if (chunk === undefined) {
      this.destination.end();
      return;
    }
    this.#queuedBytes -= chunk.length;
    this.destination.write(chunk);
  }

  /** What was queued under worse weather need not wait any longer. */
  clear(): void {
    for (const [index, { chunk }] of this.#queue.entries()) this.#queue[index] = { chunk, due: 0 };
    this.#linkFree = 0;
    this.deliver();
  }
}
