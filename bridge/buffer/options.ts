/** What a buffer is to do, as numbers. */
import type { Disk } from './disk.ts';

export interface BufferOptions {
  /** Where it is kept; undefined for memory alone. */
  readonly store: StoreOptions | undefined;
  /** The most that it holds, bytes. */
  readonly maxBytes: number;
  /** What happens to messages beyond that. */
  readonly whenFull: 'block' | 'dropOldest' | 'dropNewest';
  /** Messages that are older are dropped when it is their turn; undefined for never. */
  readonly maxAgeMs: number | undefined;
  /** Messages a second that are handed over while older ones wait; undefined for as many as there is room for. */
  readonly drainRate: number | undefined;
  /** By what messages were chosen that come now: of those found at the start, older ones may have been by another. */
  readonly plan?: string;
  /** Is waited for before messages are written that have come: what has to be on disk before they are. */
  readonly before?: () => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface StoreOptions {
  readonly folder: string;
  /** `always`: a message is safe when the disk has confirmed it. `interval`: when the operating system has it; the disk confirms once a second. */
  readonly fsync: 'always' | 'interval';
  /** 32 bytes. */
  readonly key: Buffer | undefined;
  readonly disk?: Disk;
}
