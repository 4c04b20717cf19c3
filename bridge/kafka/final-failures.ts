/**
 * What the broker refuses permanently: the records that are to blame fail, and only they. The rest of their batch takes its place in the lane.
 *
 * The surprising case is a batch that is written all the same. An answer says so little: NOT_LEADER_OR_FOLLOWER may come from a broker that
 * wrote the batch and lost its office while the followers took it, the answer to an earlier attempt may be lost, and what stands between may
 * answer as it likes. If the broker did count the batch's sequence numbers and other records got them next, it would take those for a
 * repetition, confirm them, and store nothing. So a number that was sent is never used for other records: when its batch is given up
 * or changed, what follows is counted from the beginning under the next epoch.
 */
import { MkbError } from '../../api/errors.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import type { PartitionResult } from './produce-api.ts';
import type { ProducerRecord } from './record.ts';
import type { RecordBatch } from './record-batch.ts';

export class FinalFailures {
  readonly #identity: Numbers;
  readonly #failed: (token: number, record: ProducerRecord, error: MkbError) => void;

  /** @param failed called with each record that will never be delivered; its bytes are valid during the call */
  constructor(identity: Numbers, failed: (token: number, record: ProducerRecord, error: MkbError) => void) {
    this.#identity = identity;
    this.#failed = failed;
  }

  /**
   * A batch of this size cannot go: two halves instead or, of a single record, a failure. Returns the batch that left the lane.
   *
   * @param limit what the record is larger than
   */
  tooLarge(lane: Lane, limit: string): RecordBatch {
    const head = lane.head!;
    if (head.count === 1) {
      const error = new MkbError('kafka-message-too-large', { bytes: head.wireBytes, topic: lane.topic, limit });
      return this.#all(lane, () => error);
    }
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

  /**
   * Records fail for which `errorOf` gives an error, about `most` of them; the others keep their places. Nothing is done while a batch is under way.
   * Returns how many failed.
   */
  giveUp(lane: Lane, most: number, errorOf: (token: number, batch: RecordBatch) => MkbError | undefined): number {
    if (lane.sending) return 0;
    const { head, numbered } = lane;
    const given: { readonly batch: RecordBatch; readonly errors: readonly (MkbError | undefined)[] }[] = [];
    let count = 0;
    lane.sift(batch => {
      if (count >= most) return batch;
      const errors = batch.tokens.map(token => errorOf(token, batch));
      const over = errors.reduce((sum, error) => (error === undefined ? sum : sum + 1), 0);
      if (over === 0) return batch;
      count += over;
      given.push({ batch, errors });
      return over === batch.count ? undefined : batch.part(index => errors[index] === undefined);
    });
    if (numbered && lane.head !== head) this.#identity.supersede(lane.identity);
    // Not before: what is written of a failure may go to the same lane.
    for (const { batch, errors } of given) {
      const over = (index: number) => errors[index] !== undefined;
      this.#tell(batch, index => errors[index]!, over);
      batch.release();
    }
    return count;
  }

  #all(lane: Lane, errorOf: (index: number) => MkbError): RecordBatch {
    this.#abandonNumber(lane);
    const batch = lane.settleHead(false);
    this.#tell(batch, errorOf);
    return batch;
  }

  #replace(lane: Lane, parts: RecordBatch[]): RecordBatch {
    this.#abandonNumber(lane);
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

  #abandonNumber(lane: Lane): void {
    if (lane.numbered) this.#identity.refused(lane.identity, lane.sends);
  }
}

function refusal(topic: string, errorCode: number, reason: string | null): MkbError {
  const name = errorName(errorCode);
  return new MkbError('kafka-record-refused', { topic, name, reason: reason ?? name });
}
