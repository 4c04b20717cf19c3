/** What one message may cost in one rule: `spec.delivery.limits`. */
import { MkbError } from '../api/errors.ts';
import type { DeliverySection } from '../api/schema/delivery.ts';
import { bytes, durationMs } from '../api/units.ts';
import type { Row } from './row.ts';
import type { RowCursor } from './row-cursor.ts';
import { sizeOf } from './windows/bounded.ts';

export interface CostLimits {
  /** Rows that FOREACH makes. */
  readonly rowsPerMessage: number;
  /** Bytes of all these rows together, roughly. */
  readonly bytesPerMessage: number;
  /** How long a jq program may run that says nothing else, milliseconds. */
  readonly ruleTimeMs: number;
}

/** Of a rule that stands in no document. */
export const defaultCostLimits: CostLimits = {
  rowsPerMessage: 100_000,
  bytesPerMessage: 1024 * 1024 * 1024,
  ruleTimeMs: 10_000,
};

export const costLimitsOf = ({ limits }: Pick<DeliverySection, 'limits'>): CostLimits => ({
  rowsPerMessage: limits.rowsPerMessage,
  bytesPerMessage: bytes(limits.bytesPerMessage),
  ruleTimeMs: durationMs(limits.ruleTime),
});

/** The same rows. Throws `rule-rows-exceeded` or `rule-bytes-exceeded` instead of the first row that is too much. */
export const withinLimits = (rows: RowCursor, { rowsPerMessage, bytesPerMessage }: CostLimits): RowCursor => {
  let count = 0;
  let size = 0;
  return {
    next: () => {
      const row: Row | null | undefined = rows.next();
      if (!row) return row;
      if (++count > rowsPerMessage) throw new MkbError('rule-rows-exceeded', { limit: rowsPerMessage });
      size += sizeOf(row, bytesPerMessage);
      if (size > bytesPerMessage) throw new MkbError('rule-bytes-exceeded', { rows: count, limit: bytesPerMessage });
      return row;
    },
  };
};
