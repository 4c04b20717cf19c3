/** Where a partition is begun of which the group has no offset, or one that the partition does not have (`kafka.consumer.offsetReset`). */
import { durationMs } from '../../../api/units.ts';

/** A time in milliseconds since 1970, or how long ago; `none` waits for a person. */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly at: number } | { readonly agoMs: number };

/** @param text of a document that was checked */
export function offsetResetOf(text: string): OffsetReset {
  if (text === 'earliest' || text === 'latest' || text === 'none') return text;
  return text.includes('T') ? { at: Date.parse(text) } : { agoMs: durationMs(text) };
}

/** ListOffsets' special times. */
export const special = { latest: -1n, earliest: -2n } as const;

/** What ListOffsets takes, for the offset of the first record that is as late. */
export function timestampOf(reset: Exclude<OffsetReset, 'none'>, now: number): bigint {
  if (typeof reset === 'string') return special[reset];
  return BigInt(Math.max(0, 'at' in reset ? reset.at : now - reset.agoMs));
}
