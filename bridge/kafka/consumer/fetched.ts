/**
 * What a Fetch answer holds for one partition: its batches, and which of them have records for us.
 *
 * Left out are markers of transactions, and records of transactions that were aborted: Kafka sends them too, with a list of who aborted from
 * where on (KIP-98, "read committed"). No checksum covers that list. Where a marker contradicts it, a second answer has to say the same.
 */
import { VarintReader } from '../varint.ts';
import type { BatchFault } from './batch-fault.ts';
import type { AbortedTransaction, PartitionAnswer } from './fetch-api.ts';
import { type Asked, type FetchedBatch, fetchedBatches } from './fetched-batches.ts';

export interface Fetched {
  /** In order. Reading goes on behind the last of them. */
  readonly batches: readonly { readonly batch: FetchedBatch; readonly wanted: boolean }[];
  /** What is wrong with what comes behind them; undefined if nothing is. */
  readonly fault: BatchFault | undefined;
  /** What the next answer has to claim too: see `fetchedBatches`. */
  readonly claims: ReadonlySet<bigint>;
}

/** Attributes of a record batch. */
const transactional = 0x10;
const control = 0x20;

/** Never throws. */
export function readFetched(answer: PartitionAnswer, asked: Asked): Fetched {
  const { batches, fault, claims } = fetchedBatches(answer, asked);
  const transactions = new Transactions(answer.abortedTransactions);
  const judged = batches.map(batch => ({ batch, wanted: transactions.wants(batch) }));
  const contradiction = transactions.contradictions.find(offset => !asked.claims.has(offset));
  if (contradiction === undefined) return { batches: judged, fault, claims };
  return { batches: [], fault: undefined, claims: new Set([...asked.claims, ...transactions.contradictions]) };
}

/** Which batches are of transactions that were aborted. */
class Transactions {
  /** Offsets of markers that say of a transaction what the list does not. */
  readonly contradictions: bigint[] = [];
  readonly #aborted: AbortedTransaction[];
  /** Producers whose transaction, here, will be aborted. */
  readonly #aborting = new Set<bigint>();
  /** Producers of whose transaction, here, there were records for us. */
  readonly #wanted = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted.toSorted((left, right) => (left.firstOffset < right.firstOffset ? 1 : -1));
  }

  /** Whether a batch holds records for us. Ask in the order of offsets. */
  wants(batch: FetchedBatch): boolean {
    for (let next = this.#aborted.at(-1); next && next.firstOffset < batch.end; next = this.#aborted.at(-1)) {
      this.#aborting.add(next.producerId);
      this.#aborted.pop();
    }
    if (batch.attributes & control) {
      this.#ended(batch);
      return false;
    }
    if ((batch.attributes & transactional) === 0) return true;
    if (this.#aborting.has(batch.producerId)) return false;
    this.#wanted.add(batch.producerId);
    return true;
  }

  #ended(batch: FetchedBatch): void {
    const { producerId, firstOffset } = batch;
    const marker = markerOf(batch);
    if (marker === undefined) return;
    if (
      this.#aborting.has(producerId) !== (marker === 'abort') &&
      (marker === 'commit' || this.#wanted.has(producerId))
    )
      this.contradictions.push(firstOffset);
    if (marker === 'abort') this.#aborting.delete(producerId);
    this.#wanted.delete(producerId);
  }
}

/** How a transaction ended; undefined for a control batch that says something else, or whose record is gone (compaction). */
function markerOf({ records, count }: FetchedBatch): 'abort' | 'commit' | undefined {
  if (count === 0) return undefined;
  try {
    const reader = new VarintReader(records, 0);
    reader.next(); // its length
    reader.offset++;
    reader.next(); // its time
    reader.next(); // its offset
    const type = reader.bytes()?.readInt16BE(2);
    if (type === 0) return 'abort';
    return type === 1 ? 'commit' : undefined;
  } catch {
    return undefined;
  }
}
