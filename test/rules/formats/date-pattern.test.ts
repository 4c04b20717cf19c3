import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDate, parseDate } from '../../../rules/formats/date-pattern.ts';
import { instantOf, parseRfc3339, rfc3339Text, timeOf, units } from '../../../rules/formats/time.ts';

const anyTime = fc.bigInt({ min: -62_135_596_800n * 10n ** 9n, max: 253_402_214_400n * 10n ** 9n });
const anyZone = fc.integer({ min: -86_399, max: 86_399 });

test('a time that is written with its zone is read back to the nanosecond', () => {
  fc.assert(
    fc.property(anyTime, anyZone, (time, zone) => {
      const pattern = '%Y-%m-%d %H:%M:%S.%N %::z';
      const text = formatDate(instantOf(time, 'nanosecond'), zone, pattern);
      expect(
        BigInt(
          timeOf(
            parseDate(text, pattern, () => 0),
            'nanosecond',
          ),
        ),
      ).toBe(time);
    }),
  );
});

test('RFC 3339 text of any unit is read back', () => {
  fc.assert(
    fc.property(anyTime, anyZone, fc.constantFrom(...units), (nanoseconds, zone, unit) => {
      const time = timeOf(instantOf(nanoseconds, 'nanosecond'), unit);
      // RFC 3339 has zones of whole minutes.
      expect(parseRfc3339(rfc3339Text(time, unit, zone - (zone % 60)), unit)).toBe(time);
    }),
  );
});
