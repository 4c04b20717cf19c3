/** What a buffer has around it: who takes its messages, and where they are when they are not in memory. */
import type { MkbError } from '../../api/errors.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import type { Records } from './batch.ts';
import type { BufferDropReason } from './figures.ts';
import type { Range } from './ledger.ts';

export interface BufferHandler {
  /** The next message, valid during the call. `settle` takes its number. */
  message(message: MqttMessage, number: number): void;
  /** Some messages were handed over, and no more for now. */
  handedOver(): void;
  /** The session may acknowledge a message; a second time means nothing. */
  safe(arrival: number): void;
  /** After some of these. */
  acknowledge(): void;
  /** Nothing more is to come, until `go`. */
  hold(): void;
  go(): void;
  /** Messages that went nowhere. `torn` ones were not acknowledged, unless the disk has lost what it had confirmed. */
  dropped(reason: BufferDropReason, count: number): void;
  /** There may be something to write. */
  toWrite(): void;
  /** Messages on the shelf cannot be read now. It is tried again. */
  unreadable(error: MkbError): void;
}

/** What the messages on disk are to a buffer. */
export interface Shelf {
  readonly bytes: number;
  /** When the file was made that has an id, milliseconds since 1970; undefined if none has. */
  madeAt(id: number): number | undefined;
  /** As LogReader's. */
  read(id: number): Promise<readonly Records[]>;
}

/** Where a buffer begins: what was found on the shelf. */
export interface Beginning {
  readonly shelf?: Shelf;
  readonly readId: number;
  readonly nextId: number;
  readonly gone: readonly Range[];
  /** Ids that may be missing without having been acknowledged. */
  readonly torn?: readonly Range[];
}
