/**
 * What a Fetch response holds for one partition, as records to be worked on.
 *
 * Left out are records before the offset that was asked for (a batch comes whole), markers of transactions, and records of transactions that
 * were aborted: Kafka sends them too, with a list of who aborted from where on (KIP-98, "read committed").
 */
import type { fetchV11 } from '@platformatic/kafka';

export interface FetchedRecord {
  readonly offset: bigint;
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer | undefined])[];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
}

export interface Fetched {
  readonly records: FetchedRecord[];
  /** Where reading goes on. */
  readonly next: bigint;
}

type Partition = Pick<fetchV11.FetchResponsePartition, 'records' | 'abortedTransactions'>;
type Batch = NonNullable<Partition['records']>[number];

/** Attributes of a record batch (version 2). */
const appendTime = 0x08;
const transactional = 0x10;
const control = 0x20;
/** The type of a control record: the second number of its key. */
const abortMarker = 0;

/** @param from the offset that was asked for */
export function readFetched({ records: batches, abortedTransactions }: Partition, from: bigint): Fetched {
  const transactions = new Transactions(abortedTransactions ?? []);
  const records: FetchedRecord[] = [];
  let next = from;
  for (const batch of batches ?? []) {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (transactions.wants(batch, end)) records.push(...recordsOf(batch).filter(({ offset }) => offset >= from));
    if (end > next) next = end;
  }
  return { records, next };
}

/** Which batches are of transactions that were aborted. */
class Transactions {
  readonly #aborted: { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** Producers whose transaction, here, will be aborted. */
  readonly #aborting = new Set<bigint>();

  constructor(aborted: NonNullable<Partition['abortedTransactions']>) {
    this.#aborted = aborted.toSorted((left, right) => (left.firstOffset < right.firstOffset ? -1 : 1));
  }

  /** Whether a batch holds records for us. Ask in the order of offsets. */
  wants(batch: Batch, end: bigint): boolean {
    while (this.#aborted[0] !== undefined && this.#aborted[0].firstOffset < end)
      this.#aborting.add(this.#aborted.shift()!.producerId);
    if (batch.attributes & control) {
      if (isAbort(batch)) this.#aborting.delete(batch.producerId);
      return false;
    }
    return (batch.attributes & transactional) === 0 || !this.#aborting.has(batch.producerId);
  }
}

const isAbort = ({ records: [marker] }: Batch): boolean => marker?.key?.readInt16BE(2) === abortMarker;

function recordsOf({ records, firstOffset, firstTimestamp, maxTimestamp, attributes }: Batch): FetchedRecord[] {
  const appended = (attributes & appendTime) !== 0;
  return records.map(({ key, value, headers, offsetDelta, timestampDelta }) => ({
    offset: firstOffset + BigInt(offsetDelta),
    key: key ?? undefined,
    value: value ?? undefined,
    headers: headers.map(([name, content]) => [name?.toString() ?? '', content ?? undefined] as const),
    timestamp: Number(appended ? maxTimestamp : firstTimestamp + timestampDelta),
    timestampType: appended ? 'append' : 'create',
  }));
}
