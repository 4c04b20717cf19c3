/**
 * What the broker refuses for good: the records that are to blame fail, and only they. The rest of their batch takes its place in the lane.
 *
 * The surprising case is a batch that may have been written by an earlier attempt whose answer was lost. If it did arrive, the broker has
 * counted sequence numbers that are now to be given to other records; it would take those for repetitions, confirm them, and store nothing.
 * So before such a batch is given up or changed, the producer id is given up too, and the count starts anew.
 */
import { MkbError } from '../../api/errors.ts';
import { errorName, isAuthorisation } from './cluster.ts';
import type { Identity } from './identity.ts';
import type { Lane } from './lane.ts';
import type { PartitionResult } from './produce-api.ts';
import type { Record } from './record.ts';
import type { RecordBatch } from './record-batch.ts';

export class FinalFailures {
  readonly #identity: Identity;
  readonly #failed: (token: number, record: Record, error: MkbError) => void;

  /** @param failed told of each record that will never be delivered; its bytes are valid during the call */
  constructor(identity: Identity, failed: (token: number, record: Record, error: MkbError) => void) {
    this.#identity = identity;
    this.#failed = failed;
  }

  /** The broker takes no batch of this size: two halves instead or, of a single record, a failure. Returns the batch that left the lane. */
  tooLarge(lane: Lane): RecordBatch {
    const head = lane.head!;
    if (head.count === 1)
      return this.#all(lane, () => new MkbError('kafka-message-too-large', { bytes: head.bytes, topic: lane.topic }));
    const half = Math.ceil(head.count / 2);
    return this.#replace(lane, [head.part(index => index < half), head.part(index => index >= half)]);
  }

  /** The broker refuses the records that it names and, if it names none, all of them. Returns the batch that left the lane. */
  refused(lane: Lane, { errorCode, errorMessage, refused }: PartitionResult): RecordBatch {
    const head = lane.head!;
    const reasons = new Map(refused.map(({ index, reason }) => [index, reason]));
    const errorOf = (index: number) => refusal(lane.topic, errorCode, reasons.get(index) ?? errorMessage);
    if (reasons.size === 0 || reasons.size >= head.count) return this.#all(lane, errorOf);
    this.#tell(head, errorOf, index => reasons.has(index));
    return this.#replace(lane, [head.part(index => !reasons.has(index))]);
  }

  /** Nothing that the lane holds can be written any more. Returns the batches that left it. */
  drain(lane: Lane, error: MkbError): RecordBatch[] {
    this.#distrustNumbers(lane);
    const batches = lane.drain();
    for (const batch of batches) this.#tell(batch, () => error);
    return batches;
  }

  #all(lane: Lane, errorOf: (index: number) => MkbError): RecordBatch {
    this.#distrustNumbers(lane);
    const batch = lane.settleHead(false);
    this.#tell(batch, errorOf);
    return batch;
  }

  #replace(lane: Lane, parts: RecordBatch[]): RecordBatch {
    this.#distrustNumbers(lane);
    return lane.replaceHead(parts);
  }

  #tell(
    batch: RecordBatch,
    errorOf: (index: number) => MkbError,
    chosen: (index: number) => boolean = () => true,
  ): void {
    let index = 0;
    for (const record of batch.records()) {
      if (chosen(index)) this.#failed(batch.tokens[index]!, record, errorOf(index));
      index++;
    }
  }

  #distrustNumbers(lane: Lane): void {
    if (lane.ambiguous && lane.identity === this.#identity.current) this.#identity.renew();
  }
}

function refusal(topic: string, errorCode: number, reason: string | null): MkbError {
  const name = errorName(errorCode);
  if (isAuthorisation(errorCode))
    return new MkbError('kafka-not-authorised', { what: `write to topic ${topic}`, reason: name });
  return new MkbError('kafka-record-refused', { topic, name, reason: reason ?? name });
}
