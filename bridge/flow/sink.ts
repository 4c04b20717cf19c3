/** What takes rows and says of each what became of it. A file a kind in ../sinks. */
import type { MkbError } from '../../api/errors.ts';
import type { Retry } from '../../network/retry.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { Fate } from './fate.ts';
import type { Sent } from './sent.ts';

export interface Sink {
  /** Whether it holds so much that nothing more should be written now. */
  readonly full: boolean;
  /** Whether so much of that is free again that writing may go on. */
  readonly hasRoom: boolean;
  /** A group of rows was written: what is due is sent, and the rest in time. */
  readEnd(): void;
  /** Nothing more is written before something is delivered: all is sent. */
  sendNow(): void;
  /** From now on nothing waits for more rows: the end is near. */
  flush(): void;
  /** Nobody wants the tokens that `isGone` names any more: none is sent if it was not yet, or sent again. Each comes back all the same. */
  withdraw(isGone: (token: number) => boolean): void;
  /** What one of the tokens that `isOf` names waits for, in words that follow "it waits for"; undefined if the sink has none of them. */
  waiting(isOf: (token: number) => boolean): string | undefined;
  /** Connects, and returns when rows can be delivered. Waits for what may pass; throws what no waiting changes. */
  start(): Promise<void>;
  /** Why nothing can be delivered now; empty when it can. */
  missing(): readonly string[];
  /** Ends its connections in good order, at the latest after `limitMs`; 0 is at once. What was not delivered stays unsettled. */
  close(limitMs: number): Promise<void>;
}

/** A sink of one rule: what its templates make of a row. */
export interface Writer {
  /** Whether what is sent holds the payload byte for byte, so that nobody else has to keep it. */
  readonly passesPayload: boolean;
  /** Of a Kafka sink that always writes to the same topic, that. */
  readonly constantTopic?: string | undefined;
  /** Rows that were sent without the key that the sink asks for, or with one that lacks a part. */
  readonly keysMissing: number;
  /**
   * Sends a row. The token comes back to the handler once, and never during this call.
   *
   * Throws an MkbError for a row that cannot be sent; then its token does not come back.
   */
  write(origin: Origin, captures: Captures, row: Row, token: number): void;
  /** Shows what it makes to somebody, after the sink has taken it; to nobody with undefined. What it shows is valid during the call. */
  show(seen: ((sent: () => Sent) => void) | undefined): void;
}

/** What became of the tokens. */
export interface SinkHandler {
  /** How long a token is retried; undefined is for ever, with the usual pauses. */
  retryOf(token: number): Retry | undefined;
  /** When its message was received, milliseconds of performance.now(). */
  receivedAt(token: number): number;
  delivered(tokens: readonly number[]): void;
  /** What became of its message at those whom it was sent to, for a record of that. Called before the token comes back. */
  fate(token: number, fate: Fate): void;
  /** It was taken by an MQTT server that says that nobody subscribes to its topic. Called before `delivered`. */
  unheard(token: number): void;
  /** It never will be delivered. @param record of a Kafka sink; its bytes are valid during the call */
  failed(token: number, error: MkbError, record?: ProducerRecord): void;
  /** Its time was over before it could be sent. */
  expired(token: number): void;
  /** It was withdrawn, and is under way no more. */
  dropped(token: number): void;
  /** A group of tokens came back. */
  settled(): void;
}
