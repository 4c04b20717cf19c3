/** What a buffer shows of itself: received + recovered = settled + dropped + messages, at every moment. */

/** Why messages of a buffer went nowhere. */
export const bufferDropReasons = ['full', 'expired', 'unreadable', 'torn'] as const;
export type BufferDropReason = (typeof bufferDropReasons)[number];

export interface BufferFigures {
  /** That came since the start. */
  readonly received: number;
  /** That were found at the start. */
  readonly recovered: number;
  /** That were delivered, or otherwise ended in the pipeline. */
  readonly settled: number;
  readonly dropped: Readonly<Record<BufferDropReason, number>>;
  /** That are in it: to be handed over, or on their way. */
  readonly messages: number;
  /** Of those, the ones that were not handed over. */
  readonly waiting: number;
  /** What it holds on disk or, without one, in memory. */
  readonly bytes: number;
  readonly limitBytes: number;
  /** Age of the oldest message in it; 0 for none. */
  readonly oldestSeconds: number;
  /** Whether what comes can be kept as the document asks. */
  readonly writable: boolean;
}

/** What its disk was asked to confirm; all 0 without one. */
export interface SyncFigures {
  /** Times that it confirmed what was written. */
  readonly syncs: number;
  /** How long that took, all together. */
  readonly syncSeconds: number;
}
