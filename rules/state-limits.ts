import type { BridgeSpec } from '../api/bridge.ts';
import { bytes, durationMs } from '../api/units.ts';

/** How much a rule may remember: `spec.rules[].state`. */
export interface StateLimits {
  /**
   * Entries that all windows of the rule hold at once: one for each key in a window (of HOPPING, in a hop), one for each distinct value
   * that is counted. Also, each on its own, what each CHANGED and DEDUP remembers.
   */
  readonly maxEntries: number;
  /** How large a key or a value may be that is kept, in bytes or, of text, in characters. */
  readonly maxValueBytes: number;
  /** How long lag, latest and others of earlier messages remember what a key had, milliseconds; a week unless the document says otherwise. */
  readonly maxAgeMs?: number;
}

export const defaultStateLimits: StateLimits = { maxEntries: 100_000, maxValueBytes: 1024 };

/** The limits of a rule of a complete document. */
export const stateLimitsOf = ({ state }: Pick<BridgeSpec['rules'][number], 'state'>): StateLimits =>
  state === undefined
    ? defaultStateLimits
    : { maxEntries: state.maxEntries, maxValueBytes: bytes(state.maxValueBytes), maxAgeMs: durationMs(state.maxAge) };
