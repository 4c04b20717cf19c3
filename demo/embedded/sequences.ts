/**
 * What one partition remembers of its idempotent producers (KIP-98), and so how it knows a batch sent twice from a batch lost.
 *
 * A batch that repeats one of a producer's last five is not an error: the broker answers with the offset the first copy got. A
 * batch that neither repeats nor follows the last one is OUT_OF_ORDER_SEQUENCE_NUMBER, also when it repeats an older one than the
 * five: current brokers no longer answer DUPLICATE_SEQUENCE_NUMBER (script a fault to see it). A producer the partition has never
 * seen may begin anywhere, because retention may have taken what it wrote before.
 */
import type { RecordBatch } from './batch.ts';
import { code } from './codes.ts';

/** As many as Kafka's brokers keep: `max.in.flight.requests.per.connection` of an idempotent producer is at most 5 for this reason. */
const REMEMBERED_BATCHES = 5;

/** Memory stays bounded when every run of a test makes a producer. The one that wrote longest ago is forgotten first. */
const REMEMBERED_PRODUCERS = 1_000;

interface WrittenBatch {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface Producer {
  epoch: number;
  readonly batches: WrittenBatch[];
}

/** What becomes of a batch: append it, answer the offset of its first copy, or refuse it with a code. */
export type Verdict = { readonly duplicateOf: number } | { readonly error: number };

export class ProducerSequences {
  readonly #producers = new Map<number, Producer>();

  /** @returns undefined when the batch may be appended (always for a producer that is not idempotent) */
  judge(batch: RecordBatch): Verdict | undefined {
    const producer = this.#producers.get(batch.producerId);
    if (batch.producerId < 0 || producer === undefined) return undefined;
    if (batch.producerEpoch < producer.epoch) return { error: code.INVALID_PRODUCER_EPOCH };
    if (batch.producerEpoch > producer.epoch) {
      return batch.baseSequence === 0 ? undefined : { error: code.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const copy = producer.batches.find(
      written => written.baseSequence === batch.baseSequence && written.lastSequence === batch.lastSequence,
    );
    if (copy !== undefined) return { duplicateOf: copy.baseOffset };
    const next = ((producer.batches.at(-1)?.lastSequence ?? -1) + 1) % 2 ** 31;
    return batch.baseSequence === next ? undefined : { error: code.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  /** Remembers a batch that was appended, after its offset was written into it. */
  remember(batch: RecordBatch): void {
    if (batch.producerId < 0) return;
    let producer = this.#producers.get(batch.producerId);
    if (producer === undefined || producer.epoch !== batch.producerEpoch) {
      producer = { epoch: batch.producerEpoch, batches: [] };
    }
    producer.batches.push({
      baseSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      baseOffset: batch.baseOffset,
    });
    if (producer.batches.length > REMEMBERED_BATCHES) producer.batches.shift();
    // Taken out and put back: a Map keeps the order of insertion, so the first key is the one that wrote longest ago.
    this.#producers.delete(batch.producerId);
    this.#producers.set(batch.producerId, producer);
    if (this.#producers.size > REMEMBERED_PRODUCERS) this.#producers.delete(this.#producers.keys().next().value!);
  }

  /** Forgets every producer, as when retention has taken all they wrote. */
  forget(): void {
    this.#producers.clear();
  }
}
