/**
 * Sits in a chaos proxy (`proxy.between`) before a Kafka broker, understands the frames that pass, and meddles: changes what the broker
 * answers to Produce, or hangs up on requests that are too large, as brokers do that bound them (`socket.request.max.bytes`).
 */
import type { Between } from './chaos-proxy.ts';

/** One partition in an answer to Produce. */
export interface ProduceResult {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

export interface Meddling {
  /** The error code to send in the place of the broker's own; undefined leaves it. Called for each partition of each answer. */
  answer?(result: ProduceResult): number | undefined;
  /** Requests with more bytes than this end the connection, and the broker never sees them. */
  largestRequest?: number;
}

/** How a proxy of a broker is to meddle. `meddling` may be changed at any time. */
export const meddle = (meddling: Meddling) => (): Between => {
  /** Correlation ids of Produce requests that wait for their answer. */
  const produced = new Set<number>();
  const hangsUp = (size: number) => size > (meddling.largestRequest ?? Number.POSITIVE_INFINITY);
  const requests = new Frames(hangsUp);
  const answers = new Frames(() => false);
  return {
    up: chunk =>
      requests.push(chunk)?.map(frame => {
        if (frame.readInt16BE(4) === produce) produced.add(frame.readInt32BE(8));
        return frame;
      }),
    down: chunk =>
      answers.push(chunk)?.map(frame => (produced.delete(frame.readInt32BE(4)) ? changed(frame, meddling) : frame)),
  };
};

const produce = 0;

/** A stream of bytes as Kafka's frames, each with its size before it. */
class Frames {
  readonly #refused: (size: number) => boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(refused: (size: number) => boolean) {
    this.#refused = refused;
  }

  /** The frames that are whole now; undefined if one is refused, which its size alone decides. */
  push(chunk: Buffer): Buffer[] | undefined {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (this.#rest.length >= 4) {
      const size = this.#rest.readInt32BE(0);
      if (this.#refused(size)) return undefined;
      if (this.#rest.length < 4 + size) break;
      frames.push(Buffer.from(this.#rest.subarray(0, 4 + size)));
      this.#rest = this.#rest.subarray(4 + size);
    }
    return frames;
  }
}

/** The answer to a Produce request of version 8, with the codes that `meddling` wants. */
function changed(frame: Buffer, { answer }: Meddling): Buffer {
  let at = 8;
  const int32 = () => {
    at += 4;
    return frame.readInt32BE(at - 4);
  };
  const text = () => {
    const start = at + 2;
    at = start + Math.max(0, frame.readInt16BE(at));
    return frame.toString('utf8', start, at);
  };
  for (let topics = int32(); topics > 0; topics--) {
    const topic = text();
    for (let partitions = int32(); partitions > 0; partitions--) {
      const partition = int32();
      const code = answer?.({ topic, partition, errorCode: frame.readInt16BE(at) });
      if (code !== undefined) frame.writeInt16BE(code, at);
      // The code, and three offsets and times.
      at += 2 + 3 * 8;
      for (let refused = int32(); refused > 0; refused--) {
        at += 4;
        text();
      }
      text();
    }
  }
  return frame;
}
