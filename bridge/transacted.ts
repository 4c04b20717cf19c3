/** A source whose progress is part of Kafka's transactions (transactions.ts). */
import type { TransactionOffsets } from './kafka/transaction.ts';

export interface Transacted {
  /** Hands nothing over until `goOn`: a transaction ends, and nothing comes that is not part of it. */
  hold(): void;
  goOn(): void;
  /** Writes how far it is as records of the transaction, while it is held. Returns whether there is something that is not committed. */
  writeProgress?(): boolean;
  /** How far it is as offsets; undefined if Kafka has them. Asked while it is held, and all that it handed over is written. */
  offsets?(): TransactionOffsets | undefined;
  /** What it said last of its progress is committed. */
  committed(): void;
  /** Withdraws what is in flight. */
  forget(): void;
  /** Begins again at what is committed. Throws what no retry changes. */
  readAgain(): Promise<void>;
}

export const isTransacted = <Source extends object>(source: Source): source is Source & Transacted =>
  'committed' in source && 'readAgain' in source;
